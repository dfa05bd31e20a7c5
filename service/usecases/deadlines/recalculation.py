"""Working due moments out anew: when somebody else holds a task, and when a calendar was changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from service import errors
from service.domain import clock, durations, policy
from service.domain import deadlines as domain
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import db, keys, ladders, locking, writing
from service.storage.models.calendars import Recalculation
from service.storage.queries import deadlines as stored
from service.storage.queries import recalculations as found
from service.storage.queries import releases
from service.storage.types import Row, Session
from service.usecases.deadlines import rescheduling
from service.usecases.worktime import calendars

LOOKED_AT = 5_000  # open deadlines that a preview works out, the soonest first
LONGEST_REASON = 2_000
SLICE_S = 1.0  # so long a worker is at it before others have their turn
RUNS = 20  # looked at together
WAITING, DONE = "waiting", "done"


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


def start(name: str, *, reason: str = "", actor: policy.Actor) -> int:
    """Have the workers work open deadlines out anew in a calendar; gives the key of what tells how far they are.

    Levels not yet fired move with them. Raises NotFound, Forbidden, InvalidInput, and Conflict where that is under way.
    """
    policy.require(policy.may_administer(actor))
    title = calendars.get(name)["title"]
    if len(reason) > LONGEST_REASON:
        raise errors.InvalidInput({"reason": [f"use at most {LONGEST_REASON} characters"]})
    before = found.newest(name)
    if before is not None and before.state == WAITING:
        raise errors.Conflict("Open deadlines are being worked out in this calendar. Wait until that is done.")
    total, now = stored.number_counted_in(name), clock.now()
    work = {
        "calendar": name, "reason": reason.strip() or f"The calendar “{title}” has changed.", "at": now,
        "by": actor.name, "total": total, "done": 0, "moved": 0, "position": 0, "state": WAITING, "due_at": now,
        "asked_at": None, "ended_at": None,
    }  # fmt: skip
    with db.transaction() as session:
        key = keys.next_key(session)
        writing.insert_rows(session, Recalculation, [{"key": key, **work}])
    return key


def go_on(key: int) -> bool:
    """Work on for about a second at what `start` began; answers whether all is done.

    Runs are changed one after the other. Each, and how far the work is, are one transaction; so whoever comes second,
    or again after a crash, changes and tells nothing twice.
    """
    work = found.get(key)
    if work is None or work.state != WAITING:
        return False
    end = time.monotonic() + SLICE_S
    progress = _Progress(work)
    try:
        while rows := stored.counted_in_next_runs(work.calendar, progress.position, RUNS):
            progress.take(rows, end)
            if time.monotonic() > end:
                progress.note(asked_at=None)  # the next second is somebody's at once
                return False
        progress.note(state=DONE, ended_at=clock.now(), total=progress.done)
    except errors.StaleWrite:
        return False  # somebody else is at it
    return True


class _Progress:
    """How far one piece of work is, and going on with it."""

    def __init__(self, work: Row) -> None:
        self._key, self._reason, self._actor = work.key, work.reason, policy.Actor(name=work.by)
        self._noted = self.position = work.position
        self.done, self._moved = work.done, work.moved

    def take(self, rows: Sequence[Row], end: float) -> None:
        """Work the deadlines of some runs out anew, of one at least, until the time is over.

        rows: all of them, run by run; end: as `time.monotonic` has it.
        """
        touched = {change.row.instance_key for change in _changes(rows)}
        for run, theirs in groupby(rows, key=lambda row: row.instance_key):
            own = [row.key for row in theirs]
            self.position, self.done = run, self.done + len(own)
            if run in touched:
                with db.transaction() as session:
                    self._moved += _recalculate_run(session, run, own, self._reason, self._actor)
                    self._write(session, {"asked_at": clock.now()})
            if time.monotonic() > end:
                return

    def note(self, **more: Any) -> None:
        """Write down how far it is. Raises StaleWrite where somebody else has gone on meanwhile."""
        with db.transaction() as session:
            self._write(session, more)

    def _write(self, session: Session, more: Mapping[str, Any]) -> None:
        columns = {"position": self.position, "done": self.done, "moved": self._moved, **more}
        if not writing.update_where(
            session, Recalculation, columns, key=self._key, position=self._noted, state=WAITING
        ):
            raise errors.StaleWrite()
        self._noted = self.position


def _changes(rows: Sequence[Row]) -> list[Change]:
    levels, book = stored.levels(row.key for row in rows), calendars.Book()
    worked = (worked_out(row, levels[row.key], book) for row in rows)
    return [change for change in worked if change is not None]


def _recalculate_run(
    session: Session, instance_key: int, deadline_keys: Sequence[int], reason: str, actor: policy.Actor
) -> int:
    """Answers how many are due at another moment; history and those whom it concerns are told."""
    locking.instance(session, instance_key)
    changes = _changes([row for row in stored.by_keys(deadline_keys).values() if row.state == "open"])
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
