"""Who works on a job: taking it for a while, giving it back, and proving that one still has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from service import errors
from service.storage.models.instances import Job
from service.storage.types import Row

_QUIET = {"synchronize_session": False}


def take(session: Session, job_key: int, token: str, worker: str, now: datetime, until: datetime) -> Row | None:
    """Lease one of our own jobs that is open, due and in nobody's hands; None where it is not."""
    rows = _lease(session, [Job.key == job_key, Job.internal.is_(True)], token, worker, now, until)
    return rows[0] if rows else None


def take_many(
    session: Session, type: str, most: int, token: str, worker: str, now: datetime, until: datetime
) -> Sequence[Row]:
    """Lease up to `most` jobs of a type for a worker from outside, the oldest first."""
    chosen = select(Job.key).where(Job.type == type, *_free(now)).order_by(Job.due_at, Job.key).limit(most)
    if session.get_bind().dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    keys = list(session.scalars(chosen))
    rows = _lease(session, [Job.key.in_(keys)], token, worker, now, until) if keys else []
    return sorted(rows, key=lambda row: row.key)


def hold(session: Session, job_key: int, token: str | None, now: datetime) -> Row:
    """Lock a job for its end. Raises NotFound, Conflict where it is not open, LeaseLost where it is somebody else's.

    Without a token, a job that nobody has in hand may be ended. The instance must be locked before.
    """
    row = session.execute(select(*Job.__table__.c).where(Job.key == job_key).with_for_update()).first()
    if row is None:
        raise errors.NotFound(f"There is no job {job_key}.")
    if row.state != "open":
        raise errors.Conflict(f"Job {job_key} is {row.state} already.", state=row.state)
    leased = row.lease is not None and row.leased_until is not None and row.leased_until >= now
    if row.lease != token and (token is not None or leased):
        raise errors.LeaseLost()
    return row


def change(session: Session, job_key: int, values: Mapping[str, Any]) -> None:
    """Write to a job that is held; its lease ends."""
    statement = update(Job).where(Job.key == job_key).values(**values, lease=None, leased_until=None)
    session.execute(statement, execution_options=_QUIET)


def _free(now: datetime) -> list[ColumnElement[bool]]:
    return [
        Job.state == "open",
        Job.due_at <= now,
        or_(Job.leased_until.is_(None), Job.leased_until < now),
    ]


def _lease(
    session: Session, conditions: list[ColumnElement[bool]], token: str, worker: str, now: datetime, until: datetime
) -> Sequence[Row]:
    statement = (
        update(Job)
        .where(*conditions, *_free(now))
        .values(lease=token, leased_until=until, worker=worker[:120], attempts=Job.attempts + 1)
        .returning(*Job.__table__.c)
    )
    return session.execute(statement, execution_options=_QUIET).all()
