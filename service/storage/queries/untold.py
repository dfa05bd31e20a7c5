"""Who was not told of something, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.untold import Untold
from service.storage.types import Row

_COLUMNS = list(Untold.__table__.c)


def of_causes(causes: Iterable[str]) -> Sequence[Row]:
    """Those of several causes, in the order in which they were written."""
    wanted = list(causes)
    if not wanted:
        return ()
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Untold.cause.in_(wanted)).order_by(Untold.key)).all()
