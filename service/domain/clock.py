"""The one place that says what time it is; tests put a virtual clock here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _source()


@contextmanager
def replaced(source: Callable[[], datetime]) -> Iterator[None]:
    """Within the block, `now()` asks `source`."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
