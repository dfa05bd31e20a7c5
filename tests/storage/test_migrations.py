"""The schema that migrations make is the schema that the code expects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select

from service.storage import db, revisions, upgrades
from service.storage.models.base import Base
from tests.support.databases import Databases


def test_the_migrations_make_exactly_the_declared_tables(database: str) -> None:
    engine = db.make_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(database: str) -> None:
    before = revisions.of(database)
    upgrades.upgrade(database)
    assert revisions.of(database) == before
    assert before[0] == before[1]


def test_an_empty_database_is_known_to_be_behind(databases: Databases) -> None:
    url = databases.empty("sqlite")
    assert revisions.of(url)[0] is None
    assert revisions.of(url)[1] is not None
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("before", ["0010", "0021"])
def test_what_older_versions_have_written_stays(databases: Databases, kind: str, before: str) -> None:
    """A row in every table, with all that it refers to, is still there after an upgrade and refers to it still."""
    url = databases.empty(kind)
    upgrades.upgrade(url, before)
    engine = db.make_engine(url)
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        kept = [table for table in tables.sorted_tables if table.name != "alembic_version"]
        for table in kept:
            if not connection.execute(select(func.count()).select_from(table)).scalar_one():
                _put_one(connection, table)
        counts = _counts(connection, kept)
    upgrades.upgrade(url)
    with engine.begin() as connection:
        assert _counts(connection, kept) == counts
        if kind == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()
    databases.drop(url)


def _counts(connection: Connection, tables: list[Table]) -> dict[str, int]:
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _put_one(connection: Connection, table: Table) -> None:
    """A row with a value in each column that must have one; what it refers to is there already."""
    row = {}
    for column in table.columns:
        if column.nullable or column.server_default is not None:
            continue
        (reference,) = [key.column for key in column.foreign_keys] or [None]
        row[column.name] = (
            _value(column) if reference is None else connection.execute(select(reference)).scalars().first()
        )
    connection.execute(insert(table), row)


def _value(column: Column[Any]) -> Any:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    values = {"INT": 1, "BOOL": False, "JSON": {}, "DATE": then, "TIMESTAMP": then, "BLOB": b"x", "BYTEA": b"x"}
    kind = str(column.type).upper()
    return next((value for name, value in values.items() if name in kind), "x")
