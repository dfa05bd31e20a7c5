"""Whom something was meant for and who did not hear of it at all, with the reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Moment, key_column


class Untold(Base):
    """A recipient who was not told of a cause. reason: nobody (it means no one), inactive, did-it, ...

    What was told and merely not carried further is a delivery that was skipped.
    """

    __tablename__ = "untold"
    key: Mapped[int] = key_column()
    cause: Mapped[str] = mapped_column(String(120))  # as in notices
    recipient: Mapped[str] = mapped_column(String(120))  # coordinator, group:x, ...
    user: Mapped[str] = mapped_column(String(80), default="")  # '' where the recipient meant nobody
    reason: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    instance_key: Mapped[int | None] = mapped_column(BigInteger)
    task_key: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    __table_args__ = (UniqueConstraint("cause", "recipient", "user"),)
