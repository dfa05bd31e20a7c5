"""How tokens move: sequences, gateways, joins, ends."""

from __future__ import annotations

import pytest

from service.engine import process, steps
from service.errors import TaskNotOpen
from tests.engine.drawing import (
    CANCEL,
    TERMINATE,
    boundary,
    catch,
    chain,
    drawn,
    either,
    end,
    file,
    flow,
    fork,
    link,
    script,
    start,
    sub,
    throw,
    user,
    xor,
)
from tests.engine.driver import Case


def test_a_task_opens_and_completing_it_ends_the_instance():
    case = Case(file(drawn(chain(start(), user("A"), end()))))
    assert case.open == ["A"]
    case.complete("A", answer=42)
    assert case.story() == ["+S", "-S", "+A", "-A", "+E", "-E", "completed"]
    assert case.of(steps.Ended)[0].variables == {"answer": 42}
    assert case.of(steps.TaskClosed)[0].outcome == "completed"


def test_a_task_is_completed_once_only():
    case = Case(file(drawn(chain(start(), user("A"), user("B"), end()))))
    ref = case.tracks[0].find("A", "task", 0)
    case.complete("A")
    before = case.tracks[0].instance.snapshot()
    with pytest.raises(TaskNotOpen):
        case.tracks[0].instance.complete(ref, {}, case.world)
    assert case.tracks[0].instance.snapshot() == before


def test_the_first_condition_that_holds_is_taken_and_the_default_only_without_one():
    body = drawn(
        chain(start(), user("A"), xor("G", default="G_Z")),
        chain(user("X"), end()),
        chain(user("Y"), end("E2")),
        chain(user("Z"), end("E3")),
        flow("G", "X", "=n > 10"),
        flow("G", "Y", "=n > 5"),
        flow("G", "Z"),
    )
    assert Case(file(body)).complete("A", n=20).open == ["X"]
    assert Case(file(body)).complete("A", n=7).open == ["Y"]
    assert Case(file(body)).complete("A", n=1).open == ["Z"]


def test_a_parallel_join_waits_for_every_branch_in_any_order():
    body = drawn(chain(start(), fork("F"), user("A"), fork("J"), end()), chain("F", user("B"), "J"))
    for order in ("AB", "BA"):
        case = Case(file(body))
        assert case.open == ["A", "B"]
        case.complete(order[0])
        assert case.status == "active"
        case.complete(order[1])
        assert case.status == "completed"
        assert case.path.count("J") == 1


def test_branches_that_finish_late_do_not_bring_back_old_values():
    body = drawn(chain(start(), fork("F"), user("A"), fork("J"), user("Z"), end()), chain("F", user("B"), "J"))
    case = Case(file(body), {"x": 0}).complete("A", x=1).complete("B", y=2)
    assert case.variables() == {"x": 1, "y": 2}


def test_a_parallel_join_in_a_loop_keeps_the_tokens_of_different_laps_apart():
    body = drawn(
        chain(start(), xor("M"), fork("F"), user("A"), fork("J"), xor("G", default="G_E"), end()),
        chain("F", user("B"), "J"),
        flow("G", "M", "=again"),
    )
    case = Case(file(body))
    for _ in range(200):
        case.complete("A", again=True).complete("B")
    size = len(case.step.state)
    assert case.open == ["A", "B"]
    case.complete("B").complete("A", again=False)
    assert case.status == "completed"
    assert size < 600


def test_tokens_that_meet_at_an_exclusive_gateway_each_go_on():
    body = drawn(chain(start(), fork("F"), xor("M"), user("A"), end()), flow("F", "M", identity="second"))
    case = Case(file(body))
    assert case.open == ["A", "A"]
    case.complete("A").complete("A")
    assert case.status == "completed"


