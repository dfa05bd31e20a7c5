"""Events with several definitions: one of them is enough, or all are needed; what is thrown throws each."""

from __future__ import annotations

import pytest

from service.engine import steps
from tests.engine.diagrams import around, codes, diagram
from tests.engine.drawing import (
    boundary,
    catch,
    chain,
    condition,
    cycle,
    drawn,
    duration,
    each,
    end,
    error,
    escalation,
    file,
    fork,
    handler,
    message,
    race,
    service,
    signal,
    start,
    sub,
    throw,
    user,
)
from tests.engine.driver import Case

SHARED = {"messages": {"stop": "", "halt": "", "paid": "=order"}, "signals": ("siren",), "errors": ("BAD", "WORSE")}
THREE = message("stop") + signal("siren") + duration("PT1H")


def both(source: bytes, identity: str) -> bytes:
    """The same diagram where the event needs all of its definitions."""
    return source.replace(f'id="{identity}"'.encode(), f'id="{identity}" parallelMultiple="true"'.encode(), 1)


def attached(event: str, interrupting: bool = True, host=None, **given) -> bytes:
    body = drawn(chain(start(), host or user("A"), user("Z"), end()), boundary("B", "A", event, interrupting, **given),
                 chain("B", user("X"), end("E2")))  # fmt: skip
    return file(body, **SHARED)


HAPPENS = {
    "message": lambda case: case.deliver("B", why=1),
    "signal": lambda case: case.signal("siren", why=1),
    "timer": lambda case: case.wait(hours=1),
}


@pytest.mark.parametrize("kind", HAPPENS)
def test_one_of_them_is_enough_and_then_the_others_are_forgotten(kind):
    case = Case(attached(THREE))
    assert sorted(case.open) == ["A", "B:message", "B:signal", "B:timer"]
    HAPPENS[kind](case)
    assert case.open == ["X"]
    assert case.step.next_due is None
    assert len(case.of(steps.Unsubscribed)) == 2
    assert [f.element for f in case.of(steps.Entered)].count("B") == 1
    assert case.complete("X").status == "completed"


def test_each_definition_is_told_under_a_ref_of_its_own():
    case = Case(attached(message("stop") + message("paid"), roles="approver"), {"order": 7})
    told = case.of(steps.Subscribed)
    assert [(f.message, f.correlation, f.action, f.element) for f in told] == [
        ("stop", None, True, "B"),
        ("paid", "7", False, "B"),
    ]
    assert len({f.ref for f in told}) == 2
    assert {f.attached_to for f in told} == {case.of(steps.Entered)[1].ref}


def test_what_does_not_interrupt_goes_on_waiting_for_each():
    case = Case(attached(THREE, interrupting=False)).signal("siren").deliver("B").signal("siren")
    assert sorted(case.open) == ["A", "B:message", "B:signal", "B:timer", "X", "X", "X"]
    case.wait(hours=1)
    assert sorted(case.open) == ["A", "B:message", "B:signal", "X", "X", "X", "X"]
    assert case.complete("A").open.count("X") == 4
    assert "B:message" not in case.open


def test_timers_alone_are_over_when_each_has_fired():
    case = Case(attached(duration("PT1H") + cycle("R2/PT2H"), interrupting=False))
    for hours, fired in ((1, 1), (1, 2), (2, 3), (2, 3)):
        case.wait(hours=hours)
        assert case.open.count("X") == fired
    assert "B:timer" not in case.open
    assert case.complete("A").open == ["X", "X", "X", "Z"]


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_border_that_needs_all_waits_for_the_last(interrupting):
    source = both(attached(message("stop") + signal("siren"), interrupting), "B")
    case = Case(source).signal("siren", one=1).signal("siren", one=2)
    assert sorted(case.open) == ["A", "B:message"]
    case.deliver("B", two=2)
    assert sorted(case.open) == (["X"] if interrupting else ["A", "B:message", "B:signal", "X"])
    assert case.variables() == {"one": 1, "two": 2}
    if not interrupting:
        case.deliver("B").signal("siren")
        assert case.open.count("X") == 2


