"""Working due moments out anew: when somebody else holds a task, and when a calendar was changed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from service import errors
from service.domain import deadlines as domain
from service.domain import durations, policy
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import db, ladders, locking
from service.storage.queries import deadlines as stored
from service.storage.queries import releases
from service.storage.types import Row, Session
from service.usecases.deadlines import rescheduling
from service.usecases.worktime import calendars

LOOKED_AT = 5_000  # open deadlines that a preview works out, the soonest first
LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Change:
    """What a calendar makes of an open deadline: its due moment, and the moments of levels not yet fired, by key."""

    row: Row
    due_at: datetime
    levels: Mapping[int, datetime]

    @property
    def moves(self) -> bool:
        """Whether the due moment itself is another one."""
        return bool(self.due_at != self.row.due_at)


@dataclass(frozen=True)
class Preview:
    """What would change; looked_at: so many deadlines were worked out, `more` says whether there are others."""

    changes: Sequence[Change]
    looked_at: int
    more: bool


def for_holders(
    dated: Sequence[tuple[int, steps.DeadlineSet]], tasks: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[int, steps.DeadlineSet]], dict[int, Calendar]]:
    """Deadlines of tasks that just opened: those that count in the assignee's calendar are due by it.

    dated: by activation key. Answers them, and the calendars of these assignees by activation key.
    """
    holders = {task["activation_key"]: task["assignee"] for task in tasks if task["assignee"]}
    theirs = {key: holders[key] for key, fact in dated if fact.clock == domain.ASSIGNEE and key in holders}
    people = calendars.of_people(set(theirs.values()))
    found = {key: people[name] for key, name in theirs.items()}
    return [(key, _in(fact, found[key]) if key in found else fact) for key, fact in dated], found


def _in(fact: steps.DeadlineSet, calendar: Calendar) -> steps.DeadlineSet:
    assert fact.started_at is not None
    if durations.is_duration(fact.as_drawn):
        with contextlib.suppress(ValueError):  # they never work so long: the service's calendar counts
            due = domain.due_at(fact.as_drawn, fact.started_at, clock=fact.clock, calendar=calendar)
            return replace(fact, due_at=due)
    return fact


def follow(session: Session, task_key: int) -> None:
    """Somebody else holds a task, or nobody: where its clock is the assignee's, it is due by their calendar.

    For the transaction of the command, which has locked the instance and written the assignee. A due moment that
    somebody has moved stays.
    """
    row = stored.open_of_task(task_key)
    if row is None or row.clock != domain.ASSIGNEE:
        return
    change = worked_out(row, ladders.levels(session, row.key), calendars.Book())
    if change is not None:
        _apply(session, change)


def worked_out(row: Row, levels: Sequence[Row], book: calendars.Book) -> Change | None:
    """What the calendar that holds now makes of an open deadline; None where all stays.

    It stays where somebody has moved it, and where that calendar never comes to it. row: as `queries.deadlines.get`
    has it.
    """
    if row.moved:
        return None
    calendar = book.of(row.clock, row.service, row.assignee)
    due = row.due_at
    try:
        if durations.is_duration(row.as_drawn):
            due = domain.due_at(row.as_drawn, row.started_at, clock=row.clock, calendar=calendar)
        planned = rescheduling.planned(levels, row, due, calendar)
    except ValueError:
        return None
    before = {level.key: level.fire_at for level in levels}
    changed = {key: at for key, at in planned.items() if at != before[key]}
    return Change(row, due, changed) if changed or due != row.due_at else None


def preview(name: str, *, actor: policy.Actor) -> Preview:
    """What working open deadlines out anew in a calendar would change. Raises NotFound, Forbidden."""
    policy.require(policy.may_administer(actor))
    calendars.get(name)
    rows = stored.counted_in(name, LOOKED_AT + 1)
    return Preview(_changes(rows[:LOOKED_AT]), min(len(rows), LOOKED_AT), len(rows) > LOOKED_AT)


def recalculate(name: str, *, reason: str = "", actor: policy.Actor) -> int:
    """Work open deadlines out anew in a calendar; answers how many are due at another moment.

    Levels not yet fired move with them. Runs are changed one after the other, each in its own transaction; history
    and those whom it concerns are told. Raises NotFound, Forbidden, InvalidInput.
    """
    policy.require(policy.may_administer(actor))
    title = calendars.get(name)["title"]
    if len(reason) > LONGEST_REASON:
        raise errors.InvalidInput({"reason": [f"use at most {LONGEST_REASON} characters"]})
    said = reason.strip() or f"The calendar “{title}” has changed."
    changes = sorted(_changes(stored.counted_in(name, None)), key=lambda change: change.row.instance_key)
    moved = 0
    for instance_key, found in groupby(changes, key=lambda change: change.row.instance_key):
        moved += _recalculate_run(instance_key, [change.row.key for change in found], said, actor)
    return moved


def _changes(rows: Sequence[Row]) -> list[Change]:
    levels, book = stored.levels(row.key for row in rows), calendars.Book()
    worked = (worked_out(row, levels[row.key], book) for row in rows)
    return [change for change in worked if change is not None]


def _recalculate_run(instance_key: int, deadline_keys: Sequence[int], reason: str, actor: policy.Actor) -> int:
    with db.transaction() as session:
        locking.instance(session, instance_key)
        rows = [row for row in stored.by_keys(deadline_keys).values() if row.state == "open"]
        changes = _changes(rows)
        for change in changes:
            _apply(session, change)
            if change.moves:
                number = change.row.release_number
                release = releases.get(number) if number is not None else None
                rescheduling.tell_moved(session, change.row, release, change.due_at, reason, actor)
    return sum(change.moves for change in changes)


def _apply(session: Session, change: Change) -> None:
    row = change.row
    if change.moves:
        ladders.move(session, row.key, change.due_at, by_somebody=False)
        if row.task_key is not None:
            rescheduling.date_task(session, row.task_key, change.due_at)
    ladders.move_levels(session, change.levels)
