"""Deleting what is old, a bounded number of rows at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from service.storage.models.ledger import Breakdown, IdempotencyKey
from service.storage.models.messages import Message, Receipt
from service.storage.models.webhooks import WebhookAttempt, WebhookEvent

FINISHED = ("done", "expired")
_QUIET = {"synchronize_session": False}


def messages(session: Session, before: datetime, most: int) -> int:
    """Messages and signals that were over by then, each with its receipts; answers how many."""
    chosen = select(Message.key).where(Message.state.in_(FINISHED), Message.due_at < before)
    keys = session.execute(chosen.where(Message.expires_at < before).limit(most)).scalars().all()
    session.execute(delete(Receipt).where(Receipt.message_key.in_(keys)), execution_options=_QUIET)
    session.execute(delete(Message).where(Message.key.in_(keys)), execution_options=_QUIET)
    return len(keys)


def webhook_events(session: Session, before: datetime, most: int) -> int:
    """Events that webhooks took, or that came while they were off, each with its attempts; those given up stay."""
    chosen = select(WebhookEvent.key).where(WebhookEvent.state.in_(("sent", "skipped")), WebhookEvent.due_at < before)
    keys = session.execute(chosen.limit(most)).scalars().all()
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.event_key.in_(keys)), execution_options=_QUIET)
    session.execute(delete(WebhookEvent).where(WebhookEvent.key.in_(keys)), execution_options=_QUIET)
    return len(keys)


def idempotency_keys(session: Session, before: datetime, most: int) -> int:
    """Answers that were kept for repeated requests until then."""
    columns = (IdempotencyKey.user, IdempotencyKey.key)
    chosen = select(*columns).where(IdempotencyKey.at <= before).limit(most)
    found = [tuple(row) for row in session.execute(chosen).all()]
    # One that was used again meanwhile is a new one.
    old = delete(IdempotencyKey).where(tuple_(*columns).in_(found), IdempotencyKey.at <= before)
    session.execute(old, execution_options=_QUIET)
    return len(found)


def breakdowns(session: Session, before: datetime, most: int) -> int:
    """Breakdowns of what has not failed since then: it is not due any more."""
    keys = session.execute(select(Breakdown.key).where(Breakdown.last_at < before).limit(most)).scalars().all()
    session.execute(delete(Breakdown).where(Breakdown.key.in_(keys)), execution_options=_QUIET)
    return len(keys)
