"""Appending to history: each chain is a sequence of rows, each with a hash over itself and the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from service.storage import writing
from service.storage.models.instances import Instance
from service.storage.models.ledger import AdminChain, Event
from service.storage.types import Row

ADMIN = "admin"


@dataclass(frozen=True)
class Entry:
    """One thing to remember; `data` is plain JSON."""

    event: str
    element: str | None = None
    activation_key: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """Where a chain stands: how many rows, and the hash of the last."""

    count: int
    hash: str


def instance_chain(key: int) -> str:
    """The name of an instance's chain."""
    return f"i{key}"


def append(
    session: Session,
    chain: str,
    head: Head,
    entries: Sequence[Entry],
    *,
    at: datetime,
    actor: str | None,
    instance_key: int | None = None,
    release_number: int | None = None,
) -> Head:
    """Insert the entries behind the head and answer the new head; the caller stores it with the chain's owner."""
    owner = {"instance_key": instance_key, "release_number": release_number}
    head, rows = _chained(chain, head, entries, at, actor, owner)
    writing.insert_rows(session, Event, rows)
    return head


def _chained(
    chain: str, head: Head, entries: Sequence[Entry], at: datetime, actor: str | None, owner: Mapping[str, int | None]
) -> tuple[Head, list[dict[str, Any]]]:
    """The new head, and the rows of the entries, each with its hash."""
    rows = []
    for entry in entries:
        row = {
            "chain": chain,
            "seq": head.count + 1,
            **owner,
            "at": at,
            "actor": actor,
            "event": entry.event,
            "element": entry.element,
            "activation_key": entry.activation_key,
            "data": dict(entry.data),
        }
        head = Head(head.count + 1, digest(head.hash, row))
        rows.append({**row, "hash": head.hash})
    return head, rows


def append_to_instance(
    session: Session, key: int, entries: Sequence[Entry], *, at: datetime, actor: str | None
) -> Head:
    """Append where only the story changes, not the engine's state; answers the new head. The row must be locked."""
    return append_to_instances(session, {key: entries}, at=at, actor=actor)[key]


def append_to_instances(
    session: Session, entries: Mapping[int, Sequence[Entry]], *, at: datetime, actor: str | None
) -> dict[int, Head]:
    """`append_to_instance` for several, by their keys: three statements, however many. Their rows must be locked."""
    columns = (Instance.key, Instance.history_count, Instance.history_hash, Instance.release_number)
    rows: list[dict[str, Any]] = []
    heads: dict[int, Head] = {}
    for row in session.execute(select(*columns).where(Instance.key.in_(entries))):
        before, own = Head(row.history_count, row.history_hash), {"instance_key": row.key}
        heads[row.key], made = _chained(
            instance_chain(row.key), before, entries[row.key], at, actor, own | {"release_number": row.release_number}
        )
        rows += made
    writing.insert_rows(session, Event, rows)
    table = cast(Table, Instance.__table__)
    statement = update(table).where(table.c.key == bindparam("of"))
    statement = statement.values(history_count=bindparam("count"), history_hash=bindparam("hash"))
    columns_of = [{"of": key, "count": head.count, "hash": head.hash} for key, head in heads.items()]
    session.connection().execute(statement, columns_of)
    return heads


def append_to_administration(session: Session, entries: Sequence[Entry], *, at: datetime, actor: str | None) -> None:
    """Append to the one chain of people, groups and deployments."""
    row = session.execute(select(AdminChain.count, AdminChain.hash).where(AdminChain.id == 1).with_for_update()).one()
    head = append(session, ADMIN, Head(row[0], row[1]), entries, at=at, actor=actor)
    writing.update_where(session, AdminChain, {"count": head.count, "hash": head.hash}, id=1)


def digest(before: str, row: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and the row's own values as canonical JSON."""
    own = {name: row[name] for name in _HASHED}
    own["data"] = _even(own["data"])
    own["at"] = row["at"].isoformat()
    body = orjson.dumps(own, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(before.encode() + body).hexdigest()


def _even(value: Any) -> Any:
    """Whole numbers as integers: a database may hand back 1e16 as one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _even(inner) for key, inner in value.items()}
    return [_even(inner) for inner in value] if isinstance(value, list | tuple) else value


_HASHED = ("chain", "seq", "instance_key", "release_number", "actor", "event", "element", "activation_key", "data")


def first_broken(rows: Iterable[Row]) -> int | None:
    """The seq of the first row of a whole chain that was changed afterwards; None when all is as it was written."""
    before, expected = "", 1
    for row in rows:
        if row.seq != expected or digest(before, dict(row._mapping)) != row.hash:
            return int(row.seq)
        before, expected = row.hash, expected + 1
    return None
