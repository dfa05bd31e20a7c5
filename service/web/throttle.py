"""Guessing passwords is slow: a limit on failed attempts, kept in Redis where there is one, else in this process."""

from __future__ import annotations

import logging
import math
import time

from flask import Flask, current_app
from limits import RateLimitItem, RateLimitItemPerMinute, storage, strategies
from limits.errors import StorageError

from service import errors

PER_NAME = RateLimitItemPerMinute(5)  # failed attempts for one name from one address
PER_ADDRESS = RateLimitItemPerMinute(30)
PER_FEED = RateLimitItemPerMinute(30)  # readings of one calendar, by whomever
PER_MISSES = RateLimitItemPerMinute(60)  # readings of calendars that are not there, from one address

log = logging.getLogger(__name__)


class Throttle:
    """Counts attempts; when Redis does not answer, this process counts for itself."""

    def __init__(self, redis_url: str) -> None:
        self._local = strategies.MovingWindowRateLimiter(storage.MemoryStorage())
        shared = storage.storage_from_string(redis_url, wrap_exceptions=True) if redis_url else None
        self._shared = strategies.MovingWindowRateLimiter(shared) if shared else self._local

    def require(self, name: str, address: str) -> None:
        """Raises TooManyAttempts while the limit is reached."""
        for item, key in self._keys(name, address):
            if not self._ask("test", item, *key):
                wait = math.ceil(max(1, self._reset(item, key) - time.time()))
                raise errors.TooManyAttempts(f"Too many failed attempts. Try again in {wait} s.", retry_after=wait)

    def count(self, name: str, address: str) -> None:
        """One more attempt failed."""
        for item, key in self._keys(name, address):
            self._ask("hit", item, *key)

    def spend(self, item: RateLimitItem, *key: str) -> None:
        """One more use of something that everybody may use so often. Raises TooManyAttempts when that was too often."""
        if not self._ask("hit", item, *key):
            wait = math.ceil(max(1, self._reset(item, key) - time.time()))
            raise errors.TooManyAttempts(f"This is asked for too often. Try again in {wait} s.", retry_after=wait)

    @staticmethod
    def _keys(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        return [(PER_NAME, ("sign-in", address, name.lower())), (PER_ADDRESS, ("sign-in", address))]

    def _ask(self, verb: str, item: RateLimitItem, *key: str) -> bool:
        try:
            return bool(getattr(self._shared, verb)(item, *key))
        except StorageError as problem:
            log.warning("the shared count of failed sign-ins is out of reach: %s", problem)
            return bool(getattr(self._local, verb)(item, *key))

    def _reset(self, item: RateLimitItem, key: tuple[str, ...]) -> float:
        try:
            return self._shared.get_window_stats(item, *key).reset_time
        except StorageError:
            return self._local.get_window_stats(item, *key).reset_time


def init_app(app: Flask, redis_url: str) -> None:
    app.extensions["tidegate-throttle"] = Throttle(redis_url)


def current() -> Throttle:
    """The one of this application."""
    throttle: Throttle = current_app.extensions["tidegate-throttle"]
    return throttle
