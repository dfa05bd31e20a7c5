"""Bringing a database to the schema of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, select

from service.storage import db
from service.storage.models.ledger import AdminChain, KeyBlock
from service.storage.models.releases import Category

FIRST_KEY = 1_000
UNBOUND, BOUND = "foreign_keys=OFF", "foreign_keys=ON"
STANDARD = {
    "name": "standard",
    "title": "Standard",
    "models": {"major": "major_release", "minor": "minor_release", "emergency": "emergency_release"},
}


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, to: str = "head") -> None:
    """Create or update the schema at `url`; running it again changes nothing."""
    engine = db.make_engine(url)
    try:
        with engine.connect() as connection, _unbound(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7283001)")  # two starting processes: one waits
            command.upgrade(_config(connection), to)
            if connection.execute(select(KeyBlock.next).where(KeyBlock.name == "keys")).first() is None:
                connection.execute(insert(KeyBlock), {"name": "keys", "next": FIRST_KEY})
                connection.execute(insert(AdminChain), {"id": 1, "count": 0, "hash": ""})
                connection.execute(insert(Category), STANDARD)
    finally:
        engine.dispose()


@contextmanager
def _unbound(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew: what refers to it must not hold it meanwhile."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # Not through the connection itself: that would begin a transaction, in which this changes nothing.
        connection.connection.cursor().execute(f"PRAGMA {UNBOUND}")
    yield
    if sqlite:
        connection.connection.cursor().execute(f"PRAGMA {BOUND}")
