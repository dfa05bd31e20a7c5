"""Carrying notices further: what waits for a reader becomes one message, which is sent outside of any transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, gathering, policy
from service.integrations import letters
from service.storage import bundles, db, leases, mailings, tally
from service.storage.models.notices import Bundle
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.sending import chats, mailing, underway
from service.usecases.telling import audience

log = logging.getLogger(__name__)

PAUSES_S = (5, 15, 60, 300, 900, 3600, 3600, 7200, 14400)  # between the attempts; then a bundle is given up

Way = tuple[str, str, str]  # reader, channel, address


def gather(delivery_keys: Sequence[int]) -> int:
    """Make bundles of all that waits for the readers of these deliveries; answers how many.

    In one transaction: each (reader, channel, address) gets at most one, unless something new came just now, or too
    many messages went out lately. Those are looked at again at the moment that the deliveries then say. People and
    their addresses are those of this moment.
    """
    with db.transaction() as session:
        now = clock.now()
        rows = underway.still_meant(session, bundles.waiting(session, delivery_keys, now, gathering.RATE), now)
        due = {way: found for way, found in _by_way(rows).items() if any(row.look_at <= now for row in found)}
        if not due:
            return 0
        lately = bundles.lately(session, {way[0] for way in due}, now - gathering.HOUR)
        verdicts = {way: _verdict(found, lately.get(way[:2], 0), now) for way, found in due.items()}
        bundles.postpone(session, _later(due, verdicts, now))
        ready = [way for way, verdict in verdicts.items() if verdict == gathering.NOW]
        drawn = bundles.new_keys(session, len(ready))
        made = [_bundle(key, way, due[way], now) for way, key in zip(ready, drawn, strict=True)]
        bundles.make(session, made, [row.key for way in ready for row in due[way]])
    return len(made)


def deliver(bundle_key: int) -> bool:
    """Send one bundle: take it, send outside of any transaction, write down how it went.

    Answers whether it was sent by this call. A refusal that may pass comes again later, with growing pauses; one that
    will not, or the last of many, leaves it dead with the server's words. Should the process die between acceptance
    and marking, the same message repeats with the same Message-ID.
    """
    lease_s, token, now = settings.current().lease_seconds, uuid4().hex, clock.now()
    with db.transaction() as session:
        bundle = bundles.lease(session, bundle_key, token, now, now + timedelta(seconds=lease_s))
        told = mailing.entries(session, bundle_key) if bundle is not None else []
        reader = audience.Audience([bundle.reader], now).get(bundle.reader) if bundle is not None else None
    if bundle is None:
        return False
    try:
        with leases.kept(Bundle, bundle_key, token, lease_s):
            answer = _carry(bundle, told, reader)
    except errors.ExternalFailure as problem:
        _settle(bundle, token, _failed(bundle, problem), outage=bool(problem.facts.get("outage")))
        return False
    sent = {"state": "sent", "sent_at": clock.now(), "answer": answer, "message_id": mailing.message_id(bundle)}
    return _settle(bundle, token, sent)


def resend(bundle_key: int, *, actor: policy.Actor) -> None:
    """Try a bundle again that was given up (administrators); a mail goes to the address that its reader has now.

    Raises Forbidden, Conflict where it was not given up or there is no address.
    """
    policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        now = clock.now()
        bundle = bundles.reopen(session, bundle_key, now)
        if bundle is None:
            raise errors.Conflict("This message is not one that was given up.")
        if bundle.channel != audience.EMAIL:
            return
        reader = audience.Audience([bundle.reader], now).get(bundle.reader)
        if reader is None or not reader.email:
            raise errors.Conflict("Whoever this is for has no mail address now, or is not active any more.")
        if reader.email != bundle.address:
            bundles.redirect(session, bundle_key, reader.email)


def _by_way(rows: Iterable[Row]) -> dict[Way, list[Row]]:
    found: dict[Way, list[Row]] = {}
    for row in rows:
        found.setdefault((row.reader, row.channel, row.address), []).append(row)
    return found


def _verdict(rows: Sequence[Row], lately: int, now: datetime) -> gathering.Verdict:
    current = settings.current()
    pause, most = timedelta(seconds=current.gather_seconds), timedelta(seconds=current.gather_most_seconds)
    return gathering.verdict(rows, lately=lately, now=now, pause=pause, most=most)


def _later(
    due: Mapping[Way, Sequence[Row]], verdicts: Mapping[Way, gathering.Verdict], now: datetime
) -> list[tuple[int, datetime, str | None]]:
    """Key, moment and reason of what is looked at again; what is not due yet comes by itself, unless it is held."""
    return [
        (row.key, verdict.until, verdict.reason)
        for way, verdict in verdicts.items()
        for row in due[way]
        if verdict.until is not None and row.state == "waiting" and (verdict.reason or row.look_at <= now)
    ]


def _bundle(key: int, way: Way, rows: Sequence[Row], now: datetime) -> dict[str, Any]:
    reader, channel, address = way
    return {
        "key": key, "reader": reader, "channel": channel, "address": address, "size": len(rows), "state": "waiting",
        "attempts": 0, "made_at": now, "due_at": now, "message_id": f"{key}.{uuid4().hex}",
    }  # fmt: skip


# How each channel hands a bundle of notices to its reader; answers what the other side said, raises ExternalFailure.
Carrier = Callable[[Row, Sequence[letters.Entry], audience.Reader], str]
CARRIERS: Mapping[str, Carrier] = {audience.EMAIL: mailing.send, audience.CHAT: chats.carry}


def _carry(bundle: Row, told: Sequence[letters.Entry], reader: audience.Reader | None) -> str:
    if reader is None:
        raise errors.ExternalFailure("Whoever this is for is not there any more.", transient=False)
    return CARRIERS[bundle.channel](bundle, told, reader)


def _failed(bundle: Row, problem: errors.ExternalFailure) -> dict[str, Any]:
    if not problem.transient or bundle.attempts >= len(PAUSES_S) + 1:
        log.warning("%s to %s is given up: %s", bundle.channel, bundle.address, problem)
        return {"state": "dead", "answer": str(problem)}
    pause = PAUSES_S[bundle.attempts - 1]
    log.info("%s to %s comes again in %s s: %s", bundle.channel, bundle.address, pause, problem)
    return {"answer": str(problem), "due_at": clock.now() + timedelta(seconds=pause)}


def _settle(bundle: Row, token: str, values: Mapping[str, Any], *, outage: bool = False) -> bool:
    with db.transaction() as session:
        settled = bundles.settle(session, bundle, token, values, outage=outage)
        if settled and values.get("state") == "sent":
            hasten(session, bundle.channel)
    if settled:
        tally.count(tally.DELIVERIES, f"{bundle.channel} {values.get('state', 'retried')}", bundle.size)
    return settled


def hasten(session: Session, channel: str) -> None:
    """Something got through on a channel: what waits only because the other side was away need not wait any longer."""
    now = clock.now()
    bundles.hasten(session, channel, now)
    if channel == audience.EMAIL:
        mailings.hasten(session, now)
