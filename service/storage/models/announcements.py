"""Dates of releases that were announced, who follows them, and the mails to those who are no users."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Moment, key_column


class Announcement(Base):
    """A window of a release that was announced, or that took the place of one announced before."""

    __tablename__ = "announcements"
    key: Mapped[int] = key_column()
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"), index=True)
    window_start: Mapped[datetime] = mapped_column(Moment)
    window_end: Mapped[datetime] = mapped_column(Moment)
    start_before: Mapped[datetime | None] = mapped_column(Moment)  # where announced dates changed
    end_before: Mapped[datetime | None] = mapped_column(Moment)
    message: Mapped[str] = mapped_column(Text, default="")  # or why the dates changed
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class Follower(Base):
    """A person, or an address of a customer, that hears of announced dates. ended_by: empty where by a mail's link."""

    __tablename__ = "followers"
    key: Mapped[int] = key_column()
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"))
    user: Mapped[str | None] = mapped_column(String(80), index=True)
    address: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10), default="en")
    token: Mapped[str] = mapped_column(String(64), unique=True)  # who has it may end this, and nothing else
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    __table_args__ = (UniqueConstraint("release_number", "user"), UniqueConstraint("release_number", "address"))


class AnnouncementMail(Base):
    """One announcement on its way to one address. state: waiting, sent, dead (given up), skipped (ended before)."""

    __tablename__ = "announcement_mails"
    key: Mapped[int] = key_column()
    announcement_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("announcements.key"))
    follower_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("followers.key"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    outage: Mapped[bool] = mapped_column(Boolean, default=False)  # it waits because the mail server was away
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    message_id: Mapped[str] = mapped_column(String(255))
    answer: Mapped[str | None] = mapped_column(Text)  # what the server said last
    __table_args__ = (UniqueConstraint("announcement_key", "follower_key"), Index(None, "state", "due_at"))
