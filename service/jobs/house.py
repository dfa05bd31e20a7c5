"""What a worker or dispatcher needs of the wiring: a way into an application context."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

Entry = Callable[[], AbstractContextManager[Any]]

_entry: list[Entry] = []


def furnish(entry: Entry) -> None:
    """Called once by the wiring with `app.app_context`."""
    _entry[:] = [entry]


def enter() -> AbstractContextManager[Any]:
    """A context with a database session of its own, closed at its end."""
    if not _entry:
        raise RuntimeError("the worker was started without its wiring: use `tidegate worker`")
    return _entry[0]()
