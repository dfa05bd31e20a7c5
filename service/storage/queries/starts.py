"""The start events that messages, signals and time trigger."""

from __future__ import annotations

from sqlalchemy import select

from service.storage import db
from service.storage.models.messages import Start
from service.storage.types import Row

_START = list(Start.__table__.c)


def get(key: int) -> Row | None:
    """One start event."""
    with db.reading() as session:
        return session.execute(select(*_START).where(Start.key == key)).first()
