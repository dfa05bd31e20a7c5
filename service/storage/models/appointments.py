"""Moments at which the product itself has something to do that hangs on no run of a diagram."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Moment, key_column


class Appointment(Base):
    """Something to do once at a moment. Keeping it is a guarded update: exactly once. state: waiting, kept, cancelled.

    kind and subject: what it is about ('review' of a version of the release policy); turn: which one of several.
    """

    __tablename__ = "appointments"
    key: Mapped[int] = key_column()
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[int] = mapped_column(BigInteger)
    turn: Mapped[int] = mapped_column(Integer)
    recipients: Mapped[str] = mapped_column(Text, default="")  # as in a ladder
    due_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when a dispatcher last enqueued it
    kept_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("kind", "subject", "turn"), Index(None, "state", "due_at"))
