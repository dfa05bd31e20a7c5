"""What belongs into calendars: tasks and decisions with a due moment, windows, deadlines, milestones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from service.domain import escalation, policy
from service.storage import db
from service.storage.models.definitions import Definition
from service.storage.models.feeds import Feed
from service.storage.models.instances import Instance, Task, Vote
from service.storage.models.notices import Deadline
from service.storage.models.releases import Milestone, Release
from service.storage.queries import releases
from service.storage.types import Row

_FEED = [column for column in Feed.__table__.c if column.name not in ("digest", "shown")]
_ABOUT = (Release.title.label("release_title"), Definition.name.label("model_name"))
_WINDOW: list[Any] = [Release.number, Release.title, Release.phase_name, Release.window_start, Release.window_end]


def feeds(owner: str) -> Sequence[Row]:
    """The links of a person that are in force, the oldest first; their own calendar before those of services."""
    statement = select(*_FEED).where(Feed.owner == owner, Feed.revoked_at.is_(None))
    with db.reading() as session:
        return session.execute(statement.order_by(Feed.service.is_not(None), Feed.key)).all()


def feed(key: int) -> Row | None:
    """One link that is in force."""
    with db.reading() as session:
        return session.execute(select(*_FEED).where(Feed.key == key, Feed.revoked_at.is_(None))).first()


def feed_by_digest(digest: str) -> Row | None:
    """The link with this SHA-256 that is in force, with what it showed."""
    statement = select(*_FEED, Feed.shown).where(Feed.digest == digest, Feed.revoked_at.is_(None))
    with db.reading() as session:
        return session.execute(statement).first()


def tasks(user: str, most: int) -> Sequence[Row]:
    """Open tasks with a due moment that this person holds, the soonest first."""
    return _rows(_tasks().where(Task.assignee == user, Task.approval.is_(None)).limit(most))


def decisions(user: str, most: int) -> list[Row]:
    """Open approvals with a due moment on which this person is asked and has not decided, the soonest first."""
    decided = select(Vote.task_key).where(Vote.user == user)
    rows = _rows(_tasks().where(Task.approval.is_not(None), Task.key.not_in(decided)))
    return [row for row in rows if user in row.approval.get("deciders", ())][:most]


def own_windows(actor: policy.Actor, since: datetime, most: int) -> Sequence[Row]:
    """Windows that are not over since then, of releases in which this person takes part."""
    return _rows(_windows(since).where(Release.number.in_(releases.visible_numbers(actor))).limit(most))


def windows(actor: policy.Actor, service: str, since: datetime, most: int) -> Sequence[Row]:
    """Windows of a service's releases that this person may see and that are not over since then."""
    return _rows(_seen(_windows(since).where(Release.service == service), actor).limit(most))


def deadlines(actor: policy.Actor, service: str, most: int) -> Sequence[Row]:
    """Open deadlines of a service's releases that this person may see, the soonest first.

    Not those that are entries of their own: the end of a window, and the planned dates of milestones.
    """
    statement = (
        select(Deadline.key, Deadline.task_key, Deadline.name, Task.item, Deadline.due_at, Deadline.release_number)
        .add_columns(Release.title.label("release_title"), Release.number)
        .join(Release, Release.number == Deadline.release_number)
        .outerjoin(Task, Task.key == Deadline.task_key)
        .where(Release.service == service, Deadline.state == "open")
        .where(Deadline.thing.not_in((escalation.RELEASE, escalation.MILESTONE)))
        .order_by(Deadline.due_at)
    )
    return _rows(_seen(statement, actor).limit(most))


def planned_milestones(actor: policy.Actor, service: str, most: int) -> Sequence[Row]:
    """Milestones of a service's releases that are planned and not reached, the soonest first."""
    statement = (
        select(Deadline.element.label("milestone"), Deadline.name, Deadline.due_at, Deadline.release_number)
        .add_columns(Release.title.label("release_title"), Release.number)
        .join(Release, Release.number == Deadline.release_number)
        .where(Release.service == service, Deadline.state == "open", Deadline.thing == escalation.MILESTONE)
        .order_by(Deadline.due_at)
    )
    return _rows(_seen(statement, actor).limit(most))


def milestones(actor: policy.Actor, service: str, since: datetime, most: int) -> Sequence[Row]:
    """Milestones that a service's releases have reached since then, the newest first."""
    statement = (
        select(Milestone.milestone, Milestone.name, Milestone.reached_at, Milestone.release_number)
        .add_columns(Release.title.label("release_title"), Release.number)
        .join(Release, Release.number == Milestone.release_number)
        .where(Release.service == service, Milestone.reached_at >= since)
        .order_by(Milestone.reached_at.desc())
    )
    return _rows(_seen(statement, actor).limit(most))


def services(actor: policy.Actor) -> list[str]:
    """The services of the releases that this person may see."""
    rows = _rows(_seen(select(Release.service).distinct().order_by(Release.service), actor))
    return [row.service for row in rows]


def _tasks() -> Select[Any]:
    columns = (Task.key, Task.name, Task.item, Task.due_at, Task.release_number, Task.instance_key, Task.approval)
    return (
        select(*columns, *_ABOUT)
        .outerjoin(Release, Release.number == Task.release_number)
        .join(Instance, Instance.key == Task.instance_key)
        .join(Definition, Definition.key == Instance.definition_key)
        .where(Task.state == "open", Task.due_at.is_not(None))
        .order_by(Task.due_at)
    )


def _windows(since: datetime) -> Select[Any]:
    wanted = or_(Release.window_end >= since, Release.window_end.is_(None) & (Release.window_start >= since))
    alive = or_(Release.status == "open", Release.status == "closed")
    return select(*_WINDOW).where(wanted, alive).order_by(Release.window_start)


def _seen(statement: Select[Any], actor: policy.Actor) -> Select[Any]:
    if policy.may_see_everything(actor):
        return statement
    return statement.where(Release.number.in_(releases.visible_numbers(actor)))


def _rows(statement: Select[Any]) -> Sequence[Row]:
    with db.reading() as session:
        return session.execute(statement).all()
