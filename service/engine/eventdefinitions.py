"""The definitions of events: what starts, interrupts and ends, and what is thrown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree

from service.engine import elements, extensions, sources, xml

EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
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
TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


def read(node: etree._Element, kind: str, shared: sources.Shared) -> elements.Event | None:
    if kind in ("receiveTask", "sendTask"):
        named = node.get("messageRef") or shared.flows.tell_of(node.get("id"))
        return _message(node, node, shared) if named else elements.Event("none")
    if kind not in EVENTS:
        return None
    definitions = [child for child in xml.children(node) if xml.local(child) in DEFINITIONS]
    definitions += referred_to(node, shared)
    interrupting = node.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting") not in ("false", "0")
    place: dict[str, Any] = {"interrupting": interrupting, "attached_to": node.get("attachedToRef")}
    parts = tuple(replace(definition_of(definition, node, shared), **place) for definition in definitions)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return elements.Event("none", **place)
    return elements.Event("multiple", parts=parts, needs_all=node.get("parallelMultiple") in sources.TRUE, **place)


def referred_to(node: etree._Element, shared: sources.Shared) -> list[etree._Element]:
    refs = [sources.plain(xml.text(ref) or "") for ref in node.iterchildren(f"{{{xml.BPMN}}}eventDefinitionRef")]
    missing = [ref for ref in refs if ref not in shared.roots]
    for ref in missing:
        sources.refuse(node, shared, "missing-reference", f"The event definition {ref} does not exist.")
    return [shared.roots[ref] for ref in refs if ref in shared.roots]


def definition_of(definition: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Event:
    kind = DEFINITIONS.get(xml.local(definition), "none")
    if kind == "message":
        return _message(definition, node, shared)
    if kind == "timer":
        return _timer(definition, node, shared)
    if kind == "conditional":
        return _conditional(definition, shared)
    if kind == "link":
        return _link(definition, node, shared)
    if kind == "compensation":
        return _compensation(definition, node, shared)
    if kind in ("signal", "error", "escalation"):
        return _coded(definition, node, kind, shared)
    return elements.Event(kind)


def _compensation(definition: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Event:
    handlers = shared.undoers.get(node.get("id") or "", []) if xml.local(node) == "boundaryEvent" else []
    if len(handlers) > 1:
        message = f"Associations lead to {' and '.join(handlers)}; one activity undoes the work, remove the others."
        sources.refuse(node, shared, "compensation-handler", message)
    return elements.Event(
        "compensation",
        handler=handlers[0] if handlers else None,
        activity=sources.plain(definition.get("activityRef") or "") or None,
        waits=definition.get("waitForCompletion") not in ("false", "0"),
    )


def _referred(
    definition: etree._Element, node: etree._Element, kind: str, shared: sources.Shared
) -> etree._Element | None:
    ref = definition.get(f"{kind}Ref")
    if not ref:
        return None
    target = shared.roots.get(sources.plain(ref))
    if target is None or xml.local(target) != kind:
        sources.refuse(node, shared, "missing-reference", f"The {kind} {ref} does not exist in this file; choose one.")
        return None
    return target


def _coded(definition: etree._Element, node: etree._Element, kind: str, shared: sources.Shared) -> elements.Event:
    target = _referred(definition, node, kind, shared)
    if target is None:
        return elements.Event(kind)
    if kind == "signal":
        return elements.Event(kind, name=_told_apart(target, "name", node, shared))
    name = (target.get("name") or "").strip() or None
    return elements.Event(kind, name=name, code=_told_apart(target, f"{kind}Code", node, shared))


def _told_apart(target: etree._Element, by: str, node: etree._Element, shared: sources.Shared) -> str | None:
    """What tells this message, signal, error or escalation from others: its name or code, else its id."""
    given = (target.get(by) or "").strip()
    if given:
        return given
    identity, kind = target.get("id"), xml.local(target)
    word = "name" if by == "name" else "code"
    message = f"The {kind} {identity} has no {word}, so it goes by its id; give it a {word}."
    shared.found.warning("named-by-id", message, line=node.sourceline, element=node.get("id"))
    return identity


def _message(definition: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Event:
    target = _referred(definition, node, "message", shared)
    flows, identity = shared.flows, node.get("id") or ""
    if target is None and not definition.get("messageRef"):
        target = shared.roots.get(flows.refs.get(identity, ""))
    if target is None:
        return elements.Event("message", name=flows.names.get(identity))
    ext = extensions.read(target, shared.found)
    name = _told_apart(target, "name", node, shared)
    return elements.Event("message", name=name, correlation=ext.get("subscription", "correlationKey"))


def _link(definition: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Event:
    """A link goes by its name; those without one by the id of the catching definition, where both ends say so."""
    name = (definition.get("name") or "").strip()
    identity, catches = definition.get("id") or "", xml.local(node) == "intermediateCatchEvent"
    if not name and not catches:
        name = sources.plain(xml.text(xml.child(definition, "target")) or "")
    elif not name and identity in shared.link_targets:
        name = identity
    return elements.Event("link", name=name or None)


def _conditional(definition: etree._Element, shared: sources.Shared) -> elements.Event:
    ext = extensions.read(definition, shared.found)
    return elements.Event(
        "conditional",
        expression=sources.formal(xml.child(definition, "condition"), shared),
        variable_names=extensions.listed(ext.get("conditionalFilter", "variableNames")),
        variable_events=extensions.listed(ext.get("conditionalFilter", "variableEvents")),
    )


def _timer(definition: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Event:
    given = [child for child in xml.children(definition) if xml.local(child) in TIMERS]
    if len(given) != 1:
        sources.refuse(node, shared, "timer-missing", "Say when this timer fires: one of date, duration or cycle.")
        return elements.Event("timer")
    return elements.Event("timer", timer=TIMERS[xml.local(given[0])], expression=xml.text(given[0]))
