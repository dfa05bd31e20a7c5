"""Which schema a database has, and which one this version needs; asked often, and without the tool that makes them."""

from __future__ import annotations

import functools
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from service.storage import db

VERSIONS = Path(__file__).parent / "migrations" / "versions"
NOTED = table("alembic_version", column("version_num"))  # where Alembic notes how far it brought a database


def of(url: str) -> tuple[str | None, str]:
    """The revision the database has, and the newest there is."""
    engine = db.make_engine(url)
    try:
        with engine.connect() as connection:
            return current(connection), newest()
    finally:
        engine.dispose()


def current(connection: Connection) -> str | None:
    """The revision of the database behind this connection; None where nothing was made yet."""
    if not inspect(connection).has_table(NOTED.name):
        return None
    return connection.execute(select(NOTED.c.version_num)).scalar()


@functools.cache
def newest() -> str:
    """The revision that this version of the product needs: its files are numbered in their order."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
