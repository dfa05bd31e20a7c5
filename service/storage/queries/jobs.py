"""Jobs of service tasks: one, those that are open, how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from service.storage import db
from service.storage.models.definitions import Definition
from service.storage.models.instances import Instance, Job
from service.storage.models.releases import Release
from service.storage.types import Row

_COLUMNS = list(Job.__table__.c)
_WITH_CONTEXT = [
    *_COLUMNS,
    Release.title.label("release_title"),
    Release.manager,
    Release.coordinator,
    Definition.name.label("model_name"),
]


def get(key: int) -> Row | None:
    """One job, with its release's title, manager and coordinator and the name of its model."""
    statement = (
        select(*_WITH_CONTEXT)
        .outerjoin(Release, Release.number == Job.release_number)
        .join(Instance, Instance.key == Job.instance_key)
        .join(Definition, Definition.key == Instance.definition_key)
        .where(Job.key == key)
    )
    with db.reading() as session:
        return session.execute(statement).first()


def by_keys(keys: Iterable[int]) -> Sequence[Row]:
    """Several jobs, in the order of their keys."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Job.key.in_(list(keys))).order_by(Job.key)).all()


def of_instance(instance_key: int, *, state: str | None = None) -> Sequence[Row]:
    """Jobs of an instance, in the order they were wanted."""
    statement = select(*_COLUMNS).where(Job.instance_key == instance_key).order_by(Job.key)
    if state:
        statement = statement.where(Job.state == state)
    with db.reading() as session:
        return session.execute(statement).all()


def pending(numbers: Iterable[int]) -> dict[int, list[int]]:
    """The product's own jobs of these releases that are not done yet: release number -> keys, none without."""
    statement = (
        select(Job.release_number, Job.key)
        .where(Job.release_number.in_(list(numbers)), Job.state == "open", Job.internal.is_(True))
        .order_by(Job.key)
    )
    found: dict[int, list[int]] = {}
    with db.reading() as session:
        for number, key in session.execute(statement):
            found.setdefault(number or 0, []).append(key)
    return found


def counts() -> dict[str, int]:
    """How many there are in each state: for the metrics."""
    with db.reading() as session:
        rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
        return {"open": 0, "done": 0, "failed": 0, "cancelled": 0} | {row[0]: row[1] for row in rows}
