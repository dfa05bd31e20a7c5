"""The release policy, its versions and its reviews."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from service.storage import db
from service.storage.models.releasepolicy import ONLY, PolicyReview, PolicyVersion, ReleasePolicy
from service.storage.queries import pages
from service.storage.types import Row

_POLICY = list(ReleasePolicy.__table__.c)
_VERSION = list(PolicyVersion.__table__.c)
_REVIEW = list(PolicyReview.__table__.c)


def get() -> Row | None:
    """The policy with the number of its newest version; None before the first one is written."""
    newest = select(func.max(PolicyVersion.number)).scalar_subquery().label("newest")
    with db.reading() as session:
        return session.execute(select(*_POLICY, newest).where(ReleasePolicy.key == ONLY)).first()


def version(number: int) -> Row | None:
    """One version with its text."""
    with db.reading() as session:
        return session.execute(select(*_VERSION).where(PolicyVersion.number == number)).first()


def versions(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """All versions, the newest first, without their texts."""
    limit = pages.bounded(limit)
    columns = [column for column in _VERSION if column.name != "text"]
    statement = select(*columns).order_by(PolicyVersion.number.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(PolicyVersion.number < pages.decode(cursor, pages.number)[0])
    with db.reading() as session:
        rows = session.execute(statement).all()
    return pages.cut(rows, limit, lambda row: [row.number])


def reviews() -> Sequence[Row]:
    """All reviews, the latest first."""
    with db.reading() as session:
        return session.execute(select(*_REVIEW).order_by(PolicyReview.at.desc(), PolicyReview.key.desc())).all()
