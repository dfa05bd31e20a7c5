"""Appointments that wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from service.storage import db
from service.storage.models.appointments import Appointment
from service.storage.types import Row


def due(key: int, now: datetime) -> Row | None:
    """The appointment, if it waits and its moment has come."""
    statement = select(*Appointment.__table__.c).where(
        Appointment.key == key, Appointment.state == "waiting", Appointment.due_at <= now
    )
    with db.reading() as session:
        return session.execute(statement).first()
