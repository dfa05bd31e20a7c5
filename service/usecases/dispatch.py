"""Handing what is due to the workers, again and again; the database stays the truth."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import uuid4

from service.domain import clock
from service.storage import db, outbox
from service.storage.queue import MAIL, WORK, Asking, Queue
from service.usecases import settings

log = logging.getLogger(__name__)

MOST_QUEUED = 400  # asked for at a time: more would only grow old in the queue
DOORS = {
    outbox.LEVELS: ("fire_level", WORK),
    outbox.TIMERS: ("fire_timers", WORK),
    outbox.JOBS: ("run_job", WORK),
    outbox.MESSAGES: ("relay_message", WORK),
    outbox.DELIVERIES: ("deliver", MAIL),
}
PAUSE_AFTER_FAILURE_S = 30
LONGEST_BATCH = 10  # levels that one request carries when many are due at once
SHORTEST_PAUSE_S = 0.005


def turn(queue: Queue) -> float:
    """Ask the workers for everything that is due and not asked for; answers the seconds until the next turn.

    Never early: a row is asked for only when its moment has come, and the worker looks at the clock again. Raises
    ExternalFailure when Redis is away; what was claimed then is asked for again a lease later.
    """
    current, now = settings.current(), clock.now()
    poll = timedelta(seconds=current.poll_seconds)
    stale = now - timedelta(seconds=current.lease_seconds)
    found = outbox.peek(now, now + poll, stale)
    if not found:
        return current.poll_seconds
    due = [kind for kind, moment in found.items() if moment <= now]
    if not due:
        return max(SHORTEST_PAUSE_S, (min(found.values()) - now).total_seconds())
    lengths = queue.lengths()
    room = {name: MOST_QUEUED - length for name, length in lengths.items()}
    due = [kind for kind in due if room[DOORS[kind][1]] > 0]
    if not due:
        return current.poll_seconds
    askings = _claim(due, room)
    queue.enqueue_many(askings)
    return SHORTEST_PAUSE_S if askings else current.poll_seconds


def sweep(queue: Queue) -> int:
    """Turn until nothing more is due; answers how many turns asked for something."""
    asked = 0
    while turn(queue) <= SHORTEST_PAUSE_S:
        asked += 1
    return asked


def _claim(kinds: list[str], room: dict[str, int]) -> list[Asking]:
    now = clock.now()
    stale = now - timedelta(seconds=settings.current().lease_seconds)
    askings: list[Asking] = []
    with db.transaction() as session:
        for kind in kinds:
            door, name = DOORS[kind]
            keys = outbox.claim(session, kind, now, stale, max(1, room[name]))
            size = 1 if kind != outbox.LEVELS else max(1, min(LONGEST_BATCH, len(keys) // 10))
            for first in range(0, len(keys), size):
                batch = tuple(keys[first : first + size])
                askings.append(Asking(door, batch, f"{door}-{batch[0]}-{uuid4().hex}", name))
            room[name] -= len(keys)
    return askings


def put_off(kind: str, key: int) -> None:
    """Leave a row that failed unexpectedly alone for a while, so that it does not fail several times a second."""
    until = clock.now() + timedelta(seconds=PAUSE_AFTER_FAILURE_S)
    try:
        with db.transaction() as session:
            outbox.postpone(session, kind, key, until)
    except Exception as problem:
        log.warning("worker: %s %s could not be put off: %s", kind, key, problem)
