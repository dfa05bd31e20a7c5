"""Events with several definitions: which of them may stand together, and where all of them may be needed."""

from __future__ import annotations

from service.engine import elements
from service.engine.findings import Findings

WAIT = ("message", "timer", "signal", "conditional")
CAUGHT = (*WAIT, "error", "escalation")
LAST = ("error", "terminate")
TOGETHER = {
    "startEvent": ("message", "timer", "signal"),
    "intermediateCatchEvent": WAIT,
    "boundaryEvent": CAUGHT,
    "intermediateThrowEvent": ("message", "signal", "escalation"),
    "endEvent": ("message", "signal", "escalation", *LAST),
}


def check(process: elements.Process, found: Findings) -> None:
    for element in process.elements.values():
        if element.event is not None and element.event.parts:
            _several(element, element.event, process, found)


def _several(element: elements.Element, event: elements.Event, process: elements.Process, found: Findings) -> None:
    around = process.elements.get(element.parent or "")
    inside = element.type == "startEvent" and around is not None and around.triggered_by_event
    allowed = CAUGHT if inside else TOGETHER[element.type]
    for part in event.parts:
        if part.kind not in allowed:
            found.error(
                "several-event-definitions",
                f"A definition for {part.kind} stands alone; draw an event of its own for it.",
                element,
            )
    if element.type == "endEvent" and sum(part.kind in LAST for part in event.parts) > 1:
        found.error("several-event-definitions", "An end event ends with one error, or terminates; keep one.", element)
    if element.job_type:
        found.error(
            "several-event-definitions",
            "Several definitions are thrown here, not by a job; remove the job type or draw several events.",
            element,
        )
    if event.needs_all and (element.type == "startEvent" and not inside):
        found.error(
            "parallel-multiple",
            "A process cannot wait for several events before it starts; let one start it and wait for the others then.",
            element,
        )
    elif event.needs_all and not all(part.kind in WAIT for part in event.parts):
        found.error(
            "parallel-multiple",
            "Only messages, timers, signals and conditions can be waited for together; draw the others by themselves.",
            element,
        )
