"""64-bit keys from the database, taken in blocks so that rows know their key before they are inserted.

Every process takes blocks for itself; what a rolled-back transaction drew is lost, gaps are allowed.
"""

from __future__ import annotations

import os
import threading

from sqlalchemy import Engine, bindparam, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from service import errors
from service.storage.models.ledger import KeyBlock

BLOCK = 20_000
ENOUGH_FOR_ONE_COMMAND = 10_000

_refilling = threading.Lock()  # never held together with a command's own locks: `take` does not need it
_lock = threading.Lock()
_ranges: dict[str, list[int]] = {}  # database -> [next, end]
_owner = os.getpid()


def refill(engine: Engine) -> None:
    """Make sure that a command that begins now will not run out of keys. Not within a transaction."""
    name = str(engine.url)
    if _left(name) >= ENOUGH_FOR_ONE_COMMAND:
        return
    with _refilling:
        if _left(name) >= ENOUGH_FOR_ONE_COMMAND:
            return
        with engine.begin() as connection:
            grow = update(KeyBlock).where(KeyBlock.name == "keys").values(next=KeyBlock.next + BLOCK)
            end = connection.execute(grow.returning(KeyBlock.next)).scalar_one()
        with _lock:
            _ranges[name] = [end - BLOCK, end]


def _left(name: str) -> int:
    global _owner
    with _lock:
        if _owner != os.getpid():  # a fork must not hand out its parent's keys again
            _ranges.clear()
            _owner = os.getpid()
        first, end = _ranges.get(name, (0, 0))
        return end - first


def take(session: Session, count: int = 1) -> list[int]:
    """Keys for new rows. Raises LimitExceeded when one command wants more than there are."""
    name = str(session.get_bind().engine.url)
    with _lock:
        first, end = _ranges[name]
        if end - first < count:
            raise errors.LimitExceeded(f"one command may write at most {ENOUGH_FOR_ONE_COMMAND} rows")
        _ranges[name][0] = first + count
    return list(range(first, first + count))


def next_key(session: Session) -> int:
    """One key for one new row."""
    return take(session)[0]


def next_number(session: Session, sequence: str) -> int:
    """The next number of a visible sequence ('release', ...), inside the command's own transaction."""
    dialect = session.get_bind().dialect.name
    insert = pg_insert if dialect == "postgresql" else sqlite_insert
    session.execute(insert(KeyBlock).values(name=sequence, next=1).on_conflict_do_nothing())
    statement = (
        update(KeyBlock)
        .where(KeyBlock.name == bindparam("sequence"))
        .values(next=KeyBlock.next + 1)
        .returning(KeyBlock.next)
    )
    return (
        session.execute(
            statement, {"sequence": sequence}, execution_options={"synchronize_session": False}
        ).scalar_one()
        - 1
    )