def test_one_that_needs_a_timer_and_does_not_interrupt_happens_once():
    case = Case(both(attached(THREE, interrupting=False), "B")).signal("siren").wait(hours=1).deliver("B")
    assert sorted(case.open) == ["A", "X"]


def test_a_condition_among_them_must_fail_in_between():
    case = Case(both(attached(message("stop") + condition("=x > 3"), interrupting=False), "B")).set(x=4).deliver("B")
    assert sorted(case.open) == ["A", "B:condition", "B:message", "X"]
    case.deliver("B").set(x=5)
    assert case.open.count("X") == 1
    case.set(x=1).set(x=5)
    assert case.open.count("X") == 2


@pytest.mark.parametrize(("thrown", "reached"), [("BAD", "X"), ("WORSE", "X"), ("OTHER", "A")])
def test_several_errors_are_caught_at_one_border(thrown, reached):
    case = Case(attached(error("BAD") + error("WORSE"), host=service("A"))).fail("A", thrown)
    assert case.open == ([f"{reached}:incident"] if reached == "A" else [reached])


def test_an_error_or_a_message():
    source = attached(error("BAD") + message("stop"), host=service("A"))
    assert Case(source).fail("A", "BAD").open == ["X"]
    assert Case(source).deliver("B").open == ["X"]


def test_an_escalation_among_them_is_caught_again_and_again():
    inner = sub(
        "A", chain(start("s"), throw("T", escalation("BAD")), throw("U", escalation("BAD")), user("I"), end("e"))
    )
    case = Case(attached(escalation("BAD") + message("stop"), interrupting=False, host=inner))
    assert sorted(case.open) == ["B:message", "I", "X", "X"]


def test_a_catch_event_goes_on_with_one_or_with_all():
    source = file(drawn(chain(start(), catch("C", THREE), user("X"), end())), **SHARED)
    assert sorted(Case(source).open) == ["C:message", "C:signal", "C:timer"]
    for happens in (lambda c: c.deliver("C", v=1), lambda c: c.signal("siren", v=1), lambda c: c.wait(hours=1)):
        case = happens(Case(source))
        assert case.open == ["X"]
        assert case.story().count("+C") == 1
    case = Case(both(source, "C")).wait(hours=1).deliver("C", v=1)
    assert case.open == ["C:signal"]
    assert case.signal("siren", w=2).open == ["X"]
    assert case.variables() == {"v": 1, "w": 2}


def test_behind_a_gateway():
    ways = chain(race("G"), catch("C", message("stop") + signal("siren")), user("X"), end())
    source = file(
        drawn(chain(start(), "G"), ways, chain("G", catch("T", duration("PT1H")), user("Y"), end("F"))), **SHARED
    )
    assert Case(source).signal("siren").open == ["X"]
    assert Case(source).deliver("C").open == ["X"]
    case = Case(source).wait(hours=1)
    assert case.open == ["Y"]
    case = Case(both(source, "C")).signal("siren")
    assert sorted(case.open) == ["C:message", "T:timer"]
    assert case.deliver("C").open == ["X"]


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_event_sub_process_starts_with_one_or_with_all(interrupting):
    watching = handler("H", message("stop") + signal("siren"), user("R"), interrupting=interrupting)
    source = file(drawn(chain(start(), user("A"), end()), watching), **SHARED)
    rest = ["A", "sH:message", "sH:signal"]
    for happens in (lambda c: c.deliver("sH", v=1), lambda c: c.signal("siren", v=1)):
        case = happens(Case(source))
        assert sorted(case.open) == (["R"] if interrupting else sorted([*rest, "R"]))
        assert case.variables("R")["v"] == 1
    case = Case(both(source, "sH")).signal("siren", v=1)
    assert sorted(case.open) == ["A", "sH:message"]
    case.deliver("sH", w=2)
    assert sorted(case.open) == (["R"] if interrupting else sorted([*rest, "R"]))
    assert {"v": 1, "w": 2}.items() <= case.variables("R").items()
    case = Case(source)
    assert case.complete("A").status == "completed"
    assert case.open == []


