"""People, their groups and their tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class User(Base):
    """A person who can sign in. Never deleted: deactivated, and anonymised on request."""

    __tablename__ = "users"
    key: Mapped[int] = key_column()
    name: Mapped[str] = mapped_column(String(80), unique=True)  # what one signs in with
    title: Mapped[str] = mapped_column(String(120))  # what others read
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    calendar: Mapped[str | None] = mapped_column(String(80))  # none: the standard hours in their zone
    language: Mapped[str] = mapped_column(String(8), default="en")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    session_mark: Mapped[str] = mapped_column(
        String(32), default=""
    )  # changes when the password does: ends other sessions
    created_at: Mapped[datetime] = mapped_column(Moment)
    deactivated_at: Mapped[datetime | None] = mapped_column(Moment)


class Group(Base):
    """A named group of people; diagrams name it as a candidate group. language: of what is told to its chats."""

    __tablename__ = "groups"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")


class Membership(Base):
    """Who belongs to which group."""

    __tablename__ = "memberships"
    user_key: Mapped[int] = mapped_column(ForeignKey("users.key"), primary_key=True)
    group_name: Mapped[str] = mapped_column(ForeignKey("groups.name"), primary_key=True)
    __table_args__ = (Index(None, "group_name"),)


class Token(Base):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "tokens"
    key: Mapped[int] = key_column()
    user_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.key"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
