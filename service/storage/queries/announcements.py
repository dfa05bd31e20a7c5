"""Announced dates of a release, and who follows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from service.storage import db
from service.storage.models.announcements import Announcement, AnnouncementMail, Follower
from service.storage.models.releases import Release
from service.storage.types import Row

_ANNOUNCED = list(Announcement.__table__.c)
_FOLLOWER = list(Follower.__table__.c)


def of_release(number: int) -> Sequence[Row]:
    """What was announced of a release, the newest first."""
    statement = select(*_ANNOUNCED).where(Announcement.release_number == number)
    return _all(statement.order_by(Announcement.at.desc(), Announcement.key.desc()))


def latest(number: int) -> Row | None:
    """What was announced last; None where nothing was."""
    return next(iter(of_release(number)), None)


def followers(number: int) -> Sequence[Row]:
    """Who follows a release, in the order in which they came; with state and answer of the last mail to an address."""
    newest, said = aliased(AnnouncementMail), aliased(Announcement)
    last = (
        select(newest.key)
        .join(said, said.key == newest.announcement_key)
        .where(newest.follower_key == Follower.key)
        .order_by(said.at.desc(), newest.key.desc())
        .limit(1)
        .scalar_subquery()
    )
    mail = [AnnouncementMail.state.label("mail"), AnnouncementMail.answer, AnnouncementMail.sent_at]
    statement = select(*_FOLLOWER, *mail).outerjoin(AnnouncementMail, AnnouncementMail.key == last)
    return _all(statement.where(Follower.release_number == number, Follower.ended_at.is_(None)).order_by(Follower.key))


def follower(key: int) -> Row | None:
    """One follower, whether or not it is over."""
    return _one(select(*_FOLLOWER).where(Follower.key == key))


def known(number: int, *, user: str | None = None, address: str | None = None) -> Row | None:
    """The follower of a release with this name or address, whether or not it is over."""
    who = Follower.user == user if user is not None else Follower.address == address
    return _one(select(*_FOLLOWER).where(Follower.release_number == number, who))


def by_token(token: str) -> Row | None:
    """The follower that a link means, with the title of the release."""
    statement = select(*_FOLLOWER, Release.title).join(Release, Release.number == Follower.release_number)
    return _one(statement.where(Follower.token == token))


def mail(key: int) -> Row | None:
    """A mail with its announcement, the follower's language, token and end, and the title of the release."""
    columns = [column for column in _ANNOUNCED if column.name != "key"]
    own = [Follower.language, Follower.token, Follower.ended_at, Release.title]
    statement = (
        select(AnnouncementMail.key, AnnouncementMail.message_id, AnnouncementMail.address, *columns, *own)
        .join(Announcement, Announcement.key == AnnouncementMail.announcement_key)
        .join(Follower, Follower.key == AnnouncementMail.follower_key)
        .join(Release, Release.number == Announcement.release_number)
    )
    return _one(statement.where(AnnouncementMail.key == key))


def replaced(announced: Row) -> bool:
    """Whether other dates of its release were announced after this announcement."""
    later = (Announcement.release_number == announced.release_number, Announcement.at > announced.at)
    same = and_(Announcement.window_start == announced.window_start, Announcement.window_end == announced.window_end)
    return _one(select(Announcement.key).where(*later, ~same).limit(1)) is not None


def _all(statement: Any) -> Sequence[Row]:
    with db.reading() as session:
        return session.execute(statement).all()


def _one(statement: Any) -> Row | None:
    with db.reading() as session:
        return session.execute(statement).first()
