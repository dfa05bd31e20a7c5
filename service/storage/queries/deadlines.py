"""Deadlines with their levels, filtered to what somebody may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, not_, or_, select

from service.domain import calendars, clock, deadlines, policy
from service.storage import db
from service.storage.models.calendars import ServiceCalendar
from service.storage.models.definitions import Definition
from service.storage.models.instances import Instance, Task
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.models.people import User
from service.storage.models.releases import Release
from service.storage.queries import pages, releases
from service.storage.types import Row

OVERDUE = "overdue"

_COLUMNS = list(Deadline.__table__.c)
_LEVEL = list(DeadlineLevel.__table__.c)
_WITH_CONTEXT = [
    *_COLUMNS,
    Task.item,
    Task.assignee,
    Task.groups,
    Task.users,
    Release.title.label("release_title"),
    Release.service,
    Release.manager,
    Release.coordinator,
    Definition.name.label("model_name"),
]


def get(key: int) -> Row | None:
    """One deadline, with its task's assignee, groups and users, and its release's title, manager and coordinator."""
    with db.reading() as session:
        return session.execute(_contextual().where(Deadline.key == key)).first()


def open_of_task(task_key: int) -> Row | None:
    """The deadline of a task while that is open; a row as in `get`."""
    with db.reading() as session:
        return session.execute(_contextual().where(Deadline.task_key == task_key, Deadline.state == "open")).first()


def open_of_subject(subject: str) -> Row | None:
    """The open deadline of a milestone or release; a row as in `get`."""
    with db.reading() as session:
        return session.execute(_contextual().where(Deadline.subject == subject, Deadline.state == "open")).first()


def open_of_instance(instance_key: int) -> Sequence[Row]:
    """The open deadlines of an instance; rows of the table."""
    statement = select(*_COLUMNS).where(Deadline.instance_key == instance_key, Deadline.state == "open")
    with db.reading() as session:
        return session.execute(statement.order_by(Deadline.key)).all()


def of_activities(activation_keys: Iterable[int]) -> Sequence[Row]:
    """The deadlines of these activations, open, over or withdrawn; rows of the table."""
    statement = select(*_COLUMNS).where(Deadline.activation_key.in_(list(activation_keys)))
    with db.reading() as session:
        return session.execute(statement.order_by(Deadline.key)).all()


def of_task(task_key: int) -> Row | None:
    """The deadline of a task, open or over; a row as in `get`."""
    statement = _contextual().where(Deadline.task_key == task_key).order_by(Deadline.key.desc()).limit(1)
    with db.reading() as session:
        return session.execute(statement).first()


def by_keys(keys: Iterable[int]) -> dict[int, Row]:
    """Several deadlines by key; rows as in `get`."""
    with db.reading() as session:
        rows = session.execute(_contextual().where(Deadline.key.in_(list(keys)))).all()
    return {row.key: row for row in rows}


def listing(
    actor: policy.Actor,
    *,
    state: str | None = None,
    release: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Deadlines the actor may see, soonest first. state: open, overdue (open and missed), met, late, cancelled."""
    limit = pages.bounded(limit)
    statement = _contextual().order_by(Deadline.due_at, Deadline.key).limit(limit + 1)
    if state == OVERDUE:
        statement = statement.where(Deadline.state == "open", Deadline.due_at < clock.now())
    elif state:
        statement = statement.where(Deadline.state == state)
    if release is not None:
        statement = statement.where(Deadline.release_number == release)
    if not policy.may_see_everything(actor):
        statement = statement.where(Deadline.release_number.in_(releases.visible_numbers(actor)))
    if cursor:
        moment, key = pages.decode(cursor, pages.moment, pages.key)
        statement = statement.where(or_(Deadline.due_at > moment, and_(Deadline.due_at == moment, Deadline.key > key)))
    with db.reading() as session:
        rows = session.execute(statement).all()
    return pages.cut(rows, limit, lambda row: [row.due_at.isoformat(), row.key])


