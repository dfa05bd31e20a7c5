"""Webhooks and their events: each event once a webhook and cause, and in one pair of hands at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from service.storage import keys, locking, writing
from service.storage.models.webhooks import Webhook, WebhookAttempt, WebhookEvent
from service.storage.types import Row

_QUIET = {"synchronize_session": False}


def insert_new(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert events, those with their keys that no webhook was told of for the same cause."""
    if not rows:
        return
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = insert(cast(Table, WebhookEvent.__table__)).on_conflict_do_nothing(
        index_elements=["webhook_key", "cause"]
    )
    session.connection().execute(statement, list(rows))


def webhook(session: Session, key: int) -> Row:
    """One webhook."""
    return session.execute(select(*Webhook.__table__.c).where(Webhook.key == key)).one()


def lease(session: Session, event_key: int, token: str, now: datetime, until: datetime) -> Row | None:
    """Take an event that waits, is due and in nobody's hands; None where it is not."""
    statement = (
        update(WebhookEvent)
        .where(
            WebhookEvent.key == event_key,
            WebhookEvent.state == "waiting",
            WebhookEvent.due_at <= now,
            or_(WebhookEvent.leased_until.is_(None), WebhookEvent.leased_until < now),
        )
        .values(lease=token, leased_until=until, attempts=WebhookEvent.attempts + 1)
        .returning(*WebhookEvent.__table__.c)
    )
    return session.execute(statement, execution_options=_QUIET).first()


def may_try(session: Session, hook: Row, now: datetime, until: datetime) -> bool:
    """Whether somebody may try a webhook that failed the last time: one at a time, and not while it rests."""
    if not hook.failures:
        return True
    statement = (
        update(Webhook)
        .where(Webhook.key == hook.key, or_(Webhook.rests_until.is_(None), Webhook.rests_until <= now))
        .values(rests_until=until)
    )
    return bool(session.execute(statement, execution_options=_QUIET).rowcount)  # type: ignore[attr-defined]


def give_back(session: Session, event: Row, due_at: datetime) -> None:
    """An event that was taken and not tried waits until then."""
    values = {"lease": None, "leased_until": None, "attempts": event.attempts - 1, "due_at": due_at, "asked_at": None}
    writing.update_where(session, WebhookEvent, values, key=event.key)


def settle(session: Session, event_key: int, token: str, values: Mapping[str, Any]) -> bool:
    """Write how an attempt went; False where the lease is no longer ours."""
    given = {**values, "lease": None, "leased_until": None}
    return bool(writing.update_where(session, WebhookEvent, given, key=event_key, lease=token, state="waiting"))


def log(session: Session, event_key: int, at: datetime, took_ms: int, status: int | None, answer: str) -> None:
    """Keep an attempt."""
    row = {"event_key": event_key, "at": at, "took_ms": took_ms, "status": status, "answer": answer}
    writing.insert_rows(session, WebhookAttempt, [{"key": keys.next_key(session), **row}])


def failed(session: Session, hook_key: int, until: datetime) -> None:
    """A webhook rests: one more failure, and nothing else for it is due before then."""
    values = {Webhook.failures: Webhook.failures + 1, Webhook.rests_until: until}
    session.execute(update(Webhook).where(Webhook.key == hook_key).values(values), execution_options=_QUIET)
    _reschedule(session, hook_key, until, WebhookEvent.due_at < until)


def worked(session: Session, hook_key: int, now: datetime) -> None:
    """A webhook answers again: what waited for that, untried, is due at once."""
    writing.update_where(session, Webhook, {"failures": 0, "rests_until": None}, key=hook_key)
    _reschedule(session, hook_key, now, (WebhookEvent.due_at > now) & (WebhookEvent.attempts == 0))


def _reschedule(session: Session, hook_key: int, due_at: datetime, which: Any) -> None:
    waits = (WebhookEvent.webhook_key == hook_key, WebhookEvent.state == "waiting", WebhookEvent.lease.is_(None))
    free = locking.free(session, WebhookEvent.key, *waits, which)
    statement = update(WebhookEvent).where(WebhookEvent.key.in_(free)).values(due_at=due_at, asked_at=None)
    session.execute(statement, execution_options=_QUIET)


def skip(session: Session, hook_key: int, why: str) -> None:
    """What waits for a webhook that is off is not sent."""
    values = {"state": "skipped", "answer": why, "lease": None, "leased_until": None}
    writing.update_where(session, WebhookEvent, values, webhook_key=hook_key, state="waiting")
