"""Deadlines are set, with every level of their ladders, and end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from service.domain import escalation
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import keys, ladders, writing
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.types import Row, Session
from service.usecases.deadlines import defaults

LONGEST_NAME = 255
_CHANGING = ("name", "element", "as_drawn", "clock", "started_at", "due_at", "phase", "moved", "state", "ended_at")
_OF_LEVEL = ("level", "repeat", "moment", "recipients", "fire_at", "state", "last")


@dataclass(frozen=True)
class Set:
    """A deadline that the engine set: of which activation and task, and what kind of thing that is."""

    activation_key: int
    fact: steps.DeadlineSet
    task_key: int | None
    thing: str


def of_activity(activation_key: int, fact: steps.DeadlineSet, task_key: int | None, approval: bool) -> Set:
    """What the engine set for an activity: an approval, another task, or a phase or something else without a task."""
    thing = escalation.PHASE if task_key is None else escalation.APPROVAL if approval else escalation.TASK
    return Set(activation_key, fact, task_key, thing)


# a row, its ladder (None is the default one), and the calendar in which that counts
Made = tuple[dict[str, Any], Sequence[escalation.Rung] | None, Calendar]


def rows(
    session: Session,
    facts: Sequence[Set],
    *,
    instance_key: int,
    release_number: int | None,
    now: datetime,
    calendar: Calendar,
    of_assignees: Mapping[int, Calendar] = MappingProxyType({}),
    held: bool = False,
) -> None:
    """Insert deadlines that the engine set, and every level of their ladders.

    For the caller's transaction; two statements, none without facts, one more where a ladder is the default one.
    calendar: in which ladders count, but those of the activations in `of_assignees`. held: the release is on hold, so
    nothing fires until it goes on.
    """
    made = [
        (
            drawn(one, instance_key, release_number, now),
            one.fact.ladder,
            of_assignees.get(one.activation_key, calendar),
        )
        for one in facts
    ]
    store(session, made, held)


def store(session: Session, made: Sequence[Made], held: bool) -> None:
    if not made:
        return
    usual = defaults.rungs() if any(ladder is None for _, ladder, _ in made) else {}
    for (row, _, _), key in zip(made, keys.take(session, len(made)), strict=True):
        row["key"] = key
    levels = [
        level
        for row, ladder, calendar in made
        for level in unfired(row, usual[row["thing"]] if ladder is None else ladder, calendar, held)
    ]
    for row, key in zip(levels, keys.take(session, len(levels)), strict=True):
        row["key"] = key
    writing.insert_rows(session, Deadline, [row for row, _, _ in made])
    writing.insert_rows(session, DeadlineLevel, levels)


def put(
    session: Session,
    row: dict[str, Any],
    before: Row | None,
    ladder: Sequence[escalation.Rung] | None,
    calendar: Calendar,
    held: bool,
) -> bool:
    """Insert a deadline, or let the one that its activity has, open or withdrawn, be this one; False where it is so.

    An activity has one for all its time: what was withdrawn comes back. Levels that have fired stay, with their
    numbers, so that nobody is told twice.
    """
    if before is None:
        store(session, [(row, ladder, calendar)], held)
        return True
    row["key"] = before.key
    rungs = ladder if ladder is not None else defaults.rungs()[row["thing"]]
    there = ladders.levels(session, before.key)
    fired = {(level.level, level.repeat) for level in there if level.fired_at}
    wanted = [one for one in unfired(row, rungs, calendar, held) if (one["level"], one["repeat"]) not in fired]
    wanted = [{**one, "last": one is wanted[-1]} for one in wanted]
    columns = {name: row[name] for name in _CHANGING}
    if columns == {name: getattr(before, name) for name in _CHANGING} and _climbs_so(there, wanted):
        return False
    for level, key in zip(wanted, keys.take(session, len(wanted)), strict=True):
        level["key"] = key
    writing.delete_where(session, DeadlineLevel, deadline_key=before.key, fired_at=None)
    writing.insert_rows(session, DeadlineLevel, wanted)
    writing.update_where(session, Deadline, {**columns, "revision": before.revision + 1}, key=before.key)
    return True


def _climbs_so(there: Sequence[Row], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the levels that have not fired are just these."""
    waiting = [tuple(getattr(level, name) for name in _OF_LEVEL) for level in there if not level.fired_at]
    return sorted(waiting) == sorted(tuple(one[name] for name in _OF_LEVEL) for one in wanted)


def end(session: Session, activation_keys_by_outcome: Mapping[str, Iterable[int]], now: datetime) -> None:
    """Close the deadlines of activations that left: met or late when completed, else cancelled; no level fires again.

    For the caller's transaction; one statement where none of them has a deadline, else two.
    """
    ladders.end(session, {outcome: list(found) for outcome, found in activation_keys_by_outcome.items()}, now)


def drawn(one: Set, instance_key: int, release_number: int | None, now: datetime) -> dict[str, Any]:
    fact = one.fact
    assert fact.due_at is not None
    row = blank(one.thing, fact.name or fact.element, fact.element, fact.started_at or now, fact.due_at)
    return row | {
        "activation_key": one.activation_key, "instance_key": instance_key, "release_number": release_number,
        "task_key": one.task_key, "phase": fact.phase, "as_drawn": fact.as_drawn[:LONGEST_NAME], "clock": fact.clock,
    }  # fmt: skip


def blank(thing: str, name: str, element: str, started_at: datetime, due_at: datetime) -> dict[str, Any]:
    return {
        "activation_key": None, "instance_key": None, "release_number": None, "task_key": None, "subject": None,
        "thing": thing, "element": element, "name": name[:LONGEST_NAME], "phase": None, "as_drawn": "",
        "clock": "elapsed", "started_at": started_at, "due_at": due_at, "state": "open", "ended_at": None,
        "revision": 1, "moved": False,
    }  # fmt: skip


def unfired(
    row: Mapping[str, Any], rungs: Sequence[escalation.Rung], calendar: Calendar, held: bool
) -> list[dict[str, Any]]:
    found = escalation.levels(rungs, row["started_at"], row["due_at"], calendar, row["clock"])
    return [
        {
            "deadline_key": row["key"], "activation_key": row["activation_key"], "level": level.level,
            "repeat": level.repeat, "moment": escalation.drawn(rungs[level.level - 1]),
            "recipients": list(level.recipients), "fire_at": level.fire_at,
            "state": ladders.HELD if held else ladders.WAITING, "asked_at": None,
            "fired_at": None, "last": level is found[-1],
        }
        for level in found
    ]  # fmt: skip
