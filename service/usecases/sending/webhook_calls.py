"""Calling webhooks: one attempt at a time, outside of any transaction, and what came of it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy, webhooks
from service.integrations import webhooks as calling
from service.storage import db, hooks, leases, writing
from service.storage.models.webhooks import Webhook, WebhookEvent
from service.storage.queries import people
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.sending import deliveries
from service.usecases.telling import notices

log = logging.getLogger(__name__)

LONGEST_PAUSE_ASKED_S = 3600  # what a receiver may ask for with Retry-After
PROBE_S = calling.TIMEOUT_S + 5  # nobody else tries a failing webhook while one attempt may be under way
OFF = "The webhook is off."


@dataclass(frozen=True)
class _Attempt:
    """How one call went. answer: None where there was none."""

    at: datetime
    took_ms: int
    words: str
    answer: calling.Answer | None = None


def call(event_key: int) -> bool:
    """Tell one webhook of one event: take it, call outside of any transaction, write down how it went.

    Answers whether the receiver took it. What it refuses comes again with growing pauses, then is given up. A webhook
    that fails rests, and then one event tries whether it answers again: what else waits for it does not keep workers
    busy. 410 turns it off. Should the process die in between, the call repeats with the same `webhook-id`.
    """
    current, token, now = settings.current(), uuid4().hex, clock.now()
    with db.transaction() as session:
        event = hooks.lease(session, event_key, token, now, now + timedelta(seconds=current.lease_seconds))
        if event is None:
            return False
        hook = hooks.webhook(session, event.webhook_key)
        if not hook.active:
            hooks.settle(session, event_key, token, {"state": "skipped", "answer": OFF})
            return False
        if not hooks.may_try(session, hook, now, now + timedelta(seconds=PROBE_S)):
            rests = hooks.webhook(session, event.webhook_key).rests_until  # read again: somebody tries it just now
            hooks.give_back(session, event, rests or now)
            return False
    with leases.kept(WebhookEvent, event_key, token, current.lease_seconds):
        attempt = _attempt(hook, event, current.webhook_private)
    with db.transaction() as session:
        hooks.log(session, event.key, attempt.at, attempt.took_ms, _status(attempt), attempt.words)
        if attempt.answer is not None and attempt.answer.accepted:
            return _accepted(session, hook, event, token, attempt)
        if attempt.answer is not None and attempt.answer.gone:
            _turned_off(session, hook, event, token, attempt)
        else:
            _refused(session, hook, event, token, attempt)
    return False


def _attempt(hook: Row, event: Row, private: bool) -> _Attempt:
    at, began, body = clock.now(), time.monotonic(), event.body.encode()
    headers = {"Content-Type": webhooks.CONTENT_TYPE} | webhooks.headers(event.key, _secrets(hook, at), at, body)
    try:
        answer = calling.post(hook.url, body, headers, private=private)
    except errors.ExternalFailure as problem:
        return _Attempt(at, _since(began), str(problem))
    return _Attempt(at, _since(began), answer.words, answer)


def _secrets(hook: Row, now: datetime) -> list[str]:
    """The secret, and the one before it while receivers may still know only that."""
    both = hook.earlier_secret and hook.earlier_until and now < hook.earlier_until
    return [hook.secret, hook.earlier_secret] if both else [hook.secret]


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _status(attempt: _Attempt) -> int | None:
    return attempt.answer.status if attempt.answer is not None else None


def _accepted(session: Session, hook: Row, event: Row, token: str, attempt: _Attempt) -> bool:
    now = clock.now()
    if hook.failures:
        hooks.worked(session, hook.key, now)
    return hooks.settle(session, event.key, token, {"state": "sent", "sent_at": now, "answer": attempt.words})


def _refused(session: Session, hook: Row, event: Row, token: str, attempt: _Attempt) -> None:
    now, pauses = clock.now(), deliveries.PAUSES_S
    asked = min(attempt.answer.retry_after_s or 0, LONGEST_PAUSE_ASKED_S) if attempt.answer is not None else 0
    values: dict[str, Any] = {"answer": attempt.words}
    if event.attempts > len(pauses):
        log.warning("webhook %s: event %s is given up: %s", hook.key, event.key, attempt.words)
        values["state"] = "dead"
    else:
        pause = max(pauses[event.attempts - 1], asked)
        values |= {"due_at": now + timedelta(seconds=pause), "asked_at": None}
        log.info("webhook %s: event %s comes again in %s s: %s", hook.key, event.key, pause, attempt.words)
    if hooks.settle(session, event.key, token, values):
        rest = max(pauses[min(hook.failures, len(pauses) - 1)], asked)
        hooks.failed(session, hook.key, now + timedelta(seconds=rest))


def _turned_off(session: Session, hook: Row, event: Row, token: str, attempt: _Attempt) -> None:
    """410: the receiver wants nothing more. Those who can mend it are told."""
    hooks.settle(session, event.key, token, {"state": "dead", "answer": attempt.words})
    off = {"active": False, "off_because": attempt.words, "revision": hook.revision + 1}
    if not writing.update_where(session, Webhook, off, key=hook.key, active=True):
        return
    hooks.skip(session, hook.key, OFF)
    told = dict.fromkeys(people.names_with_role(policy.ADMINISTRATOR), policy.ADMINISTRATOR)
    notices.tell(
        session,
        cause=f"webhook-off:{event.key}",
        recipients=told,
        kind="webhook.off",
        values={"name": hook.name, "error": attempt.words},
        link=f"/administration/webhooks/{hook.key}",
    )
