"""Deadlines of an instance that moved to another version, worked out anew by that version's drawing."""

from __future__ import annotations

from service.domain import holding
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import ladders
from service.storage.queries import deadlines as stored
from service.storage.queries import instances, tasks
from service.storage.types import Row
from service.usecases.context import locked as locks
from service.usecases.deadlines import recalculation, rescheduling, setting


def anew(locked: locks.Locked) -> None:
    """Give what is open the due moments and ladders of the drawing, from when each began.

    For the caller's transaction. What somebody moved stays, what was told stays told; a deadline that is not drawn any
    more is withdrawn.
    """
    key, live = locked.row.key, locked.live
    opened = {row.ref: row for row in instances.activations(key) if row.left_at is None and row.ref in live.activations}
    work = {task.activation_key: task for task in tasks.open_of_instance(key)}
    before = {row.activation_key: row for row in stored.of_activities(row.key for row in opened.values())}
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
    if fact is not None:
        approval = task is not None and task.approval is not None
        own = setting.of_activity(activation_key, fact, task.key if task is not None else None, approval)
        row = setting.drawn(own, locked.row.key, locked.row.release_number, locked.now)
        changed = setting.put(session, row, before, fact.ladder, calendar, holding.on_hold(locked.release))
        if changed and task is not None:
            rescheduling.date_task(session, task.key, fact.due_at)
    elif before is not None and before.state == "open":
        ladders.end(session, {"withdrawn": [activation_key]}, locked.now)
        if task is not None:
            rescheduling.date_task(session, task.key, None)
