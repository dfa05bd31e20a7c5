"""Handing what is due to the workers, again and again; the database stays the truth."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from service.domain import clock
from service.storage import db, outbox, tally
from service.storage.queue import MAIL, WORK, Asking, Queue
from service.usecases import settings

log = logging.getLogger(__name__)

MOST_QUEUED = 30  # requests in a queue at a time: what waits longer than a lease would be asked for again
DOORS = {
    outbox.LEVELS: ("fire_level", WORK),
    outbox.TIMERS: ("fire_timers", WORK),
    outbox.JOBS: ("run_job", WORK),
    outbox.MESSAGES: ("relay_message", WORK),
    outbox.SUBSCRIPTIONS: ("look_for_message", WORK),
    outbox.STARTS: ("attend_start", WORK),
    outbox.MOVES: ("move", WORK),
    outbox.APPROVALS: ("reconsider", WORK),
    outbox.DELIVERIES: ("gather", WORK),
    outbox.BUNDLES: ("deliver", MAIL),
    outbox.HOOKS: ("call_webhook", MAIL),
    outbox.ANNOUNCEMENTS: ("announce", MAIL),
    outbox.APPOINTMENTS: ("keep_appointment", WORK),
    outbox.RECALCULATIONS: ("recalculate", WORK),
}
PAUSE_AFTER_FAILURE_S = 30
BATCHES = {  # many may be due at once: one request carries so many
    outbox.LEVELS: 25,
    outbox.SUBSCRIPTIONS: 10,
    outbox.MOVES: 10,
    outbox.DELIVERIES: 100,
    outbox.BUNDLES: 10,
    outbox.HOOKS: 10,
    outbox.ANNOUNCEMENTS: 10,
}
REQUESTS_AT_LEAST = 2  # so that more than one worker has something to do
SHORTEST_PAUSE_S = 0.005
Peek = Callable[[datetime, datetime, datetime], dict[str, datetime]]
GATHERING_S = 0.05  # after asking: what comes due meanwhile is asked for together


@dataclass(frozen=True)
class Turn:
    """How many rows were asked for, and how many seconds may pass before the next turn."""

    asked: int
    pause: float


def turn(queue: Queue, *, peek: Peek = outbox.peek, in_doubt: bool = False) -> Turn:
    """Ask the workers for everything that is due and not asked for.

    Never early: a row is asked for only when its moment has come, and the worker looks at the clock again. Raises
    ExternalFailure when Redis is away. peek: whoever turns again and again brings that of a `Lookout`. in_doubt: Redis
    was away, so everything that is due is asked for again at once, rather than a lease later.
    """
    current, now = settings.current(), clock.now()
    lease = timedelta(seconds=0 if in_doubt else current.lease_seconds)
    found = peek(now, now + timedelta(seconds=current.poll_seconds), now - lease)
    if not found:
        return Turn(0, current.poll_seconds)
    due = [kind for kind, moment in found.items() if moment <= now]
    if not due:
        return Turn(0, max(SHORTEST_PAUSE_S, (min(found.values()) - now).total_seconds()))
    room = {name: MOST_QUEUED - length for name, length in queue.lengths().items()}
    due = [kind for kind in due if room[DOORS[kind][1]] > 0]
    for kind in due:
        tally.observe(tally.ASKED, kind, (now - found[kind]).total_seconds())
    askings = _claim(due, room, lease) if due else []
    queue.enqueue_many(askings)
    asked = sum(len(one.keys) for one in askings)
    return Turn(asked, GATHERING_S if asked else current.poll_seconds)


def sweep(queue: Queue) -> int:
    """Turn until nothing more is due or the queues are full; answers how many rows were asked for."""
    asked = 0
    while more := turn(queue).asked:
        asked += more
    return asked


def _claim(kinds: list[str], room: dict[str, int], lease: timedelta) -> list[Asking]:
    now = clock.now()
    askings: list[Asking] = []
    with db.transaction() as session:
        for kind in kinds:
            door, name = DOORS[kind]
            longest = BATCHES.get(kind, 1)
            keys = outbox.claim(session, kind, now, now - lease, max(1, room[name]) * longest)
            size = max(1, min(longest, len(keys) // REQUESTS_AT_LEAST))
            batches = [tuple(keys[first : first + size]) for first in range(0, len(keys), size)]
            askings += [Asking(door, batch, f"{door}-{batch[0]}-{uuid4().hex}", name) for batch in batches]
            room[name] -= len(batches)
    return askings


def put_off(kind: str, key: int) -> None:
    """Leave a row that failed unexpectedly alone for a while, so that it does not fail several times a second."""
    until = clock.now() + timedelta(seconds=PAUSE_AFTER_FAILURE_S)
    try:
        with db.transaction() as session:
            outbox.postpone(session, kind, key, until)
    except Exception as problem:
        log.warning("worker: %s %s could not be put off: %s", kind, key, problem)
