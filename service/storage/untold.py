"""Writing down who was not told: each recipient and person once for each cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from service.storage import keys
from service.storage.models.untold import Untold


def insert_new(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows without keys; what is there already stays. One statement, none without rows."""
    if not rows:
        return
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    drawn = [{**row, "key": key} for row, key in zip(rows, keys.take(session, len(rows)), strict=True)]
    statement = insert(cast(Table, Untold.__table__)).on_conflict_do_nothing()
    session.connection().execute(statement, drawn)
