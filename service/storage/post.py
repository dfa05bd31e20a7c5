"""Notices and their receipts: each reader once for each cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from service.storage import keys, writing
from service.storage.models.notices import Delivery, Notice

_QUIET = {"synchronize_session": False}


def insert_new(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Insert notices without keys; answers (cause, reader) -> key of those who had not been told for that cause."""
    if not rows:
        return {}
    drawn = [{**row, "key": key} for row, key in zip(rows, keys.take(session, len(rows)), strict=True)]
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    table = cast(Table, Notice.__table__)
    values = [{("as_recipient" if name == "as_" else name): value for name, value in row.items()} for row in drawn]
    statement = (
        insert(table)
        .on_conflict_do_nothing(index_elements=["cause", "reader"])
        .returning(table.c.key, table.c.cause, table.c.reader)
    )
    return {(row.cause, row.reader): row.key for row in session.connection().execute(statement, values)}


def insert_deliveries(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert deliveries without keys."""
    writing.insert_rows(
        session,
        Delivery,
        [{**row, "key": key} for row, key in zip(rows, keys.take(session, len(rows)), strict=True)],
    )


def mark_read(session: Session, user: str, now: datetime, *, key: int | None = None) -> int:
    """Mark one or all unread notices of a person as read; answers how many."""
    statement = update(Notice).where(Notice.reader == user, Notice.read_at.is_(None)).values(read_at=now)
    if key is not None:
        statement = statement.where(Notice.key == key)
    return int(session.execute(statement, execution_options=_QUIET).rowcount)  # type: ignore[attr-defined]
