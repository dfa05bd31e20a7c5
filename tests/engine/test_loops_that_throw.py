"""Multi-instance activities that throw as their instances complete: for each, for the first, or by conditions."""

from __future__ import annotations

import pytest

from service.engine import process, steps
from tests.engine.diagrams import around, codes, diagram
from tests.engine.drawing import (
    boundary,
    chain,
    drawn,
    end,
    escalation,
    file,
    script,
    signal,
    start,
    sub,
    user,
)
from tests.engine.driver import Case


def throwing(behavior: str, rules: str = "", *, sequential: bool = False, number: int = 3) -> str:
    ref = {"None": ' noneBehaviorEventRef="Told"', "One": ' oneBehaviorEventRef="Told"'}.get(behavior, "")
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" behavior="{behavior}"{ref}>'
        f"<bpmn:loopCardinality>{number}</bpmn:loopCardinality>{rules}</bpmn:multiInstanceLoopCharacteristics>"
    )


def rule(condition: str, event: str = "") -> str:
    thrown = f"<bpmn:event>{event}</bpmn:event>" if event else ""
    return (
        f"<bpmn:complexBehaviorDefinition><bpmn:condition>{condition}</bpmn:condition>{thrown}"
        "</bpmn:complexBehaviorDefinition>"
    )


DEFINED = signal("one").replace("<bpmn:signalEventDefinition", '<bpmn:signalEventDefinition id="Told"')
UP = escalation("up").replace("<bpmn:escalationEventDefinition", '<bpmn:escalationEventDefinition id="Told"')


def loops(loop: str, *more: str, defined: str = DEFINED, event: str = "", interrupting: bool = True) -> bytes:
    border = boundary("B", "A", event or signal("one"), interrupting), chain("B", user("H"), end("E2"))
    body = drawn(chain(start(), user("A", loop=loop), user("Z"), end()), *border, *more)
    return file(defined, body, signals=("one", "two"), errors=("up",))


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("interrupting", [True, False])
def test_each_instance_throws_as_it_completes_and_the_border_that_hears_it_does_not_end_the_others(
    sequential, interrupting
):
    case = Case(loops(throwing("None", sequential=sequential), interrupting=interrupting))
    for done in range(1, 4):
        case.complete("A")
        assert case.open.count("H") == done
    assert sorted(case.open) == ["H", "H", "H", "Z"]
    assert [f.name for f in case.of(steps.SignalThrown)] == ["one"] * 3


@pytest.mark.parametrize("sequential", [True, False])
def test_the_first_instance_alone_throws(sequential):
    case = Case(loops(throwing("One", sequential=sequential)))
    case.complete("A")
    assert case.open.count("H") == 1
    case.complete("A").complete("A")
    assert sorted(case.open) == ["H", "Z"]


def test_the_same_signal_from_elsewhere_still_interrupts():
    case = Case(loops(throwing("None"))).complete("A").signal("one")
    assert case.open == ["H", "H"]
    assert case.story().count("xA") == 3


def test_a_rule_that_holds_throws_ends_the_other_instances_and_goes_on():
    rules = rule("=numberOfCompletedInstances = 2", signal("one")) + rule("=false", signal("two"))
    case = Case(loops(throwing("Complex", rules))).complete("A")
    assert case.open == ["B:signal", "A", "A"]
    case.complete("A")
    assert sorted(case.open) == ["H", "Z"]
    assert [f.name for f in case.of(steps.SignalThrown)] == ["one"]
    assert case.story().count("xA") == 1


def test_a_rule_without_an_event_only_ends_the_others():
    case = Case(loops(throwing("Complex", rule("=answer = 1")))).complete("A", answer=0).complete("A", answer=1)
    assert case.open == ["Z"]
    assert case.of(steps.SignalThrown) == []


def test_every_rule_that_holds_throws():
    rules = rule("=true", signal("one")) + rule("=true", signal("two"))
    case = Case(loops(throwing("Complex", rules))).complete("A")
    assert [f.name for f in case.of(steps.SignalThrown)] == ["one", "two"]


