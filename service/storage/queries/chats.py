"""Where people can be reached by chat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.chats import ChatAddress
from service.storage.types import Row

_SHOWN = [column for column in ChatAddress.__table__.c if column.name != "url"]


def of(user: str) -> Sequence[Row]:
    """The chats of one person, by name, without their secrets."""
    with db.reading() as session:
        return session.execute(select(*_SHOWN).where(ChatAddress.user == user).order_by(ChatAddress.name)).all()


def names(users: Iterable[str]) -> dict[str, list[str]]:
    """The names of the chats of people."""
    statement = select(ChatAddress.user, ChatAddress.name).where(ChatAddress.user.in_(list(users)))
    found: dict[str, list[str]] = {}
    with db.reading() as session:
        for row in session.execute(statement.order_by(ChatAddress.user, ChatAddress.name)):
            found.setdefault(row.user, []).append(row.name)
    return found


def get(key: int) -> Row | None:
    """One chat, without its secret."""
    with db.reading() as session:
        return session.execute(select(*_SHOWN).where(ChatAddress.key == key)).first()


def url(user: str, name: str) -> str | None:
    """The secret address of a person's chat of this name; None where it is gone."""
    statement = select(ChatAddress.url).where(ChatAddress.user == user, ChatAddress.name == name)
    with db.reading() as session:
        return session.execute(statement).scalar_one_or_none()
