"""Writing rows in bulk: one statement a table, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, tuple_, update
from sqlalchemy.orm import Session

from service.storage.models.base import Base

Row = Mapping[str, Any]


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert dicts with the same keys (attribute names)."""
    if rows:
        session.execute(insert(model).execution_options(render_nulls=True), list(rows))


def update_where(session: Session, model: type[Base], values: Row, **equal: Any) -> int:
    """Update every row whose attributes equal these (a list means any of them); answers how many there were."""
    statement = update(model).values(**values).where(*_conditions(model, equal))
    return session.execute(statement, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]


def delete_where(session: Session, model: type[Base], **equal: Any) -> int:
    """Delete every row whose attributes equal these (a list means any of them)."""
    statement = delete(model).where(*_conditions(model, equal))
    return session.execute(statement, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]


def delete_pairs(
    session: Session, model: type[Base], columns: tuple[str, str], pairs: Iterable[tuple[Any, Any]]
) -> None:
    """Delete the rows whose two columns equal one of the pairs."""
    wanted = list(pairs)
    if wanted:
        first, second = (getattr(model, name) for name in columns)
        session.execute(
            delete(model).where(tuple_(first, second).in_(wanted)), execution_options={"synchronize_session": False}
        )


def _conditions(model: type[Base], equal: Mapping[str, Any]) -> list[Any]:
    conditions = []
    for name, value in equal.items():
        column = getattr(model, name)
        many = isinstance(value, list | tuple | set | frozenset)
        conditions.append(column.in_(list(value)) if many else column.is_(None) if value is None else column == value)
    return conditions
