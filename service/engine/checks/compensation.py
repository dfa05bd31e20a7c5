"""Compensation: every boundary event has what undoes its activity, every throw event something to ask for."""

from __future__ import annotations

from collections.abc import Mapping

from service.engine import compensables, elements, reading
from service.engine.findings import Findings


def check(process: elements.Process, found: Findings) -> None:
    remembered = compensables.remembered(process)
    handlers: set[str] = set()
    by_host: dict[str, elements.Element] = {}
    for element in process.elements.values():
        if element.event is None or element.event.kind != "compensation":
            continue
        if element.type == "boundaryEvent":
            handlers.add(element.event.handler or "")
            _boundary(element, element.event, process, found)
            first = by_host.setdefault(element.event.attached_to or "", element)
            if first is not element:
                found.error("compensation-twice", f"{first.id} hangs on the same activity; keep one of them.", element)
        elif element.type in ("intermediateThrowEvent", "endEvent") and element.event.activity:
            _target(element, element.event.activity, process, remembered, found)
    for element in process.elements.values():
        _flows(element, process, found)
        if element.for_compensation and element.id not in handlers:
            found.error(
                "compensation-handler-alone",
                "No compensation boundary event leads here; connect one with an association, or clear the marker.",
                element,
            )
    _event_sub_processes(process, by_host, remembered, found)
    for activity, boundary in compensables.boundaries(process).items():
        if activity not in remembered:
            found.warning("never-compensated", f"Nothing ever asks for the compensation of {activity}.", boundary)


def _event_sub_processes(
    process: elements.Process,
    attached: Mapping[str, elements.Element],
    remembered: Mapping[str, str],
    found: Findings,
) -> None:
    """Each belongs to a sub-process that nothing else undoes."""
    undoing = compensables.event_sub_processes(process)
    for start in process.elements.values():
        handler = process.elements.get(start.parent or "")
        if start.type != "startEvent" or not compensables.is_compensation(start) or handler is None:
            continue
        if handler.parent is None:
            advice = "A process is not compensated; put this event sub-process into a sub-process."
            found.error("compensation-event-sub-process", advice, handler)
        elif undoing[handler.parent] is not handler or handler.parent in attached:
            what = attached.get(handler.parent, undoing[handler.parent]).id
            found.error("compensation-twice", f"{what} undoes {handler.parent} already; keep one of them.", handler)
        elif handler.parent not in remembered:
            advice = f"Nothing ever asks for the compensation of {handler.parent}."
            found.warning("never-compensated", advice, handler)


def _boundary(boundary: elements.Element, event: elements.Event, process: elements.Process, found: Findings) -> None:
    host, handler = process.elements.get(event.attached_to or ""), process.elements.get(event.handler or "")
    if handler is None:
        advice = "Connect this event by an association with the activity that undoes the work."
        found.error("compensation-handler-missing", advice, boundary)
    elif handler.parent != boundary.parent:
        found.error(
            "compensation-handler", f"{handler.id} lies in another sub-process; draw it beside this event.", boundary
        )
    elif not handler.for_compensation or handler.triggered_by_event:
        found.error("compensation-handler", f"{handler.id} is no activity that is marked for compensation.", boundary)
    if host is not None and (host.for_compensation or host.triggered_by_event):
        found.error("boundary-host", f"What {host.id} does is not compensated; remove this event.", boundary)


def _flows(element: elements.Element, process: elements.Process, found: Findings) -> None:
    """No flow leads to or from what undoes, nothing hangs on it, and no flow leaves a compensation boundary event."""
    if element.type == "boundaryEvent" and element.event is not None:
        host = process.elements.get(element.event.attached_to or "")
        if host is not None and host.for_compensation:
            advice = f"{host.id} undoes another activity and has no events at its border; put it into a sub-process."
            found.error("compensation-handler-boundary", advice, element)
    if element.type != "sequenceFlow":
        return
    for end in (element.source, element.target):
        node = process.elements.get(end or "")
        if node is None:
            continue
        if node.for_compensation:
            found.error(
                "compensation-flow", f"No flow leads to {node.id} or away: it undoes. Remove this flow.", element
            )
        elif node.type == "boundaryEvent" and compensables.is_compensation(node) and end == element.source:
            found.error("compensation-flow", f"No flow leaves {node.id}; draw an association instead.", element)


def _target(
    thrower: elements.Element,
    activity: str,
    process: elements.Process,
    remembered: Mapping[str, str],
    found: Findings,
) -> None:
    target = process.elements.get(activity)
    if target is None or target.type not in reading.ACTIVITIES:
        found.error("missing-reference", f"The activity {activity} does not exist; choose another.", thrower)
    elif target.parent not in compensables.scopes_of(thrower, process):
        found.error(
            "compensation-target", f"{activity} lies in another sub-process; compensate what is beside this.", thrower
        )
    elif activity not in remembered:
        found.error(
            "compensation-target",
            f"Nothing undoes {activity}; draw a compensation boundary event on it, or in it.",
            thrower,
        )
