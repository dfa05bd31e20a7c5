"""The work that dispatchers and workers do, done at once in the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from service.domain import clock
from service.storage import db, outbox
from service.usecases.deadlines import recalculation
from service.usecases.releases import tasks
from service.usecases.running import instances, messages, starts

DOORS: dict[str, Callable[[int], object]] = {
    outbox.MESSAGES: messages.relay,
    outbox.SUBSCRIPTIONS: messages.look,
    outbox.STARTS: starts.attend,
    outbox.TIMERS: instances.fire_timers,
    outbox.APPROVALS: tasks.reconsider,
    outbox.RECALCULATIONS: recalculation.go_on,
}
MOST_TURNS = 200


def work() -> int:
    """Do everything that is due until nothing is; answers how much that was."""
    done = 0
    for _ in range(MOST_TURNS):
        asked = [(kind, key) for kind in DOORS for key in _claim(kind)]
        if not asked:
            return done
        for kind, key in asked:
            DOORS[kind](key)
        done += len(asked)
    raise AssertionError("there is always more to do")


def _claim(kind: str) -> list[int]:
    now = clock.now()
    with db.transaction() as session:
        # as if the leases of those who died were over
        return outbox.claim(session, kind, now, now + timedelta(microseconds=1), 100)
