"""Messages and signals on their way, who received them, and what they may start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Message(Base):
    """A message or signal that was sent.

    state: waiting (on its way), kept (for who waits later, until `expires_at`), done, expired (nobody came for it).
    """

    __tablename__ = "messages"
    key: Mapped[int] = key_column()
    kind: Mapped[str] = mapped_column(String(8), server_default="message")  # message or signal
    name: Mapped[str] = mapped_column(String(255))
    correlation: Mapped[str | None] = mapped_column(String(255))
    variables: Mapped[dict] = mapped_column(Json, default=dict)
    thrown_by: Mapped[int | None] = mapped_column(BigInteger)  # the instance
    published_by: Mapped[str | None] = mapped_column(String(80))  # the person
    published_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    targets: Mapped[list[str] | None] = mapped_column(Json)  # of a signal: who heard it; null: not looked up yet
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(Moment)  # of a kept one: when it expires
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "name", "state", "correlation"))


class Receipt(Base):
    """A message or signal reached somebody, once: written by the very transaction that delivers it."""

    __tablename__ = "receipts"
    message_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("messages.key"), primary_key=True)
    receiver: Mapped[str] = mapped_column(String(300), primary_key=True)  # process:<id> or instance:<key>
    instance_key: Mapped[int] = mapped_column(BigInteger)
    element: Mapped[str | None] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Moment)


class Start(Base):
    """A start event of the newest version of a process that a message, a signal or time triggers.

    due_at: of a timer, when it fires next; of a message, when to look for kept ones.
    """

    __tablename__ = "starts"
    key: Mapped[int] = key_column()
    process_id: Mapped[str] = mapped_column(String(255))
    definition_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("definitions.key"))
    element: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(8))  # message, signal or timer
    name: Mapped[str] = mapped_column(String(255))  # of the message or signal; the timer as drawn
    schedule: Mapped[dict | None] = mapped_column(Json)  # of a timer: where it stands
    due_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("process_id", "element", "kind", "name"), Index(None, "kind", "name"))
