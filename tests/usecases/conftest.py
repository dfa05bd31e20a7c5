"""A house to live in: a fresh database of each kind with the people of the cast, and a clock to turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from service.domain import clock, policy
from tests import cast
from tests.support.house import opened, people
from tests.support.patience import unhurried


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **amount: float) -> datetime:
        """Turn it forward: `turn(hours=3)`."""
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture
def time() -> Iterator[Clock]:
    """The clock of the test: Monday, 2 March 2026, 9 o'clock UTC."""
    hands = Clock()
    with clock.replaced(hands):
        yield hands


@pytest.fixture
def house(database: str, tmp_path: Path, time: Clock) -> Iterator[Flask]:
    """An application context on a database with the cast; both kinds of database."""
    with opened({"TIDEGATE_DATABASE_URL": database, "TIDEGATE_DATA_DIR": str(tmp_path)}) as app, unhurried():
        people()
        yield app


@pytest.fixture
def owner() -> policy.Actor:
    return cast.actor("petra")
