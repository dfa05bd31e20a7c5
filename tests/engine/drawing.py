"""Small diagrams for the engine's tests, put together from words: `chain(start(), user("A"), end())`."""

from __future__ import annotations

import itertools
from html import escape

SPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)


class Node(str):
    """The XML of one node; `id` for the flows."""

    id: str

    def __new__(cls, identity: str, text: str) -> Node:
        made = super().__new__(cls, text)
        made.id = identity
        return made


def _node(tag: str, identity: str, inside: str = "", **attributes: str) -> Node:
    drawn = "".join(f' {name}="{escape(value)}"' for name, value in {"name": identity, **attributes}.items())
    return Node(identity, f'<bpmn:{tag} id="{identity}"{drawn}>{inside}</bpmn:{tag}>')


def ext(*parts: str, inputs: dict | None = None, outputs: dict | None = None, **properties: str) -> str:
    """Extension elements; `properties` are tidegate.*, `criterion_x` is tidegate.criterion.x."""
    mapping = "".join(f'<zeebe:input source="{escape(s)}" target="{t}"/>' for t, s in (inputs or {}).items())
    mapping += "".join(f'<zeebe:output source="{escape(s)}" target="{t}"/>' for t, s in (outputs or {}).items())
    box = "".join(parts) + (f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>" if mapping else "")
    listed = "".join(
        f'<zeebe:property name="tidegate.{name.replace("_", ".")}" value="{escape(value)}"/>'
        for name, value in properties.items()
    )
    box += f"<zeebe:properties>{listed}</zeebe:properties>" if listed else ""
    return f"<bpmn:extensionElements>{box}</bpmn:extensionElements>" if box else ""


def user(identity: str, *parts: str, loop: str = "", **more) -> Node:
    return _node("userTask", identity, ext("<zeebe:userTask/>", *parts, **more) + loop)


def assigned(**who: str) -> str:
    return "<zeebe:assignmentDefinition" + "".join(f' {k}="{escape(v)}"' for k, v in who.items()) + "/>"


def schedule(**when: str) -> str:
    return "<zeebe:taskSchedule" + "".join(f' {k}="{escape(v)}"' for k, v in when.items()) + "/>"


def service(identity: str, kind: str = "work", *, loop: str = "", headers: dict | None = None, **more) -> Node:
    head = "".join(f'<zeebe:header key="{k}" value="{v}"/>' for k, v in (headers or {}).items())
    head = f"<zeebe:taskHeaders>{head}</zeebe:taskHeaders>" if head else ""
    return _node("serviceTask", identity, ext(f'<zeebe:taskDefinition type="{escape(kind)}"/>', head, **more) + loop)


def script(identity: str, expression: str, variable: str = "result", *, loop: str = "", **more) -> Node:
    part = f'<zeebe:script expression="{escape(expression)}" resultVariable="{variable}"/>'
    return _node("scriptTask", identity, ext(part, **more) + loop)


def decide(identity: str, decision: str, variable: str = "result", *, loop: str = "", **more) -> Node:
    part = f'<zeebe:calledDecision decisionId="{escape(decision)}" resultVariable="{variable}"/>'
    return _node("businessRuleTask", identity, ext(part, **more) + loop)


def call(identity: str, process: str, *, parent: bool = True, child: bool = True, loop: str = "", **more) -> Node:
    part = (
        f'<zeebe:calledElement processId="{escape(process)}" propagateAllParentVariables="{str(parent).lower()}" '
        f'propagateAllChildVariables="{str(child).lower()}"/>'
    )
    return _node("callActivity", identity, ext(part, **more) + loop)


def receive(identity: str, message: str, **more) -> Node:
    return _node("receiveTask", identity, ext(**more), messageRef=f"Message_{message}")


def send(identity: str, message: str, **more) -> Node:
    return _node("sendTask", identity, ext(**more), messageRef=f"Message_{message}")


def sub(identity: str, *inside: str, loop: str = "", tag: str = "subProcess", **more) -> Node:
    return _node(tag, identity, ext(**more) + "".join(inside) + loop)


def handler(identity: str, event: str, *nodes: Node, interrupting: bool = True, more: str = "", **given) -> Node:
    """An event sub-process: its start event `s<id>`, the nodes in a row, its end event `e<id>`."""
    begin = _node("startEvent", f"s{identity}", ext(**given) + event, isInterrupting=str(interrupting).lower())
    inside = chain(begin, *nodes, end(f"e{identity}")) + more
    return _node("subProcess", identity, inside, triggeredByEvent="true")


def start(identity: str = "S", event: str = "", **more) -> Node:
    return _node("startEvent", identity, ext(**more) + event)


def end(identity: str = "E", event: str = "", **more) -> Node:
    return _node("endEvent", identity, ext(**more) + event)


def throw(identity: str, event: str = "", **more) -> Node:
    return _node("intermediateThrowEvent", identity, ext(**more) + event)


def catch(identity: str, event: str, **more) -> Node:
    return _node("intermediateCatchEvent", identity, ext(**more) + event)


def boundary(identity: str, on: str, event: str, interrupting: bool = True, **more) -> Node:
    cancels = "true" if interrupting else "false"
    return _node("boundaryEvent", identity, ext(**more) + event, attachedToRef=on, cancelActivity=cancels)


def xor(identity: str, **attributes: str) -> Node:
    return _node("exclusiveGateway", identity, **attributes)


def fork(identity: str) -> Node:
    return _node("parallelGateway", identity)


def either(identity: str, **attributes: str) -> Node:
    return _node("inclusiveGateway", identity, **attributes)


def complexly(identity: str, condition: str = "", **attributes: str) -> Node:
    """A complex gateway, which goes on when the condition holds."""
    text = f"<bpmn:activationCondition>{escape(condition)}</bpmn:activationCondition>" if condition else ""
    return _node("complexGateway", identity, text, **attributes)


def race(identity: str) -> Node:
    return _node("eventBasedGateway", identity)


def date(text: str) -> str:
    return _timer("timeDate", text)


def duration(text: str) -> str:
    return _timer("timeDuration", text)


def cycle(text: str) -> str:
    return _timer("timeCycle", text)


def _timer(tag: str, text: str) -> str:
    inside = f'<bpmn:{tag} xsi:type="bpmn:tFormalExpression">{escape(text)}</bpmn:{tag}>'
    return f"<bpmn:timerEventDefinition>{inside}</bpmn:timerEventDefinition>"


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="Message_{name}"/>'


def signal(name: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="Signal_{name}"/>'


def error(code: str | None = None) -> str:
    return f'<bpmn:errorEventDefinition errorRef="Error_{code}"/>' if code else "<bpmn:errorEventDefinition/>"


def escalation(code: str | None = None) -> str:
    ref = f' escalationRef="Escalation_{code}"' if code else ""
    return f"<bpmn:escalationEventDefinition{ref}/>"


def condition(text: str, *, names: str = "", events: str = "") -> str:
    given = f' variableNames="{names}"' * bool(names) + f' variableEvents="{events}"' * bool(events)
    box = ext(f"<zeebe:conditionalFilter{given}/>") if given else ""
    inside = f'<bpmn:condition xsi:type="bpmn:tFormalExpression">{escape(text)}</bpmn:condition>'
    return f"<bpmn:conditionalEventDefinition>{box}{inside}</bpmn:conditionalEventDefinition>"


TERMINATE = "<bpmn:terminateEventDefinition/>"
CANCEL = "<bpmn:cancelEventDefinition/>"


def link(name: str) -> str:
    return f'<bpmn:linkEventDefinition name="{name}"/>'


def each(
    collection: str, item: str = "item", *, into: str = "", of: str = "", sequential: bool = False, until: str = ""
) -> str:
    out = f' outputCollection="{into}" outputElement="{escape(of)}"' if into else ""
    condition = (
        f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{escape(until)}</bpmn:completionCondition>'
    )
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="{escape(collection)}" inputElement="{item}"{out}/>'
        f"</bpmn:extensionElements>{condition if until else ''}</bpmn:multiInstanceLoopCharacteristics>"
    )


def times(number: str, sequential: bool = False) -> str:
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"<bpmn:loopCardinality>{escape(number)}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )


def loop(condition: str = "", maximum: int | None = None, before: bool = False) -> str:
    most = f' loopMaximum="{maximum}"' if maximum is not None else ""
    inside = f"<bpmn:loopCondition>{escape(condition)}</bpmn:loopCondition>" if condition else ""
    return (
        f'<bpmn:standardLoopCharacteristics testBefore="{str(before).lower()}"{most}>{inside}'
        "</bpmn:standardLoopCharacteristics>"
    )


def flow(source: str, target: str, condition: str = "", identity: str = "") -> str:
    text = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(condition)}</bpmn:conditionExpression>'
    name = identity or f"{source}_{target}"
    return (
        f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">'
        f"{text if condition else ''}</bpmn:sequenceFlow>"
    )


