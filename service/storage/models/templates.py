"""What administrators say otherwise: texts of notices, and who hears of key points."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class NoticeTemplate(Base):
    """One version of the text of a kind of notices in a language. Without a subject: the shipped text holds again."""

    __tablename__ = "notice_templates"
    key: Mapped[int] = key_column()
    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(Integer)
    subject: Mapped[str | None] = mapped_column(String(500))
    body: Mapped[str | None] = mapped_column(Text)
    current: Mapped[bool] = mapped_column(Boolean)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("kind", "language", "revision"), Index(None, "current", "kind"))


class Hearers(Base):
    """Who hears of a kind of key points instead of the usual recipients."""

    __tablename__ = "hearers"
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    recipients: Mapped[list[str]] = mapped_column(Json)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
