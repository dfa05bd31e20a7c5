"""A dispatcher process: looks for what is due until it is told to stop. Several may run."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import Any
from uuid import uuid4

from service import errors
from service.jobs import house
from service.storage import outbox, queue, tally
from service.usecases.upkeep import dispatch, housekeeping, watching

log = logging.getLogger(__name__)

PAUSE_WITHOUT_REDIS_S = 0.5
PAUSE_AFTER_FAILURE_S = 1.0
TIDY_S = 300.0
QUIET_S = 10  # the same trouble is logged no more often


def run(entry: house.Entry, redis_url: str) -> None:
    """Dispatch until SIGTERM or SIGINT. entry: `app.app_context` of a made application."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    log.info("dispatcher: looking for what is due")
    Dispatcher(entry, redis_url).keep_on(ending)
    log.info("dispatcher: stopped")


class Dispatcher:
    """The loop, and what it remembers between turns."""

    def __init__(self, entry: house.Entry, redis_url: str) -> None:
        self._entry = entry
        self._queue = queue.Queue(redis_url)
        self._lookout = outbox.Lookout()
        self._name = f"{os.getpid()}-{uuid4().hex[:8]}"
        self._since = time.time()
        self._turns = self._asked = 0
        self._beaten_at = float("-inf")
        self._tidied_at = float("-inf")
        self._watched_at = time.monotonic()
        self._troubles: dict[str, float] = {}
        self._in_doubt = False  # whether Redis may have lost what was asked for

    def keep_on(self, ending: threading.Event) -> None:
        """Turn after turn, through outages of Redis and the database."""
        while not ending.is_set():
            pause = self._one()
            self._watch()
            ending.wait(pause)
        self._lookout.close()
        try:
            self._queue.silence("dispatcher", self._name)
        except errors.ExternalFailure:
            log.debug("dispatcher: Redis is away, nothing to sign off from")

    def _one(self) -> float:
        """One turn; answers the pause after it."""
        try:
            self._beat()
            with self._entry():
                began = time.perf_counter()
                turn = dispatch.turn(self._queue, peek=self._lookout.peek, in_doubt=self._in_doubt)
                tally.observe(tally.TURN, "", time.perf_counter() - began)
                self._turns += 1
                self._asked += turn.asked
                self._tidy()
        except errors.ExternalFailure as problem:
            self._in_doubt = True
            self._complain(str(problem))
            return PAUSE_WITHOUT_REDIS_S
        except Exception as problem:
            # the database may be away or be locked; nothing is lost, it is looked for again
            self._complain(f"{type(problem).__name__}: {problem}", exc_info=True)
            return PAUSE_AFTER_FAILURE_S
        self._troubles.clear()
        self._in_doubt = False
        return turn.pause

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_at >= TIDY_S:
            self._tidied_at = time.monotonic()
            housekeeping.tidy()

    def _watch(self) -> None:
        """Also while Redis is away: that is one of the things to tell."""
        if time.monotonic() - self._watched_at < watching.LOOK_S:
            return
        self._watched_at = time.monotonic()
        try:
            with self._entry():
                watching.look()
        except Exception as problem:
            self._complain(f"{type(problem).__name__}: {problem}", exc_info=True)

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at >= queue.BEAT_S:
            told = {"turns": self._turns, "asked": self._asked}
            self._queue.beat("dispatcher", self._name, since=self._since, **told)
            self._beaten_at = time.monotonic()

    def _complain(self, trouble: str, **more: Any) -> None:
        now = time.monotonic()
        if now - self._troubles.get(trouble, float("-inf")) >= QUIET_S:
            self._troubles[trouble] = now
            log.warning("dispatcher: %s", trouble, **more)
