"""Compensation that cannot run as it is drawn is refused; one that nothing asks for is a warning."""

from __future__ import annotations

import pytest

from service.engine import definitions
from tests.engine.diagrams import codes, diagram
from tests.engine.drawing import flow, undo

TASK = '<bpmn:startEvent id="s"/><bpmn:task id="A"/>' + flow("s", "A")
EVENT = f'<bpmn:boundaryEvent id="B" attachedToRef="A">{undo()}</bpmn:boundaryEvent>'
HANDLER = '<bpmn:task id="H" isForCompensation="true"/>'
TIED = '<bpmn:association id="t" sourceRef="B" targetRef="H"/>'
THROWN = flow("A", "T") + f'<bpmn:intermediateThrowEvent id="T">{undo()}</bpmn:intermediateThrowEvent>'
NAMED = THROWN.replace(undo(), undo("{}"))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (TASK + EVENT + HANDLER + TIED + THROWN, []),
        (TASK + EVENT + HANDLER + TIED.replace('"B"', '"x"').replace('"H"', '"B"').replace('"x"', '"H"') + THROWN, []),
        (TASK + EVENT + THROWN, ["compensation-handler-missing"]),
        (TASK + EVENT + HANDLER + THROWN, ["compensation-handler-alone", "compensation-handler-missing"]),
        (TASK + HANDLER, ["compensation-handler-alone"]),
        (TASK + EVENT + '<bpmn:task id="H"/>' + flow("A", "H") + TIED, ["compensation-handler"]),
        (TASK + EVENT + HANDLER + TIED + flow("A", "H"), ["compensation-flow"]),
        (TASK + EVENT + HANDLER + TIED + flow("H", "A"), ["compensation-flow"]),
        (
            TASK + EVENT + HANDLER + TIED + '<bpmn:task id="N"/>' + flow("A", "N") + flow("B", "N"),
            ["compensation-flow"],
        ),
        (
            TASK
            + EVENT
            + HANDLER
            + TIED
            + EVENT.replace('"B"', '"B2"')
            + TIED.replace('"B"', '"B2"').replace('"t"', '"u"'),
            ["compensation-twice"],
        ),
        (
            TASK
            + EVENT
            + HANDLER
            + HANDLER.replace('"H"', '"H2"')
            + TIED
            + TIED.replace('"H"', '"H2"').replace('"t"', '"u"'),
            ["compensation-handler", "compensation-handler-alone"],
        ),
        (
            TASK
            + EVENT
            + HANDLER
            + TIED
            + '<bpmn:boundaryEvent id="Z" attachedToRef="H"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>',
            ["compensation-handler-boundary"],
        ),
        (TASK + EVENT + HANDLER + TIED + NAMED.format("gone"), ["missing-reference"]),
        (TASK + EVENT + HANDLER + TIED + NAMED.format("T"), ["missing-reference"]),
        (
            TASK + '<bpmn:task id="N"/>' + flow("A", "N") + EVENT + HANDLER + TIED + NAMED.format("N"),
            ["compensation-target"],
        ),
        (
            '<bpmn:startEvent id="s"/><bpmn:subProcess id="P1"><bpmn:startEvent id="i"/><bpmn:task id="A"/>'
            + flow("i", "A")
            + EVENT
            + HANDLER
            + TIED
            + "</bpmn:subProcess>"
            + flow("s", "P1")
            + NAMED.format("A").replace('sourceRef="A"', 'sourceRef="P1"'),
            ["compensation-target"],
        ),
        (
            TASK.replace(
                '<bpmn:task id="A"/>',
                '<bpmn:task id="A"/><bpmn:subProcess id="P1"><bpmn:startEvent id="i"/>'
                + HANDLER
                + "</bpmn:subProcess>",
            )
            + flow("A", "P1")
            + EVENT
            + TIED,
            ["compensation-handler"],
        ),
    ],
)
def test_what_does_not_run_is_refused(body, found):
    assert codes(diagram(body)) == found


def undoing(identity: str) -> str:
    start = f'<bpmn:startEvent id="{identity}s">{undo()}</bpmn:startEvent>'
    return f'<bpmn:subProcess id="{identity}" triggeredByEvent="true">{start}</bpmn:subProcess>'


def box(inside: str) -> str:
    return (
        f'<bpmn:startEvent id="s"/><bpmn:subProcess id="A"><bpmn:startEvent id="i"/>{inside}</bpmn:subProcess>'
        + flow("s", "A")
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (box(undoing("U")) + THROWN, []),
        (box(undoing("U")) + NAMED.format("A"), []),
        (TASK + undoing("U"), ["compensation-event-sub-process"]),
        (box(undoing("U") + undoing("V")) + THROWN, ["compensation-twice"]),
        (box(undoing("U")) + EVENT + HANDLER + TIED + THROWN, ["compensation-twice"]),
        (
            TASK.replace('<bpmn:startEvent id="s"/>', f'<bpmn:startEvent id="s">{undo()}</bpmn:startEvent>'),
            ["start-needs-event-sub-process"],
        ),
    ],
)
def test_event_sub_processes_that_do_not_run_are_refused(body, found):
    assert codes(diagram(body)) == found


@pytest.mark.parametrize(
    ("body", "element"),
    [
        (TASK + EVENT + HANDLER + TIED, "B"),
        (box(undoing("U")), "U"),
        (box(undoing("U") + THROWN.replace('"A"', '"i"')), "U"),
    ],
)
def test_what_nothing_asks_for_is_a_warning(body, element):
    found = definitions.check("f.bpmn", diagram(body))
    assert [(p.code, p.element_id) for p in found if p.severity != "error"] == [("never-compensated", element)]
