"""How nodes and flows hang together: references, starts, reachability, boundary events, gateways."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from service.engine import elements, reading, starting
from service.engine.findings import Findings

STARTS = ("none", "message", "timer", "signal", "conditional")
AWAITED = ("message", "timer", "signal", "conditional", "error", "escalation", "compensation")


@dataclass
class Scope:
    """The nodes and flows directly inside a process or sub-process."""

    container: elements.Element | elements.Process
    nodes: dict[str, elements.Element] = field(default_factory=dict)
    flows: list[elements.Element] = field(default_factory=list)
    outgoing: dict[str, list[elements.Element]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[str, list[elements.Element]] = field(default_factory=lambda: defaultdict(list))
    begun: list[str] = field(default_factory=list)  # what begins at once, where neither start nor end is drawn


def check(process: elements.Process, found: Findings) -> None:
    for scope in scopes(process).values():
        _references(scope, process, found)
        _starts(scope, found)
        _event_sub_processes(scope, found)
        _boundaries(scope, found)
        _gateways(scope, found)
        _links(scope, found)
        _reachable(scope, found)


def scopes(process: elements.Process) -> dict[str | None, Scope]:
    """The scopes of a process by the id of their container; None is the process level."""
    made: dict[str | None, Scope] = {None: Scope(process)}
    for element in process.elements.values():
        if element.type in reading.CONTAINERS:
            made[element.id] = Scope(element)
    for element in process.elements.values():
        scope = made.get(element.parent)
        if scope is None:
            continue  # an id that is there twice hides the sub-process; that is refused already
        if element.type == "sequenceFlow":
            scope.flows.append(element)
            scope.outgoing[element.source or ""].append(element)
            scope.incoming[element.target or ""].append(element)
        else:
            scope.nodes[element.id] = element
    for container, begun in starting.implicit(process).items():
        if container in made:
            made[container].begun = begun
    return made


def _references(scope: Scope, process: elements.Process, found: Findings) -> None:
    for flow in scope.flows:
        for end, ref in (("sourceRef", flow.source), ("targetRef", flow.target)):
            if ref in scope.nodes:
                continue
            if ref in process.elements:
                found.error(
                    "flow-crosses-border",
                    f"This flow's {end} {ref} lies in another sub-process; flows stay inside one.",
                    flow,
                )
            else:
                found.error(
                    "missing-reference", f"This flow's {end} {ref or '(empty)'} does not exist; redraw it.", flow
                )
    for node in scope.nodes.values():
        ref = node.default_flow
        if ref and ref not in {flow.id for flow in scope.outgoing[node.id]}:
            found.error(
                "missing-reference", f"The default flow {ref} does not leave this element; choose another.", node
            )
        if node.type == "startEvent" and scope.incoming[node.id]:
            found.error("flow-into-start", "A flow leads into this start event; lead it to the next element.", node)
        if node.type == "boundaryEvent" and scope.incoming[node.id]:
            found.error("flow-into-boundary", "A flow leads into this boundary event; remove the flow.", node)
        if node.type == "endEvent" and scope.outgoing[node.id]:
            found.error("flow-out-of-end", "A flow leaves this end event; remove it, or use a throw event.", node)


def _starts(scope: Scope, found: Findings) -> None:
    if isinstance(scope.container, elements.Element) and scope.container.triggered_by_event:
        return
    if _ad_hoc(scope):
        _free_starts(scope, found)
        return
    if isinstance(scope.container, elements.Process) and scope.container.global_task:
        return
    starts = [node for node in scope.nodes.values() if node.type == "startEvent"]
    if not starts and not scope.begun and not any(_begins(node) for node in scope.nodes.values()):
        found.error("no-start", "There is no start event here; draw one.", scope.container)
    inside = isinstance(scope.container, elements.Element)
    plain = [start for start in starts if start.event is None or start.event.kind == "none"]
    for start in starts[1:] if inside else plain[1:]:
        found.error("several-starts", "There is more than one plain start event here; keep one.", start)
    for start in starts:
        kinds = [event.kind for event in start.event.each] if start.event else ["none"]
        if inside and kinds != ["none"]:
            found.error(
                "start-in-sub-process",
                "A sub-process starts with a plain start event; remove its definition or make that an event one.",
                start,
            )
        for kind in kinds:
            if not inside and kind not in STARTS:
                found.error(
                    "start-needs-event-sub-process",
                    f"The start event for {kind} starts no process; put this start event into an event sub-process.",
                    start,
                )


def _event_sub_processes(scope: Scope, found: Findings) -> None:
    """An event sub-process begins with one event that can happen, and no flow leads to it or away."""
    for node in scope.nodes.values():
        if not node.triggered_by_event:
            continue
        for flow in (*scope.incoming[node.id], *scope.outgoing[node.id]):
            found.error(
                "flow-at-event-sub-process",
                f"No flow leads to an event sub-process or away from it, as here with {node.id}; remove this flow.",
                flow,
            )
        if node.loop is not None:
            found.error(
                "event-sub-process-loop",
                "An event sub-process starts each time its event happens; it has no loop.",
                node,
            )
    if not (isinstance(scope.container, elements.Element) and scope.container.triggered_by_event):
        return
    starts = [node for node in scope.nodes.values() if node.type == "startEvent"]
    if len(starts) != 1 or starts[0].event is None or not starts[0].event.has(*AWAITED):
        kinds = ", ".join(AWAITED)
        found.error(
            "event-sub-process-start",
            f"An event sub-process has exactly one start event, and that says what it waits for: {kinds}.",
            scope.container,
        )
        return
    if starts[0].event.has("error") and not starts[0].event.interrupting:
        found.error("start-must-interrupt", "The start event for an error always interrupts; set it so.", starts[0])


def _begins(node: elements.Element) -> bool:
    return starting.begins(node) or starting.is_gate(node)


def _ad_hoc(scope: Scope) -> bool:
    return isinstance(scope.container, elements.Element) and scope.container.ad_hoc is not None


def _free_starts(scope: Scope, found: Findings) -> None:
    for node in scope.nodes.values():
        if node.type in ("startEvent", "endEvent"):
            found.error(
                "ad-hoc-event", "An ad-hoc sub-process has neither start nor end events; remove this one.", node
            )
    if not any(node.type in reading.ACTIVITIES and reading.starts_freely(node) for node in scope.nodes.values()):
        found.error("ad-hoc-empty", "There is no activity in this ad-hoc sub-process; draw one.", scope.container)


def _boundaries(scope: Scope, found: Findings) -> None:
    for node in scope.nodes.values():
        if node.type != "boundaryEvent" or node.event is None:
            continue
        host = scope.nodes.get(node.event.attached_to or "")
        if host is None or host.type not in reading.ACTIVITIES or host.triggered_by_event:
            found.error("boundary-host", "This boundary event hangs on no activity; attach it to one.", node)
            continue
        if node.event.kind == "cancel" and host.type != "transaction":
            found.error("boundary-host", "A cancel boundary event belongs on a transaction; move or remove it.", node)
        for event in node.event.each:
            if event.kind in ("error", "cancel") and not event.interrupting:
                found.error(
                    "boundary-must-interrupt", f"A boundary event for {event.kind} always interrupts; set it so.", node
                )


def _gateways(scope: Scope, found: Findings) -> None:
    for node in scope.nodes.values():
        flows = scope.outgoing[node.id]
        if node.type in ("exclusiveGateway", "inclusiveGateway") and len(flows) > 1:
            for flow in flows:
                if flow.condition is None and flow.id != node.default_flow:
                    found.error(
                        "flow-without-condition",
                        f"This flow leaves gateway {node.id} without a condition; write one, or make it the default.",
                        flow,
                    )
        if node.type == "eventBasedGateway":
            _event_gateway(scope, node, flows, found)
        if node.type == "complexGateway" and len(scope.incoming[node.id]) > 1 and not node.activation:
            found.error(
                "activation-condition-missing",
                "Say when this gateway goes on: an activationCondition such as = activationCount >= 2.",
                node,
            )
        if node.type in ("parallelGateway", "eventBasedGateway"):
            for flow in flows:
                if flow.condition is not None:
                    found.error(
                        "condition-ignored", "Conditions have no effect behind this kind of gateway; remove it.", flow
                    )


def _event_gateway(scope: Scope, node: elements.Element, flows: list[elements.Element], found: Findings) -> None:
    if len(flows) < 2:
        found.error("event-gateway", "An event-based gateway needs at least two events behind it.", node)
    for flow in flows:
        target = scope.nodes.get(flow.target or "")
        if target is not None and target.type not in ("intermediateCatchEvent", "receiveTask"):
            found.error(
                "event-gateway",
                f"Behind an event-based gateway only catch events and receive tasks may stand, not {target.id}.",
                flow,
            )
        borders = [n for n in scope.nodes.values() if n.event is not None and n.event.attached_to == flow.target]
        if target is not None and (target.loop is not None or borders):
            found.error(
                "event-gateway",
                f"Behind an event-based gateway {target.id} can neither repeat nor have boundary events; remove them.",
                target,
            )


def _links(scope: Scope, found: Findings) -> None:
    links = [n for n in scope.nodes.values() if n.event is not None and n.event.kind == "link"]
    throws = {n.event.name for n in links if n.event and n.type == "intermediateThrowEvent"}
    caught: dict[str | None, elements.Element] = {}
    for node in links:
        name = node.event.name if node.event else None
        if not name:
            found.error("link-name", "Give this link a name; throw and catch belong together by it.", node)
        elif node.type == "intermediateCatchEvent":
            if name in caught:
                found.error("link-twice", f"There are several catch events of the link {name}; keep one.", node)
            caught[name] = node
            if name not in throws:
                found.error("link-alone", f"No throw event leads to the link {name} here.", node)
    for node in links:
        name = node.event.name if node.event else None
        if node.type == "intermediateThrowEvent" and name and name not in caught:
            found.error("link-alone", f"There is no catch event of the link {name} here.", node)


def _reachable(scope: Scope, found: Findings) -> None:
    """Every node must be reached from a start or boundary event, or by a link."""
    if isinstance(scope.container, elements.Process) and scope.container.global_task:
        return
    hosts = defaultdict(list)
    for node in scope.nodes.values():
        if node.type == "boundaryEvent" and node.event is not None:
            hosts[node.event.attached_to or ""].append(node.id)
    reached: set[str] = set()
    waiting = [n.id for n in scope.nodes.values() if _begins(n) or n.triggered_by_event or n.for_compensation]
    waiting += scope.begun
    if _ad_hoc(scope):
        waiting += [n.id for n in scope.nodes.values() if reading.starts_freely(n) and not scope.incoming[n.id]]
    while waiting:
        current = waiting.pop()
        if current in reached or current not in scope.nodes:
            continue
        reached.add(current)
        waiting += [flow.target or "" for flow in scope.outgoing[current]]
        waiting += hosts[current]
        waiting += _linked(scope, scope.nodes[current])
    for node in scope.nodes.values():
        if node.id not in reached and node.type not in ("startEvent", "boundaryEvent"):
            found.error("unreachable", "No path leads here; connect this element or remove it.", node)


def _linked(scope: Scope, node: elements.Element) -> list[str]:
    if node.type != "intermediateThrowEvent" or node.event is None or node.event.kind != "link":
        return []
    name = node.event.name
    return [
        n.id
        for n in scope.nodes.values()
        if n.type == "intermediateCatchEvent" and n.event is not None and (n.event.kind, n.event.name) == ("link", name)
    ]
