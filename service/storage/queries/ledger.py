"""The ledger: one line for each person and way in which something was told, held back, or not told at all."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, null, or_, select, tuple_

from service.domain import policy, readers
from service.storage import db
from service.storage.models.ledger import Event
from service.storage.models.notices import Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.untold import Untold
from service.storage.queries import pages, releases
from service.storage.types import Row

INBOX, TOLD, UNTOLD = "inbox", "told", "untold"

_NOTICE = [
    Notice.key.label("notice_key"),
    Notice.cause,
    Notice.kind,
    Notice.subject,
    Notice.reader,
    Notice.as_.label("as_"),
    Notice.release_number,
    Notice.instance_key,
    Notice.task_key,
    Notice.asked_at.label("at"),
    Notice.read_at,
]
_INBOX: Any = select(
    Notice.key, *_NOTICE, literal(INBOX).label("channel"), literal(TOLD).label("state"), literal("").label("reason"),
    null().label("address"), literal(0).label("attempts"),
    Notice.asked_at.label("sent_at"), null().label("next_attempt_at"), null().label("answer"),
).where(~Notice.reader.startswith(readers.GROUP))  # fmt: skip
_DELIVERED: Any = select(
    Delivery.key, *_NOTICE, Delivery.channel, Delivery.state, Delivery.reason, Delivery.address, Delivery.attempts,
    Delivery.sent_at, Delivery.due_at.label("next_attempt_at"), Delivery.answer,
).join(Notice, Notice.key == Delivery.notice_key)  # fmt: skip
_MISSED: Any = select(
    Untold.key, null().label("notice_key"), Untold.cause, Untold.kind, null().label("subject"),
    Untold.user.label("reader"), Untold.recipient.label("as_"), Untold.release_number, Untold.instance_key,
    Untold.task_key, Untold.at,
    null().label("read_at"), literal("").label("channel"), literal(UNTOLD).label("state"), Untold.reason,
    null().label("address"), literal(0).label("attempts"),
    null().label("sent_at"), null().label("next_attempt_at"), null().label("answer"),
)  # fmt: skip
# of each kind of line: the statement; its moment, the key of what it is a line of, and its own; its reader; its table,
# and what it can be filtered by
_SOURCES: Sequence[tuple[Select[Any], tuple[Any, Any, Any], Any, Any, Mapping[str, Any]]] = (
    (
        _INBOX, (Notice.asked_at, Notice.key, Notice.key), Notice.reader, Notice,
        {"channel": INBOX, "state": TOLD, "reason": ""},
    ),
    (
        _DELIVERED, (Notice.asked_at, Notice.key, Delivery.key), Notice.reader, Notice,
        {"channel": Delivery.channel, "state": Delivery.state, "reason": Delivery.reason},
    ),
    (
        _MISSED, (Untold.at, Untold.key, Untold.key), Untold.user, Untold,
        {"channel": "", "state": UNTOLD, "reason": Untold.reason},
    ),
)  # fmt: skip


def lines(
    actor: policy.Actor,
    *,
    release: int | None = None,
    reader: str | None = None,
    task: int | None = None,
    since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
    **wanted: str | None,
) -> tuple[list[Row], str | None]:
    """Lines the actor may see, newest first: their own, and those of releases they see; wanted: channel, state, reason.

    A page ends where a notice does, so it may have fewer lines than `limit`.
    A row has key, notice_key (None where nobody was told), cause, kind, subject, reader ('' where nobody was meant),
    as_, release_number, instance_key, task_key, at, read_at, channel, state, reason, address, attempts, sent_at,
    next_attempt_at, answer.
    """
    limit = pages.bounded(limit)
    before = pages.decode(cursor, pages.moment, pages.key, pages.key) if cursor else None
    given = {name: value for name, value in wanted.items() if value is not None}
    found = []
    for statement, order, whose, table, columns in _SOURCES:
        conditions = _matches(columns, given)
        if conditions is None:
            continue
        statement = statement.where(*conditions, *_visible(actor, whose, table))
        for column, value in ((table.release_number, release), (whose, reader), (table.task_key, task)):
            statement = statement.where(column == value) if value is not None else statement
        statement = statement.where(order[0] >= since) if since is not None else statement
        if before:
            last = (literal(value, column.type) for value, column in zip(before, order, strict=True))
            statement = statement.where(tuple_(*order) < tuple_(*last))
        found.append(statement.order_by(*(column.desc() for column in order)).limit(limit + 1))
    with db.reading() as session:
        parts = [session.execute(statement).all() for statement in found]
    rows = list(islice(heapq.merge(*parts, key=_place, reverse=True), limit + 1))
    kept = _whole(rows, limit)
    return pages.cut(rows[: kept + 1], kept, lambda row: [row.at.isoformat(), *_place(row)[1:]])


def _place(row: Row) -> tuple[datetime, int, int]:
    """Where a line stands: lines of the same notice beside each other."""
    return row.at, row.notice_key or row.key, row.key


def _whole(rows: Sequence[Row], limit: int) -> int:
    """How many lines a page takes, so that it does not end within a notice, unless one alone is longer."""
    if len(rows) <= limit:
        return limit
    first = next(at for at, row in enumerate(rows) if _place(row)[1] == _place(rows[limit])[1])
    return first or limit


def _matches(columns: Mapping[str, Any], given: Mapping[str, str]) -> list[ColumnElement[bool]] | None:
    """Conditions on columns; None where a kind of line has another constant."""
    conditions = []
    for name, value in given.items():
        column = columns[name]
        if isinstance(column, str):
            if column != value:
                return None
        else:
            conditions.append(column == value)
    return conditions


def _visible(actor: policy.Actor, whose: Any, table: Any) -> list[ColumnElement[bool]]:
    if policy.may_see_everything(actor):
        return []
    return [or_(whose == actor.name, table.release_number.in_(releases.visible_numbers(actor)))]


def levels(keys: Collection[int]) -> dict[int, Row]:
    """Levels by key: deadline_key, level, repeat, fire_at, asked_at, fired_at; and of the deadline state, ended_at."""
    if not keys:
        return {}
    statement = (
        select(
            DeadlineLevel.key, DeadlineLevel.deadline_key, DeadlineLevel.level, DeadlineLevel.repeat,
            DeadlineLevel.fire_at, DeadlineLevel.asked_at, DeadlineLevel.fired_at, Deadline.name, Deadline.state,
            Deadline.ended_at,
        )
        .join(Deadline, Deadline.key == DeadlineLevel.deadline_key)
        .where(DeadlineLevel.key.in_(keys))
    )  # fmt: skip
    with db.reading() as session:
        return {row.key: row for row in session.execute(statement)}


def answers(instance_keys: Collection[int], events: Collection[str], since: datetime) -> Sequence[Row]:
    """What happened in these runs since a moment, of these events, in its order; rows of history."""
    if not instance_keys:
        return ()
    statement = (
        select(Event.id, Event.at, Event.actor, Event.event, Event.element, Event.activation_key, Event.data)
        .where(Event.instance_key.in_(instance_keys), Event.event.in_(events), Event.at >= since)
        .order_by(Event.id)
    )
    with db.reading() as session:
        return session.execute(statement).all()