def test_errors_and_messages_start_one_event_sub_process():
    watching = handler("H", error("BAD") + message("stop") + error("WORSE"), user("R"))
    source = file(drawn(chain(start(), service("A"), end()), watching), **SHARED)
    assert Case(source).fail("A", "WORSE").open == ["R"]
    assert Case(source).deliver("sH").open == ["R"]


def test_each_child_of_a_loop_gathers_its_own():
    inner = sub(
        "Q", chain(start("s"), catch("C", message("stop") + message("halt")), user("I"), end("e")), loop=each("=[1,2]")
    )
    case = Case(both(file(drawn(chain(start(), inner, end())), **SHARED), "C")).deliver("C").deliver("C")
    assert case.open.count("I") == 1
    assert case.open.count("C:message") == 2


def test_a_definition_that_cannot_be_awaited_is_an_incident_and_the_others_wait():
    case = Case(attached(message("stop") + message("paid")))
    assert sorted(case.open) == ["A", "B:incident", "B:message"]
    assert case.of(steps.IncidentRaised)[0].code == "null-value"
    case.set(order="7").retry("B")
    assert sorted(case.open) == ["A", "B:message", "B:message"]
    assert case.deliver("B", 1).open == ["X"]


# Another version of the diagram


def everywhere(event: str, name: str = "B", all_: bool = False) -> bytes:
    """The event at a border, alone, behind a gateway, and as the start of an event sub-process, all at once."""
    body = chain(start(), fork("F"), user("A"), end()) + boundary(name, "A", event) + chain(name, user("X"), end("E2"))
    body += chain("F", catch("C", event), user("Y"), end("E3"))
    body += chain("F", race("G"), catch("V", event), end("E4"))
    body += chain("G", catch("T", duration("PT9H")), end("E5"))
    source = file(drawn(body, handler("H", event, user("R"), interrupting=False)), **SHARED)
    for identity in (name, "C", "V", "sH") if all_ else ():
        source = both(source, identity)
    return source


@pytest.mark.parametrize("all_", [False, True])
def test_they_go_on_waiting_in_a_new_version_that_is_the_same(all_):
    event = message("stop") + signal("siren") + condition("=x > 3") + duration("PT5H")
    source = everywhere(event, all_=all_)
    case = Case(source)
    before, due = sorted(case.open), case.step.next_due
    case.migrate(source)
    assert (sorted(case.open), case.step.next_due, case.facts) == (before, due, [])
    if all_:
        case.set(x=5).wait(hours=5)
        case.migrate(source).signal("siren").deliver("B").deliver("C").deliver("V").deliver("sH")
    else:
        case.migrate(source).signal("siren")
    assert sorted(case.open)[:1] == ["R"] if all_ else "R" in case.open
    assert {"X", "Y"} <= set(case.open)
    assert "A" not in case.open


def test_definitions_that_are_new_are_awaited_and_others_are_not():
    case = Case(attached(message("stop") + signal("siren"), interrupting=False)).signal("siren")
    case.migrate(attached(message("stop") + duration("PT1H"), interrupting=False))
    assert sorted(case.open) == ["A", "B:message", "B:timer", "X"]
    case.migrate(attached(message("halt") + duration("PT1H"), interrupting=False))
    assert [track.instance.open_refs() for track in case.tracks]
    assert case.deliver("B").wait(hours=1).open.count("X") == 3


def test_a_condition_that_says_something_else_is_looked_at_again():
    case = Case(attached(condition("=x > 3")), {"x": 1})
    attempt = case.attempt(attached(condition("=x > 0")))
    assert [(place.code, place.element) for place in attempt.plan.places if place.code] == [("would-move", "A")]
    assert case.migrate(attached(condition("=x > 1"))).set(x=2).open == ["X"]


# What is thrown


