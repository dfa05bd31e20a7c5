"""Calendars, and which one holds for a service or a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, case, select

from service.domain import calendars
from service.storage import db
from service.storage.models.calendars import ServiceCalendar, WorkCalendar
from service.storage.models.people import User
from service.storage.models.releases import Release
from service.storage.types import Row

_COLUMNS = list(WorkCalendar.__table__.c)
_STANDARD = WorkCalendar.name == calendars.STANDARD
_CHOSEN = select(ServiceCalendar.calendar).where(ServiceCalendar.service == bindparam("service")).scalar_subquery()
_OF_SERVICE = (
    select(*_COLUMNS).where((WorkCalendar.name == _CHOSEN) | _STANDARD).order_by(case((_STANDARD, 1), else_=0)).limit(1)
)


def get(name: str) -> Row | None:
    """One calendar."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(WorkCalendar.name == name)).first()


def listing() -> Sequence[Row]:
    """All calendars, by name."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).order_by(WorkCalendar.name)).all()


def of_service(service: str | None) -> Row | None:
    """The calendar chosen for a service, else the standard one; None where neither is stored."""
    with db.reading() as session:
        return session.execute(_OF_SERVICE, {"service": service}).first()


def services() -> Mapping[str, str]:
    """The name of the calendar of each service that has one of its own."""
    with db.reading() as session:
        return {row.service: row.calendar for row in session.execute(select(*ServiceCalendar.__table__.c))}


def known_services() -> Sequence[str]:
    """All services that releases have."""
    with db.reading() as session:
        return session.execute(select(Release.service).distinct().order_by(Release.service)).scalars().all()


def of_people(names: Iterable[str]) -> Mapping[str, Row]:
    """By the names of people: name, zone, and the name of the calendar that was chosen for each."""
    statement = select(User.name, User.zone, User.calendar).where(User.name.in_(sorted(set(names))))
    with db.reading() as session:
        return {row.name: row for row in session.execute(statement)}


def people_with(name: str) -> Sequence[str]:
    """Who has this calendar."""
    with db.reading() as session:
        return session.execute(select(User.name).where(User.calendar == name).order_by(User.name)).scalars().all()
