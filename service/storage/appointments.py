"""Guarded updates on appointments: whoever keeps one first, keeps it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.storage import writing
from service.storage.models.appointments import Appointment
from service.storage.types import Row

WAITING, KEPT, CANCELLED = "waiting", "kept", "cancelled"


def claim(session: Session, key: int, now: datetime) -> Row | None:
    """Turn an appointment that waits and is due into a kept one; None for whoever comes second or early."""
    statement = (
        update(Appointment)
        .where(Appointment.key == key, Appointment.state == WAITING, Appointment.due_at <= now)
        .values(state=KEPT, kept_at=now)
        .returning(*Appointment.__table__.c)
    )
    return session.execute(statement, execution_options={"synchronize_session": False}).first()


def hold(session: Session, kind: str, subject: int) -> int:
    """Wait for whoever keeps one of these just now, and answer the last turn that there is."""
    mine = Appointment.kind == kind, Appointment.subject == subject
    session.execute(select(Appointment.key).where(*mine, Appointment.state == WAITING).with_for_update()).all()
    return session.execute(select(func.coalesce(func.max(Appointment.turn), 0)).where(*mine)).scalar_one()


def cancel(session: Session, kind: str, subject: int | None = None) -> None:
    """Nothing of this kind, or of this subject of it, is to be done any more."""
    about = {"kind": kind} if subject is None else {"kind": kind, "subject": subject}
    writing.update_where(session, Appointment, {"state": CANCELLED}, state=WAITING, **about)
