"""Events that wait: boundary events, catch events, event-based gateways, errors, escalations, signals."""

from __future__ import annotations

import pytest

from service.engine import steps
from service.errors import InvalidDefinition, NotFound
from tests.engine.drawing import (
    Node,
    boundary,
    catch,
    chain,
    drawn,
    duration,
    each,
    end,
    error,
    escalation,
    file,
    flow,
    fork,
    message,
    race,
    receive,
    send,
    service,
    signal,
    start,
    sub,
    throw,
    user,
    xor,
)
from tests.engine.driver import Case


def kinds(facts):
    return [type(fact).__name__ for fact in facts]


def phase(identity="P1", *, event, interrupting=True, loop="", **more):
    """A phase with one task, and an event at its border that leads to the task X."""
    inner = sub(identity, chain(start("s"), user("I"), end("e")), loop=loop, **more)
    return drawn(
        chain(start(), inner, user("Z"), end()),
        boundary("B", identity, event, interrupting),
        chain("B", user("X"), end("E2")),
    )


def test_an_interrupting_message_ends_the_phase_and_leaves_what_was_written_in_it():
    case = Case(file(phase(event=message("stop"), phase="build"), messages={"stop": ""}))
    (waiting,) = case.of(steps.Subscribed)
    assert (waiting.message, waiting.action, waiting.interrupting, waiting.attached_to) == ("stop", True, True, "#2")
    case.set("I", note="kept").deliver("B", reason="no money")
    assert case.open == ["X"]
    assert case.story(case.facts) == ["xI", "xP1", "+B", "-B", "+X"]
    assert kinds(case.facts)[:5] == ["Unsubscribed", "TaskClosed", "Left", "PhaseLeft", "Left"]
    assert case.facts[0].received
    assert case.variables() == {"note": "kept", "reason": "no money"}


def test_a_phase_that_is_over_waits_for_no_message():
    case = Case(file(phase(event=message("stop")), messages={"stop": ""})).complete("I")
    assert case.open == ["Z"]
    assert case.of(steps.Unsubscribed)[0].received is False


def test_a_non_interrupting_message_is_awaited_again_each_time():
    case = Case(file(phase(event=message("problem"), interrupting=False), messages={"problem": ""}))
    for number in range(1, 6):
        case.deliver("B", count=number)
        assert case.open.count("X") == number
    assert sorted(set(case.open)) == ["B:message", "I", "X"]
    assert len({f.ref for f in case.of(steps.Subscribed)}) == 6
    case.complete("I")
    assert "B:message" not in case.open


def test_one_message_name_on_two_parallel_waves_reaches_only_the_one_it_is_delivered_to():
    wave = lambda n: sub(f"W{n}", chain(start(f"s{n}"), user(f"T{n}"), end(f"e{n}")))  # noqa: E731
    body = drawn(
        chain(start(), fork("F"), wave(1), end()),
        chain("F", wave(2), end("E2")),
        boundary("B1", "W1", message("halt")),
        boundary("B2", "W2", message("halt")),
        chain("B1", user("X1"), end("E3")),
        chain("B2", user("X2"), end("E4")),
    )
    case = Case(file(body, messages={"halt": ""})).deliver("B2")
    assert sorted(case.open) == ["B1:message", "T1", "X2"]


def test_one_message_on_the_children_of_a_multi_instance_ends_one_child_only():
    inner = sub(
        "W",
        chain(start("s"), user("T"), end("e")),
        boundary("B", "T", message("halt")),
        chain("B", user("X"), end("f")),
        loop=each("=[1,2,3]"),
    )
    case = Case(file(drawn(chain(start(), inner, end())), messages={"halt": ""}))
    assert case.open.count("B:message") == 3
    case.deliver("B", 1)
    assert (case.open.count("T"), case.open.count("X")) == (2, 1)
    assert case.variables("X")["item"] == 2


def test_nobody_waits_twice_under_the_same_ref():
    case = Case(file(phase(event=message("stop")), messages={"stop": ""}))
    ref = case.tracks[0].find("B", "message", 0)
    case.deliver("B")
    with pytest.raises(NotFound):
        case.tracks[0].instance.deliver(ref, {}, case.world)


