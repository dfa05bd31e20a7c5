"""A house to live in: a fresh database of each kind with the people of the cast, and a clock to turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from service import config
from service.domain import clock, policy
from service.storage import db
from service.storage.models.people import Group, Membership, User
from service.storage.writing import insert_rows
from service.usecases import settings
from service.usecases.context import live
from service.usecases.definitions import programs
from tests import cast
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
    own = config.Settings.from_env({"TIDEGATE_DATABASE_URL": database, "TIDEGATE_DATA_DIR": str(tmp_path)})
    before = settings.current()
    settings.use(own)
    app = Flask("tests")
    db.init_app(app, own.database_url)
    live.forget()
    programs.forget()
    with app.app_context(), unhurried():
        people(time.now)
        yield app
        db.db.session.remove()
        db.db.engine.dispose()
    settings.use(before)


def people(now: datetime) -> None:
    """Insert the cast without passwords: hashing costs time, and nobody signs in here."""
    with db.transaction() as session:
        insert_rows(session, Group, [{"name": name, "title": title} for name, title in cast.GROUPS.items()])
        users, members = [], []
        for key, (name, (title, roles, groups)) in enumerate(cast.PEOPLE.items(), start=1):
            person = {"key": key, "name": name, "title": title, "email": f"{name}@example.org", "roles": roles}
            users.append(
                person | {"zone": "UTC", "language": "en", "theme": "auto", "session_mark": "", "created_at": now}
            )
            members += [{"user_key": key, "group_name": group} for group in groups]
        insert_rows(session, User, users)
        insert_rows(session, Membership, members)


@pytest.fixture
def owner() -> policy.Actor:
    return cast.actor("petra")
