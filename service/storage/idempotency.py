"""Answers kept for repeated requests.

The key is written by the very transaction that does the work, so that work and key are committed together or not at
all: whoever comes second with the same key fails on the unique key and is rolled back. The answer follows once it is
known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.orm import Session

from service.domain import clock
from service.storage import db
from service.storage.models.ledger import IdempotencyKey

KEPT = timedelta(hours=24)
_PENDING = "tidegate-idempotency"


@dataclass(frozen=True)
class Kept:
    """A request that was carried out; `status` is None while its answer is not known."""

    digest: str
    status: int | None
    body: Any
    headers: Mapping[str, str]


@dataclass
class Claim:
    """The key of the request that is being carried out."""

    user: str
    key: str
    digest: str
    written: bool = False  # in the transaction that is open
    committed: bool = False


def find(user: str, key: str) -> Kept | None:
    """What is kept under this key, unless it is older than a day."""
    statement = select(IdempotencyKey).where(
        IdempotencyKey.user == user, IdempotencyKey.key == key, IdempotencyKey.at > clock.now() - KEPT
    )
    columns = IdempotencyKey.__table__.c
    with db.reading() as session:
        row = session.execute(
            statement.with_only_columns(columns.digest, columns.status, columns.body, columns.headers)
        ).first()
    return Kept(row.digest, row.status, row.body, row.headers or {}) if row else None


def begin(claim: Claim) -> None:
    """From now on, the first transaction of this session that commits commits the claim too."""
    db.db.session().info[_PENDING] = claim


def end() -> None:
    """The request is over; later transactions have nothing to do with it."""
    db.db.session().info.pop(_PENDING, None)


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    claim: Claim | None = session.info.get(_PENDING)
    if claim is not None and not claim.committed:
        claim.written = True
        _insert(session, claim, None, None, None)


@event.listens_for(Session, "after_commit")
def _settle(session: Session) -> None:
    claim: Claim | None = session.info.get(_PENDING)
    if claim is not None:
        claim.committed = claim.committed or claim.written


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    claim: Claim | None = session.info.get(_PENDING)
    if claim is not None:
        claim.written = False


def keep(claim: Claim, status: int, body: Any, headers: Mapping[str, str]) -> None:
    """Keep the answer."""
    with db.transaction() as session:
        if claim.committed:
            statement = update(IdempotencyKey).where(IdempotencyKey.user == claim.user, IdempotencyKey.key == claim.key)
            session.execute(statement.values(status=status, body=body, headers=dict(headers)))
        else:
            _insert(session, claim, status, body, dict(headers))


def _insert(session: Session, claim: Claim, status: int | None, body: Any, headers: Any) -> None:
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.user == claim.user,
            IdempotencyKey.key == claim.key,
            IdempotencyKey.at <= clock.now() - KEPT,
        )
    )
    values = {"user": claim.user, "key": claim.key, "digest": claim.digest, "at": clock.now()}
    session.execute(insert(IdempotencyKey), values | {"status": status, "body": body, "headers": headers})
