"""Row locks, always in the same order: the release first, then its instance (design section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from service import errors
from service.storage.models.instances import Instance
from service.storage.models.messages import Start
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.models.releases import Release
from service.storage.types import Row

_LIGHT = [column for column in Instance.__table__.c if column.name != "state"]
_INSTANCE = select(*_LIGHT).where(Instance.key == bindparam("key")).with_for_update()
_RELEASE = select(*Release.__table__.c).where(Release.number == bindparam("number")).with_for_update()

_START = select(*Start.__table__.c).where(Start.key == bindparam("key")).with_for_update()


def start(session: Session, key: int) -> Row | None:
    """Lock and read one start event; None where a newer version has replaced it."""
    return session.execute(_START, {"key": key}).first()


def starts(session: Session, process_id: str) -> Sequence[Row]:
    """Lock and read the start events of a process."""
    statement = select(*Start.__table__.c).where(Start.process_id == process_id).order_by(Start.key).with_for_update()
    return session.execute(statement).all()


def release(session: Session, number: int) -> Row:
    """Lock and read one release; raises NotFound."""
    row = session.execute(_RELEASE, {"number": number}).first()
    if row is None:
        raise errors.NotFound(f"There is no release R-{number}.")
    return row


def instance(session: Session, key: int) -> Row:
    """Lock and read one instance, without the engine's state; raises NotFound."""
    row = session.execute(_INSTANCE, {"key": key}).first()
    if row is None:
        raise errors.NotFound(f"There is no instance {key}.")
    return row


def instances_of_levels(session: Session, level_keys: Sequence[int]) -> None:
    """Lock the instances of these deadline levels: whoever ends or moves a deadline locks its instance first, too."""
    instances = (
        select(Deadline.instance_key)
        .join(DeadlineLevel, DeadlineLevel.deadline_key == Deadline.key)
        .where(DeadlineLevel.key.in_(level_keys), DeadlineLevel.state == "waiting")
    )
    session.execute(select(Instance.key).where(Instance.key.in_(instances)).order_by(Instance.key).with_for_update())


def free(session: Session, key: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The keys of rows that nobody else is changing; whoever is may wait for something of ours, and is not waited for.

    For what makes others easier and may be left out: a transaction that has noted what it did must not fail by it.
    """
    chosen: Select[Any] = select(key).where(*conditions)
    return chosen.with_for_update(skip_locked=True) if session.get_bind().dialect.name == "postgresql" else chosen


def state(session: Session, key: int) -> bytes:
    """The engine's state of an instance that is locked."""
    return session.execute(select(Instance.state).where(Instance.key == key)).scalar_one()


def release_of(session: Session, instance_key: int) -> int | None:
    """The release an instance belongs to, without a lock: it never changes. Raises NotFound."""
    row = session.execute(select(Instance.release_number).where(Instance.key == instance_key)).first()
    if row is None:
        raise errors.NotFound(f"There is no instance {instance_key}.")
    return row.release_number
