"""What a drawing says of compensation: which activities have what undoes them, and whose completion must be remembered.

An activity is remembered only where something can compensate it, so that nothing else costs state.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.engine import elements

# How an activity is compensated: by the handler at its border, by what was completed inside, by its event sub-process.
HANDLER, INSIDE, EVENT_SUB_PROCESS = "handler", "inside", "event sub-process"


def boundaries(process: elements.Process) -> dict[str, elements.Element]:
    """The compensation boundary events by the id of their activity."""
    return {
        e.event.attached_to: e
        for e in process.elements.values()
        if e.type == "boundaryEvent" and is_compensation(e) and e.event and e.event.attached_to
    }


def is_compensation(element: elements.Element) -> bool:
    return element.event is not None and element.event.kind == "compensation"


def event_sub_processes(process: elements.Process) -> dict[str, elements.Element]:
    """The compensation event sub-processes by the id of the sub-process that they compensate."""
    found = {}
    for start in process.elements.values():
        around = process.elements.get(start.parent or "")
        if start.type == "startEvent" and is_compensation(start) and around is not None and around.parent:
            found[around.parent] = around
    return found


def remembered(process: elements.Process) -> dict[str, str]:
    """The ids of the activities whose completion is remembered, each with how it is compensated."""
    if not any(is_compensation(e) for e in process.elements.values()):
        return {}
    reach = Reach(process)
    found = {activity: HANDLER for activity in boundaries(process) if activity in reach}
    for container in event_sub_processes(process):
        if container in reach:
            found.setdefault(container, EVENT_SUB_PROCESS)
    for activity in list(found):
        for container in around(process, activity):
            if container in reach:
                found.setdefault(container, INSIDE)
    return found


def around(process: elements.Process, identity: str) -> Iterator[str]:
    """The ids of the sub-processes around an element, innermost first."""
    element, seen = process.elements.get(identity), set()
    while element is not None and element.parent is not None and element.parent not in seen:
        seen.add(element.parent)  # an id that is there twice could lead around in a circle
        yield element.parent
        element = process.elements.get(element.parent)


def scopes_of(thrower: elements.Element, process: elements.Process) -> list[str | None]:
    """Where a throw event compensates: its own scope, and around an event sub-process the next one too."""
    scopes = [thrower.parent]
    for scope in around(process, thrower.id):
        if not process.elements[scope].triggered_by_event:
            break
        scopes.append(process.elements[scope].parent)
    return scopes


class Reach:
    """What the throw events of a process can compensate."""

    def __init__(self, process: elements.Process) -> None:
        self.process = process
        self.named: set[str] = set()
        self.scopes: set[str | None] = set()
        for element in process.elements.values():
            event = element.event
            if event is None or element.type not in ("endEvent", "intermediateThrowEvent"):
                continue
            if event.kind == "cancel":
                self.scopes.add(element.parent)
                self._loop(element.parent)
            elif event.kind == "compensation" and event.activity:
                self.named.add(event.activity)
            elif event.kind == "compensation":
                self.scopes.update(scopes_of(element, process))

    def _loop(self, transaction: str | None) -> None:
        """One child of a loop that cancels undoes those that are completed, too."""
        drawn = self.process.elements.get(transaction or "")
        if drawn is not None and drawn.loop is not None:
            self.named.add(drawn.id)

    def __contains__(self, activity: str) -> bool:
        outer: list[str | None] = [*around(self.process, activity), None]
        return not self.named.isdisjoint([activity, *outer]) or not self.scopes.isdisjoint(outer)
