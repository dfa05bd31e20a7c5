"""Event sub-processes: what starts them, what they end, what is caught where, and when their scope is over."""

from __future__ import annotations

import itertools

import pytest

from service.engine import steps
from tests.engine.diagrams import codes, diagram
from tests.engine.drawing import (
    boundary,
    call,
    catch,
    chain,
    cycle,
    date,
    drawn,
    duration,
    each,
    either,
    end,
    error,
    escalation,
    ext,
    file,
    files,
    flow,
    fork,
    handler,
    message,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    user,
)
from tests.engine.driver import Case

SHARED = {"messages": {"stop": "", "paid": "=order"}, "signals": ("siren",), "errors": ("BAD", "WORSE")}


def process(*handlers, inside=None):
    """A process with one task A, and event sub-processes beside it."""
    return file(drawn(chain(start(), *(inside or (user("A"),)), end()), *handlers), **SHARED)


def phase(*handlers, nodes=None, more="", **given):
    """A sub-process P1 with the task I and event sub-processes, followed by the task Z."""
    inner = sub("P1", chain(start("s"), *(nodes or (user("I"),)), end("e")), *handlers, **given)
    return file(drawn(chain(start(), inner, user("Z"), end()), more), **SHARED)


EVENTS = {
    "message": (message("stop"), lambda case: case.deliver("sH", why="x")),
    "signal": (signal("siren"), lambda case: case.signal("siren", why="x")),
    "timer": (duration("PT1H"), lambda case: case.wait(hours=1)),
    "error": (error("BAD"), lambda case: case.fail("A", "BAD", why="x")),
}


@pytest.mark.parametrize("place", ["process", "sub-process", "called process"])
@pytest.mark.parametrize("kind", EVENTS)
def test_an_interrupting_one_ends_all_else_in_its_scope(kind, place):
    event, happens = EVENTS[kind]
    body = chain(start("s"), fork("F"), service("A"), end("e")) + chain("F", user("B"), end("e2"))
    body += handler("H", event, user("R"))
    if place == "process":
        sources = [file(drawn(body), **SHARED)]
    elif place == "sub-process":
        sources = [file(drawn(chain(start(), sub("P1", body), user("Z"), end())), **SHARED)]
    else:
        sources = files(drawn(chain(start(), call("C", "Q"), user("Z"), end())), drawn(body, identity="Q"), **SHARED)
    case = happens(Case(sources))
    assert case.open == ["R"]
    assert {"xA", "xB", "+H", "+sH", "-sH", "+R"} <= set(case.story(case.facts))
    if kind != "timer":
        assert case.variables("R")["why"] == "x"
    case.complete("R")
    assert case.open == ([] if place == "process" else ["Z"])
    assert not case.of(steps.IncidentRaised)
    assert (case.status == "completed") == (place == "process")


def test_the_start_event_is_entered_in_the_event_sub_process_under_the_ref_it_waited_with():
    case = Case(process(handler("H", message("stop"), user("R"), interrupting=False, roles="approver", label="Halt")))
    (waiting,) = case.of(steps.Subscribed)
    assert (waiting.element, waiting.message, waiting.action, waiting.label) == ("sH", "stop", True, "Halt")
    assert (waiting.roles, waiting.interrupting, waiting.attached_to) == (("approver",), False, None)
    case.deliver("sH")
    inner, begun = [f for f in case.facts if isinstance(f, steps.Entered)][:2]
    assert (inner.element, inner.type, inner.parent) == ("H", "subProcess", None)
    assert (begun.element, begun.ref, begun.parent) == ("sH", waiting.ref, inner.ref)
    assert sorted(case.open) == ["A", "R", "sH:message"]


def test_in_a_sub_process_it_waits_for_the_sake_of_that():
    case = Case(phase(handler("H", message("stop")), phase="build"))
    (waiting,) = case.of(steps.Subscribed)
    (inner,) = [f for f in case.of(steps.Entered) if f.element == "P1"]
    assert (waiting.attached_to, waiting.phase) == (inner.ref, "build")


