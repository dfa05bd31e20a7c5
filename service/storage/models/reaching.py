"""What people want to hear of and when, and when they are away."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Preference(Base):
    """What one person prefers; who has no row prefers nothing in particular. Times are HH:MM in their zone."""

    __tablename__ = "preferences"
    user: Mapped[str] = mapped_column(String(80), primary_key=True)
    muted: Mapped[dict[str, list[str]]] = mapped_column(Json)  # channel -> groups of kinds
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    quiet_days: Mapped[bool] = mapped_column(Boolean, default=False)
    quiet_outside: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # working hours
    digest: Mapped[str] = mapped_column(String(10), default="off")  # off hourly daily
    digest_at: Mapped[str] = mapped_column(String(5), default="08:00")
    revision: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class Absence(Base):
    """Days on which somebody is away, both included, in their zone, and who stands in for them."""

    __tablename__ = "absences"
    key: Mapped[int] = key_column()
    user: Mapped[str] = mapped_column(String(80))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    substitute: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(String(80))
    __table_args__ = (Index(None, "user", "last_day"),)
