"""Compensation event sub-processes: they undo the completed sub-process that they lie in."""

from __future__ import annotations

from service.engine import steps
from tests.engine.drawing import (
    CANCEL,
    Node,
    boundary,
    chain,
    drawn,
    each,
    end,
    file,
    flow,
    handler,
    message,
    script,
    start,
    sub,
    throw,
    undo,
    undone,
    user,
)
from tests.engine.driver import Case


def both(host: str, handler: str) -> str:
    return undone(host, user(handler))


def case_of(*body: str, variables: dict | None = None, **shared: object) -> Case:
    return Case(file(drawn(*body), **shared), variables)


def undoing(*inside: str, more: str = "") -> Node:
    """A sub-process P1 of the tasks A and B that an event sub-process of its own undoes."""
    own = handler("Es", undo(), *inside)
    row = chain(start("s"), user("A"), user("B"), end("e"))
    return sub("P1", row, own, both("A", "UndoA"), both("B", "UndoB"), more, inputs={"own": "=1"})


def test_the_event_sub_process_of_a_completed_sub_process_undoes_it():
    case = case_of(chain(start(), undoing(user("H")), throw("T", undo()), user("After"), end()))
    case.complete("A", own=2).complete("B")
    assert case.open == ["H"]
    assert case.variables("H") == {"own": 2}
    assert case.complete("H").open == ["After"]
    assert not {"UndoA", "UndoB"} & set(case.path)
    assert case.path[-7:] == ["T", "P1", "Es", "sEs", "H", "eEs", "After"]


def test_it_can_ask_for_what_was_completed_around_it():
    inside = user("H"), throw("T1", undo("A")), user("H2"), throw("T2", undo())
    case = case_of(chain(start(), undoing(*inside), throw("T", undo("P1")), user("After"), end()))
    case.complete("A").complete("B").complete("H")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").complete("H2").open == ["UndoB"]
    assert case.complete("UndoB").open == ["After"]


def test_it_does_not_run_while_its_sub_process_runs_or_when_that_was_interrupted():
    caught = boundary("Stop", "P1", message("stop")), flow("Stop", "T")
    row = chain(start(), undoing(user("H")), throw("T", undo()), user("After"), end())
    case = case_of(row, *caught, messages={"stop": ""}).complete("A")
    assert case.open == ["Stop:message", "B"]
    assert case.deliver("Stop").open == ["After"]


def test_each_child_of_a_loop_is_undone_by_its_own_event_sub_process():
    own = handler("Es", undo(), script("H", "=append(trace, item)", "trace"))
    box = sub("P1", chain(start("s"), user("A"), end("e")), own, loop=each("=items", "item"))
    case = case_of(chain(start(), box, throw("T", undo()), end()), variables={"items": ["x", "y"], "trace": []})
    assert case.complete("A").complete("A").of(steps.Ended)[0].variables["trace"] == ["y", "x"]


def test_a_cancelled_transaction_undoes_the_sub_processes_in_it_by_their_event_sub_processes():
    inside = sub("X", chain(start("xs"), undoing(user("H")), end("c", CANCEL)), tag="transaction")
    case = case_of(chain(start(), inside, end()), boundary("Off", "X", CANCEL), flow("Off", "After"), user("After"))
    case.complete("A").complete("B")
    assert case.open == ["H"]
    assert case.complete("H").open == ["After"]


def test_other_event_sub_processes_do_not_wait_while_a_sub_process_is_undone():
    other = handler("Os", message("note"), user("N"), interrupting=False)
    row = chain(start(), undoing(user("H"), more=other), throw("T", undo()), end())
    case = case_of(row, messages={"note": ""})
    assert case.open == ["sOs:message", "A"]
    case.complete("A").complete("B")
    assert case.open == ["H"]
    assert case.complete("H").status == "completed"