def test_a_message_with_a_key_is_awaited_from_outside():
    case = Case(process(handler("H", message("paid"), user("R"))), {"order": 7})
    assert [(f.correlation, f.action) for f in case.of(steps.Subscribed)] == [("7", False)]
    assert case.deliver("sH").open == ["R"]


def test_what_does_not_interrupt_starts_as_often_as_it_happens():
    case = Case(process(handler("H", signal("siren"), user("R"), interrupting=False)))
    for number in range(1, 4):
        case.signal("siren", turn=number)
        assert case.open.count("R") == number
    case.complete("A")
    assert case.status == "active"
    assert "sH:signal" in case.open
    for _ in range(3):
        case.complete("R")
    assert case.status == "completed"


def test_the_scope_is_over_when_what_runs_in_it_is_over_and_then_nothing_is_awaited():
    case = Case(phase(handler("H", message("stop"), user("R"), interrupting=False)))
    case.deliver("sH").complete("I")
    assert sorted(case.open) == ["R", "sH:message"]
    case.complete("R")
    assert case.open == ["Z"]
    assert [f.received for f in case.of(steps.Unsubscribed)] == [True, False]


def test_a_scope_that_ends_forgets_its_timers_and_subscriptions():
    case = Case(phase(handler("H", message("stop")), handler("K", date("2030-01-01T00:00:00Z"))))
    case.complete("I")
    assert case.open == ["Z"]
    assert case.step.next_due is None
    assert case.of(steps.TimerDisarmed)[0].fired is False


def test_an_interrupting_one_happens_once_and_forgets_the_others_of_its_scope():
    case = Case(process(handler("H", signal("siren"), user("R")), handler("K", message("stop"), user("Q"))))
    case.signal("siren")
    assert case.open == ["R"]
    assert case.signal("siren").open == ["R"]


def test_an_interrupting_one_ends_those_that_run_beside_it():
    case = Case(
        process(handler("H", signal("siren"), user("R")), handler("K", message("stop"), user("Q"), interrupting=False))
    )
    case.deliver("sK")
    assert "Q" in case.open
    assert case.signal("siren").open == ["R"]
    assert {"xQ", "xK"} <= set(case.story(case.facts))


def test_a_cycle_starts_it_again_and_again():
    case = Case(process(handler("H", cycle("R3/PT1H"), user("R"), interrupting=False)))
    for number in (1, 2, 3, 3):
        case.wait(hours=1)
        assert case.open.count("R") == number
    assert case.step.next_due is None
    case = Case(process(handler("H", duration("PT1H"), user("R"), interrupting=False))).wait(hours=1)
    assert sorted(case.open) == ["A", "R"]


def test_variables_of_the_scope_are_seen_and_written():
    inner = phase(
        handler("H", signal("siren"), script("R", "=level + 1", "level")), nodes=(user("I"),), inputs={"level": "=1"}
    )
    case = Case(inner)
    assert case.variables("I")["level"] == 1
    case.signal("siren")
    assert case.open == ["Z"]
    assert "level" not in case.variables()


def test_inputs_make_variables_of_its_own_for_what_comes_with_the_event():
    own = handler("H", signal("siren"), user("R"), interrupting=False).replace(
        'triggeredByEvent="true">', f'triggeredByEvent="true">{ext(inputs={"why": "=null"})}', 1
    )
    case = Case(process(own)).signal("siren", why="one").signal("siren", why="two")
    assert [case.variables("R", number)["why"] for number in (0, 1)] == ["one", "two"]
    assert "why" not in case.variables()


def test_outputs_of_the_start_event_say_what_is_kept_of_the_payload():
    case = Case(process(handler("H", signal("siren"), user("R"), outputs={"reason": "=why"})))
    case.signal("siren", why="fire", noise=1)
    assert case.variables() == {"reason": "fire"}


# Errors and escalations