def test_an_interrupting_boundary_on_a_multi_instance_sub_process_ends_all_its_children():
    case = Case(file(phase(event=message("stop"), loop=each("=[1,2,3]")), messages={"stop": ""}))
    assert case.open.count("I") == 3
    case.complete("I").deliver("B")
    assert case.open == ["X"]
    assert case.story().count("xI") == 2
    assert case.story().count("xP1") == 3
    case.complete("X")
    assert case.status == "completed"


def test_the_correlation_key_is_evaluated_when_the_event_is_entered():
    body = drawn(chain(start(), user("A"), catch("C", message("paid")), end()))
    case = Case(file(body, messages={"paid": "=order.id"})).complete("A", order={"id": 17})
    (waiting,) = case.of(steps.Subscribed)
    assert (waiting.correlation, waiting.action) == ("17", False)
    assert case.deliver("C", amount=5).status == "completed"
    assert case.variables()["amount"] == 5


def test_a_correlation_key_that_is_null_is_an_incident_that_names_the_expression():
    body = drawn(chain(start(), catch("C", message("paid")), end()))
    case = Case(file(body, messages={"paid": "=order.id"}))
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("C", "null-value", "=order.id")
    assert "order" in incident.message
    case.set(order={"id": "a"}).retry("C")
    assert case.open == ["C:message"]


def test_a_receive_task_waits_and_its_boundary_timer_may_win():
    body = drawn(
        chain(start(), receive("R", "go"), end()),
        boundary("B", "R", duration("PT1H")),
        chain("B", user("X"), end("E2")),
    )
    assert Case(file(body, messages={"go": ""})).deliver("R").status == "completed"
    assert Case(file(body, messages={"go": ""})).wait(hours=1).open == ["X"]


def test_send_tasks_and_throw_events_say_their_message():
    body = drawn(
        chain(
            start(), send("M", "told", inputs={"x": "=1 + 1"}), throw("T", message("told")), end("E", message("over"))
        )
    )
    case = Case(file(body, messages={"told": "", "over": ""}))
    thrown = case.of(steps.MessageThrown)
    assert [(f.element, f.name, f.variables) for f in thrown] == [
        ("M", "told", {"x": 2}),
        ("T", "told", {}),
        ("E", "over", {}),
    ]
    assert case.variables() == {}


@pytest.mark.parametrize(("winner", "task"), [("message", "A"), ("early", "B"), ("late", "C")])
def test_behind_an_event_based_gateway_the_first_event_wins_and_each_timer_has_its_own_moment(winner, task):
    body = drawn(
        chain(start(), race("G"), catch("M", message("go")), user("A"), end()),
        chain("G", catch("T1", duration("=early")), user("B"), end("E2")),
        chain("G", catch("T2", duration("=late")), user("C"), end("E3")),
    )
    first, second = ("PT1H", "PT2H") if winner == "early" else ("PT2H", "PT1H")
    case = Case(file(body, messages={"go": ""}), {"early": first, "late": second})
    assert sorted(case.open) == ["M:message", "T1:timer", "T2:timer"]
    case = case.deliver("M") if winner == "message" else case.wait(hours=1)
    assert case.open == [task]
    assert case.path[1:] == ["G", {"A": "M", "B": "T1", "C": "T2"}[task], task]
    assert case.step.next_due is None


def test_an_error_end_event_is_caught_at_the_nearest_border_with_its_code():
    inner = sub("P2", chain(start("s2"), user("I"), end("e2", error("broken"))))
    outer = sub("P1", chain(start("s"), inner, end("e")), boundary("B1", "P2", error("other")), chain("B1", end("e3")))
    body = drawn(
        chain(start(), outer, user("Z"), end()),
        boundary("B2", "P1", error("broken")),
        chain("B2", user("X"), end("E2")),
        boundary("B3", "P1", error()),
        chain("B3", user("Y"), end("E3")),
    )
    case = Case(file(body, errors=("broken", "other"))).complete("I")
    assert case.open == ["X"]
    assert case.story(case.facts) == ["-I", "+e2", "-e2", "xP2", "xP1", "+B2", "-B2", "+X"]


def test_an_error_that_nobody_catches_is_an_incident():
    inner = sub("P1", chain(start("s"), user("I"), end("e", error("broken"))))
    case = Case(file(drawn(chain(start(), inner, end())), errors=("broken",))).complete("I")
    assert [(f.element, f.code) for f in case.of(steps.IncidentRaised)] == [("e", "uncaught-error")]
    assert case.skip("e").status == "completed"


