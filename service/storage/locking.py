"""Row locks, always in the same order: the release first, then its instance (design section 3)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import errors
from service.storage.models.instances import Instance
from service.storage.models.releases import Release
from service.storage.types import Row

_INSTANCE = [column for column in Instance.__table__.c if column.name != "state"]


def release(session: Session, number: int) -> Row:
    """Lock and read one release; raises NotFound."""
    row = session.execute(select(*Release.__table__.c).where(Release.number == number).with_for_update()).first()
    if row is None:
        raise errors.NotFound(f"There is no release R-{number}.")
    return row


def instance(session: Session, key: int) -> Row:
    """Lock and read one instance, without the engine's state; raises NotFound."""
    row = session.execute(select(*_INSTANCE).where(Instance.key == key).with_for_update()).first()
    if row is None:
        raise errors.NotFound(f"There is no instance {key}.")
    return row


def state(session: Session, key: int) -> bytes:
    """The engine's state of an instance that is locked."""
    return session.execute(select(Instance.state).where(Instance.key == key)).scalar_one()


def release_of(session: Session, instance_key: int) -> int | None:
    """The release an instance belongs to, without a lock: it never changes. Raises NotFound."""
    row = session.execute(select(Instance.release_number).where(Instance.key == instance_key)).first()
    if row is None:
        raise errors.NotFound(f"There is no instance {instance_key}.")
    return row.release_number
