"""Carrying notices further: one attempt at a time, outside of any transaction, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy
from service.integrations import mail
from service.storage import db, leases, post, writing
from service.storage.models.notices import Delivery
from service.usecases import settings

log = logging.getLogger(__name__)

PAUSES_S = (5, 15, 60, 300, 900, 3600, 3600, 7200, 14400)  # between the attempts; then a delivery is given up


def deliver(delivery_key: int) -> bool:
    """Send one delivery: take it, send outside of any transaction, write down how it went.

    Answers whether it was sent by this call. A refusal that may pass comes again later, with growing pauses; one that
    will not, or the last of many, leaves it dead with the server's words. Should the process die between acceptance
    and marking, the mail repeats with the same Message-ID.
    """
    current, token, now = settings.current(), uuid4().hex, clock.now()
    with db.transaction() as session:
        until = now + timedelta(seconds=current.lease_seconds)
        row = post.lease(session, delivery_key, token, now, until)
        notice = post.notice(session, row.notice_key) if row is not None else None
    if row is None or notice is None:
        return False
    letter = mail.Letter(
        to=row.address,
        subject=notice.subject,
        text=notice.body,
        link=f"{current.public_url}{notice.link}" if notice.link else "",
        message_id=_message_id(row.message_id, current.mail_from),
        at=notice.asked_at,
    )
    try:
        with leases.kept(Delivery, delivery_key, token, current.lease_seconds):
            answer = mail.send(letter, current.smtp_url, current.mail_from, current.data_dir / "mail")
    except errors.ExternalFailure as problem:
        _settle(delivery_key, token, _failed(row, problem))
        return False
    sent = {"state": "sent", "sent_at": clock.now(), "answer": answer, "message_id": letter.message_id}
    return _settle(delivery_key, token, sent)


def resend(delivery_key: int, *, actor: policy.Actor) -> None:
    """Try a dead delivery again (administrators). Raises Forbidden, Conflict where it is not dead."""
    policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        values = {"state": "waiting", "attempts": 0, "due_at": clock.now(), "asked_at": None}
        if not writing.update_where(session, Delivery, values, key=delivery_key, state="dead"):
            raise errors.Conflict("This delivery is not one that was given up.")


def _message_id(kept: str, sender: str) -> str:
    """The same for every attempt: what was drawn when the notice was told, in the domain of the sender."""
    return kept if kept.startswith("<") else f"<{kept}@{mail.domain(sender)}>"


def _failed(row: Any, problem: errors.ExternalFailure) -> dict[str, Any]:
    if not problem.transient or row.attempts >= len(PAUSES_S) + 1:
        log.warning("delivery %s to %s is given up: %s", row.key, row.address, problem)
        return {"state": "dead", "answer": str(problem)}
    pause = PAUSES_S[row.attempts - 1]
    log.info("delivery %s to %s comes again in %s s: %s", row.key, row.address, pause, problem)
    return {"answer": str(problem), "due_at": clock.now() + timedelta(seconds=pause), "asked_at": None}


def _settle(delivery_key: int, token: str, values: Mapping[str, Any]) -> bool:
    with db.transaction() as session:
        return post.settle(session, delivery_key, token, values)
