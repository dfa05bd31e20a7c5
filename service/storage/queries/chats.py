"""Where people and groups can be reached by chat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.chats import ChatAddress
from service.storage.types import Row

_SHOWN = [column for column in ChatAddress.__table__.c if column.name != "url"]


def of(reader: str) -> Sequence[Row]:
    """The chats of one reader, by name, without their secrets."""
    with db.reading() as session:
        return session.execute(select(*_SHOWN).where(ChatAddress.reader == reader).order_by(ChatAddress.name)).all()


def names(wanted: Iterable[str]) -> dict[str, list[str]]:
    """The names of the chats of readers, by reader."""
    statement = select(ChatAddress.reader, ChatAddress.name).where(ChatAddress.reader.in_(list(wanted)))
    found: dict[str, list[str]] = {}
    with db.reading() as session:
        for row in session.execute(statement.order_by(ChatAddress.reader, ChatAddress.name)):
            found.setdefault(row.reader, []).append(row.name)
    return found


def get(key: int) -> Row | None:
    """One chat, without its secret."""
    with db.reading() as session:
        return session.execute(select(*_SHOWN).where(ChatAddress.key == key)).first()


def url(reader: str, name: str) -> str | None:
    """The secret address of a reader's chat of this name; None where it is gone."""
    statement = select(ChatAddress.url).where(ChatAddress.reader == reader, ChatAddress.name == name)
    with db.reading() as session:
        return session.execute(statement).scalar_one_or_none()
