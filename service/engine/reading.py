"""From the XML of a diagram to `elements.Process`: every executable process with all that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from service.engine import camunda7, elements, extensions, messageflows, xml
from service.engine.findings import Findings

CONTAINERS = {"subProcess", "transaction", "adHocSubProcess"}
ACTIVITIES = {
    "task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask",
    "callActivity", *CONTAINERS,
}  # fmt: skip
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
NODES = ACTIVITIES | GATEWAYS | EVENTS
# Legal inside a process and without meaning for its run.
DRAWINGS = {
    "documentation", "extensionElements", "auditing", "monitoring", "laneSet", "incoming", "outgoing", "association",
    "textAnnotation", "group", "dataObject", "dataObjectReference", "dataStoreReference", "property", "ioSpecification",
    "ioBinding", "dataInputAssociation", "dataOutputAssociation", "resourceRole", "performer", "humanPerformer",
    "potentialOwner", "supportedInterfaceRef", "correlationSubscription", "supports", "artifact", "rendering",
    "standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "script", "completionCondition",
    "eventDefinitionRef", "dataInput", "dataOutput", "inputSet", "outputSet", "partitionElement", "category",
    "categoryValueRef",
}  # fmt: skip
DEFINITIONS = {
    "messageEventDefinition": "message",
    "timerEventDefinition": "timer",
    "signalEventDefinition": "signal",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "terminateEventDefinition": "terminate",
    "conditionalEventDefinition": "conditional",
    "compensateEventDefinition": "compensation",
    "cancelEventDefinition": "cancel",
    "linkEventDefinition": "link",
}
GLOBAL = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
MOST_TOKENS = 100
TRUE = ("true", "1")
LONGEST_NUMBER = 9
TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


def starts_freely(node: elements.Element) -> bool:
    """Whether this node of an ad-hoc sub-process can be started there, where no flow leads to it."""
    linked = node.event is not None and node.event.kind == "link" and node.type == "intermediateCatchEvent"
    excluded = node.triggered_by_event or node.for_compensation or linked
    return node.type not in ("startEvent", "boundaryEvent") and not excluded


@dataclass(frozen=True)
class Shared:
    """What the whole file shares: the root elements that references point to."""

    root: etree._Element
    found: Findings
    roots: dict[str, etree._Element] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    undoers: dict[str, list[str]] = field(default_factory=dict)
    flows: messageflows.Flows = field(default_factory=messageflows.Flows)


@dataclass(frozen=True)
class Drawn:
    """The executable processes of a file, and the others by id and line."""

    processes: tuple[elements.Process, ...] = ()
    not_executable: tuple[tuple[str, int | None], ...] = ()


def read(root: etree._Element, found: Findings) -> Drawn:
    """Read every process below `definitions`."""
    if root.tag != f"{{{xml.BPMN}}}definitions":
        found.error("not-bpmn", "This is no BPMN diagram: the outermost element must be bpmn:definitions.", line=1)
        return Drawn()
    flows = messageflows.read(root)
    shared = Shared(root, found, roots=_roots(root), lanes=_lanes(root), undoers=_undoers(root), flows=flows)
    processes, others = [], []
    for node in root.iterchildren(f"{{{xml.BPMN}}}process"):
        if (node.get("isExecutable") or "").strip() in TRUE:
            processes.append(_process(node, shared))
        else:
            others.append((node.get("id") or "", node.sourceline))
    processes += [_global_task(node, shared) for node in xml.children(root) if xml.local(node) in GLOBAL]
    return Drawn(tuple(processes), tuple(others))


def _roots(root: etree._Element) -> dict[str, etree._Element]:
    return {identity: item for item in xml.children(root) if (identity := item.get("id"))}


def _lanes(root: etree._Element) -> dict[str, str]:
    """Node id -> name of its innermost lane (document order: inner lanes come later)."""
    lanes = {}
    for ref in root.iter(f"{{{xml.BPMN}}}flowNodeRef"):
        lane = ref.getparent()
        if lane is not None and (ref.text or "").strip():
            lanes[(ref.text or "").strip()] = lane.get("name") or lane.get("id") or ""
    return lanes


def _undoers(root: etree._Element) -> dict[str, list[str]]:
    """The activities that associations connect with a node: behind a compensation boundary event, what undoes."""
    found: dict[str, list[str]] = {}
    ends = [(a.get("sourceRef") or "", a.get("targetRef") or "") for a in root.iter(f"{{{xml.BPMN}}}association")]
    if not ends:
        return found
    activities = {n.get("id") for tag in ACTIVITIES for n in root.iter(f"{{{xml.BPMN}}}{tag}")}
    for source, target in ends:
        for one, other in ((source, target), (target, source)):
            if _plain(other) in activities:
                found.setdefault(_plain(one), []).append(_plain(other))
    return found


def _process(node: etree._Element, shared: Shared) -> elements.Process:
    ext = extensions.read(node, shared.found)
    extensions.refuse_unknown(ext.properties, node, shared.found)
    process = node.get("id") or ""
    read_elements: dict[str, elements.Element] = {}
    for element in _contents(node, process, None, shared):
        if element.id in read_elements:
            shared.found.error("duplicate-id", f"The id {element.id} is there twice; ids must differ.", element)
        read_elements[element.id] = element
    tag = ext.zeebe.get("versionTag")
    return elements.Process(
        id=process,
        name=node.get("name") or process,
        version_tag=(tag.get("value") or None) if tag is not None else None,
        elements=read_elements,
        line=node.sourceline,
        documentation=xml.text(xml.child(node, "documentation")),
        properties=dict(ext.properties),
    )


def _global_task(node: etree._Element, shared: Shared) -> elements.Process:
    """A task that call activities name runs as a process in which there is nothing else."""
    identity = node.get("id") or ""
    task = _node(node, GLOBAL[xml.local(node)], identity, None, shared)
    return elements.Process(
        id=identity,
        name=task.name or identity,
        version_tag=None,
        elements={identity: task},
        line=node.sourceline,
        documentation=task.documentation,
        properties=dict(task.properties),
        global_task=True,
    )


def _contents(
    container: etree._Element, process: str, parent: str | None, shared: Shared
) -> Iterator[elements.Element]:
    """The flow nodes and flows in a process or sub-process, nested ones after their container."""
    for position, node in enumerate(xml.children(container)):
        kind = xml.local(node)
        if xml.namespace(node) != xml.BPMN:
            _refuse(
                node, shared, "unknown-element", f"<{kind}> is not BPMN; remove it or put it into extensionElements."
            )
        elif kind == "sequenceFlow":
            yield _flow(node, position, process, parent, shared)
        elif kind in NODES:
            if not node.get("id"):
                _refuse(node, shared, "id-missing", f"This {kind} has no id; give it one.")
                continue
            yield _node(node, kind, process, parent, shared)
            if kind in CONTAINERS:
                yield from _contents(node, process, node.get("id"), shared)
        elif kind not in DRAWINGS and kind not in DEFINITIONS:
            _refuse(node, shared, "unknown-element", f"<bpmn:{kind}> is not known here; remove it.")


def _formal(node: etree._Element | None, shared: Shared) -> str | None:
    """A condition; `true`, `false`, and all where the drawing names FEEL as its language, need no `=`."""
    text = xml.text(node)
    if node is None or text is None or text.startswith("="):
        return text
    if text in ("true", "false"):
        return f"={text}"
    language = node.get("language") or shared.root.get("expressionLanguage") or ""
    return f"= {text}" if "/FEEL" in language else text


def _refuse(node: etree._Element, shared: Shared, code: str, message: str) -> None:
    shared.found.error(code, message, line=node.sourceline, element=node.get("id"))


def _flow(node: etree._Element, position: int, process: str, parent: str | None, shared: Shared) -> elements.Element:
    source, target = node.get("sourceRef") or "", node.get("targetRef") or ""
    condition = xml.child(node, "conditionExpression")
    drawn = elements.Element(
        id=node.get("id") or f"{source}--{target}--{position}",
        type="sequenceFlow",
        name=node.get("name") or "",
        line=node.sourceline,
        process=process,
        parent=parent,
        drawn=bool(node.get("id")),
        documentation=xml.text(xml.child(node, "documentation")),
        condition=(_formal(condition, shared) or "") if condition is not None else None,
        source=source,
        target=target,
    )
    return camunda7.translated(drawn, node, shared.found)


def _node(node: etree._Element, kind: str, process: str, parent: str | None, shared: Shared) -> elements.Element:
    identity = node.get("id") or ""
    ext = extensions.read(node, shared.found)
    given = camunda7.read(node, extensions.fields(ext, node, shared.found), shared.found)
    element = elements.Element(
        id=identity,
        type=kind,
        name=" ".join((node.get("name") or "").split()),
        line=node.sourceline,
        process=process,
        parent=parent,
        documentation=xml.text(xml.child(node, "documentation")),
        lane=shared.lanes.get(identity),
        event=_event(node, kind, shared),
        loop=_loop(node, shared),
        ad_hoc=_ad_hoc(node, ext, shared) if kind == "adHocSubProcess" else None,
        default_flow=node.get("default"),
        triggered_by_event=node.get("triggeredByEvent") in TRUE,
        for_compensation=node.get("isForCompensation") in TRUE,
        instantiate=node.get("instantiate") in TRUE,
        needs_all=node.get("eventGatewayType") == "Parallel",
        activation=_formal(xml.child(node, "activationCondition"), shared) if kind == "complexGateway" else None,
        start_quantity=_quantity(node, "startQuantity", shared),
        completion_quantity=_quantity(node, "completionQuantity", shared),
        **given,
    )
    element = camunda7.translated(_standard_parts(element, node), node, shared.found)
    expected = identity in shared.flows.expected
    action = extensions.action(ext, element, expected=expected) if _waits(node, kind) else None
    return element if action is None else replace(element, action=action)


def _ad_hoc(node: etree._Element, ext: extensions.Extensions, shared: Shared) -> elements.AdHoc:
    ordering = node.get("ordering") or "Parallel"
    if ordering not in ("Parallel", "Sequential"):
        _refuse(node, shared, "ad-hoc-ordering", f"The ordering is Parallel or Sequential, not {ordering}.")
    if ext.get("adHoc", "outputCollection") or ext.get("adHoc", "outputElement"):
        _refuse(node, shared, "ad-hoc-output", "Outputs are not collected here; use output mappings inside instead.")
    return elements.AdHoc(
        collection=ext.get("adHoc", "activeElementsCollection"),
        completion_condition=_formal(xml.child(node, "completionCondition"), shared),
        sequential=ordering == "Sequential",
        cancel_remaining=node.get("cancelRemainingInstances") not in ("false", "0"),
    )


def _waits(node: etree._Element, kind: str) -> bool:
    """Whether an instance that runs may wait at this event."""
    around = node.getparent()
    inside = around is not None and around.get("triggeredByEvent") in TRUE
    return kind in ("boundaryEvent", "intermediateCatchEvent") or (kind == "startEvent" and inside)


def _standard_parts(element: elements.Element, node: etree._Element) -> elements.Element:
    """Scripts and called elements as plain BPMN writes them, where the panel wrote nothing."""
    if element.type == "scriptTask" and element.script is None and element.job_type is None:
        return replace(element, script=xml.text(xml.child(node, "script")))
    if element.type == "callActivity" and element.called_process is None:
        called = node.get("calledElement")
        return replace(element, called_process=_plain(called) if called and not called.startswith("=") else called)
    return element


def _quantity(node: etree._Element, name: str, shared: Shared) -> int:
    text = (node.get(name) or "1").strip() if xml.local(node) in ACTIVITIES else "1"
    number = int(text) if text.isdecimal() and len(text) <= len(str(MOST_TOKENS)) else 0
    if not 1 <= number <= MOST_TOKENS:
        _refuse(node, shared, "token-quantity", f"{name} is a whole number from 1 to {MOST_TOKENS}, not {text}.")
        return 1
    return number


def _event(node: etree._Element, kind: str, shared: Shared) -> elements.Event | None:
    if kind in ("receiveTask", "sendTask"):
        named = node.get("messageRef") or shared.flows.tell_of(node.get("id"))
        return _message(node, node, shared) if named else elements.Event("none")
    if kind not in EVENTS:
        return None
    definitions = [child for child in xml.children(node) if xml.local(child) in DEFINITIONS]
    definitions += _referenced_definitions(node, shared)
    interrupting = node.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting") not in ("false", "0")
    place: dict[str, Any] = {"interrupting": interrupting, "attached_to": node.get("attachedToRef")}
    parts = tuple(replace(_definition(definition, node, shared), **place) for definition in definitions)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return elements.Event("none", **place)
    return elements.Event("multiple", parts=parts, needs_all=node.get("parallelMultiple") in TRUE, **place)


def _referenced_definitions(node: etree._Element, shared: Shared) -> list[etree._Element]:
    refs = [xml.text(ref) or "" for ref in node.iterchildren(f"{{{xml.BPMN}}}eventDefinitionRef")]
    missing = [ref for ref in refs if ref not in shared.roots]
    for ref in missing:
        _refuse(node, shared, "missing-reference", f"The event definition {ref} does not exist.")
    return [shared.roots[ref] for ref in refs if ref in shared.roots]


def _definition(definition: etree._Element, node: etree._Element, shared: Shared) -> elements.Event:
    kind = DEFINITIONS.get(xml.local(definition), "none")
    if kind == "message":
        return _message(definition, node, shared)
    if kind == "timer":
        return _timer(definition, node, shared)
    if kind == "conditional":
        return _conditional(definition, shared)
    if kind == "link":
        return elements.Event(kind, name=(definition.get("name") or "").strip() or None)
    if kind == "compensation":
        return _compensation(definition, node, shared)
    if kind in ("signal", "error", "escalation"):
        return _coded(definition, node, kind, shared)
    return elements.Event(kind)


def _compensation(definition: etree._Element, node: etree._Element, shared: Shared) -> elements.Event:
    handlers = shared.undoers.get(node.get("id") or "", []) if xml.local(node) == "boundaryEvent" else []
    if len(handlers) > 1:
        message = f"Associations lead to {' and '.join(handlers)}; one activity undoes the work, remove the others."
        _refuse(node, shared, "compensation-handler", message)
    return elements.Event(
        "compensation",
        handler=handlers[0] if handlers else None,
        activity=_plain(definition.get("activityRef") or "") or None,
        waits=definition.get("waitForCompletion") not in ("false", "0"),
    )


def _referred(definition: etree._Element, node: etree._Element, kind: str, shared: Shared) -> etree._Element | None:
    ref = definition.get(f"{kind}Ref")
    if not ref:
        return None
    target = shared.roots.get(_plain(ref))
    if target is None or xml.local(target) != kind:
        _refuse(node, shared, "missing-reference", f"The {kind} {ref} does not exist in this file; choose one.")
        return None
    return target


def _plain(ref: str) -> str:
    """References are QNames; the prefix has no meaning inside one file."""
    return ref.rsplit(":", 1)[-1].strip()


def _coded(definition: etree._Element, node: etree._Element, kind: str, shared: Shared) -> elements.Event:
    target = _referred(definition, node, kind, shared)
    if target is None:
        return elements.Event(kind)
    code = target.get("errorCode" if kind == "error" else "escalationCode") if kind != "signal" else None
    return elements.Event(kind, name=(target.get("name") or "").strip() or None, code=(code or "").strip() or None)


def _message(definition: etree._Element, node: etree._Element, shared: Shared) -> elements.Event:
    target = _referred(definition, node, "message", shared)
    flows, identity = shared.flows, node.get("id") or ""
    if target is None and not definition.get("messageRef"):
        target = shared.roots.get(flows.refs.get(identity, ""))
    if target is None:
        return elements.Event("message", name=flows.names.get(identity))
    ext = extensions.read(target, shared.found)
    name = (target.get("name") or "").strip() or None
    return elements.Event("message", name=name, correlation=ext.get("subscription", "correlationKey"))


def _conditional(definition: etree._Element, shared: Shared) -> elements.Event:
    ext = extensions.read(definition, shared.found)
    return elements.Event(
        "conditional",
        expression=_formal(xml.child(definition, "condition"), shared),
        variable_names=extensions.listed(ext.get("conditionalFilter", "variableNames")),
        variable_events=extensions.listed(ext.get("conditionalFilter", "variableEvents")),
    )


def _timer(definition: etree._Element, node: etree._Element, shared: Shared) -> elements.Event:
    given = [child for child in xml.children(definition) if xml.local(child) in TIMERS]
    if len(given) != 1:
        _refuse(node, shared, "timer-missing", "Say when this timer fires: one of date, duration or cycle.")
        return elements.Event("timer")
    return elements.Event("timer", timer=TIMERS[xml.local(given[0])], expression=xml.text(given[0]))


def _loop(node: etree._Element, shared: Shared) -> elements.Loop | None:
    several = xml.child(node, "multiInstanceLoopCharacteristics")
    if several is not None:
        return _multi_instance(several, node, shared)
    standard = xml.child(node, "standardLoopCharacteristics")
    if standard is None:
        return None
    maximum = (standard.get("loopMaximum") or "").strip()
    if maximum and not (maximum.isdecimal() and len(maximum) <= LONGEST_NUMBER):
        _refuse(node, shared, "loop-maximum", f"loopMaximum must be a whole number, not {maximum}.")
    return elements.Loop(
        sequential=True,
        collection=None,
        element_variable=None,
        standard=True,
        condition=_formal(xml.child(standard, "loopCondition"), shared),
        maximum=int(maximum) if maximum.isdecimal() and len(maximum) <= LONGEST_NUMBER else None,
        test_before=standard.get("testBefore") in TRUE,
    )


def _multi_instance(several: etree._Element, node: etree._Element, shared: Shared) -> elements.Loop:
    ext = extensions.read(several, shared.found)
    older = camunda7.collection(several, node, shared.found)
    given: dict[str, Any] = {
        "throws": _throws(several, shared),
        "collection": ext.get("loopCharacteristics", "inputCollection") or older["collection"],
        "element_variable": ext.get("loopCharacteristics", "inputElement") or older["element_variable"],
        "output_collection": ext.get("loopCharacteristics", "outputCollection"),
        "output_element": ext.get("loopCharacteristics", "outputElement"),
    }
    return elements.Loop(
        sequential=several.get("isSequential") in TRUE,
        completion_condition=_formal(xml.child(several, "completionCondition"), shared),
        cardinality=xml.text(xml.child(several, "loopCardinality")),
        **given,
    )


def _throws(several: etree._Element, shared: Shared) -> tuple[elements.Throw, ...]:
    """What `behavior` says: throw nothing (All), for each instance (None), for the first (One), by rules (Complex)."""
    node = several.getparent()
    assert node is not None
    behavior = several.get("behavior") or "All"
    if behavior in ("None", "One"):
        ref = several.get(f"{behavior.lower()}BehaviorEventRef")
        definition = shared.roots.get(_plain(ref or ""))
        if definition is None or xml.local(definition) not in DEFINITIONS:
            message = f"Say which event the instances throw: {behavior.lower()}BehaviorEventRef names its definition."
            _refuse(node, shared, "multi-instance-behavior", message)
            return ()
        return (elements.Throw(_definition(definition, node, shared), first=behavior == "One"),)
    if behavior == "Complex":
        return tuple(_rule(rule, node, shared) for rule in several.findall(f"{{{xml.BPMN}}}complexBehaviorDefinition"))
    if behavior != "All":
        _refuse(node, shared, "multi-instance-behavior", f"A behavior is None, One, All or Complex, not {behavior}.")
    return ()


def _rule(rule: etree._Element, node: etree._Element, shared: Shared) -> elements.Throw:
    condition = _formal(xml.child(rule, "condition"), shared)
    if condition is None:
        _refuse(node, shared, "multi-instance-behavior", "Write the condition of each complexBehaviorDefinition.")
    event = xml.child(rule, "event")
    definitions = (
        [child for child in xml.children(event) if xml.local(child) in DEFINITIONS] if event is not None else []
    )
    definitions += _referenced_definitions(event, shared) if event is not None else []
    if len(definitions) > 1:
        _refuse(node, shared, "multi-instance-behavior", "A complexBehaviorDefinition throws one event; draw others.")
    return elements.Throw(_definition(definitions[0], node, shared) if definitions else None, condition=condition)