def test_a_job_that_reports_an_error_takes_its_boundary_and_brings_its_variables():
    body = drawn(
        chain(start(), service("J"), user("Z"), end()),
        boundary("B", "J", error("full")),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body, errors=("full",))).fail("J", "full", left=3)
    assert case.open == ["X"]
    assert case.variables() == {"left": 3}
    assert case.of(steps.JobGone)[0].outcome == "cancelled"


def test_a_job_error_that_nobody_catches_is_an_incident_and_retry_wants_the_job_again():
    case = Case(file(drawn(chain(start(), service("J"), end())))).fail("J", "odd")
    assert case.of(steps.IncidentRaised)[0].code == "uncaught-error"
    assert case.open == ["J:incident"]
    case.retry("J")
    assert case.open == ["J:job"]
    assert case.finish("J").status == "completed"


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_is_caught_around_and_the_thrower_goes_on_unless_it_is_interrupted(interrupting):
    inner = sub("P1", chain(start("s"), throw("T", escalation("late")), user("I"), end("e")))
    body = drawn(
        chain(start(), inner, user("Z"), end()),
        boundary("B", "P1", escalation("late"), interrupting),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body, errors=("late",)))
    assert sorted(case.open) == (["X"] if interrupting else ["I", "X"])
    assert "-T" in case.story()


def test_a_signal_reaches_everyone_who_waits_for_it():
    body = drawn(
        chain(start(), fork("F"), user("A"), throw("T", signal("sync")), end()),
        chain("F", catch("C1", signal("sync")), user("X"), end("E2")),
        chain("F", user("B"), end("E3")),
        boundary("C2", "B", signal("sync"), interrupting=False),
        chain("C2", user("Y"), end("E4")),
    )
    case = Case(file(body, signals=("sync",))).complete("A")
    assert sorted(case.open) == ["B", "C2:signal", "X", "Y"]
    waiting = [f for f in case.of(steps.Subscribed) if f.kind == "signal"]
    assert [(f.message, f.process, f.action) for f in waiting] == [("sync", "P", False)] * 3
    assert [f.received for f in case.of(steps.Unsubscribed) if f.kind == "signal"] == [True, True]
    assert [f.name for f in case.of(steps.SignalThrown)] == ["sync"]
    case.signal("sync", who="outside")
    assert case.open.count("Y") == 2
    assert case.variables() == {"who": "outside"}


def test_a_signal_end_event_speaks():
    case = Case(file(drawn(chain(start(), end("E", signal("done")))), signals=("done",)))
    assert [f.name for f in case.of(steps.SignalThrown)] == ["done"]
    assert case.status == "completed"


def test_rework_from_an_inner_boundary_over_an_error_end_two_hundred_times():
    inner = sub(
        "P2",
        chain(start("s2"), user("I"), end("e2")),
        boundary("B", "I", message("rework")),
        chain("B", end("e3", error("back"))),
    )
    body = drawn(
        chain(start(), xor("M"), inner, end()),
        boundary("B2", "P2", error("back")),
        flow("B2", "M"),
    )
    case = Case(file(body, messages={"rework": ""}, errors=("back",)))
    size = len(case.step.state)
    for lap in range(200):
        case.deliver("B", lap=lap)
    assert len(case.step.state) < size + 40
    assert case.complete("I").status == "completed"
    assert len({f.ref for f in case.of(steps.TaskOpened)}) == 201


def test_a_milestone_is_reached_at_its_throw_event():
    case = Case(file(drawn(chain(start(), throw("T", milestone="built"), end()))))
    assert [f.milestone for f in case.of(steps.MilestoneReached)] == ["built"]


def test_output_mappings_of_an_event_read_its_message_and_nothing_else_leaves():
    body = drawn(
        chain(start(), user("A"), end()),
        boundary("B", "A", message("stop"), outputs={"why": "=reason + who"}),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body, messages={"stop": ""}), {"who": "kim"}).deliver("B", reason="no money: ", more=1)
    assert case.variables() == {"who": "kim", "why": "no money: kim"}


