"""Every test gets a database of its own that is up to date and empty."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy

from service.storage import revisions
from service.storage.models.base import Base
from tests.support.databases import Databases


def test_fresh_database_is_up_to_date(database: str) -> None:
    current, newest = revisions.of(database)
    assert newest is not None
    assert current == newest


def test_databases_do_not_share_content(database: str, databases: Databases) -> None:
    kind = database.split(":")[0].split("+")[0]
    other = databases.fresh(kind)
    engines = [sqlalchemy.create_engine(url) for url in (database, other)]
    with engines[0].begin() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (id integer)")
    tables = [sqlalchemy.inspect(engine).has_table("mine") for engine in engines]
    for engine in engines:
        engine.dispose()
    databases.drop(other)
    assert tables == [True, False]


def test_a_database_that_was_used_is_given_out_again_as_new(databases: Databases) -> None:
    used = databases.fresh("postgresql")
    with _own_connection(used) as connection:
        before = {table: _content(connection, table) for table in Base.metadata.tables}
        connection.exec_driver_sql("INSERT INTO groups (name, title) VALUES ('pilots', 'Pilots')")
        connection.exec_driver_sql("DELETE FROM key_blocks")
        connection.commit()
        databases.drop(used)
    again = databases.fresh("postgresql")
    assert again != used
    with _own_connection(again) as connection:
        assert {table: _content(connection, table) for table in Base.metadata.tables} == before
    databases.drop(again)


def test_a_database_with_other_tables_or_columns_is_not_given_out_again(databases: Databases) -> None:
    changed = databases.fresh("postgresql")
    with _own_connection(changed) as connection:
        connection.exec_driver_sql("ALTER TABLE groups ALTER COLUMN title DROP NOT NULL")
        connection.commit()
    databases.drop(changed)
    again = databases.fresh("postgresql")
    with _own_connection(again) as connection:
        columns = sqlalchemy.inspect(connection).get_columns("groups")
    databases.drop(again)
    assert {column["name"]: column["nullable"] for column in columns} == {
        "name": False,
        "title": False,
        "language": False,
    }


@contextmanager
def _own_connection(url: str) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    connection = engine.connect()
    yield connection
    connection.invalidate()
    connection.close()


def _content(connection: sqlalchemy.Connection, table: str) -> list[tuple]:
    return [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')]
