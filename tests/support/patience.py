"""Patience: with requests in the test's own process, and with what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.usecases.accounts import people
from service.usecases.running import signals
from service.web.api import idempotency

LONG_S = 600.0


@contextmanager
def unhurried() -> Iterator[None]:
    """However busy the machine is, requests here finish what they began; a test may set another patience.

    What a request does at once and what it leaves to the workers depends on the clock otherwise.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "PATIENCE_S", LONG_S)
        patch.setattr(people, "PATIENCE_S", LONG_S)
        patch.setattr(idempotency, "PATIENCE_SECONDS", LONG_S)
        yield


def wait_until(condition: Callable[[], bool], complaint: str | Callable[[], str], patience_s: float = 120) -> None:
    """Look again and again until it holds; fails with the complaint where it does not."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, complaint if isinstance(complaint, str) else complaint()
        time.sleep(0.03)
