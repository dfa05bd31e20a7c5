"""The table of supported elements tells the truth: what it accepts loads, what it refuses is refused by its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.engine import definitions, process, supported
from tests.engine.diagrams import around, diagram, errors, extended, flow
from tests.engine.driver import NOON

PAGE = Path(__file__).parents[2] / "docs" / "supported-elements.md"


def event(tag: str, definition: str) -> str:
    return f'<bpmn:{tag} id="T">{definition}</bpmn:{tag}>'


def event_of(identity: str, definition: str) -> str:
    return f'<bpmn:intermediateThrowEvent id="{identity}">{definition}</bpmn:intermediateThrowEvent>'


def undoing_event_sub_process() -> str:
    handler = f'<bpmn:subProcess id="H" triggeredByEvent="true"><bpmn:startEvent id="T">{UNDO}</bpmn:startEvent>'
    inside = f'<bpmn:startEvent id="i"/>{handler}</bpmn:subProcess>'
    box = f'<bpmn:subProcess id="P1">{inside}</bpmn:subProcess>'
    return f'<bpmn:startEvent id="s"/>{flow("s", "P1")}{box}{flow("P1", "x")}{event_of("x", UNDO)}'


def ended(definition: str) -> str:
    return f'<bpmn:startEvent id="s"/>\n{event("endEvent", definition)}{flow("s", "T")}'


def started(definition: str) -> str:
    return f'\n{event("startEvent", definition)}<bpmn:task id="U"/>{flow("T", "U")}'


def attached(definition: str, host: str = '<bpmn:userTask id="U"/>') -> str:
    boundary = f'<bpmn:boundaryEvent id="T" attachedToRef="U">{definition}</bpmn:boundaryEvent>'
    return f'<bpmn:startEvent id="s"/>\n{boundary}{host}{flow("s", "U")}'


def gateway(tag: str, condition: str) -> str:
    ways = flow("T", "U", condition) + '<bpmn:sequenceFlow id="d" sourceRef="T" targetRef="V"/>'
    default = 'default="d"' if condition else ""
    return f'<bpmn:startEvent id="s"/>\n<bpmn:{tag} id="T" {default}/><bpmn:task id="U"/><bpmn:task id="V"/>' + (
        flow("s", "T") + ways
    )


def container(tag: str, inside: str = "", attributes: str = "") -> str:
    return around(f'<bpmn:{tag} id="T" {attributes}><bpmn:startEvent id="i"/>{inside}</bpmn:{tag}>')


def looped(inside: str) -> str:
    return around(f'<bpmn:task id="T">{inside}</bpmn:task>')


def links(begin: str) -> str:
    throw = '<bpmn:intermediateThrowEvent id="A"><bpmn:linkEventDefinition name="L"/></bpmn:intermediateThrowEvent>'
    catch = '<bpmn:intermediateCatchEvent id="B"><bpmn:linkEventDefinition name="L"/></bpmn:intermediateCatchEvent>'
    named = (throw + catch).replace(f'id="{begin}"', 'id="T"')
    return f'<bpmn:startEvent id="s"/>{named}{flow("s", "A")}'.replace(f'Ref="{begin}"', 'Ref="T"')


MESSAGE = '<bpmn:messageEventDefinition messageRef="M"/>'
SIGNAL = '<bpmn:signalEventDefinition signalRef="S"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="E"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="X"/>'
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"


def event_sub_process(definition: str, whole: str = "T", begin: str = "i") -> str:
    inside = f'<bpmn:startEvent id="{begin}">{definition}</bpmn:startEvent>'
    return (
        around('<bpmn:task id="U"/>', "U")
        + f'<bpmn:subProcess id="{whole}" triggeredByEvent="true">{inside}</bpmn:subProcess>'
    )


def race() -> str:
    events = f'<bpmn:intermediateCatchEvent id="U">{TIMER}</bpmn:intermediateCatchEvent>'
    events += '<bpmn:receiveTask id="V" messageRef="M"/>'
    flows = flow("s", "T") + flow("T", "U") + flow("T", "V")
    return f'<bpmn:startEvent id="s"/>\n<bpmn:eventBasedGateway id="T"/>{events}{flows}'


def begun_by_one_of_two() -> str:
    events = f'<bpmn:intermediateCatchEvent id="U">{MESSAGE}</bpmn:intermediateCatchEvent>'
    events += '<bpmn:receiveTask id="V" messageRef="MK"/>'
    return f'\n<bpmn:eventBasedGateway id="T" instantiate="true"/>{events}{flow("T", "U")}{flow("T", "V")}'


CANCEL = "<bpmn:cancelEventDefinition/>"
CONDITION = "<bpmn:conditionalEventDefinition><bpmn:condition>=a</bpmn:condition></bpmn:conditionalEventDefinition>"
UNDO = "<bpmn:compensateEventDefinition/>"
UNDOER = '<bpmn:task id="undo" isForCompensation="true"/><bpmn:association id="a" sourceRef="T" targetRef="undo"/>'
CANCELLED = '<bpmn:endEvent id="c"><bpmn:cancelEventDefinition/></bpmn:endEvent>' + flow("i", "c")

CARRIED = (
    '<bpmn:ioSpecification><bpmn:dataOutput id="o" name="made"/></bpmn:ioSpecification><bpmn:dataOutputAssociation>'
    "<bpmn:sourceRef>o</bpmn:sourceRef><bpmn:targetRef>O</bpmn:targetRef></bpmn:dataOutputAssociation>"
)
DRAWN = {
    "userTask": around('<bpmn:userTask id="T"/>'),
    "serviceTask": around(extended("serviceTask", '<zeebe:taskDefinition type="x"/>')),
    "scriptTask": around(extended("scriptTask", '<zeebe:script expression="=1" resultVariable="r"/>')),
    "businessRuleTask": around(extended("businessRuleTask", '<zeebe:taskDefinition type="x"/>')),
    "businessRuleTask:decision": around(extended("businessRuleTask", '<zeebe:calledDecision decisionId="d"/>')),
    "sendTask": around('<bpmn:sendTask id="T" messageRef="M"/>'),
    "receiveTask": around('<bpmn:receiveTask id="T" messageRef="M"/>'),
    "receiveTask:instantiate": '\n<bpmn:receiveTask id="T" messageRef="M" instantiate="true"/>',
    "manualTask": around('<bpmn:manualTask id="T"/>'),
    "task": around('<bpmn:task id="T"/>'),
    "callActivity": around('<bpmn:callActivity id="T" calledElement="q"/>'),
    "globalTask": around('<bpmn:callActivity id="T" calledElement="G"/>'),
    "subProcess": container("subProcess"),
    "subProcess:event": event_sub_process(MESSAGE),
    "transaction": container("transaction"),
    "adHocSubProcess": around('<bpmn:adHocSubProcess id="T"><bpmn:task id="i"/></bpmn:adHocSubProcess>'),
    "exclusiveGateway": gateway("exclusiveGateway", "=true"),
    "parallelGateway": gateway("parallelGateway", ""),
    "inclusiveGateway": gateway("inclusiveGateway", "=true"),
    "eventBasedGateway": race(),
    "eventBasedGateway:instantiate": begun_by_one_of_two(),
    "complexGateway": gateway("complexGateway", ""),
    "startEvent:none": started(""),
    "startEvent:message": started(MESSAGE),
    "startEvent:timer": started(TIMER),
    "startEvent:signal": started(SIGNAL),
    "startEvent:error": event_sub_process(ERROR, "i", "T"),
    "startEvent:escalation": event_sub_process(ESCALATION, "i", "T"),
    "startEvent:conditional": event_sub_process(CONDITION, "i", "T"),
    "startEvent:compensation": undoing_event_sub_process(),
    "endEvent:none": ended(""),
    "endEvent:message": ended(MESSAGE),
    "endEvent:signal": ended(SIGNAL),
    "endEvent:error": ended(ERROR),
    "endEvent:escalation": ended(ESCALATION),
    "endEvent:terminate": ended("<bpmn:terminateEventDefinition/>"),
    "endEvent:cancel": container("transaction", CANCELLED)
    + f'<bpmn:boundaryEvent id="b" attachedToRef="T">{CANCEL}</bpmn:boundaryEvent>',
    "endEvent:compensation": ended(UNDO),
    "intermediateThrowEvent:none": around(event("intermediateThrowEvent", "")),
    "intermediateThrowEvent:message": around(event("intermediateThrowEvent", MESSAGE)),
    "intermediateThrowEvent:signal": around(event("intermediateThrowEvent", SIGNAL)),
    "intermediateThrowEvent:escalation": around(event("intermediateThrowEvent", ESCALATION)),
    "intermediateThrowEvent:compensation": around(event("intermediateThrowEvent", UNDO)),
    "intermediateThrowEvent:link": links("A"),
    "intermediateCatchEvent:link": links("B"),
    "intermediateCatchEvent:message": around(event("intermediateCatchEvent", MESSAGE)),
    "intermediateCatchEvent:timer": around(event("intermediateCatchEvent", TIMER)),
    "intermediateCatchEvent:signal": around(event("intermediateCatchEvent", SIGNAL)),
    "intermediateCatchEvent:conditional": around(event("intermediateCatchEvent", CONDITION)),
    "boundaryEvent:message": attached(MESSAGE),
    "boundaryEvent:timer": attached(TIMER),
    "boundaryEvent:signal": attached(SIGNAL),
    "boundaryEvent:error": attached(ERROR),
    "boundaryEvent:escalation": attached(ESCALATION),
    "boundaryEvent:conditional": attached(CONDITION),
    "boundaryEvent:compensation": attached(UNDO) + UNDOER + flow("U", "thrown") + event_of("thrown", UNDO),
    "boundaryEvent:cancel": attached(CANCEL, '<bpmn:transaction id="U"><bpmn:startEvent id="i"/></bpmn:transaction>'),
    "startEvent:multiple": started(MESSAGE + SIGNAL),
    "intermediateCatchEvent:multiple": around(event("intermediateCatchEvent", MESSAGE + TIMER)),
    "boundaryEvent:multiple": attached(MESSAGE + SIGNAL),
    "intermediateThrowEvent:multiple": around(event("intermediateThrowEvent", MESSAGE + SIGNAL)),
    "endEvent:multiple": ended(MESSAGE + SIGNAL),
    "loop:parallel": looped(
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    ),
    "loop:sequential": looped(
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:loopCardinality>2</bpmn:loopCardinality>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    ),
    "loop:behavior": looped(
        '<bpmn:multiInstanceLoopCharacteristics behavior="Complex"><bpmn:loopCardinality>2</bpmn:loopCardinality>'
        f"<bpmn:complexBehaviorDefinition><bpmn:condition>=true</bpmn:condition><bpmn:event>{SIGNAL}</bpmn:event>"
        "</bpmn:complexBehaviorDefinition></bpmn:multiInstanceLoopCharacteristics>"
    ),
    "loop:standard": looped('<bpmn:standardLoopCharacteristics loopMaximum="2"/>'),
    "flow:conditional": around('<bpmn:task id="T"/>', more=flow("T", "U", "=true") + '<bpmn:task id="U"/>'),
    "flow:fork": around('<bpmn:task id="T"/>', more=flow("T", "U") + '<bpmn:task id="U"/>'),
    "flow:merge": around('<bpmn:task id="T"/>', more=flow("s", "T", identity="again")),
    "flow:quantity": around('<bpmn:task id="T" startQuantity="2"/>', more=flow("s", "T", identity="again")),
    "flow:id": '<bpmn:startEvent id="s"/><bpmn:task id="T"/><bpmn:sequenceFlow sourceRef="s" targetRef="T"/>',
    "data:object": around('<bpmn:task id="T"/>', more='<bpmn:dataObject id="O" name="order"/>'),
    "data:association": around(f'<bpmn:task id="T">{CARRIED}</bpmn:task>', more='<bpmn:dataObject id="O"/>'),
    "data:loop": around(
        '<bpmn:task id="T"><bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>O</bpmn:loopDataInputRef>'
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:task>",
        more='<bpmn:dataObject id="O"/>',
    ),
    "data:store": around(f'<bpmn:task id="T">{CARRIED}</bpmn:task>', more='<bpmn:dataStoreReference id="O"/>'),
    "start:implicit": f'<bpmn:task id="T"/><bpmn:task id="U"/>{flow("T", "U")}',
    "event:nameless": '<bpmn:startEvent id="s"/><bpmn:intermediateThrowEvent id="T">'
    f'<bpmn:signalEventDefinition signalRef="S0"/></bpmn:intermediateThrowEvent>{flow("s", "T")}',
    "end:implicit": f'<bpmn:startEvent id="s"/><bpmn:task id="T"/>{flow("s", "T")}',
}
ACCEPTED = [key for key, row in supported.TABLE.items() if row.status in (supported.SUPPORTED, supported.NORMALISED)]
REFUSED = [key for key, row in supported.TABLE.items() if row.status == supported.REFUSED]


def test_every_row_is_tried():
    assert DRAWN.keys() == {*ACCEPTED, *REFUSED}


@pytest.mark.parametrize("key", ACCEPTED)
def test_what_the_table_accepts_is_loaded_and_started(key):
    source = diagram(DRAWN[key])
    assert errors(source) == []
    program = definitions.load("f.bpmn", source)[0]
    at = "U" if key == "eventBasedGateway:instantiate" else None
    _, step = process.start(program, variables={}, world=process.World(now=NOON), at=at)
    entered = [fact.element for fact in step.facts]
    assert "T" in entered or key in BEYOND


# Reached only when something else has happened.
BEYOND = {key for key in ACCEPTED if key.startswith("boundaryEvent")} | {
    "endEvent:cancel",
    "subProcess:event",
    "startEvent:conditional",
    "startEvent:error",
    "startEvent:escalation",
}


def test_what_the_table_refuses_is_refused_by_its_code_with_advice():
    for key in REFUSED:
        found = [(problem.code, problem.element_id) for problem in errors(diagram(DRAWN[key]))]
        assert (supported.TABLE[key].code, "T") in found
        assert supported.TABLE[key].advice.endswith(".")


def test_what_the_table_does_not_name_is_refused_with_advice():
    (problem,) = errors(diagram(ended(TIMER)))
    assert (problem.code, problem.element_id) == ("event-unsupported", "T")
    kinds = "message, signal, error, escalation, terminate, cancel, compensation"
    assert problem.message == (
        f"Timer end event: There is none. End events are for {kinds}. Choose another kind of event."
    )


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == supported.page(), "python -m service.engine.supported writes it again"