def test_an_inclusive_join_waits_for_the_branches_that_were_taken_only():
    body = drawn(
        chain(start(), either("F", default="F_C")),
        flow("F", "A", "=a"),
        flow("F", "B", "=b"),
        flow("F", "C"),
        chain(user("A"), either("J"), user("Z"), end()),
        chain(user("B"), "J"),
        chain(user("C"), "J"),
    )
    both = Case(file(body), {"a": True, "b": True})
    assert both.open == ["A", "B"]
    assert both.complete("B").open == ["A", "J:join"]
    assert both.complete("A").open == ["Z"]
    assert both.path.count("J") == 1
    one = Case(file(body), {"a": False, "b": True})
    assert one.complete("B").open == ["Z"]
    none = Case(file(body), {"a": False, "b": False})
    assert none.complete("C").open == ["Z"]


def test_an_inclusive_join_waits_for_a_sub_process_in_a_branch():
    inner = sub("P1", chain(start("s"), user("I"), end("e")))
    body = drawn(chain(start(), fork("F"), inner, either("J"), user("Z"), end()), chain("F", user("B"), "J"))
    case = Case(file(body)).complete("B")
    assert "Z" not in case.open
    assert case.complete("I").open == ["Z"]


def test_a_terminate_end_ends_everything_in_its_scope_and_nothing_outside():
    inner = sub("P1", chain(start("s"), fork("f"), user("I"), end("e", TERMINATE)), chain("f", user("K"), end("e2")))
    body = drawn(chain(start(), fork("F"), inner, user("X"), fork("J"), end()), chain("F", user("B"), "J"))
    case = Case(file(body))
    assert case.open == ["B", "I", "K"]
    case.complete("I")
    assert case.open == ["B", "X"]
    assert "xK" in case.story()
    assert "-P1" in case.story()


def test_link_events_go_on_at_the_event_of_the_same_name():
    body = drawn(chain(start(), throw("T", link("L"))), chain(catch("C", link("L")), user("A"), end()))
    case = Case(file(body))
    assert case.open == ["A"]
    assert case.path == ["S", "T", "C", "A"]


def test_conditional_flows_that_leave_a_task_are_taken_where_they_hold():
    body = drawn(
        chain(start(), user("A")),
        chain(user("X"), end()),
        chain(user("Y"), end("E2")),
        flow("A", "X", "=n > 1"),
        flow("A", "Y", "=n > 2"),
    )
    assert Case(file(body)).complete("A", n=2).open == ["X"]
    assert Case(file(body)).complete("A", n=3).open == ["X", "Y"]
    stuck = Case(file(body)).complete("A", n=0)
    assert stuck.of(steps.IncidentRaised)[0].code == "no-flow-matches"


def test_several_flows_that_leave_a_task_are_all_taken():
    body = drawn(chain(start(), user("A"), user("X"), end()), chain("A", user("Y"), end("E2")))
    assert Case(file(body)).complete("A").open == ["X", "Y"]


def test_a_loop_that_never_waits_is_stopped_with_an_incident():
    body = drawn(
        chain(start(), xor("M"), script("X", "=n + 1", "n"), xor("G", default="G_M")),
        flow("G", "M"),
        flow("G", "E", "=n < 0"),
        end(),
    )
    case = Case(file(body), {"n": 0}, limits=process.Limits(steps=100))
    assert [f.code for f in case.of(steps.IncidentRaised)] == ["limit"]
    where = case.open[0].split(":")[0]
    case.set(n=-1000).retry(where)
    assert case.status == "completed"


def test_a_cancelled_instance_says_what_it_left():
    inner = sub("P1", chain(start("s"), user("I"), end("e")), phase="build")
    case = Case(file(drawn(chain(start(), inner, end())))).cancel()
    assert case.status == "cancelled"
    assert case.story(case.facts) == ["xI", "xP1", "cancelled"]
    assert [type(f).__name__ for f in case.facts] == ["TaskClosed", "Left", "PhaseLeft", "Left", "Ended"]


def test_a_transaction_is_left_by_its_cancel_boundary_event():
    inner = sub("T", chain(start("s"), user("I"), end("e", CANCEL)), tag="transaction")
    body = drawn(chain(start(), inner, user("Z"), end()), boundary("B", "T", CANCEL), chain("B", user("X"), end("E2")))
    assert Case(file(body)).complete("I").open == ["X"]
