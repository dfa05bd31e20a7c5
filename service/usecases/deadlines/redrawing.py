"""Deadlines of an instance that moved to another version, worked out anew by that version's drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.domain import holding
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import keys, ladders, writing
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.queries import deadlines as stored
from service.storage.queries import instances, tasks
from service.storage.types import Row, Session
from service.usecases.context import locked as locks
from service.usecases.deadlines import defaults, recalculation, rescheduling, setting


def anew(locked: locks.Locked) -> None:
    """Give what is open the due moments and ladders of the drawing, from when each began.

    For the caller's transaction. What somebody moved stays, what was told stays told; a deadline that is not drawn any
    more is withdrawn.
    """
    key, live = locked.row.key, locked.live
    opened = {row.ref: row for row in instances.activations(key) if row.left_at is None and row.ref in live.activations}
    work = {task.activation_key: task for task in tasks.open_of_instance(key)}
    before = {row.activation_key: row for row in stored.open_of_instance(key) if row.activation_key is not None}
    drawn = live.instance.due({ref: row.entered_at for ref, row in opened.items()}, locked.world)
    dated = [(opened[fact.ref].key, fact) for fact in drawn]
    dated, of_assignees = recalculation.for_holders(dated, [dict(task._mapping) for task in work.values()])
    wanted = dict(dated)
    for activation_key in {**wanted, **before}:
        row, task = before.get(activation_key), work.get(activation_key)
        if row is None or not row.moved:
            calendar = of_assignees.get(activation_key, locked.world.calendar)
            _one(locked, activation_key, wanted.get(activation_key), row, task, calendar)
    live.deadlines = {row.activation_key for row in stored.open_of_instance(key) if row.activation_key is not None}


def _one(
    locked: locks.Locked,
    activation_key: int,
    fact: steps.DeadlineSet | None,
    before: Row | None,
    task: Row | None,
    calendar: Calendar,
) -> None:
    session = locked.session
    if fact is None:
        ladders.end(session, {"withdrawn": [activation_key]}, locked.now)
        if task is not None:
            rescheduling.date_task(session, task.key, None)
    elif before is None or not _same(before, fact, ladders.levels(session, before.key)):
        approval = task is not None and task.approval is not None
        own = setting.of_activity(activation_key, fact, task.key if task is not None else None, approval)
        _redraw(session, own, before, calendar, locked)


def _redraw(session: Session, one: setting.Set, before: Row | None, calendar: Calendar, locked: locks.Locked) -> None:
    """Set a deadline by another drawing, for the caller's transaction; levels that have fired stay, with their numbers.

    before: the open deadline that the activity has, if it has one.
    """
    row = setting.drawn(one, locked.row.key, locked.row.release_number, locked.now)
    held = holding.on_hold(locked.release)
    if before is None:
        setting.store(session, [(row, one.fact.ladder, calendar)], held)
    else:
        row["key"] = before.key
        ladder = one.fact.ladder if one.fact.ladder is not None else defaults.rungs()[one.thing]
        _replace_levels(session, before.key, setting.unfired(row, ladder, calendar, held))
        columns = {name: row[name] for name in ("name", "element", "as_drawn", "clock", "due_at", "phase")}
        writing.update_where(session, Deadline, {**columns, "revision": before.revision + 1}, key=before.key)
    if one.task_key is not None and one.fact.due_at is not None:
        rescheduling.date_task(session, one.task_key, one.fact.due_at)


def _replace_levels(session: Session, deadline_key: int, levels: Sequence[dict[str, Any]]) -> None:
    fired = {(level.level, level.repeat) for level in ladders.levels(session, deadline_key) if level.fired_at}
    wanted = [level for level in levels if (level["level"], level["repeat"]) not in fired]
    for level, key in zip(wanted, keys.take(session, len(wanted)), strict=True):
        level["key"] = key
    writing.delete_where(session, DeadlineLevel, deadline_key=deadline_key, state=list(ladders.UNFIRED))
    writing.insert_rows(session, DeadlineLevel, wanted)


def _same(row: Row, fact: steps.DeadlineSet, levels: Sequence[Row]) -> bool:
    """Nothing would change. A default ladder may be another one by now, so it is never the same."""
    if fact.ladder is None or (row.due_at, row.as_drawn, row.clock) != (fact.due_at, fact.as_drawn, fact.clock):
        return False
    climbed = sorted(
        (one.level, one.moment.partition(" ")[0], tuple(one.recipients)) for one in levels if not one.repeat
    )
    return climbed == [(number, rung.moment, rung.recipients) for number, rung in enumerate(fact.ladder, start=1)]
