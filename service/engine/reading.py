"""From the XML of a diagram to `elements.Process`: every executable process with all that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from service.engine import (
    camunda7,
    data,
    dataitems,
    elements,
    eventdefinitions,
    extensions,
    loopreading,
    messageflows,
    sources,
    xml,
)
from service.engine.findings import Findings

CONTAINERS = {"subProcess", "transaction", "adHocSubProcess"}
ACTIVITIES = {
    "task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask",
    "callActivity", *CONTAINERS,
}  # fmt: skip
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
NODES = ACTIVITIES | GATEWAYS | eventdefinitions.EVENTS
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
GLOBAL = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
MOST_TOKENS = 100


def starts_freely(node: elements.Element) -> bool:
    """Whether this node of an ad-hoc sub-process can be started there, where no flow leads to it."""
    linked = node.event is not None and node.event.kind == "link" and node.type == "intermediateCatchEvent"
    excluded = node.triggered_by_event or node.for_compensation or linked
    return node.type not in ("startEvent", "boundaryEvent") and not excluded


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
    shared = sources.Shared(
        root,
        found,
        roots=_roots(root),
        lanes=_lanes(root),
        undoers=_undoers(root),
        flows=flows,
        data=dataitems.read(root),
        link_targets=_link_targets(root),
    )
    processes, others = [], []
    for node in root.iterchildren(f"{{{xml.BPMN}}}process"):
        if (node.get("isExecutable") or "").strip() in sources.TRUE:
            processes.append(_process(node, shared))
        else:
            others.append((node.get("id") or "", node.sourceline))
    processes += [_global_task(node, shared) for node in xml.children(root) if xml.local(node) in GLOBAL]
    return Drawn(tuple(processes), tuple(others))


def _roots(root: etree._Element) -> dict[str, etree._Element]:
    return {identity: item for item in xml.children(root) if (identity := item.get("id"))}


def _link_targets(root: etree._Element) -> frozenset[str]:
    links = root.iter(f"{{{xml.BPMN}}}linkEventDefinition")
    return frozenset(sources.plain(xml.text(xml.child(link, "target")) or "") for link in links)


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
            if sources.plain(other) in activities:
                found.setdefault(sources.plain(one), []).append(sources.plain(other))
    return found


def _process(node: etree._Element, shared: sources.Shared) -> elements.Process:
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
        declares=data.declared(node, shared),
        properties=dict(ext.properties),
    )


def _global_task(node: etree._Element, shared: sources.Shared) -> elements.Process:
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
    container: etree._Element, process: str, parent: str | None, shared: sources.Shared
) -> Iterator[elements.Element]:
    """The flow nodes and flows in a process or sub-process, nested ones after their container."""
    for position, node in enumerate(xml.children(container)):
        kind = xml.local(node)
        if xml.namespace(node) != xml.BPMN:
            sources.refuse(
                node, shared, "unknown-element", f"<{kind}> is not BPMN; remove it or put it into extensionElements."
            )
        elif kind == "sequenceFlow":
            yield _flow(node, position, process, parent, shared)
        elif kind in NODES:
            if not node.get("id"):
                sources.refuse(node, shared, "id-missing", f"This {kind} has no id; give it one.")
                continue
            yield _node(node, kind, process, parent, shared)
            if kind in CONTAINERS:
                yield from _contents(node, process, node.get("id"), shared)
        elif kind not in DRAWINGS and kind not in eventdefinitions.DEFINITIONS:
            sources.refuse(node, shared, "unknown-element", f"<bpmn:{kind}> is not known here; remove it.")


def _flow(
    node: etree._Element, position: int, process: str, parent: str | None, shared: sources.Shared
) -> elements.Element:
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
        condition=(sources.formal(condition, shared) or "") if condition is not None else None,
        source=source,
        target=target,
    )
    return camunda7.translated(drawn, node, shared.found)


def _node(
    node: etree._Element, kind: str, process: str, parent: str | None, shared: sources.Shared
) -> elements.Element:
    identity = node.get("id") or ""
    ext = extensions.read(node, shared.found)
    given = camunda7.read(node, extensions.fields(ext, node, shared.found), shared.found)
    given |= data.read(node, kind in CONTAINERS, given, shared)
    element = elements.Element(
        id=identity,
        type=kind,
        name=" ".join((node.get("name") or "").split()),
        line=node.sourceline,
        process=process,
        parent=parent,
        documentation=xml.text(xml.child(node, "documentation")),
        lane=shared.lanes.get(identity),
        event=eventdefinitions.read(node, kind, shared),
        loop=loopreading.read(node, shared),
        ad_hoc=_ad_hoc(node, ext, shared) if kind == "adHocSubProcess" else None,
        default_flow=node.get("default"),
        triggered_by_event=node.get("triggeredByEvent") in sources.TRUE,
        for_compensation=node.get("isForCompensation") in sources.TRUE,
        instantiate=node.get("instantiate") in sources.TRUE,
        needs_all=node.get("eventGatewayType") == "Parallel",
        activation=sources.formal(xml.child(node, "activationCondition"), shared) if kind == "complexGateway" else None,
        start_quantity=_quantity(node, "startQuantity", shared),
        completion_quantity=_quantity(node, "completionQuantity", shared),
        **given,
    )
    element = camunda7.translated(_standard_parts(element, node), node, shared.found)
    expected = identity in shared.flows.expected
    action = extensions.action(ext, element, expected=expected) if _waits(node, kind) else None
    return element if action is None else replace(element, action=action)


def _ad_hoc(node: etree._Element, ext: extensions.Extensions, shared: sources.Shared) -> elements.AdHoc:
    ordering = node.get("ordering") or "Parallel"
    if ordering not in ("Parallel", "Sequential"):
        sources.refuse(node, shared, "ad-hoc-ordering", f"The ordering is Parallel or Sequential, not {ordering}.")
    if ext.get("adHoc", "outputCollection") or ext.get("adHoc", "outputElement"):
        sources.refuse(
            node, shared, "ad-hoc-output", "Outputs are not collected here; use output mappings inside instead."
        )
    return elements.AdHoc(
        collection=ext.get("adHoc", "activeElementsCollection"),
        completion_condition=sources.formal(xml.child(node, "completionCondition"), shared),
        sequential=ordering == "Sequential",
        cancel_remaining=node.get("cancelRemainingInstances") not in ("false", "0"),
    )


def _waits(node: etree._Element, kind: str) -> bool:
    """Whether an instance that runs may wait at this event."""
    around = node.getparent()
    inside = around is not None and around.get("triggeredByEvent") in sources.TRUE
    return kind in ("boundaryEvent", "intermediateCatchEvent") or (kind == "startEvent" and inside)


def _standard_parts(element: elements.Element, node: etree._Element) -> elements.Element:
    """Scripts and called elements as plain BPMN writes them, where the panel wrote nothing."""
    if element.type == "scriptTask" and element.script is None and element.job_type is None:
        return replace(element, script=xml.text(xml.child(node, "script")))
    if element.type == "callActivity" and element.called_process is None:
        called = node.get("calledElement")
        return replace(
            element, called_process=sources.plain(called) if called and not called.startswith("=") else called
        )
    return element


def _quantity(node: etree._Element, name: str, shared: sources.Shared) -> int:
    text = (node.get(name) or "1").strip() if xml.local(node) in ACTIVITIES else "1"
    number = int(text) if text.isdecimal() and len(text) <= len(str(MOST_TOKENS)) else 0
    if not 1 <= number <= MOST_TOKENS:
        sources.refuse(node, shared, "token-quantity", f"{name} is a whole number from 1 to {MOST_TOKENS}, not {text}.")
        return 1
    return number
