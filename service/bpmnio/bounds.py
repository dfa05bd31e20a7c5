"""How far the embedded engine may go: one set of bounds for a process, put here by the wiring."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from service import errors

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """Milliseconds of processor time, bytes, characters, levels. Each is a setting, named where it is exceeded."""

    feel_ms: int = 250
    form_ms: int = 1000
    expression_length: int = 8 * 1024
    expression_bytes: int = 64 * 1024 * 1024
    value_bytes: int = 1024 * 1024
    form_bytes: int = 512 * 1024
    nesting: int = 100


SETTINGS = {"feel_ms": "TIDEGATE_FEEL_MS"}
_current = Bounds()
_efforts = threading.local()


class TooMuchEffort(errors.LimitExceeded):
    """All expressions of this piece of work together took too long."""


def current() -> Bounds:
    """The bounds in force."""
    return _current


def use(bounds: Bounds) -> None:
    """Called by the wiring before anything else."""
    global _current
    _current = bounds


def setting(name: str) -> str:
    """The setting behind a bound."""
    return SETTINGS.get(name, f"TIDEGATE_MAX_{name.upper()}")


class Effort:
    """Processor time that all expressions evaluated by this thread inside of the `with` may take together.

    Without it many expressions, each just within its own limit, would hold up a request for minutes.
    """

    def __init__(self, milliseconds: int, limit: str = "expressions_ms") -> None:
        self.allowed, self.limit = milliseconds, limit
        self.left = milliseconds / 1000

    @property
    def share(self) -> float:
        """How much of it is used: 1.0 is all."""
        return 1 - self.left * 1000 / self.allowed

    def __enter__(self) -> Effort:
        _around().append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _around().pop()


class Stint:
    """Processor time of this thread that a piece of work may take altogether, whatever it does; it begins now."""

    def __init__(self, milliseconds: int) -> None:
        self.allowed = milliseconds
        self._began = time.thread_time()

    @property
    def share(self) -> float:
        """How much of it is used: 1.0 is all."""
        return (time.thread_time() - self._began) * 1000 / self.allowed


def measured(work: Callable[[], T]) -> T:
    """Do a piece of work on the account of the efforts around it. Raises TooMuchEffort where one is used up."""
    efforts = set(_around())
    if not efforts:
        return work()
    for effort in efforts:
        if effort.left <= 0:
            raise TooMuchEffort(
                f"All expressions together took more than {effort.allowed} ms ({setting(effort.limit)})."
            )
    began = time.thread_time()
    try:
        return work()
    finally:
        spent = time.thread_time() - began
        for effort in efforts:
            effort.left -= spent


def _around() -> list[Effort]:
    found: list[Effort] | None = getattr(_efforts, "around", None)
    if found is None:
        found = _efforts.around = []
    return found
