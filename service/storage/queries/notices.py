"""Notices: a person's inbox, and for each release who was told what, when, and with what answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from service.domain import policy
from service.storage import db
from service.storage.models.notices import Delivery, Notice
from service.storage.models.people import User
from service.storage.queries import pages, releases
from service.storage.types import Row

_COLUMNS = [column for column in Notice.__table__.c if column.name != "as_recipient"] + [Notice.as_.label("as_")]
_RECEIPT = [
    *_COLUMNS,
    User.title.label("user_title"),
    Delivery.key.label("delivery_key"),
    Delivery.channel,
    Delivery.address,
    Delivery.state.label("delivery_state"),
    Delivery.reason,
    Delivery.attempts,
    Delivery.due_at.label("next_attempt_at"),
    Delivery.sent_at,
    Delivery.message_id,
    Delivery.answer,
]
_NEWEST = (Notice.asked_at.desc(), Notice.key.desc(), Delivery.key)


def inbox(
    user: str, *, unread: bool | None = None, limit: int = 50, cursor: str | None = None
) -> tuple[list[Row], str | None]:
    """A person's notices, newest first."""
    limit = pages.bounded(limit)
    statement = select(*_COLUMNS).where(Notice.reader == user)
    if unread is not None:
        statement = statement.where(Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None))
    statement = pages.newest_first(statement, Notice.asked_at, Notice.key, limit, cursor)
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, _place)


def unread(user: str) -> int:
    """How many of a person's notices are not read."""
    with db.reading() as session:
        return session.execute(
            select(func.count(Notice.key)).where(Notice.reader == user, Notice.read_at.is_(None))
        ).scalar_one()


def leads(user: str, link: str) -> bool:
    """A notice of this person leads there."""
    with db.reading() as session:
        return session.execute(select(Notice.key).where(Notice.reader == user, Notice.link == link)).first() is not None


def get(key: int) -> Row | None:
    """One notice."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Notice.key == key)).first()


def several(keys: Iterable[int]) -> Sequence[Row]:
    """Notices by their keys."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Notice.key.in_(list(keys))).order_by(Notice.key)).all()


def owns(user: str, key: int) -> bool:
    """The notice is in this person's inbox."""
    with db.reading() as session:
        return session.execute(select(Notice.key).where(Notice.key == key, Notice.reader == user)).first() is not None


def listing(
    actor: policy.Actor,
    *,
    release: int | None = None,
    reader: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Notices with their receipts, newest first: those of releases the actor may see, and their own. limit: of notices.

    A row has the notice, user_title (None for a group), and of its delivery (None where there is none): channel,
    address, delivery_state, reason, attempts, next_attempt_at, sent_at, message_id, answer.
    """
    limit = pages.bounded(limit)
    statement = select(Notice.key, Notice.asked_at)
    if release is not None:
        statement = statement.where(Notice.release_number == release)
    if reader is not None:
        statement = statement.where(Notice.reader == reader)
    if not policy.may_see_everything(actor):
        visible = Notice.release_number.in_(releases.visible_numbers(actor))
        statement = statement.where(visible | (Notice.reader == actor.name))
    statement = pages.newest_first(statement, Notice.asked_at, Notice.key, limit, cursor)
    with db.reading() as session:
        page, after = pages.cut(session.execute(statement).all(), limit, _place)
        receipts = _receipts().where(Notice.key.in_([row.key for row in page])).order_by(*_NEWEST)
        return list(session.execute(receipts)), after


def of_release(number: int, *, limit: int = 200) -> Sequence[Row]:
    """Receipts of a release, newest first; rows as in `listing`."""
    statement = _receipts().where(Notice.release_number == number).order_by(*_NEWEST).limit(limit)
    with db.reading() as session:
        return session.execute(statement).all()


def of_cause(cause: str) -> Sequence[Row]:
    """Receipts of one cause, by reader; rows as in `listing`."""
    with db.reading() as session:
        return session.execute(_receipts().where(Notice.cause == cause).order_by(Notice.reader)).all()


def of_causes(causes: Iterable[str]) -> Sequence[Row]:
    """Receipts of several causes, by reader; rows as in `listing`."""
    wanted = list(causes)
    if not wanted:
        return ()
    statement = _receipts().where(Notice.cause.in_(wanted)).order_by(Notice.reader, Notice.key, Delivery.key)
    with db.reading() as session:
        return session.execute(statement).all()


def _place(row: Row) -> list[Any]:
    return [row.asked_at.isoformat(), row.key]


def _receipts() -> Any:
    return (
        select(*_RECEIPT)
        .outerjoin(Delivery, Delivery.notice_key == Notice.key)
        .outerjoin(User, User.name == Notice.reader)
    )
