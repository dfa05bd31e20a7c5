"""Repair and migration of instances in which something can be undone, or is being undone."""

from __future__ import annotations

import pytest

from service.errors import Conflict
from tests.engine.drawing import chain, drawn, each, end, file, start, sub, throw, undo, undone, user
from tests.engine.driver import Case


def row(a: str = "A", b: str = "B", *, more: str = "") -> bytes:
    """Two tasks that can be undone, then a wait, then the event that asks for it."""
    body = chain(start(), user(a), user(b), user("Wait"), throw("T", undo()), user("After"), end())
    handlers = undone(a, user(f"Undo{a}")), undone(b, user(f"Undo{b}"))
    return file(drawn(body, *handlers, more))


def boxed(a: str = "A", *, loop: str = "") -> bytes:
    """The same in a sub-process, of one task."""
    inside = chain(start("s"), user(a), user("Wait"), end("e"))
    box = sub("P1", inside, undone(a, user(f"Undo{a}")), loop=loop)
    return file(drawn(chain(start(), box, user("Then"), throw("T", undo()), user("After"), end())))


def test_what_was_completed_is_undone_in_the_new_version_by_what_it_draws_there() -> None:
    case = Case(row()).complete("A").complete("B").migrate(row("A2", "B"), A="A2")
    case.complete("Wait").complete("UndoB")
    assert case.open == ["UndoA2"]
    assert case.complete("UndoA2").open == ["After"]


def test_what_nothing_undoes_in_the_new_version_is_passed_over() -> None:
    plain = chain(start(), user("A"), user("B"), user("Wait"), throw("T", undo()), user("After"), end())
    case = Case(row()).complete("A").complete("B")
    case.migrate(file(drawn(plain, undone("A", user("UndoA"))))).complete("Wait")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]


def test_a_handler_that_runs_moves_with_what_comes_after_it() -> None:
    case = Case(row()).complete("A").complete("B").complete("Wait")
    assert case.open == ["UndoB"]
    case.migrate(row("A2", "B"), A="A2")
    assert case.complete("UndoB").open == ["UndoA2"]
    assert case.complete("UndoA2").open == ["After"]


def test_a_handler_that_runs_does_not_move_where_it_undoes_nothing_any_more() -> None:
    tasks = user("A"), user("B"), user("Wait"), user("UndoB"), user("UndoA"), throw("T"), user("After")
    case = Case(row()).complete("A").complete("B").complete("Wait")
    attempt = case.attempt(file(drawn(chain(start(), *tasks, end()))))
    assert attempt.plan.verdict == "blocked"
    assert ("UndoB", "type-changed") in [(place.element, place.code) for place in attempt.plan.places]


@pytest.mark.parametrize("loop", ["", each("=[1, 2]")])
def test_a_running_sub_process_that_can_be_undone_moves(loop: str) -> None:
    case = Case(boxed(loop=loop))
    for _ in range(2 if loop else 1):
        case.complete("A")
    case.migrate(boxed("A2", loop=loop), A="A2")
    for _ in range(2 if loop else 1):
        case.complete("Wait")
    case.complete("Then")
    for _ in range(2 if loop else 1):
        case.complete("UndoA2")
    assert case.open == ["After"]


def test_a_loop_of_which_a_child_is_completed_moves() -> None:
    loop = each("=[1, 2]")
    case = Case(boxed(loop=loop)).complete("A").complete("A").complete("Wait")
    case.migrate(boxed("A2", loop=loop), A="A2").complete("Wait").complete("Then")
    assert case.complete("UndoA2").complete("UndoA2").open == ["After"]


def test_a_sub_process_that_is_being_undone_moves() -> None:
    case = Case(boxed()).complete("A").complete("Wait").complete("Then")
    case.migrate(boxed()).migrate(boxed("A2"), A="A2", UndoA="UndoA2")
    assert case.open == ["UndoA2"]
    assert case.complete("UndoA2").open == ["After"]


def test_a_handler_is_not_moved_and_nothing_is_moved_or_sent_back_to_one() -> None:
    case = Case(row()).complete("A").complete("B")
    with pytest.raises(Conflict, match="Nothing can be moved"):
        case.move("Wait", "UndoA")
    with pytest.raises(Conflict, match="is no activity"):
        case.back("UndoA")
    case = Case(row()).complete("A").complete("B").complete("Wait")
    with pytest.raises(Conflict, match="skipped, not moved"):
        case.move("UndoB", "After")


def test_the_event_that_asked_can_be_skipped_and_the_undoing_goes_on() -> None:
    case = Case(row()).complete("A").complete("B").complete("Wait").skip("T", "inside")
    assert sorted(case.open) == ["After", "UndoB"]
    assert case.complete("After").complete("UndoB").complete("UndoA").status == "completed"


def test_sent_back_while_something_is_undone_each_thing_is_undone_once() -> None:
    case = Case(row()).complete("A").complete("B").complete("Wait").back("B")
    assert sorted(case.open) == ["B", "UndoB"]
    case.complete("UndoB").complete("UndoA").complete("B").complete("Wait")
    assert case.open == ["UndoB"]
    assert case.complete("UndoB").open == ["After"]
    assert case.path.count("UndoA") == 1


def test_a_sub_process_that_is_being_undone_is_not_where_its_elements_are() -> None:
    case = Case(boxed()).complete("A").complete("Wait").complete("Then")
    case.back("Wait")
    assert sorted(case.open) == ["UndoA", "Wait"]
