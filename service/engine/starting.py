"""Where the instances of a process begin: at start events, or at what waits for their first message."""

from __future__ import annotations

from service.engine import elements
from service.errors import Conflict, NotFound


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
