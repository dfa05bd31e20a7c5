"""Telling people: the notice in their inbox, and the mail that carries it further."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy
from service.integrations import mail, texts
from service.storage import db, leases, post, writing
from service.storage.models.notices import Delivery
from service.storage.queries import notices as stored
from service.storage.types import Row, Session
from service.usecases import settings

log = logging.getLogger(__name__)

EMAIL = "email"
LONGEST_SUBJECT = 255
PAUSES_S = (5, 15, 60, 300, 900, 3600, 3600, 7200, 14400)  # between the attempts; then a delivery is given up


@dataclass(frozen=True)
class Telling:
    """Something to tell some people.

    cause: what made us tell it (`level:12`, `job:45`); the same cause tells the same person once, however often it is
    told. recipients: user name -> as what they are told (`coordinator`, `group:x`). With `values` the text comes from
    the template of `kind` in each person's language and zone, else `subject` and `body` are taken as they are.
    link: a path of ours, like `/tasks/5`.
    """

    cause: str
    recipients: Mapping[str, str]
    kind: str
    subject: str = ""
    body: str = ""
    values: Mapping[str, Any] | None = None
    link: str = ""
    release_number: int | None = None
    instance_key: int | None = None
    task_key: int | None = None


def tell(session: Session, *, now: datetime | None = None, **telling: Any) -> int:
    """`tell_all` for one thing; keywords are those of `Telling`."""
    return tell_all(session, [Telling(**telling)], now=now)


def tell_all(session: Session, tellings: Sequence[Telling], *, now: datetime | None = None) -> int:
    """Put notices into the inboxes of their recipients, and mails on their way, in the caller's transaction.

    Three statements, however much is told to however many; none where there are no recipients. Answers how many
    notices are new.
    """
    names = {name for one in tellings for name in one.recipients}
    if not names:
        return 0
    told_at = now or clock.now()
    reachable = stored.reachable(names)
    rows = [_notice(one, person, told_at) for one in tellings for person in reachable if person.name in one.recipients]
    addresses = {person.name: person.email for person in reachable}
    new = post.insert_new(session, rows)
    mails = [_delivery(key, addresses[user], told_at) for (_, user), key in new.items() if addresses[user]]
    post.insert_deliveries(session, mails)
    return len(new)


def _notice(one: Telling, person: Row, told_at: datetime) -> dict[str, Any]:
    subject, body = one.subject, one.body
    if one.values is not None:
        subject, body = texts.render(one.kind, person.language, person.zone, one.values)
    return {
        "cause": one.cause, "user": person.name, "as_": one.recipients[person.name], "kind": one.kind,
        "release_number": one.release_number, "instance_key": one.instance_key, "task_key": one.task_key,
        "subject": _one_line(subject)[:LONGEST_SUBJECT], "body": body, "link": one.link, "asked_at": told_at,
        "read_at": None,
    }  # fmt: skip


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


def mark_read(notice_key: int, *, actor: policy.Actor) -> None:
    """Mark one of the actor's own notices as read; one that is read stays as it is. Raises NotFound."""
    with db.transaction() as session:
        if not post.mark_read(session, actor.name, clock.now(), key=notice_key) and not stored.owns(
            actor.name, notice_key
        ):
            raise errors.NotFound("There is no such notice in your inbox.")


def mark_all_read(*, actor: policy.Actor) -> int:
    """Mark all of the actor's notices as read; answers how many were not."""
    with db.transaction() as session:
        return post.mark_read(session, actor.name, clock.now())


def _delivery(notice_key: int, address: str, now: datetime) -> dict[str, Any]:
    return {
        "notice_key": notice_key, "channel": EMAIL, "address": address, "state": "waiting", "attempts": 0,
        "due_at": now, "message_id": f"{notice_key}.{uuid4().hex}",
    }  # fmt: skip


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


def _one_line(text: str) -> str:
    return " ".join(text.split())