def test_an_error_is_caught_in_the_scope_before_the_border_of_the_activity_around():
    more = boundary("B", "P1", error("BAD")) + chain("B", user("X"), end("E2"))
    case = Case(phase(handler("H", error("BAD"), user("R")), nodes=(service("J"),), more=more)).fail("J", "BAD")
    assert case.open == ["R"]
    assert case.complete("R").open == ["Z"]


def test_the_border_of_the_failing_activity_itself_comes_first():
    body = drawn(
        chain(start(), service("A"), end()),
        boundary("B", "A", error()),
        chain("B", user("X"), end("E2")),
        handler("H", error("BAD"), user("R")),
    )
    assert Case(file(body, **SHARED)).fail("A", "BAD").open == ["X"]


def test_an_exact_code_goes_before_any_code_whatever_is_drawn_first():
    for codes_ in itertools.permutations(((None, "R"), ("BAD", "Q"), ("WORSE", "X"))):
        found = [handler(f"H{name}", error(code), user(name)) for code, name in codes_]
        case = Case(process(*found, inside=(service("A"),)))
        assert case.fail("A", "BAD").open == ["Q"]
        assert Case(process(*found, inside=(service("A"),))).fail("A", "OTHER").open == ["R"]


def test_what_is_thrown_inside_of_one_goes_outwards():
    more = boundary("B", "P1", error("BAD")) + chain("B", user("X"), end("E2"))
    again = sub("P1", chain(start("s"), end("T", error("BAD"))), _rethrowing("H", error("BAD"), error("BAD")))
    case = Case(file(drawn(chain(start(), again, user("Z"), end()), more), **SHARED))
    assert case.open == ["X"]
    assert {"xH", "xP1"} <= set(case.story())


def _rethrowing(identity, event, thrown, *, interrupting=True):
    """An event sub-process that ends by throwing."""
    made = handler(identity, event, interrupting=interrupting)
    plain = end(f"e{identity}")
    return made.replace(plain, end(f"e{identity}", thrown))


def test_an_error_that_nothing_around_catches_is_an_incident_inside_of_it():
    case = Case(process(_rethrowing("H", error("BAD"), error("BAD")), inside=(service("A"),))).fail("A", "BAD")
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code) == ("eH", "uncaught-error")


def test_an_error_in_one_that_does_not_interrupt_is_caught_by_another_of_the_scope():
    first = _rethrowing("H", signal("siren"), error("BAD"), interrupting=False)
    case = Case(process(first, handler("K", error("BAD"), user("R")))).signal("siren")
    assert case.open == ["R"]
    assert "xA" in case.story()


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_starts_it_and_what_it_carries_is_seen(interrupting):
    raised = throw("T", escalation("BAD"), inputs={"why": "=level"})
    source = process(
        handler("H", escalation("BAD"), user("R"), interrupting=interrupting), inside=(user("A"), raised, user("B"))
    )
    case = Case(source, {"level": 3}).complete("A")
    assert sorted(case.open) == (["R"] if interrupting else ["B", "R"])
    assert case.variables()["why"] == 3


def test_an_escalation_inside_of_one_does_not_start_it_again():
    first = _rethrowing("H", signal("siren"), escalation("BAD"), interrupting=False)
    second = handler("K", escalation(), throw("T", escalation("WORSE")), user("R"), interrupting=False)
    case = Case(process(first, second)).signal("siren")
    assert sorted(case.open) == ["A", "R", "sH:signal"]


def test_an_escalation_from_a_called_process_starts_one_of_the_caller():
    called = drawn(chain(start("s"), end("e", escalation("BAD"))), identity="Q")
    caller = drawn(
        chain(start(), call("C", "Q"), end()), handler("H", escalation("BAD"), user("R"), interrupting=False)
    )
    assert Case(files(caller, called, **SHARED)).open == ["R"]


# Nesting, loops, phases


