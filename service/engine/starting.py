"""Where the instances of a process begin: at start events, or at what waits for their first message."""

from __future__ import annotations

from service.engine import elements
from service.errors import Conflict, NotFound

NEVER_FIRST = (
    "sequenceFlow", "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent",
)  # fmt: skip


def starts(process: elements.Process) -> list[elements.Element]:
    """Every element that an instance may begin at, in the order as drawn; each with the event that starts it.

    Start events of the process itself, receive tasks that instantiate, events behind a gateway that instantiates.
    """
    gates = {e.id for e in process.elements.values() if is_gate(e)}
    behind = {e.target for e in process.elements.values() if e.type == "sequenceFlow" and e.source in gates}
    return [e for e in process.elements.values() if e.parent is None and (begins(e) or e.id in behind)]


def begins(element: elements.Element) -> bool:
    """Whether an element is a start by itself: a start event, or a receive task that instantiates."""
    return element.type == "startEvent" or (element.type == "receiveTask" and element.instantiate)


def is_gate(element: elements.Element) -> bool:
    """Whether it is an event-based gateway whose first event starts the instance."""
    return element.type == "eventBasedGateway" and element.instantiate


def implicit(process: elements.Process) -> dict[str | None, list[str]]:
    """By scope: what begins at once where neither start nor end events are drawn (BPMN 2.0.2, 10.5.2).

    These are the activities and gateways that no flow leads to.
    """
    led_to = {e.target for e in process.elements.values() if e.type == "sequenceFlow"}
    found: dict[str | None, list[str]] = {}
    drawn = set()
    for element in process.elements.values():
        around = process.elements.get(element.parent or "")
        special = process.global_task or (around is not None and (around.ad_hoc or around.triggered_by_event))
        if special or begins(element) or is_gate(element) or element.type == "endEvent":
            drawn.add(element.parent)
        elif element.id not in led_to and _may_begin(element):
            found.setdefault(element.parent, []).append(element.id)
    return {scope: begun for scope, begun in found.items() if scope not in drawn}


def _may_begin(element: elements.Element) -> bool:
    special = element.triggered_by_event or element.for_compensation or element.gate
    return element.type not in NEVER_FIRST and not special


def plain(process: elements.Process) -> list[elements.Element]:
    """The start events that need nothing to happen."""
    return [e for e in starts(process) if e.type == "startEvent" and (e.event is None or e.event.kind == "none")]


def conditional(process: elements.Process) -> list[elements.Element]:
    """The start events of the process itself that wait for a condition."""
    return [e for e in starts(process) if e.type == "startEvent" and e.event is not None and e.event.has("conditional")]


def chosen(process: elements.Process, at: str | None) -> str:
    """The id of the start to begin at: the one that is named, else the plain one, else the only one there is."""
    found = starts(process)
    if at is not None:
        if all(e.id != at for e in found):
            raise NotFound(f"There is no start event “{at}”.", element=at)
        return at
    if not plain(process) and len(found) != 1:
        raise Conflict(f"“{process.id}” does not start by itself: say at which event it starts.")
    return (plain(process) or found)[0].id
