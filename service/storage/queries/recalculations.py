"""What works open deadlines out anew in a calendar, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.calendars import Recalculation
from service.storage.types import Row

_COLUMNS = list(Recalculation.__table__.c)


def get(key: int) -> Row | None:
    """One of them, with its progress."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Recalculation.key == key)).first()


def listing(calendar: str, *, limit: int = 50, before: int | None = None) -> Sequence[Row]:
    """Those of a calendar, the newest first."""
    statement = select(*_COLUMNS).where(Recalculation.calendar == calendar).order_by(Recalculation.key.desc())
    if before is not None:
        statement = statement.where(Recalculation.key < before)
    with db.reading() as session:
        return session.execute(statement.limit(limit)).all()


def newest(calendar: str) -> Row | None:
    """The last one of a calendar, under way or done."""
    return next(iter(listing(calendar, limit=1)), None)
