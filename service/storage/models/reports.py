"""Progress reports: when they come by themselves, and those that were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class ReportSchedule(Base):
    """Who gets a report when, and as what."""

    __tablename__ = "report_schedules"
    key: Mapped[int] = key_column()
    name: Mapped[str] = mapped_column(String(120))
    every: Mapped[str] = mapped_column(String(10))  # daily weekly monthly
    day: Mapped[int] = mapped_column(Integer)
    at: Mapped[str] = mapped_column(String(5))  # HH:MM
    zone: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(4))  # pdf csv
    recipients: Mapped[list[str]] = mapped_column(Json)
    by: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class MadeReport(Base):
    """One report as it was made at its turn, in one language."""

    __tablename__ = "reports"
    key: Mapped[int] = key_column()
    schedule_key: Mapped[int] = mapped_column(BigInteger, index=True)
    name: Mapped[str] = mapped_column(String(120))
    format: Mapped[str] = mapped_column(String(4))
    language: Mapped[str] = mapped_column(String(8))
    from_at: Mapped[datetime] = mapped_column(Moment)
    to_at: Mapped[datetime] = mapped_column(Moment)
    made_at: Mapped[datetime] = mapped_column(Moment)
    body: Mapped[bytes] = mapped_column(LargeBinary)
