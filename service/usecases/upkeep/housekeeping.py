"""What nobody needs any more goes: messages and events that are over, answers kept for repetitions, breakdowns."""

from __future__ import annotations

from datetime import timedelta

from service.domain import clock
from service.storage import db, idempotency, pruning
from service.usecases import settings

BATCH = 500
MOST_BATCHES = 20  # in one go, so that what has come together over years does not hold anything up
BREAKDOWNS_KEPT = timedelta(hours=1)  # what still fails fails again every half minute


def tidy() -> int:
    """Delete what is old, some of it where there is much; answers how many rows went. Several may tidy at once."""
    now = clock.now()
    finished = now - timedelta(days=settings.current().message_days)
    gone = 0
    for prune, before in (
        (pruning.messages, finished),
        (pruning.webhook_events, finished),
        (pruning.idempotency_keys, now - idempotency.KEPT),
        (pruning.breakdowns, now - BREAKDOWNS_KEPT),
    ):
        for _ in range(MOST_BATCHES):
            with db.transaction() as session:
                count = prune(session, before, BATCH)
            gone += count
            if count < BATCH:
                break
    return gone
