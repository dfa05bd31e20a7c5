"""Texts of notices that administrators wrote, and who hears of key points as they say."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.templates import Hearers, NoticeTemplate
from service.storage.types import Row

_COLUMNS = list(NoticeTemplate.__table__.c)


def current(kinds: Collection[str] | None = None) -> Sequence[Row]:
    """The texts that hold instead of the shipped ones, of these kinds or of all."""
    statement = select(*_COLUMNS).where(NoticeTemplate.current.is_(True), NoticeTemplate.subject.is_not(None))
    if kinds is not None:
        statement = statement.where(NoticeTemplate.kind.in_(list(kinds)))
    with db.reading() as session:
        return session.execute(statement).all()


def versions(kind: str, language: str) -> Sequence[Row]:
    """All versions of a text, the newest first."""
    statement = select(*_COLUMNS).where(NoticeTemplate.kind == kind, NoticeTemplate.language == language)
    with db.reading() as session:
        return session.execute(statement.order_by(NoticeTemplate.revision.desc())).all()


def name(key: int) -> str | None:
    """The kind of a text, by the key of one of its versions."""
    with db.reading() as session:
        return session.execute(select(NoticeTemplate.kind).where(NoticeTemplate.key == key)).scalar_one_or_none()


def hearers() -> dict[str, Row]:
    """Who hears of key points instead, by kind."""
    with db.reading() as session:
        rows = session.execute(select(*Hearers.__table__.c)).all()
    return {row.kind: row for row in rows}
