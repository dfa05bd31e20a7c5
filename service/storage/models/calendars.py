"""Calendars of working time, and which services keep to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment


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
