"""Legal drawings that the library underneath runs wrongly without a word: here each runs as drawn, or is refused."""

from __future__ import annotations

import pytest

from service.engine import definitions, process, steps
from tests.engine.diagrams import SHARED, around, codes, diagram, flow
from tests.engine.driver import NOON, Case

WORLD = process.World(now=NOON)
USER = '<bpmn:userTask id="T"/>'


def started(body: str, shared: str = SHARED) -> tuple[process.Instance, steps.Step]:
    (program,) = definitions.load("f.bpmn", diagram(body, shared=shared))
    return process.start(program, variables={}, world=WORLD)


def opened(step: steps.Step) -> list[str]:
    return [fact.element for fact in step.facts if isinstance(fact, steps.TaskOpened)]


def test_flows_without_id_are_followed():
    flows = '<bpmn:sequenceFlow sourceRef="s" targetRef="T"/><bpmn:sequenceFlow sourceRef="T" targetRef="e"/>'
    _, step = started(f'<bpmn:startEvent id="s"/>{USER}<bpmn:endEvent id="e"/>{flows}')
    assert opened(step) == ["T"]
    assert step.status == "active"


@pytest.mark.parametrize(
    "trigger", ['errorEventDefinition errorRef="E"', 'escalationEventDefinition escalationRef="X"']
)
def test_event_sub_processes_do_not_run_without_their_event(trigger):
    inner = f'<bpmn:startEvent id="i"><bpmn:{trigger}/></bpmn:startEvent>'
    body = around(USER) + f'<bpmn:subProcess id="X1" triggeredByEvent="true">{inner}</bpmn:subProcess>'
    _, step = started(body)
    assert [fact.element for fact in step.facts if isinstance(fact, steps.Entered)] == ["s", "T"]


def test_a_signal_end_event_sends_its_signal():
    end = '<bpmn:endEvent id="T"><bpmn:signalEventDefinition signalRef="S"/></bpmn:endEvent>'
    _, step = started(f'<bpmn:startEvent id="s"/>{end}{flow("s", "T")}')
    assert [fact.name for fact in step.facts if isinstance(fact, steps.SignalThrown)] == ["siren"]


def test_links_lead_on():
    throw = '<bpmn:intermediateThrowEvent id="A"><bpmn:linkEventDefinition name="L"/></bpmn:intermediateThrowEvent>'
    catch = '<bpmn:intermediateCatchEvent id="B"><bpmn:linkEventDefinition name="L"/></bpmn:intermediateCatchEvent>'
    _, step = started(f'<bpmn:startEvent id="s"/>{throw}{catch}{USER}{flow("s", "A")}{flow("B", "T")}')
    assert opened(step) == ["T"]


def test_an_instance_without_end_event_ends():
    instance, step = started(f'<bpmn:startEvent id="s"/>{USER}{flow("s", "T")}')
    (task,) = [fact for fact in step.facts if isinstance(fact, steps.TaskOpened)]
    assert instance.complete(task.ref, {}, WORLD).status == "completed"


def test_a_task_is_offered_in_every_one_of_450_laps():
    ways = flow("g", "T") + flow("T", "x") + flow("x", "g", "=lap &lt; 450", "back") + flow("x", "e", identity="out")
    body = (
        f'<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g"/>{USER}<bpmn:exclusiveGateway id="x" default="out"/>'
    )
    instance, step = started(body + f'<bpmn:endEvent id="e"/>{flow("s", "g")}{ways}')
    laps = 0
    while step.status == "active":
        (task,) = [fact for fact in step.facts if isinstance(fact, steps.TaskOpened)]
        laps += 1
        step = instance.complete(task.ref, {"lap": laps}, WORLD)
    assert laps == 450
    assert step.status == "completed"


def test_an_unknown_error_reference_is_named():
    boundary = (
        '<bpmn:boundaryEvent id="B" attachedToRef="T"><bpmn:errorEventDefinition errorRef="no"/></bpmn:boundaryEvent>'
    )
    assert "missing-reference" in codes(diagram(around(USER, more=boundary)))


def test_two_flows_that_leave_a_task_are_both_taken():
    both = '<bpmn:startEvent id="s"/><bpmn:task id="A"/>' + USER + '<bpmn:userTask id="U"/>'
    _, step = started(both + flow("s", "A") + flow("A", "T") + flow("A", "U"))
    assert opened(step) == ["T", "U"]


def test_a_condition_on_a_flow_that_leaves_a_task_is_heeded():
    both = '<bpmn:startEvent id="s"/><bpmn:task id="A" default="d"/>' + USER + '<bpmn:userTask id="U"/>'
    _, step = started(both + flow("s", "A") + flow("A", "T", "=1 &gt; 2") + flow("A", "U", identity="d"))
    assert opened(step) == ["U"]


def test_a_drawn_data_store_is_a_drawing():
    stores = '<bpmn:dataStoreReference id="r" dataStoreRef="ds"/><bpmn:dataObject id="o"/>'
    source = '<bpmn:dataInputAssociation id="a"><bpmn:sourceRef>r</bpmn:sourceRef></bpmn:dataInputAssociation>'
    reads = f'<bpmn:userTask id="T">{source}</bpmn:userTask>'
    _, step = started(around(reads) + stores, shared=SHARED + '<bpmn:dataStore id="ds" name="CMDB"/>')
    assert opened(step) == ["T"]


def test_an_unquoted_duration_waits():
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
    _, step = started(around(f'<bpmn:intermediateCatchEvent id="T">{timer}</bpmn:intermediateCatchEvent>'))
    assert step.next_due is not None
    assert (step.next_due - NOON).total_seconds() == 3600


@pytest.mark.parametrize("identity", ["Start", "End", "Root", "P.EndJoin", "T.BoundaryEventSplit", "T.gate"])
def test_no_id_has_a_meaning_of_its_own(identity):
    boundary = (
        '<bpmn:boundaryEvent id="B" attachedToRef="T"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>'
        f'<bpmn:userTask id="{identity}"/>{flow("T", identity)}'
    )
    case = Case(diagram(around(USER, more=boundary)))
    case.complete("T")
    assert [fact.element for fact in case.of(steps.TaskOpened)][-1:] == [identity]