def test_they_nest():
    inner = handler("K", signal("siren"), user("Q"), interrupting=False)
    case = Case(process(handler("H", message("stop"), user("R"), more=inner)))
    assert case.signal("siren").open == ["sH:message", "A"]
    case.deliver("sH").signal("siren")
    assert sorted(case.open) == ["Q", "R", "sK:signal"]
    assert case.complete("R").complete("Q").status == "completed"


def test_each_child_of_a_multi_instance_has_its_own():
    source = phase(handler("H", message("stop"), user("R")), loop=each("=[1,2,3]"))
    case = Case(source).deliver("sH", 1)
    assert (case.open.count("I"), case.open.count("R"), case.open.count("sH:message")) == (2, 1, 2)
    assert case.variables("R")["item"] == 2
    case.complete("R").complete("I").complete("I")
    assert case.open == ["Z"]


def test_the_gate_of_a_phase_opens_after_it_and_again_after_an_interruption():
    source = phase(handler("H", signal("siren"), user("R")), phase="build", criterion_done="=true")
    case = Case(source).complete("I")
    assert case.open == ["sH:signal", "P1.gate"]
    assert case.signal("siren").open == ["R"]
    assert case.complete("R").open == ["P1.gate"]
    assert case.complete("P1.gate").open == ["Z"]


def test_the_end_reached_inside_of_it_says_what_the_release_is():
    inside = handler("H", message("stop"), user("R")).replace(end("eH"), end("eH", status="terminated"))
    case = Case(process(inside)).deliver("sH").complete("R")
    (over,) = case.of(steps.Ended)
    assert (over.element, over.status) == ("eH", "terminated")


def test_the_border_of_its_sub_process_stays_awake_while_it_runs():
    more = boundary("B", "P1", message("stop")) + chain("B", user("X"), end("E2"))
    case = Case(phase(handler("H", signal("siren"), user("R")), more=more)).signal("siren")
    assert sorted(case.open) == ["B:message", "R"]
    assert case.deliver("B").open == ["X"]


def test_a_terminate_end_in_its_scope_ends_it_and_one_inside_ends_only_itself():
    stops = "<bpmn:terminateEventDefinition/>"
    beside = chain(start("s"), fork("F"), user("I"), end("T", stops)) + chain("F", user("J"), end("e2"))
    inner = sub("P1", beside, handler("H", signal("siren"), user("R"), interrupting=False))
    case = Case(file(drawn(chain(start(), inner, user("Z"), end())), **SHARED)).signal("siren")
    assert case.complete("I").open == ["Z"]
    inside = handler("H", signal("siren"), interrupting=False).replace(end("eH"), end("eH", stops))
    case = Case(process(inside)).signal("siren")
    assert sorted(case.open) == ["A", "sH:signal"]


def test_an_inclusive_join_does_not_wait_for_it():
    ways = [flow("F", "A", "=true"), flow("F", "B", "=true"), chain(user("A"), either("G")), chain(user("B"), "G")]
    watching = handler("H", signal("siren"), user("R"), interrupting=False)
    source = file(drawn(chain(start(), either("F")), *ways, chain("G", end()), watching), **SHARED)
    case = Case(source).signal("siren").complete("A").complete("B")
    assert sorted(case.open) == ["R", "sH:signal"]
    assert case.complete("R").status == "completed"


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_ad_hoc_sub_process_has_its_own_too(interrupting):
    inner = sub(
        "P1", user("I"), handler("H", signal("siren"), user("R"), interrupting=interrupting), tag="adHocSubProcess"
    )
    case = Case(file(drawn(chain(start(), inner, user("Z"), end())), **SHARED)).signal("siren")
    assert ("I" in case.open) != interrupting
    case.complete("R")
    if not interrupting:
        assert sorted(case.open) == ["I", "sH:signal"]
        case.complete("I")
    assert case.open == ["Z"]


# What goes wrong


