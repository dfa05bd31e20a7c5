"""Mails to addresses that are nobody's account: each in one pair of hands at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from service.storage import locking, writing
from service.storage.models.announcements import AnnouncementMail
from service.storage.types import Row


def lease(session: Session, key: int, token: str, now: datetime, until: datetime) -> Row | None:
    """Take a mail that waits, is due and in nobody's hands; None where it is not."""
    statement = (
        update(AnnouncementMail)
        .where(
            AnnouncementMail.key == key,
            AnnouncementMail.state == "waiting",
            AnnouncementMail.due_at <= now,
            or_(AnnouncementMail.leased_until.is_(None), AnnouncementMail.leased_until < now),
        )
        .values(lease=token, leased_until=until, attempts=AnnouncementMail.attempts + 1)
        .returning(*AnnouncementMail.__table__.c)
    )
    return session.execute(statement, execution_options={"synchronize_session": False}).first()


def settle(session: Session, key: int, token: str, values: Mapping[str, Any], *, outage: bool = False) -> bool:
    """Write how an attempt went; False where the lease is no longer ours. outage: the mail server was away."""
    given = {**values, "lease": None, "leased_until": None, "outage": outage}
    return bool(writing.update_where(session, AnnouncementMail, given, key=key, lease=token, state="waiting"))


def hasten(session: Session, now: datetime) -> None:
    """The mail server is back: what waits only because it was away is due now."""
    mail = AnnouncementMail
    free = locking.free(session, mail.key, mail.state == "waiting", mail.due_at > now, mail.outage.is_(True))
    statement = update(mail).where(mail.key.in_(free)).values(due_at=now, asked_at=None)
    session.execute(statement, execution_options={"synchronize_session": False})
