"""Webhooks, the events that they are told of, and each attempt to tell."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Webhook(Base):
    """An address of another program that wants to be told."""

    __tablename__ = "webhooks"
    key: Mapped[int] = key_column()
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(2000))
    kinds: Mapped[list[str]] = mapped_column(Json)  # none: all
    secret: Mapped[str] = mapped_column(String(100))
    earlier_secret: Mapped[str | None] = mapped_column(String(100))  # signs as well until it is over
    earlier_until: Mapped[datetime | None] = mapped_column(Moment)
    active: Mapped[bool] = mapped_column(Boolean)
    off_because: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(Integer, default=0)  # one after the other, none in between that went well
    rests_until: Mapped[datetime | None] = mapped_column(Moment)  # after a failure nobody tries before
    revision: Mapped[int] = mapped_column(Integer, default=1)


class WebhookEvent(Base):
    """One event on its way to one webhook. state: waiting, sent, dead (given up), skipped (the webhook was off)."""

    __tablename__ = "webhook_events"
    key: Mapped[int] = key_column()
    webhook_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhooks.key"))
    cause: Mapped[str] = mapped_column(String(160))  # as of notices: with the webhook, unique
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)  # the very text that is signed
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    answer: Mapped[str | None] = mapped_column(Text)  # what the receiver said last
    __table_args__ = (
        UniqueConstraint("webhook_key", "cause"),
        Index(None, "state", "due_at"),
        Index(None, "webhook_key", "state"),
    )


class WebhookAttempt(Base):
    """One call of a webhook, and what came of it."""

    __tablename__ = "webhook_attempts"
    key: Mapped[int] = key_column()
    event_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_events.key"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    took_ms: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)  # None: no answer
    answer: Mapped[str] = mapped_column(Text)
