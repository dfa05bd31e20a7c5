"""Dates of a release's own: the end of its window, and the planned dates of its milestones. Each is a deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service import errors
from service.domain import clock, escalation, holding, policy
from service.storage import db, history, ladders, locking
from service.storage.queries import deadlines as stored
from service.storage.queries import instances, releases
from service.storage.types import Row, Session
from service.usecases.deadlines import rescheduling, setting
from service.usecases.definitions import programs
from service.usecases.telling import keypoints, notices
from service.usecases.worktime import calendars


@dataclass(frozen=True)
class Milestone:
    """A milestone of a release: reached_at and the deadline that it was planned for, where there are any."""

    milestone: str
    name: str
    reached_at: datetime | None = None
    deadline: Row | None = None

    @property
    def planned_at(self) -> datetime | None:
        return self.deadline.due_at if self.deadline is not None else None

    @property
    def deadline_key(self) -> int | None:
        return self.deadline.key if self.deadline is not None else None


@dataclass(frozen=True)
class _Own:
    """What a deadline belongs to that no activation has: a milestone, or the release itself.

    subject: what it is known by; one deadline of it is open at a time.
    """

    thing: str
    subject: str
    name: str
    element: str


def subject(number: int, milestone: str = "") -> str:
    """What such a deadline is known by: one of them is open at a time."""
    return f"R-{number}:{milestone}" if milestone else f"R-{number}"


def milestones(release: Row) -> list[Milestone]:
    """Those that the model of a release draws, in its order, with when they were reached and are planned."""
    reached = {row.milestone: row.reached_at for row in releases.milestones(release.number)}
    planned = {row.element: row for row in stored.of_release(release.number) if _counts(row)}
    return [
        Milestone(name, title, reached.get(name), planned.get(name)) for name, title in _drawn(release.instance_key)
    ]


def _counts(deadline: Row) -> bool:
    return bool(deadline.thing == escalation.MILESTONE and deadline.state != "cancelled")


def plan(
    number: int, milestone: str, planned_at: datetime | None, *, ladder: str = "", reason: str = "", actor: policy.Actor
) -> None:
    """Plan when a milestone is to be reached, or no longer plan it. A changed date moves what has not fired yet.

    ladder: in its notation, for a date that is new; without one the default holds. Raises NotFound, Forbidden, Conflict
    where it is reached or the release is over, InvalidInput.
    """
    rungs = _rungs(ladder)
    with db.transaction() as session:
        release = locking.release(session, number)
        policy.require(policy.may_change_release(actor, release))
        if release.status != "open" or release.instance_key is None:
            raise errors.Conflict("The release is over.")
        locking.instance(session, release.instance_key)
        drawn = dict(_drawn(release.instance_key))
        if milestone not in drawn:
            known = ", ".join(drawn) or "none"
            raise errors.NotFound(f"The model has no milestone “{milestone}”. It has: {known}.")
        if any(row.milestone == milestone for row in releases.milestones(number)):
            raise errors.Conflict("This milestone is reached already.")
        now = clock.now()
        if planned_at is not None and planned_at <= now:
            raise errors.InvalidInput({"planned_at": ["must be in the future"]})
        own = _Own(escalation.MILESTONE, subject(number, milestone), drawn[milestone] or milestone, milestone)
        before = _date(session, own, release, planned_at, rungs, now)
        _tell(session, own, release, before, planned_at, reason, actor)


def _tell(
    session: Session,
    own: _Own,
    release: Row,
    before: Row | None,
    planned_at: datetime | None,
    reason: str,
    actor: policy.Actor,
) -> None:
    """Into history; and where a date changed, to whom it concerns."""
    now, was = clock.now(), before.due_at if before is not None else None
    told = {name: at.isoformat() if at else None for name, at in (("from", was), ("to", planned_at))}
    data = {"milestone": own.element, "name": own.name, "reason": reason, **told}
    entry = history.Entry("milestone.planned", data=data)
    head = history.append_to_instance(session, release.instance_key, [entry], at=now, actor=actor.name)
    if before is not None and planned_at not in (None, was):
        cause = f"planned:{release.instance_key}:{head.count}"
        moved = keypoints.moved(before, release, planned_at, reason, cause=cause, actor=actor, alerts={})
        notices.tell_all(session, [moved], now=now)


def window_set(session: Session, release: Row, window_end: datetime | None) -> None:
    """The end of a release's window is its deadline; it moves and goes with it. For the caller's transaction.

    The release must be locked. A window that is over already has no deadline.
    """
    if release.instance_key is None or release.status != "open":
        return
    locking.instance(session, release.instance_key)
    now = clock.now()
    own = _Own(escalation.RELEASE, subject(release.number), "Release", "")
    due = window_end if window_end is not None and window_end > now else None
    _date(session, own, release, due, None, now)


def _date(
    session: Session,
    own: _Own,
    release: Row,
    due_at: datetime | None,
    ladder: Sequence[escalation.Rung] | None,
    now: datetime,
) -> Row | None:
    """Set, move or withdraw the deadline of a milestone or release; answers what was open of it before.

    For the caller's transaction, which has locked the release and its instance.
    """
    before = stored.open_of_subject(own.subject)
    if before is None:
        if due_at is not None:
            row = setting.blank(own.thing, own.name, own.element, now, due_at) | {
                "subject": own.subject,
                "instance_key": release.instance_key,
                "release_number": release.number,
                "moved": True,
            }
            setting.store(session, [(row, ladder, calendars.of_release(release))], holding.on_hold(release))
        return None
    if due_at is None or due_at <= before.started_at:
        ladders.end_own(session, release.number, own.thing, now, element=own.element, done=False)
    elif due_at != before.due_at:
        rescheduling.shift(session, before, due_at)
    return before


def _drawn(instance_key: int | None) -> Sequence[tuple[str, str]]:
    instance = instances.get(instance_key) if instance_key is not None else None
    if instance is None:
        return ()
    drawn = programs.program(instance.definition_key).process.elements.values()
    return list({one.milestone: (one.milestone, one.name) for one in drawn if one.milestone}.values())


def _rungs(ladder: str) -> Sequence[escalation.Rung] | None:
    if not ladder.strip():
        return None
    try:
        return escalation.parse(ladder)
    except ValueError as problem:
        raise errors.InvalidInput({"ladder": [str(problem)]}) from None