def test_a_start_that_cannot_be_awaited_is_an_incident_and_the_rest_goes_on():
    case = Case(process(handler("H", message("paid"), user("R"))))
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code) == ("sH", "null-value")
    assert case.open == ["sH:incident", "A"]
    case.set(order="7").retry("sH")
    assert case.open == ["sH:message", "A"]
    case.deliver("sH")
    assert case.open == ["R"]
    assert case.story(case.facts) == ["-sH", "xA", "+H", "+sH", "-sH", "+R"]


def test_an_incident_in_it_is_tried_again():
    bad = handler("H", signal("siren"), script("R", "=n + 1", "m", outputs={"m": "=m"}), user("Q"))
    bad = bad.replace('triggeredByEvent="true">', f'triggeredByEvent="true">{ext(deadline="=later")}', 1)
    case = Case(process(bad)).signal("siren", n=1)
    assert [f.element for f in case.of(steps.IncidentRaised)] == ["H"]
    assert "Q" in case.open
    case.set(later="PT1H").retry("H", "inside")
    assert [f.element for f in case.of(steps.DeadlineSet)] == ["H"]


def test_a_start_that_does_not_help_is_skipped():
    case = Case(process(handler("H", message("paid"), user("R")))).skip("sH", "incident")
    assert case.open == ["A"]
    assert case.complete("A").status == "completed"


def test_cancelling_the_instance_ends_it_too():
    case = Case(process(handler("H", signal("siren"), user("R"), interrupting=False))).signal("siren").cancel()
    assert case.status == "cancelled"
    assert case.open == []


def test_a_receiver_that_throws_its_own_signal_again_and_again_meets_the_limit():
    case = Case(process(_rethrowing("H", signal("siren"), signal("siren"), interrupting=False)))
    case.signal("siren")
    assert {f.code for f in case.of(steps.IncidentRaised)} == {"limit"}


def test_the_state_does_not_grow_with_what_has_happened():
    case = Case(process(handler("H", signal("siren"), interrupting=False)))
    before = len(case.step.state)
    for _ in range(20):
        case.signal("siren")
    assert len(case.step.state) <= before + 10


# What is refused

ANY = '<bpmn:signalEventDefinition signalRef="S"/>'


def body(start_event: str, attributes: str = "", more: str = "") -> bytes:
    inside = f'<bpmn:subProcess id="T" triggeredByEvent="true" {attributes}>{start_event}</bpmn:subProcess>'
    return diagram(f'<bpmn:startEvent id="s"/><bpmn:task id="U"/>{flow("s", "U")}{inside}{more}')


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (body('<bpmn:startEvent id="i"/>'), "event-sub-process-start"),
        (body(""), "event-sub-process-start"),
        (body(f'<bpmn:startEvent id="i">{ANY}</bpmn:startEvent><bpmn:startEvent id="j">{ANY}</bpmn:startEvent>'),
         "event-sub-process-start"),
        (body('<bpmn:startEvent id="i" isInterrupting="false"><bpmn:errorEventDefinition/></bpmn:startEvent>'),
         "start-must-interrupt"),
        (body(f'<bpmn:startEvent id="i">{ANY}</bpmn:startEvent>', more=flow("U", "T")), "flow-at-event-sub-process"),
        (body(f'<bpmn:startEvent id="i">{ANY}</bpmn:startEvent>'
              '<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>'
              "</bpmn:multiInstanceLoopCharacteristics>"), "event-sub-process-loop"),
        (body(f'<bpmn:startEvent id="i">{ANY}</bpmn:startEvent>',
              more='<bpmn:boundaryEvent id="b" attachedToRef="T"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>'),
         "boundary-host"),
        (diagram('<bpmn:startEvent id="s"><bpmn:errorEventDefinition/></bpmn:startEvent>'),
         "start-needs-event-sub-process"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused(source, code):
    assert codes(source) == [code]


def test_a_timer_catch_beside_it_still_waits_alone():
    case = Case(process(handler("H", signal("siren"), user("R")), inside=(catch("C", duration("PT1H")),)))
    assert case.wait(hours=1).status == "completed"
