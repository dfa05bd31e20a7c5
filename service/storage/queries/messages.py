"""Messages on their way between instances."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from service.storage import db
from service.storage.models.instances import Message


def get(key: int) -> Row[Any] | None:
    """One thrown message."""
    with db.reading() as session:
        return session.execute(select(*Message.__table__.c).where(Message.key == key)).first()
