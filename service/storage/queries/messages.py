"""Messages and signals: those on their way, those that are kept, and who may receive them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select

from service.storage import db
from service.storage.models.definitions import Definition
from service.storage.models.instances import Instance, Subscription
from service.storage.models.messages import Message, Receipt, Start
from service.storage.queries import pages
from service.storage.types import Row

OPEN = ("waiting", "kept")
_MESSAGE = list(Message.__table__.c)
_RECEIVED = select(func.count()).where(Receipt.message_key == Message.key).scalar_subquery().label("delivered")


def get(key: int) -> Row | None:
    """One message or signal, with how often it was `delivered`."""
    with db.reading() as session:
        return session.execute(select(*_MESSAGE, _RECEIVED).where(Message.key == key)).first()


def listed(
    *,
    kind: str = "message",
    state: str | None = None,
    name: str | None = None,
    correlation: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Messages, the newest first."""
    limit = pages.bounded(limit)
    statement = select(*_MESSAGE, _RECEIVED).where(Message.kind == kind)
    for column, value in ((Message.state, state), (Message.name, name), (Message.correlation, correlation)):
        if value is not None:
            statement = statement.where(column == value)
    if cursor:
        at, key = pages.decode(cursor, pages.moment, pages.key)
        earlier = and_(Message.published_at == at, Message.key < key)
        statement = statement.where(or_(Message.published_at < at, earlier))
    statement = statement.order_by(Message.published_at.desc(), Message.key.desc()).limit(limit + 1)
    with db.reading() as session:
        rows = session.execute(statement).all()
    return pages.cut(rows, limit, lambda row: [row.published_at.isoformat(), row.key])


def receivers(key: int) -> set[str]:
    """Who received a message or signal already."""
    with db.reading() as session:
        return set(session.scalars(select(Receipt.receiver).where(Receipt.message_key == key)))


def instances_of(key: int) -> tuple[int, ...]:
    """The instances that received a message or signal, or that it started."""
    statement = select(Receipt.instance_key).where(Receipt.message_key == key).order_by(Receipt.at, Receipt.receiver)
    with db.reading() as session:
        return tuple(session.scalars(statement))


def waiting_for(row: Row, *, but: Collection[int], process: str | None = None) -> Sequence[Row]:
    """Of each process that has not received this message, the subscription that waits longest: key, instance, process.

    but: subscriptions that are known to be gone. process: this one only.
    """
    oldest = func.row_number().over(
        partition_by=Subscription.process, order_by=(Subscription.opened_at, Subscription.key)
    )
    found = select(
        Subscription.key,
        Subscription.instance_key,
        Subscription.process,
        Subscription.element,
        Subscription.look_at,
        oldest.label("place"),
    ).where(
        Subscription.kind == "message",
        Subscription.message == row.name,
        Subscription.action.is_(False),
        ~_received(row.key, Subscription.process),
    )
    if row.correlation is not None:
        found = found.where(or_(Subscription.correlation.is_(None), Subscription.correlation == row.correlation))
    if process is not None:
        found = found.where(Subscription.process == process)
    if but:
        found = found.where(Subscription.key.not_in(list(but)))
    ranked = found.subquery()
    with db.reading() as session:
        return session.execute(select(ranked).where(ranked.c.place == 1).order_by(ranked.c.key)).all()


def starts_for(row: Row, *, but: Collection[int], process: str | None = None) -> Sequence[Row]:
    """The start events that this message or signal triggers, of processes that have not received it."""
    found = select(*Start.__table__.c).where(Start.kind == row.kind, Start.name == row.name)
    found = found.where(~_received(row.key, Start.process_id))
    if process is not None:
        found = found.where(Start.process_id == process)
    if but:
        found = found.where(Start.key.not_in(list(but)))
    with db.reading() as session:
        return session.execute(found.order_by(Start.process_id, Start.element)).all()


def kept_for(
    now: datetime, *, name: str, process: str, correlation: str | None = None, but: Collection[int] = ()
) -> Row | None:
    """The oldest message in force that somebody in this process may receive."""
    fits = [Message.correlation.is_(None), Message.correlation == correlation]
    statement = select(*_MESSAGE).where(
        Message.kind == "message",
        Message.name == name,
        Message.state.in_(OPEN),
        Message.expires_at > now,
        ~_received(Message.key, literal(process)),
    )
    if correlation is not None:
        statement = statement.where(or_(*fits))
    if but:
        statement = statement.where(Message.key.not_in(list(but)))
    with db.reading() as session:
        return session.execute(statement.order_by(Message.published_at, Message.key).limit(1)).first()


def hearers(signal: str, *, but: int | None) -> list[str]:
    """As receivers: the instances in which something waits for a signal, and the processes that it starts.

    but: the instance that throws it; those inside of it have heard it already.
    """
    waiting = select(Subscription.instance_key).where(Subscription.kind == "signal", Subscription.message == signal)
    if but is not None:
        waiting = waiting.where(Subscription.instance_key != but)
    starting = select(Start.process_id).where(Start.kind == "signal", Start.name == signal)
    with db.reading() as session:
        instances = session.scalars(waiting.distinct().order_by(Subscription.instance_key)).all()
        processes = session.scalars(starting.distinct().order_by(Start.process_id)).all()
    return [f"instance:{key}" for key in instances] + [f"process:{name}" for name in processes]


def hears(instance_key: int, signal: str) -> bool:
    """Something in the instance waits for the signal now."""
    statement: Select[Any] = select(Subscription.key).where(
        Subscription.instance_key == instance_key, Subscription.kind == "signal", Subscription.message == signal
    )
    with db.reading() as session:
        return session.execute(statement.limit(1)).first() is not None


def is_running(process_id: str, correlation: str) -> bool:
    """An instance of this process that a message with this key began is not over."""
    statement = (
        select(Instance.key)
        .join(Definition, Definition.key == Instance.definition_key)
        .where(
            Instance.start_correlation == correlation,
            Instance.status == "active",
            Definition.process_id == process_id,
        )
    )
    with db.reading() as session:
        return session.execute(statement.limit(1)).first() is not None


def _received(message_key: Any, process_id: Any) -> ColumnElement[bool]:
    return exists().where(Receipt.message_key == message_key, Receipt.receiver == literal("process:") + process_id)
