"""The session, and the one place where a transaction begins and ends."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, Pool, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.orm import Session

from service import errors
from service.storage import keys
from service.storage.models.base import Base

db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})

READ_ONLY = "read_only"
RESTED_S = 1.0
WRITE_PATIENCE_S = 15.0
LOOK_S = 0.004
_syncing = "FULL"  # what SQLite waits for at a commit
_PATIENT = f"busy_timeout={int(WRITE_PATIENCE_S * 1000)}"
_AFTERWARDS = "after_commit"


def engine_options(url: str) -> dict[str, Any]:
    """How this product talks to its database: pool and isolation for SQLite and PostgreSQL."""
    json = {"json_serializer": _to_json, "json_deserializer": _from_json}
    if url.startswith("sqlite"):
        return json | {"connect_args": {"timeout": 15, "check_same_thread": False}}
    return json | {"pool_size": 12, "max_overflow": 8, "connect_args": {"application_name": "tidegate"}}


def _from_json(value: Any) -> Any:
    # SQLite gives a column of type JSON numeric affinity: a bare number comes back as a number, not as text.
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _to_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def make_engine(url: str) -> Engine:
    """An engine outside of any application: migrations, tests, the bench."""
    return create_engine(url, **engine_options(url))


def init_app(app: Flask, url: str) -> None:
    """Bind the session to this application."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)


def _is_sqlite(connection: Any) -> bool:
    return type(connection).__module__.startswith("sqlite3")


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: Any, record: Any) -> None:
    if not _is_sqlite(connection):
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", f"synchronous={_syncing}", _PATIENT, "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def in_haste() -> Iterator[None]:
    """SQLite does not wait for the disk at each commit meanwhile: for filling a database that could be filled anew."""
    global _syncing
    db.engine.dispose()
    _syncing = "NORMAL"
    try:
        yield
    finally:
        _syncing = "FULL"
        db.session.remove()
        db.engine.dispose()


@event.listens_for(Pool, "checkin")
def _note_use(connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _ask_whether_it_lives(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that rested may have lost its server; one that was just used is not asked."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < RESTED_S or _is_sqlite(connection):
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as lost:
        raise DisconnectionError from lost  # the pool throws it away and connects anew


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN would fail later, when it turns out that somebody else wrote in between.
    if connection.dialect.name == "sqlite":
        if connection.get_execution_options().get(READ_ONLY):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection)


def _begin_writing(connection: Connection) -> None:
    """Ask for the write lock of SQLite every few milliseconds.

    SQLite itself waits longer and longer between two looks, so that who writes again and again would leave others none.
    """
    end = time.monotonic() + WRITE_PATIENCE_S
    while time.monotonic() < end:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.connection.cursor().execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as refused:
            if refused.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        finally:
            connection.exec_driver_sql(f"PRAGMA {_PATIENT}")
        time.sleep(LOOK_S)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction() -> Iterator[Session]:
    """One command's transaction: committed as a whole, or rolled back with nothing left behind.

    Raises StaleWrite where a unique key shows that somebody was faster.
    """
    session = db.session()
    if _AFTERWARDS in session.info:
        raise RuntimeError("a command began within another one: hand its session on instead")
    session.rollback()  # whatever was read before belongs to another moment
    keys.refill(db.engine)
    afterwards: list[Callable[[], None]] = []
    session.info[_AFTERWARDS] = afterwards
    try:
        yield session
        session.commit()
    except IntegrityError as problem:
        session.rollback()
        if not _somebody_was_faster(problem):
            raise
        raise errors.StaleWrite() from problem
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_AFTERWARDS, None)
    for action in afterwards:
        action()


def _somebody_was_faster(problem: IntegrityError) -> bool:
    """A unique key is taken; any other broken constraint is a mistake of ours."""
    return getattr(problem.orig, "sqlstate", None) == "23505" or "UNIQUE constraint" in str(problem.orig)


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Do this once the command's transaction is committed; not at all if it is rolled back."""
    session.info[_AFTERWARDS].append(action)


@contextmanager
def reading() -> Iterator[Session]:
    """A look at the database that takes no write lock; within a command it sees what the command sees."""
    session = db.session()
    if session.in_transaction():
        yield session
        return
    lockless = {READ_ONLY: True} if db.engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    session.connection(execution_options=lockless)
    try:
        yield session
    finally:
        session.rollback()


def own_connection() -> tuple[Any, Dialect]:
    """A connection of the driver that no pool knows, and how to speak to it with named parameters.

    Each statement is a transaction of its own.
    """
    connection = db.engine.raw_connection()
    connection.detach()
    if db.engine.dialect.name == "sqlite":
        return connection, sqlite.dialect(paramstyle="named")
    connection.dbapi_connection.autocommit = True  # type: ignore[union-attr]
    return connection, db.engine.dialect


def release_connection() -> None:
    """Hand the connection back: for loops that wait, and before long work outside a transaction."""
    db.session.remove()
