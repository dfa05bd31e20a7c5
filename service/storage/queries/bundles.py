"""Messages that were given up: what travelled together, to whom, and what the other side said."""

from __future__ import annotations

from sqlalchemy import func, select

from service.storage import db
from service.storage.models.notices import Bundle, Delivery, Notice
from service.storage.queries import pages
from service.storage.types import Row

_FIRST = (
    select(Notice.subject)
    .join(Delivery, Delivery.notice_key == Notice.key)
    .where(Delivery.bundle == Bundle.key)
    .order_by(Notice.key)
    .limit(1)
    .scalar_subquery()
)


def given_up(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """Bundles that were given up, the newest first, with the subject of the first of their notices."""
    limit = pages.bounded(limit)
    statement = select(*Bundle.__table__.c, _FIRST.label("subject")).where(Bundle.state == "dead")
    statement = pages.newest_first(statement, Bundle.made_at, Bundle.key, limit, cursor)
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.made_at.isoformat(), row.key])


def count_given_up() -> int:
    """How many there are."""
    with db.reading() as session:
        return session.execute(select(func.count(Bundle.key)).where(Bundle.state == "dead")).scalar_one()
