"""Tasks of people: one, many, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from service.domain import clock, policy
from service.storage import db
from service.storage.models.instances import Instance, Task, TaskCandidate, Vote
from service.storage.models.releases import Release
from service.storage.queries import pages, releases
from service.storage.types import Row

_COLUMNS = list(Task.__table__.c)
_GET = (
    select(*_COLUMNS, Instance.history_count.label("told"), Instance.definition_key)
    .join(Instance, Instance.key == Task.instance_key)
    .where(Task.key == bindparam("key"))
)
_WITH_RELEASE = [
    *_COLUMNS,
    Release.title.label("release_title"),
    Release.type.label("release_type"),
    Release.service.label("service"),
    Release.held_at,
]


def get(key: int) -> Row | None:
    """One task; `told` is how much had been told of its run when it was read."""
    with db.reading() as session:
        return session.execute(_GET, {"key": key}).first()


def by_keys(keys: Sequence[int]) -> list[Row]:
    """Several tasks, in the order of their keys."""
    if not keys:
        return []
    with db.reading() as session:
        return list(session.execute(select(*_COLUMNS).where(Task.key.in_(keys)).order_by(Task.key)).all())


def open_of_instance(instance_key: int) -> Sequence[Row]:
    """Open tasks of an instance in the order they opened."""
    statement = (
        select(*_COLUMNS)
        .where(Task.instance_key == instance_key, Task.state == "open")
        .order_by(Task.opened_at, Task.key)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def of_release(number: int, *, state: str | None = None) -> Sequence[Row]:
    """Tasks of a release in the order they opened."""
    statement = select(*_COLUMNS).where(Task.release_number == number).order_by(Task.opened_at, Task.key)
    if state:
        statement = statement.where(Task.state == state)
    with db.reading() as session:
        return session.execute(statement).all()


def approvals_of(name: str) -> list[int]:
    """Keys of the open approvals that ask this person."""
    statement = select(Task.key, Task.approval).where(Task.state == "open", Task.approval.is_not(None))
    with db.reading() as session:
        rows = session.execute(statement.order_by(Task.key)).all()
    return [row.key for row in rows if row.approval and name in row.approval["deciders"]]


def votes(task_key: int) -> Sequence[Row]:
    """Decisions on an approval, oldest first."""
    with db.reading() as session:
        return session.execute(
            select(*Vote.__table__.c).where(Vote.task_key == task_key).order_by(Vote.at, Vote.key)
        ).all()


def listing(
    actor: policy.Actor,
    *,
    assignee: str | None = None,
    group: str | None = None,
    state: str | None = "open",
    overdue: bool | None = None,
    release: int | None = None,
    instance: int | None = None,
    mine: bool = False,
    q: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Tasks the actor may see: most overdue first, those without a due moment last.

    `assignee=''` asks for tasks that nobody holds; `mine` for what the actor holds or may take.
    """
    limit = pages.bounded(limit)
    statement = select(*_WITH_RELEASE).outerjoin(Release, Release.number == Task.release_number)
    statement = statement.where(*_filters(actor, assignee, group, state, overdue, release, mine, q))
    if instance is not None:
        statement = statement.where(Task.instance_key == instance)
    if cursor:
        statement = statement.where(_after(*pages.decode(cursor, pages.moment_or_none, pages.key)))
    statement = statement.order_by(Task.due_at.is_(None), Task.due_at, Task.key).limit(limit + 1)
    with db.reading() as session:
        rows = session.execute(statement).all()
    return pages.cut(rows, limit, lambda row: [row.due_at and row.due_at.isoformat(), row.key])


def counts(actor: policy.Actor) -> dict[str, int]:
    """For the rail and the chips: held, offered (mine or my groups' to take), overdue among both."""
    held = and_(Task.state == "open", Task.assignee == actor.name)
    offered = and_(Task.state == "open", Task.assignee.is_(None), _may_take(actor))
    late = and_(or_(held, offered), _late())
    with db.reading() as session:
        values = [
            session.execute(select(func.count(Task.key)).where(condition)).scalar_one()
            for condition in (held, offered, late)
        ]
    return dict(zip(("held", "offered", "overdue"), values, strict=True))


def _filters(
    actor: policy.Actor,
    assignee: str | None,
    group: str | None,
    state: str | None,
    overdue: bool | None,
    release: int | None,
    mine: bool,
    q: str | None,
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not policy.may_see_everything(actor):
        found.append(
            or_(Task.assignee == actor.name, _may_take(actor), Task.release_number.in_(releases.visible_numbers(actor)))
        )
    if assignee is not None:
        found.append(Task.assignee == assignee if assignee else Task.assignee.is_(None))
    if group:
        found.append(_candidate(TaskCandidate.kind == "group", TaskCandidate.name == group))
    if state:
        found.append(Task.state == state)
    if overdue is not None:
        found.append(_late() if overdue else ~_late())
    if release is not None:
        found.append(Task.release_number == release)
    if mine:
        found.append(or_(Task.assignee == actor.name, and_(Task.assignee.is_(None), _may_take(actor))))
    if q:
        found.append(or_(Task.name.icontains(q, autoescape=True), Release.title.icontains(q, autoescape=True)))
    return found


def _late() -> ColumnElement[bool]:
    """Past its due moment; no task is late while its release is on hold."""
    on_hold = exists().where(Release.number == Task.release_number, Release.held_at.is_not(None)).correlate(Task)
    return and_(Task.due_at.is_not(None), Task.due_at < clock.now(), ~on_hold)


def _candidate(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(TaskCandidate.task_key == Task.key, *conditions)


def _may_take(actor: policy.Actor) -> ColumnElement[bool]:
    personally = and_(TaskCandidate.kind == "user", TaskCandidate.name == actor.name)
    return _candidate(
        or_(personally, and_(TaskCandidate.kind == "group", TaskCandidate.name.in_(sorted(actor.groups))))
    )


def _after(due: datetime | None, key: int) -> ColumnElement[bool]:
    if due is None:
        return and_(Task.due_at.is_(None), Task.key > key)
    return or_(Task.due_at > due, and_(Task.due_at == due, Task.key > key), Task.due_at.is_(None))
