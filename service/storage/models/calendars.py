"""Calendars of working time, and which services keep to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class WorkCalendar(Base):
    """A calendar. The one named `standard` holds where no other is chosen; without a row it is nine to five."""

    __tablename__ = "calendars"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[dict] = mapped_column(Json)  # weekday -> "09:00-12:30 13:00-17:00"
    country: Mapped[str | None] = mapped_column(String(8))
    region: Mapped[str | None] = mapped_column(String(40))
    closures: Mapped[list] = mapped_column(Json)  # {first, last, name}
    openings: Mapped[list] = mapped_column(Json)  # {day, hours, name}
    revision: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(String(80))


class ServiceCalendar(Base):
    """The calendar of one service, by the service's name as releases have it."""

    __tablename__ = "service_calendars"
    service: Mapped[str] = mapped_column(String(120), primary_key=True)
    calendar: Mapped[str] = mapped_column(String(80), ForeignKey("calendars.name"), index=True)


class Recalculation(Base):
    """Working out anew, run after run, what is open in a calendar. state: waiting, done.

    All runs with keys up to `position` are done.
    """

    __tablename__ = "recalculations"
    key: Mapped[int] = key_column()
    calendar: Mapped[str] = mapped_column(String(80), index=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(80))
    total: Mapped[int] = mapped_column(Integer)  # deadlines that were open when it began
    done: Mapped[int] = mapped_column(Integer)
    moved: Mapped[int] = mapped_column(Integer)  # how many of them are due at another moment
    position: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when a dispatcher last asked, or a worker went on
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index(None, "state", "due_at"),)
