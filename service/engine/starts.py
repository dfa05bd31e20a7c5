"""How a process can begin from outside: its start events that wait for a message, a signal or a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.bpmnio import feel
from service.engine import elements, expressions, starting, timers
from service.engine.expressions import Stuck
from service.errors import ScriptFailed

KINDS = ("message", "signal", "timer")


@dataclass(frozen=True)
class Start:
    """One such event. name: of the message or signal, or the timer as drawn; schedule: where a timer stands."""

    element: str
    kind: str
    name: str
    schedule: Mapping[str, Any] | None = None

    @property
    def due_at(self) -> datetime | None:
        """When the timer fires next."""
        return due_at(self.schedule)


def drawn(process: elements.Process) -> list[elements.Element]:
    """What on the level of the process something from outside begins an instance by, once for each definition."""
    return [
        replace(element, event=event)
        for element in starting.starts(process)
        for event in (element.event.each if element.event else ())
        if event.kind in KINDS
    ]


def plan(element: elements.Element, record: Mapping[str, Any], now: datetime, zone: str) -> Start:
    """What this start event waits for from `now` on; expressions see the facts of an empty record.

    Raises ScriptFailed where that cannot be said.
    """
    event = element.event
    assert event is not None
    try:
        if event.kind == "timer":
            return Start(element.id, event.kind, _as_drawn(event), _first(event, record, now, zone))
        name = str(_value(event.name or "", record, now))
        return Start(element.id, event.kind, expressions.named(name, f"The name of a {event.kind}", name))
    except Stuck as stuck:
        raise ScriptFailed(stuck.message, element=element.id, expression=stuck.expression) from None


def following(schedule: Mapping[str, Any], zone: str) -> dict[str, Any] | None:
    """Where a timer stands after it fired; None where that was the last time."""
    if "cycle" not in schedule:
        return None
    data = {**schedule, "turn": schedule["turn"] + 1}
    try:
        due = timers.turn_of(data, zone, data["cycle"])
    except Stuck:  # beyond the end of the calendar
        return None
    return None if due is None else {**data, "due": expressions.iso(due)}


def due_at(schedule: Mapping[str, Any] | None) -> datetime | None:
    """When a timer that stands here fires."""
    return None if schedule is None else datetime.fromisoformat(schedule["due"])


def _as_drawn(event: elements.Event) -> str:
    """What tells a timer from another one, in the length of a name."""
    drawn = f"{event.timer}: {event.expression or ''}"
    if len(drawn) <= expressions.LONGEST_NAME:
        return drawn
    digest = hashlib.sha256(drawn.encode()).hexdigest()
    return f"{drawn[: expressions.LONGEST_NAME - len(digest) - 2]}… {digest}"


def _first(event: elements.Event, record: Mapping[str, Any], now: datetime, zone: str) -> dict[str, Any]:
    text = event.expression or ""
    value = _value(text, record, now)
    if event.timer != "cycle":
        return {"due": expressions.iso(expressions.moment(value, text, now, zone))}
    data: dict[str, Any] = {"cycle": str(feel.plain(value)), "from": expressions.iso(now), "turn": 1}
    due = timers.turn_of(data, zone, text)
    if due is None:
        raise Stuck("wrong-type", f"“{value}” never fires.", text)
    return {**data, "due": expressions.iso(due)}


def _value(text: str, record: Mapping[str, Any], now: datetime) -> Any:
    if not expressions.is_feel(text):
        return text
    value = expressions.evaluate(text, record, now)
    if value is None:
        raise Stuck("null-value", f"“{text}” gave null: a start event sees no variables, only the clock.", text)
    return value
