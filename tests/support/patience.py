"""What a request does at once and what it leaves to the workers depends on the clock: not in tests in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.usecases.accounts import people
from service.usecases.running import signals
from service.web.api import idempotency

LONG_S = 600.0


@contextmanager
def unhurried() -> Iterator[None]:
    """However busy the machine is, requests here finish what they began; a test may set another patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "PATIENCE_S", LONG_S)
        patch.setattr(people, "PATIENCE_S", LONG_S)
        patch.setattr(idempotency, "PATIENCE_SECONDS", LONG_S)
        yield
