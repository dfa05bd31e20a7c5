"""The schema that migrations make is the schema that the code expects."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service.storage import db, upgrades
from service.storage.models.base import Base
from tests.support.databases import Databases


def test_the_migrations_make_exactly_the_declared_tables(database: str) -> None:
    engine = db.make_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(database: str) -> None:
    before = upgrades.revisions(database)
    upgrades.upgrade(database)
    assert upgrades.revisions(database) == before
    assert before[0] == before[1]


def test_an_empty_database_is_known_to_be_behind(databases: Databases) -> None:
    url = databases.empty("sqlite")
    assert upgrades.revisions(url)[0] is None
    assert upgrades.revisions(url)[1] is not None
    databases.drop(url)