def test_a_failing_output_mapping_of_an_interrupting_event_can_be_mended():
    body = drawn(
        chain(start(), user("A"), end()),
        boundary("B", "A", message("stop"), outputs={"why": "=assert(reason, reason != null)"}),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body, messages={"stop": ""})).deliver("B")
    assert case.open == ["B:incident"]
    assert case.set("B", reason="x").retry("B").open == ["X"]
    assert case.variables() == {"reason": "x", "why": "x"}


def test_throw_and_end_events_with_a_job_type_wait_for_a_worker():
    job = '<zeebe:taskDefinition type="mail"/>'
    body = drawn(
        chain(start(), throw("T", message("told"), milestone="told"), end("E", message("over"))),
    ).replace("<zeebe:properties>", f"{job}<zeebe:properties>", 1)
    body = body.replace('name="E">', f'name="E"><bpmn:extensionElements>{job}</bpmn:extensionElements>')
    case = Case(file(body, messages={"told": "", "over": ""}))
    assert case.open == ["T:job"]
    assert case.of(steps.MilestoneReached) == []
    case.finish("T")
    assert [f.milestone for f in case.of(steps.MilestoneReached)] == ["told"]
    assert case.finish("E").status == "completed"
    assert case.of(steps.Ended)[0].element == "E"
    assert case.of(steps.MessageThrown) == []


def test_the_end_event_that_was_reached_last_names_the_outcome():
    body = drawn(chain(start(), xor("G", default="G_E")), flow("G", "E"), flow("G", "X", "=bad"), end(), end("X"))
    assert Case(file(body), {"bad": False}).of(steps.Ended)[0].element == "E"
    ended = Case(file(body), {"bad": True}).of(steps.Ended)[0]
    assert (ended.element, ended.name, ended.outcome) == ("X", "X", "completed")


@pytest.mark.parametrize("part", ["loop", "border"])
def test_behind_an_event_based_gateway_nothing_repeats_and_nothing_has_borders(part):
    task = receive("R", "go")
    if part == "loop":
        task = Node("R", task.replace("</bpmn:receiveTask>", f"{each('=[1]')}</bpmn:receiveTask>"))
    border = "" if part == "loop" else boundary("B", "R", duration("PT1M")) + chain("B", end("E3"))
    body = drawn(chain(start(), race("G"), task, end()), chain("G", catch("T", duration("PT1H")), end("E2")), border)
    with pytest.raises(InvalidDefinition, match="event-gateway"):
        Case(file(body, messages={"go": ""}))


def test_a_receive_task_behind_an_event_based_gateway_reads_its_inputs():
    body = drawn(
        chain(start(), race("G"), receive("R", "go", inputs={"id": "=order + 1"}), user("A"), end()),
        chain("G", catch("T", duration("PT1H")), end("E2")),
    )
    case = Case(file(body, messages={"go": "=id"}), {"order": 1})
    assert case.of(steps.Subscribed)[0].correlation == "2"
    assert case.deliver("R").open == ["A"]


def test_an_end_without_status_does_not_hide_the_one_that_said_how_it_ended():
    body = drawn(
        chain(start(), user("A"), end("E", status="backed-out")),
        boundary("B", "A", duration("PT1H"), False),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body)).wait(hours=1).complete("A").complete("X")
    ended = case.of(steps.Ended)[0]
    assert (ended.element, ended.status) == ("E", "backed-out")


def test_an_error_event_that_does_not_interrupt_is_refused():
    border = boundary("B", "A", error("bad"), interrupting=False)
    body = drawn(chain(start(), user("A"), end()), border, chain("B", user("X"), end("E2")))
    with pytest.raises(InvalidDefinition, match=": B: "):
        Case(file(body, errors=("bad",)))


def test_inputs_of_an_end_event_are_the_payload_of_its_message():
    body = drawn(chain(start(), end("E", message("over"), inputs={"n": "=1 + 1"})))
    case = Case(file(body, messages={"over": ""}))
    assert [f.variables for f in case.of(steps.MessageThrown)] == [{"n": 2}]


def test_a_correlation_key_that_is_too_long_is_an_incident():
    body = drawn(chain(start(), catch("C", message("paid")), end()))
    case = Case(file(body, messages={"paid": "=long"}), {"long": "x" * 256})
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("C", "limit", "=long")
    assert case.open == ["C:incident"]
