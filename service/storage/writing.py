"""Writing rows in bulk: one statement a table, whatever the number of rows.

Statements are built once per shape and kept, since building them costs more than running them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Delete, Insert, Table, Update, bindparam, delete, insert, update
from sqlalchemy.orm import Session

from service.storage.models.base import Base

Row = Mapping[str, Any]


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert dicts with the same keys (attribute names)."""
    drawn = [_columns(model, row) for row in rows]
    if drawn:
        session.connection().execute(_insert(model), drawn if len(drawn) > 1 else drawn[0])


def update_where(session: Session, model: type[Base], values: Row, **equal: Any) -> int:
    """Update every row whose attributes equal these (a list means any of them); answers how many there were."""
    statement = _update(model, tuple(values), _shape(equal))
    given = {f"new_{name}": value for name, value in values.items()}
    return session.connection().execute(statement, given | _parameters(equal)).rowcount


def delete_where(session: Session, model: type[Base], **equal: Any) -> int:
    """Delete every row whose attributes equal these (a list means any of them); answers how many there were."""
    return session.connection().execute(_delete(model, _shape(equal)), _parameters(equal)).rowcount


def _shape(equal: Row) -> tuple[tuple[str, str], ...]:
    """Attribute and kind of comparison: null, one, or any."""
    return tuple((name, _kind(value)) for name, value in equal.items())


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return "any"
    return "null" if value is None else "one"


def _parameters(equal: Row) -> dict[str, Any]:
    given = {f"is_{name}": value for name, value in equal.items() if value is not None}
    return {name: list(value) if _kind(value) == "any" else value for name, value in given.items()}


@cache
def _insert(model: type[Base]) -> Insert:
    return insert(_table(model)).inline()


@lru_cache(maxsize=1024)
def _update(model: type[Base], names: tuple[str, ...], shape: tuple[tuple[str, str], ...]) -> Update:
    values = {_column(model, name): bindparam(f"new_{name}", type_=_column(model, name).type) for name in names}
    return update(_table(model)).values(values).where(*_conditions(model, shape))


@lru_cache(maxsize=256)
def _delete(model: type[Base], shape: tuple[tuple[str, str], ...]) -> Delete:
    return delete(_table(model)).where(*_conditions(model, shape))


def _conditions(model: type[Base], shape: tuple[tuple[str, str], ...]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, kind in shape:
        column = _column(model, name)
        if kind == "null":
            found.append(column.is_(None))
        elif kind == "any":
            found.append(column.in_(bindparam(f"is_{name}", expanding=True, type_=column.type)))
        else:
            found.append(column == bindparam(f"is_{name}", type_=column.type))
    return found


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def _column(model: type[Base], attribute: str) -> ColumnElement[Any]:
    return cast(ColumnElement[Any], model.__mapper__.columns[attribute])


@cache
def _renamed(model: type[Base]) -> dict[str, str]:
    """Attributes whose column has another name."""
    return {key: column.name for key, column in model.__mapper__.columns.items() if key != column.name}


def _columns(model: type[Base], row: Row) -> dict[str, Any]:
    renamed = _renamed(model)
    return {renamed.get(name, name): value for name, value in row.items()} if renamed else dict(row)
