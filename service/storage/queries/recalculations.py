"""What works open deadlines out anew in a calendar, and how far it is."""

from __future__ import annotations

from sqlalchemy import select

from service.storage import db
from service.storage.models.calendars import Recalculation
from service.storage.queries import pages
from service.storage.types import Row

_COLUMNS = list(Recalculation.__table__.c)


def get(key: int) -> Row | None:
    """One of them, with its progress."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Recalculation.key == key)).first()


def listing(calendar: str, *, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """Those of a calendar, the newest first."""
    limit = pages.bounded(limit)
    statement = select(*_COLUMNS).where(Recalculation.calendar == calendar)
    statement = pages.newest_first(statement, Recalculation.at, Recalculation.key, limit, cursor)
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.at.isoformat(), row.key])


def newest(calendar: str) -> Row | None:
    """The last one of a calendar, under way or done."""
    return next(iter(listing(calendar, limit=1)[0]), None)