def test_a_throw_event_throws_each_once_in_the_order_as_drawn():
    body = drawn(chain(start(), throw("T", message("stop") + signal("siren") + message("paid")), user("Z"), end()))
    case = Case(file(body, **SHARED))
    assert [type(f).__name__ for f in case.facts if "Thrown" in type(f).__name__] == ["MessageThrown", "SignalThrown"]
    assert case.of(steps.IncidentRaised)[0].element == "T"
    case.set(order=1).retry("T")
    assert [f.name for f in case.of(steps.MessageThrown)] == ["stop", "paid"]
    assert len(case.of(steps.SignalThrown)) == 1
    assert case.open == ["Z"]


def test_an_end_event_throws_each_and_then_its_error():
    inner = sub("A", chain(start("s"), end("e", error("BAD") + message("stop") + signal("siren"))))
    case = Case(attached(error("BAD"), host=inner))
    assert [f.name for f in (*case.of(steps.MessageThrown), *case.of(steps.SignalThrown))] == ["stop", "siren"]
    assert case.open == ["X"]


def test_an_end_event_terminates_after_it_has_thrown():
    stops = "<bpmn:terminateEventDefinition/>" + message("stop")
    body = chain(start(), fork("F"), user("A"), end()) + chain("F", user("B"), end("T", stops))
    case = Case(file(drawn(body), **SHARED)).complete("B")
    assert case.status == "completed"
    assert len(case.of(steps.MessageThrown)) == 1


def test_a_throw_that_ends_its_own_scope_throws_no_more():
    thrown = throw("T", signal("siren") + message("stop"))
    body = drawn(chain(start(), thrown, end()), handler("H", signal("siren"), user("R")))
    case = Case(file(body, **SHARED))
    assert case.open == ["R"]
    assert not case.of(steps.MessageThrown)


# What starts, what is refused


@pytest.mark.parametrize("at", ["S", None])
def test_a_process_is_started_by_each_of_them(at):
    body = drawn(chain(start("S", message("stop") + signal("siren")), user("A"), end()))
    assert Case(file(body, **SHARED), {"v": 1}, at=at).open == ["A"]


M, S_, T = '<bpmn:messageEventDefinition messageRef="M"/>', '<bpmn:signalEventDefinition signalRef="S"/>', (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
)  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "inside", "attributes", "code"),
    [
        ("intermediateCatchEvent", M + '<bpmn:linkEventDefinition name="L"/>', "", "several-event-definitions"),
        ("intermediateThrowEvent", M + "<bpmn:compensateEventDefinition/>", "", "several-event-definitions"),
        ("intermediateThrowEvent", M + T, "", "several-event-definitions"),
        ("intermediateCatchEvent", M + "<bpmn:messageEventDefinition/>", "", "message-missing"),
        ("intermediateCatchEvent", M + "<bpmn:timerEventDefinition/>", "", "timer-missing"),
    ],
)
def test_what_cannot_stand_together_is_refused(tag, inside, attributes, code):
    assert code in codes(diagram(around(f'<bpmn:{tag} id="T" {attributes}>{inside}</bpmn:{tag}>')))


def test_what_cannot_be_needed_together_is_refused():
    begun = f'<bpmn:startEvent id="s" parallelMultiple="true">{M}{S_}</bpmn:startEvent>'
    assert codes(diagram(begun)) == ["parallel-multiple"]
    error_ = '<bpmn:errorEventDefinition errorRef="E"/>'
    host = '<bpmn:startEvent id="s"/><bpmn:task id="U"/><bpmn:sequenceFlow sourceRef="s" targetRef="U"/>'
    border = f'<bpmn:boundaryEvent id="T" attachedToRef="U" parallelMultiple="true">{M}{error_}</bpmn:boundaryEvent>'
    assert codes(diagram(host + border)) == ["parallel-multiple"]
    two = (
        '<bpmn:startEvent id="s"/><bpmn:endEvent id="T"><bpmn:terminateEventDefinition/>' + error_ + "</bpmn:endEvent>"
    )
    flow = '<bpmn:sequenceFlow sourceRef="s" targetRef="T"/>'
    assert codes(diagram(two + flow)) == ["several-event-definitions"]