def counted_in(calendar: str, most: int) -> Sequence[Row]:
    """Open deadlines that count in a calendar and that nobody has moved, soonest first; rows as in `get`."""
    statement = _contextual().where(*_counts_in(calendar)).order_by(Deadline.due_at, Deadline.key).limit(most)
    with db.reading() as session:
        return session.execute(statement).all()


def number_counted_in(calendar: str) -> int:
    """How many there are."""
    statement = _joined(select(func.count(Deadline.key))).where(*_counts_in(calendar))
    with db.reading() as session:
        return int(session.execute(statement).scalar_one())


def counted_in_next_runs(calendar: str, after: int, runs: int) -> Sequence[Row]:
    """Those of the next few instances after one, by the instances' keys."""
    keys = _joined(select(Deadline.instance_key)).where(*_counts_in(calendar), Deadline.instance_key > after)
    next_ones = keys.distinct().order_by(Deadline.instance_key).limit(runs).subquery()
    statement = _contextual().where(*_counts_in(calendar), Deadline.instance_key.in_(select(next_ones.c.instance_key)))
    with db.reading() as session:
        return session.execute(statement.order_by(Deadline.instance_key, Deadline.key)).all()


def _counts_in(calendar: str) -> tuple[Any, ...]:
    counts_for_holder = and_(Deadline.clock == deadlines.ASSIGNEE, Task.assignee.is_not(None))
    chosen, own = select(ServiceCalendar.service), select(User.name)
    if calendar == calendars.STANDARD:
        of_service = or_(Release.service.is_(None), Release.service.not_in(chosen))
        of_holder = Task.assignee.not_in(own.where(User.calendar.is_not(None)))
    else:
        of_service = Release.service.in_(chosen.where(ServiceCalendar.calendar == calendar))
        of_holder = Task.assignee.in_(own.where(User.calendar == calendar))
    counts = or_(and_(counts_for_holder, of_holder), and_(not_(counts_for_holder), of_service))
    return Deadline.state == "open", Deadline.moved.is_(False), counts


def levels(deadline_keys: Iterable[int]) -> dict[int, list[Row]]:
    """The levels of these deadlines by deadline key, earliest first."""
    wanted = list(deadline_keys)
    found: dict[int, list[Row]] = {key: [] for key in wanted}
    if not wanted:
        return found
    statement = (
        select(*_LEVEL)
        .where(DeadlineLevel.deadline_key.in_(wanted))
        .order_by(DeadlineLevel.fire_at, DeadlineLevel.level, DeadlineLevel.repeat)
    )
    with db.reading() as session:
        for row in session.execute(statement):
            found[row.deadline_key].append(row)
    return found


def of_release(number: int, *, open_only: bool = False) -> Sequence[Row]:
    """Deadlines of a release, soonest first."""
    statement = _contextual().where(Deadline.release_number == number).order_by(Deadline.due_at, Deadline.key)
    if open_only:
        statement = statement.where(Deadline.state == "open")
    with db.reading() as session:
        return session.execute(statement).all()


def counts(now: datetime | None = None) -> dict[str, int]:
    """How many are open, and how many of those are missed: for the metrics."""
    moment = now or clock.now()
    with db.reading() as session:
        opened = session.execute(select(func.count()).where(Deadline.state == "open")).scalar_one()
        missed = session.execute(
            select(func.count()).where(Deadline.state == "open", Deadline.due_at < moment)
        ).scalar_one()
    return {"open": opened, "overdue": missed}


def _contextual() -> Any:
    return _joined(select(*_WITH_CONTEXT))


def _joined(statement: Any) -> Any:
    return (
        statement.select_from(Deadline)
        .outerjoin(Task, Task.key == Deadline.task_key)
        .outerjoin(Release, Release.number == Deadline.release_number)
        .join(Instance, Instance.key == Deadline.instance_key)
        .join(Definition, Definition.key == Instance.definition_key)
    )
