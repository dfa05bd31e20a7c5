"""History, the outbox and other bookkeeping."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, Integer, String, Text, UniqueConstraint, column
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column

RESUMED = "release.resumed"  # what happened when a release went on after a hold
_identity_key = BigInteger().with_variant(Integer(), "sqlite")
_RESUMED = column("event") == RESUMED


class Event(Base):
    """One thing that happened; append-only. Each row carries a hash over itself and the one before it in its chain."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(_identity_key, Identity(), primary_key=True)
    chain: Mapped[str] = mapped_column(String(40))  # 'i123' an instance, 'admin'
    seq: Mapped[int] = mapped_column(Integer)
    instance_key: Mapped[int | None] = mapped_column(BigInteger)
    release_number: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str | None] = mapped_column(String(80))
    event: Mapped[str] = mapped_column(String(40))
    element: Mapped[str | None] = mapped_column(String(255))
    activation_key: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict] = mapped_column(Json, default=dict)
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index(None, "release_number", "id"),
        Index(None, "instance_key", "id"),
        Index("ix_history_resumed", "release_number", postgresql_where=_RESUMED, sqlite_where=_RESUMED),
    )


class Breakdown(Base):
    """Something that is due and that the program fails on, again and again, where no run has an incident for it."""

    __tablename__ = "breakdowns"
    key: Mapped[int] = key_column()
    kind: Mapped[str] = mapped_column(String(20))  # as in storage/outbox.py
    subject: Mapped[int] = mapped_column(BigInteger)  # the key of the row that is due
    name: Mapped[str] = mapped_column(String(300))  # what it is, in a few words
    instance_key: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment, index=True)
    __table_args__ = (UniqueConstraint("kind", "subject"),)


class AdminChain(Base):
    """The head of the history of administration; one row."""

    __tablename__ = "admin_chain"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(Integer, default=0)
    hash: Mapped[str] = mapped_column(String(64), default="")


class KeyBlock(Base):
    """Where the next block of keys, or the next number of a sequence, begins."""

    __tablename__ = "key_blocks"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next: Mapped[int] = mapped_column(BigInteger)


class IdempotencyKey(Base):
    """An answer kept for a repeated request."""

    __tablename__ = "idempotency_keys"
    user: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column(Integer)  # None while the first request is still running
    body: Mapped[dict | None] = mapped_column(Json)
    headers: Mapped[dict | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