def chain(*nodes: Node | str) -> str:
    """Nodes and the flows between them in a row; a plain text is the id of a node drawn elsewhere."""
    ids = [node.id if isinstance(node, Node) else node for node in nodes]
    drawn = "".join(node for node in nodes if isinstance(node, Node))
    return drawn + "".join(flow(a, b) for a, b in itertools.pairwise(ids))


def drawn(*body: str, identity: str = "P") -> str:
    return f'<bpmn:process id="{identity}" name="{identity}" isExecutable="true">{"".join(body)}</bpmn:process>'


def file(*processes: str, messages: dict | None = None, signals: tuple = (), errors: tuple = ()) -> bytes:
    """A file of processes. `messages`: name to correlation key, empty for none; `errors` are escalations too."""
    shared = ""
    for name, key in (messages or {}).items():
        kept = f'<zeebe:subscription correlationKey="{escape(key)}"/>' if key else ""
        box = f"<bpmn:extensionElements>{kept}</bpmn:extensionElements>" if kept else ""
        shared += f'<bpmn:message id="Message_{name}" name="{name}">{box}</bpmn:message>'
    for name in signals:
        shared += f'<bpmn:signal id="Signal_{name}" name="{name}"/>'
    for code in errors:
        shared += f'<bpmn:error id="Error_{code}" name="{code}" errorCode="{code}"/>'
        shared += f'<bpmn:escalation id="Escalation_{code}" name="{code}" escalationCode="{code}"/>'
    head = f'<?xml version="1.0"?><bpmn:definitions {SPACES} id="D" targetNamespace="urn:t">'
    return f"{head}{shared}{''.join(processes)}</bpmn:definitions>".encode()


def files(*processes: str, **shared: object) -> list[bytes]:
    """Each process in a file of its own."""
    return [file(each, **shared) for each in processes]


def undo(activity: str = "", *, waits: bool = True) -> str:
    """A compensation event: asks for that of one activity or of all, or hangs on one."""
    named = f' activityRef="{activity}"' if activity else ""
    named += "" if waits else ' waitForCompletion="false"'
    return f"<bpmn:compensateEventDefinition{named}/>"


def undone(host: str, handler: Node, name: str = "") -> str:
    """A compensation boundary event on an activity, the association, and the handler."""
    event = name or f"{host}_"
    marked = handler.replace(f'id="{handler.id}"', f'id="{handler.id}" isForCompensation="true"', 1)
    tied = f'<bpmn:association id="{event}a" sourceRef="{event}" targetRef="{handler.id}" associationDirection="One"/>'
    return boundary(event, host, undo()) + marked + tied