def test_an_escalation_is_caught_at_the_border_or_farther_out():
    case = Case(loops(throwing("None"), defined=UP, event=escalation("up"))).complete("A")
    assert sorted(case.open) == ["A", "A", "H"]
    inside = sub("P1", chain(start("s"), user("A", loop=throwing("None")), end("e")))
    around_it = boundary("B", "P1", escalation("up")), chain("B", user("H"), end("E2"))
    outside = Case(file(UP, drawn(chain(start(), inside, end()), *around_it), errors=("up",))).complete("A")
    assert outside.open == ["H"]
    assert outside.story().count("xA") == 3
    assert outside.complete("H").status == "completed"


def test_a_signal_that_ends_what_is_around_the_activity_ends_the_activity_too():
    inside = sub("P1", chain(start("s"), user("A", loop=throwing("None")), end("e")))
    around_it = boundary("B", "P1", signal("one")), chain("B", user("H"), end("E2"))
    case = Case(file(DEFINED, drawn(chain(start(), inside, end()), *around_it), signals=("one",))).complete("A")
    assert case.open == ["H"]
    assert case.story().count("xA") == 3


def test_nothing_is_thrown_where_nobody_listens_but_the_world_is_told():
    body = drawn(chain(start(), user("A", loop=throwing("None", number=1)), end()))
    case = Case(file(UP, body, errors=("up",))).complete("A")
    assert case.status == "completed"


def test_a_rule_that_fails_is_an_incident_of_its_instance_and_retry_throws_once():
    rules = rule("=true", signal("one")) + rule("=late", signal("two"))
    case = Case(loops(throwing("Complex", rules))).complete("A")
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.expression) == ("A", "=late")
    case.set(late=False).retry("A")
    assert [f.name for f in case.of(steps.SignalThrown)] == ["one"]
    assert sorted(case.open) == ["H", "Z"]


def test_scripts_that_complete_at_once_throw_each_time():
    task = script("A", "=loopCounter", "n", loop=throwing("None", sequential=True, number=50))
    border = boundary("B", "A", signal("one")), chain("B", script("H", "=if h = null then 1 else h + 1", "h"))
    case = Case(file(DEFINED, drawn(chain(start(), task, end()), *border), signals=("one",)))
    assert case.status == "completed"
    assert case.variables()["h"] == 50


def test_what_handlers_do_counts_against_the_limit_of_steps():
    task = script("A", "=1", "n", loop=throwing("None", sequential=True, number=900))
    border = boundary("B", "A", signal("one")), chain("B", script("H", "=1", "h"))
    source = file(DEFINED, drawn(chain(start(), task, end()), *border), signals=("one",))
    case = Case(source, limits=process.Limits(steps=300))
    assert case.of(steps.IncidentRaised)[0].code == "limit"


@pytest.mark.parametrize(
    "loop",
    [
        '<bpmn:multiInstanceLoopCharacteristics behavior="None">',
        '<bpmn:multiInstanceLoopCharacteristics behavior="One" oneBehaviorEventRef="S">',
        '<bpmn:multiInstanceLoopCharacteristics behavior="Most">',
        '<bpmn:multiInstanceLoopCharacteristics behavior="Complex">' + rule("", signal("x")),
        '<bpmn:multiInstanceLoopCharacteristics behavior="Complex">'
        + rule("=true", '<bpmn:messageEventDefinition messageRef="M"/>'),
        '<bpmn:multiInstanceLoopCharacteristics behavior="Complex">' + rule("=true", "<bpmn:signalEventDefinition/>"),
    ],
    ids=["no event", "no definition", "unknown", "no condition", "a message", "no signal"],
)
def test_what_cannot_be_thrown_is_refused(loop):
    inside = f"{loop}<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    source = diagram(around(f'<bpmn:task id="T">{inside}</bpmn:task>')).replace(b"Signal_x", b"S")
    assert codes(source) == ["multi-instance-behavior"]


def test_a_condition_that_is_no_feel_is_refused():
    inside = throwing("Complex", rule("n &gt; 1", '<bpmn:signalEventDefinition signalRef="S"/>'))
    assert codes(diagram(around(f'<bpmn:task id="T">{inside}</bpmn:task>'))) == ["not-feel"]
