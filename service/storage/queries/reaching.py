"""What people prefer to hear of, and who is away when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import and_, select

from service.storage import db
from service.storage.models.people import User
from service.storage.models.reaching import Absence, Preference
from service.storage.types import Row

_DAY = timedelta(days=1)
_ABSENCE = list(Absence.__table__.c)
_WISHES = [
    Preference.muted,
    Preference.quiet_from,
    Preference.quiet_until,
    Preference.quiet_days,
    Preference.quiet_outside,
    Preference.digest,
    Preference.digest_at,
]


def audience(names: Iterable[str], today: date) -> Sequence[Row]:
    """Active people of these names: name, title, email, language, zone, what they prefer (None: nothing in
    particular) and absences: first_day, last_day, substitute.

    One row an absence that may hold today in some zone, so a person may have several.
    """
    near = and_(Absence.user == User.name, Absence.first_day <= today + _DAY, Absence.last_day >= today - _DAY)
    statement = (
        select(User.name, User.title, User.email, User.language, User.zone, *_WISHES)
        .add_columns(Absence.first_day, Absence.last_day, Absence.substitute)
        .outerjoin(Preference, Preference.user == User.name)
        .outerjoin(Absence, near)
        .where(User.name.in_(list(names)), User.deactivated_at.is_(None))
        .order_by(User.name, Absence.first_day)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def preferences(user: str) -> Row | None:
    """What a person prefers, with its revision; None where they never said."""
    with db.reading() as session:
        return session.execute(select(*Preference.__table__.c).where(Preference.user == user)).first()


def absences(user: str, since: date) -> Sequence[Row]:
    """A person's absences that are not over by then, the first first."""
    statement = select(*_ABSENCE).where(Absence.user == user, Absence.last_day >= since)
    with db.reading() as session:
        return session.execute(statement.order_by(Absence.first_day, Absence.key)).all()


def absence(key: int) -> Row | None:
    """One absence."""
    with db.reading() as session:
        return session.execute(select(*_ABSENCE).where(Absence.key == key)).first()


def overlapping(user: str, first: date, last: date, *, but: int | None = None) -> Row | None:
    """An absence of this person that shares a day with these days."""
    statement = select(*_ABSENCE).where(Absence.user == user, Absence.first_day <= last, Absence.last_day >= first)
    if but is not None:
        statement = statement.where(Absence.key != but)
    with db.reading() as session:
        return session.execute(statement.order_by(Absence.first_day)).first()


def absent(today: date, names: Iterable[str] | None = None) -> Sequence[Row]:
    """Absences that may hold today in some zone, with the zone of the person; of these people or of all."""
    statement = (
        select(*_ABSENCE, User.zone)
        .join(User, User.name == Absence.user)
        .where(Absence.first_day <= today + _DAY, Absence.last_day >= today - _DAY, User.deactivated_at.is_(None))
    )
    if names is not None:
        statement = statement.where(Absence.user.in_(list(names)))
    with db.reading() as session:
        return session.execute(statement.order_by(Absence.user, Absence.first_day)).all()
