"""Putting a release on hold, and letting it go on: its clocks stand still meanwhile."""

from __future__ import annotations

from datetime import datetime

from service import errors
from service.domain import clock, holding, policy
from service.storage import db, history, holds, ladders, locking, writing
from service.storage.history import Entry
from service.storage.models.ledger import RESUMED
from service.storage.models.releases import Release
from service.storage.types import Row, Session
from service.usecases.telling import keypoints, notices
from service.usecases.worktime import calendars

LONGEST_REASON = 2_000


def hold(number: int, reason: str, *, actor: policy.Actor) -> None:
    """Put an open release on hold: tasks cannot be finished, no timer fires, nobody is told of deadlines.

    What is at work goes on: jobs, and the actions that the diagram offers. Raises NotFound, Forbidden, InvalidInput
    without a reason, Conflict where it is over or on hold already.
    """
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise errors.InvalidInput({"reason": ["say why" if not said else f"use at most {LONGEST_REASON} characters"]})
    with db.transaction() as session:
        release = _locked(session, number, actor)
        if holding.on_hold(release):
            raise errors.Conflict(str(holding.refusal(release)))
        now = clock.now()
        holds.begin(session, number)
        columns = {"held_at": now, "held_by": actor.name, "held_reason": said}
        _tell(session, release, columns, Entry("release.held", data={"reason": said, "by": actor.name}), actor, now)


def resume(number: int, *, actor: policy.Actor) -> None:
    """Let a release go on. Deadlines that are lengths of time, and what they climb to, move by the time on hold.

    Dates stay; what had its moment meanwhile comes now. Raises NotFound, Forbidden, Conflict where it is not on hold.
    """
    with db.transaction() as session:
        release = _locked(session, number, actor)
        if not holding.on_hold(release):
            raise errors.Conflict(f"R-{number} is not on hold.")
        now = clock.now()
        moved = _move(session, release, now)
        holds.end(session, number)
        data = {"since": release.held_at.isoformat(), "by": actor.name, "moved": moved}
        _tell(session, release, dict(holding.OVER), Entry(RESUMED, data=data), actor, now)


def _locked(session: Session, number: int, actor: policy.Actor) -> Row:
    release = locking.release(session, number)
    policy.require(policy.may_hold(actor, release))
    if release.status != "open":
        raise errors.Conflict("The release is over.")
    for key in holds.runs(session, number):
        locking.instance(session, key)
    return release


def _move(session: Session, release: Row, now: datetime) -> int:
    """Give deadlines and their levels the time back; answers how many deadlines moved."""
    book = calendars.Book()

    def after(moment: datetime, row: Row) -> datetime:
        calendar = book.of(row.clock, release.service, row.assignee)
        return holding.moved(moment, max(release.held_at, row.started_at), now, row.clock, calendar)

    running = {row.key: row for row in holds.deadlines(session, release.number) if holding.moves(row.as_drawn)}
    due = {key: after(row.due_at, row) for key, row in running.items()}
    holds.move_deadlines(session, {key: at for key, at in due.items() if at != running[key].due_at})
    levels = holds.levels(session, list(running))
    ladders.move_levels(session, {row.key: after(row.fire_at, running[row.deadline_key]) for row in levels})
    return sum(at != running[key].due_at for key, at in due.items())


def _tell(
    session: Session, release: Row, columns: dict[str, object], entry: Entry, actor: policy.Actor, now: datetime
) -> None:
    revision = release.revision + 1
    writing.update_where(session, Release, {**columns, "revision": revision}, number=release.number)
    history.append_to_instance(session, release.instance_key, [entry], at=now, actor=actor.name)
    told = keypoints.tellings(
        release, [entry], [], instance_key=release.instance_key, revision=revision, actor=actor, step="hold"
    )
    notices.tell_all(session, told, now=now)
