"""Every test gets a database of its own that is up to date and empty."""

import sqlalchemy

from service.storage import upgrades
from tests.support.databases import Databases


def test_fresh_database_is_up_to_date(database: str) -> None:
    current, newest = upgrades.revisions(database)
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
