"""Releases and what belongs to them, filtered to what somebody may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, union

from service.domain import policy
from service.storage import db
from service.storage.models.announcements import Follower
from service.storage.models.instances import Subscription, Task, TaskCandidate, Vote
from service.storage.models.releases import Category, Comment, Milestone, Release, ReleaseFact, ReleasePerson
from service.storage.queries import pages
from service.storage.types import Row

_COLUMNS = list(Release.__table__.c)


def get(number: int) -> Row | None:
    """One release."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Release.number == number)).first()


def visible_numbers(actor: policy.Actor) -> Select[Any]:
    """A subquery of the numbers somebody without a managing role takes part in."""
    own = select(Release.number).where(
        or_(Release.manager == actor.name, Release.coordinator == actor.name, Release.requester == actor.name)
    )
    part = select(ReleasePerson.release_number).where(ReleasePerson.user == actor.name)
    held = select(Task.release_number).where(
        Task.release_number.is_not(None), or_(Task.assignee == actor.name, Task.closed_by == actor.name)
    )
    voted = (
        select(Task.release_number)
        .join(Vote, Vote.task_key == Task.key)
        .where(Task.release_number.is_not(None), Vote.user == actor.name)
    )
    candidate = (
        select(Task.release_number)
        .join(TaskCandidate, TaskCandidate.task_key == Task.key)
        .where(Task.release_number.is_not(None), _is_candidate(actor))
    )
    # Whoever follows by themselves sees it for another reason, or no more.
    invited = Follower.added_by != actor.name
    follows = select(Follower.release_number).where(Follower.user == actor.name, Follower.ended_at.is_(None), invited)
    return select(union(own, part, held, voted, candidate, follows).subquery().c[0])


def _is_candidate(actor: policy.Actor) -> ColumnElement[bool]:
    personally = and_(TaskCandidate.kind == "user", TaskCandidate.name == actor.name)
    return or_(personally, and_(TaskCandidate.kind == "group", TaskCandidate.name.in_(sorted(actor.groups))))


def may_see(actor: policy.Actor, number: int) -> bool:
    """The actor may read this release."""
    if policy.may_see_everything(actor):
        return True
    with db.reading() as session:
        return (
            session.execute(
                select(Release.number).where(Release.number == number, Release.number.in_(visible_numbers(actor)))
            ).first()
            is not None
        )


def listing(
    actor: policy.Actor,
    *,
    status: str | None = None,
    type: str | None = None,
    q: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Releases the actor may see, highest number first (S1-36)."""
    limit = pages.bounded(limit)
    statement = select(*_COLUMNS).order_by(Release.number.desc()).limit(limit + 1)
    statement = statement.where(*_filters(actor, status, type, q))
    if cursor:
        statement = statement.where(Release.number < pages.decode(cursor, pages.number)[0])
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.number])


def count(actor: policy.Actor, *, status: str | None = None, type: str | None = None, q: str | None = None) -> int:
    """How many the list holds in all."""
    with db.reading() as session:
        return session.execute(select(func.count(Release.number)).where(*_filters(actor, status, type, q))).scalar_one()


def _filters(actor: policy.Actor, status: str | None, type: str | None, q: str | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not policy.may_see_everything(actor):
        found.append(Release.number.in_(visible_numbers(actor)))
    if status:
        found.append(Release.status == status)
    if type:
        found.append(Release.type == type)
    if q:
        found.append(_matches(q) if "\x00" not in q else false())
    return found


def _matches(q: str) -> ColumnElement[bool]:
    number = q.upper().removeprefix("R-")
    words = or_(*(column.icontains(q, autoescape=True) for column in (Release.title, Release.service, Release.reason)))
    if not (number.isascii() and number.isdigit() and len(number) <= 10 and int(number) <= pages.LARGEST_NUMBER):
        return words
    return or_(words, Release.number == int(number))


def facts(number: int) -> dict[str, Any]:
    """Facts that forms wrote, by dotted name."""
    with db.reading() as session:
        rows = session.execute(select(ReleaseFact.name, ReleaseFact.value).where(ReleaseFact.release_number == number))
        return {row.name: row.value for row in rows}


def actions(number: int) -> Sequence[Row]:
    """Open subscriptions of a release that people may trigger."""
    statement = (
        select(*Subscription.__table__.c)
        .where(Subscription.release_number == number, Subscription.action.is_(True))
        .order_by(Subscription.key)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def comments(number: int) -> Sequence[Row]:
    """Comments of a release, oldest first."""
    with db.reading() as session:
        return session.execute(
            select(*Comment.__table__.c).where(Comment.release_number == number).order_by(Comment.at, Comment.key)
        ).all()


def people(number: int) -> dict[str, list[str]]:
    """Names by part: stakeholder, board."""
    found: dict[str, list[str]] = {}
    with db.reading() as session:
        rows = session.execute(
            select(ReleasePerson.part, ReleasePerson.user)
            .where(ReleasePerson.release_number == number)
            .order_by(ReleasePerson.user)
        )
        for part, user in rows:
            found.setdefault(part, []).append(user)
    return found


def milestones(number: int) -> Sequence[Row]:
    """Milestones reached, in order."""
    statement = (
        select(*Milestone.__table__.c)
        .where(Milestone.release_number == number)
        .order_by(Milestone.reached_at, Milestone.key)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def categories() -> Sequence[Row]:
    """All categories by title: name, title, models."""
    with db.reading() as session:
        return session.execute(select(*Category.__table__.c).order_by(Category.title)).all()


def category(name: str) -> Row | None:
    """One category."""
    with db.reading() as session:
        return session.execute(select(*Category.__table__.c).where(Category.name == name)).first()
