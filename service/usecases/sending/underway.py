"""What was told and has not left yet, as things are when it is to go: who is there, who is away, and which address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from service.domain import reaching
from service.storage import bundles
from service.storage.types import Row, Session
from service.usecases.telling import audience, notices


def still_meant(session: Session, rows: Sequence[Row], now: datetime) -> Sequence[Row]:
    """Those of these deliveries that are still to be made, with the addresses of now.

    Who is not active any more or has no address now gets nothing. What was held until its reader had gone on leave goes
    to whoever stands in.
    """
    if not rows:
        return rows
    there = audience.Audience({row.reader for row in rows}, now)
    dropped: dict[str, list[Row]] = defaultdict(list)
    moved: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        reader = there.get(row.reader)
        reason = _reason(row, reader)
        if reason is not None:
            dropped[reason].append(row)
        elif reader is not None and reader.email and row.channel == audience.EMAIL and row.address != reader.email:
            moved[reader.email].append(row.key)
    if not dropped and not moved:
        return rows
    for reason, found in dropped.items():
        bundles.skip(session, [row.key for row in found], reason)
    for address, keys in moved.items():
        bundles.readdress(session, keys, address)
    notices.pass_on(session, {row.notice_key for row in dropped.get(reaching.ON_LEAVE, ())}, there, now)
    return bundles.again(session, [row.key for row in rows])


def _reason(row: Row, reader: audience.Reader | None) -> str | None:
    """Why a delivery is not made after all."""
    if reader is None:
        return reaching.GONE
    if row.channel == audience.EMAIL and not reader.email:
        return reaching.NO_ADDRESS
    left = row.state == reaching.HELD and not row.urgent and reader.absence is not None
    return reaching.ON_LEAVE if left else None
