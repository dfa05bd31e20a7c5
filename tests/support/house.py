"""A house to live in: the product in the test's own process, on one database, with the people of the cast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from flask import Flask

from service import config
from service.domain import clock
from service.storage import db
from service.storage.models.people import Group, Membership, User
from service.storage.writing import insert_rows
from service.usecases import settings
from service.usecases.context import live
from service.usecases.definitions import programs
from tests import cast


@contextmanager
def opened(environment: Mapping[str, str]) -> Iterator[Flask]:
    """Nobody lives there yet; the settings are those of this environment, and nothing is remembered of another house.

    What the product's own processes do on the same database is seen here, and the other way round.
    """
    own = config.Settings.from_env(environment)
    before = settings.current()
    settings.use(own)
    app = Flask("tests")
    db.init_app(app, own.database_url)
    live.forget()
    programs.forget()
    try:
        with app.app_context():
            try:
                yield app
            finally:
                db.db.session.remove()
                db.db.engine.dispose()
    finally:
        settings.use(before)


def people(now: datetime | None = None) -> None:
    """The cast moves in, without passwords: hashing costs time, and nobody signs in here."""
    created_at = now or clock.now()
    users, members = [], []
    for key, (name, (title, roles, groups)) in enumerate(cast.PEOPLE.items(), start=1):
        person = {"key": key, "name": name, "title": title, "email": f"{name}@example.org", "roles": roles}
        own = {"zone": "UTC", "language": "en", "theme": "auto", "session_mark": "", "created_at": created_at}
        users.append(person | own)
        members += [{"user_key": key, "group_name": group} for group in groups]
    with db.transaction() as session:
        insert_rows(session, Group, [{"name": name, "title": title} for name, title in cast.GROUPS.items()])
        insert_rows(session, User, users)
        insert_rows(session, Membership, members)
