"""Messages on their way between instances."""

from __future__ import annotations

from sqlalchemy import select

from service.storage import db
from service.storage.models.instances import Message
from service.storage.types import Row


def get(key: int) -> Row | None:
    """One thrown message."""
    with db.reading() as session:
        return session.execute(select(*Message.__table__.c).where(Message.key == key)).first()
