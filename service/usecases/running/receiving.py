"""A message or signal reaches one receiver, in one transaction with the receipt that keeps it from coming again."""

from __future__ import annotations

from typing import Any

from service import errors
from service.domain import clock, policy
from service.engine import process, steps
from service.storage import db, locking, writing
from service.storage.history import Entry
from service.storage.models.messages import Message, Receipt
from service.storage.queries import instances as found
from service.storage.queries import messages
from service.storage.types import Row, Session
from service.usecases.context import live
from service.usecases.context import locked as locks
from service.usecases.running import advancing, instances


def sender(row: Row) -> policy.Actor:
    """In whose name it is delivered, also when a worker does it later."""
    return policy.Actor(name=row.published_by, system=True) if row.published_by else policy.SYSTEM


def into(row: Row, place: Row) -> bool:
    """Deliver a message to a subscription; False where that waits no more.

    Raises StaleWrite where this process has received the message meanwhile.
    """
    with db.transaction() as session:
        locked = _locked(session, place.instance_key)
        waiting = found.subscription(place.key) if locked else None
        if locked is None or waiting is None:
            return _untouched(locked)
        _note(session, row, f"process:{place.process}", place.instance_key, place.element)

        def command(running: process.Instance, world: process.World) -> steps.Step:
            return running.deliver(waiting.ref, dict(row.variables), world)

        who = sender(row)
        locked.entries.append(Entry("message.delivered", place.element, data={"message": row.name, "by": who.name}))
        advancing.step(locked, command, actor=who)
    return True


def heard(row: Row, instance_key: int) -> bool:
    """Let an instance hear a signal; False where nothing in it waits for it any more."""
    with db.transaction() as session:
        locked = _locked(session, instance_key)
        if locked is None or not messages.hears(instance_key, row.name):
            return _untouched(locked)
        _note(session, row, f"instance:{instance_key}", instance_key, None)

        def command(running: process.Instance, world: process.World) -> steps.Step:
            return running.signal(row.name, dict(row.variables), world)

        who = sender(row)
        locked.entries.append(Entry("signal.delivered", data={"signal": row.name, "by": who.name}))
        advancing.step(locked, command, actor=who)
    return True


def begun(row: Row, start: Row) -> bool:
    """Start an instance at a start event; False where that is gone, or where one with the same key is running.

    Raises StaleWrite where this process has received it meanwhile.
    """
    if row.correlation is not None and messages.is_running(start.process_id, row.correlation):
        return False
    prepared = instances.prepare(start.definition_key)
    ran = prepared.run(row.variables, clock.now(), at=start.element)
    with db.transaction() as session:
        # The lock lets two messages with one key come one after the other.
        if locking.start(session, start.key) is None:
            return False
        if row.correlation is not None and messages.is_running(start.process_id, row.correlation):
            return False
        outcome = instances.begin(
            session,
            prepared,
            ran,
            actor=sender(row),
            begun=instances.Beginning(start.element, {row.kind: row.name}, row.correlation),
        )
        _note(session, row, f"process:{start.process_id}", outcome.instance_key, start.element)
    return True


def settle(row: Row) -> None:
    """Everybody who can receive it now has: it is kept for others, or over."""
    columns: dict[str, Any]
    if row.expires_at <= clock.now():
        columns = {"state": "done" if messages.receivers(row.key) else "expired"}
    else:
        columns = {"state": "kept", "due_at": row.expires_at, "asked_at": None}
    with db.transaction() as session:
        writing.update_where(session, Message, columns, key=row.key, state=list(messages.OPEN))


def _locked(session: Session, instance_key: int) -> locks.Locked | None:
    """The instance under its lock; None where its run is over."""
    try:
        return locks.lock(session, instance_key)
    except errors.StaleWrite:
        raise
    except (errors.Conflict, errors.NotFound):
        return None


def _untouched(locked: locks.Locked | None) -> bool:
    if locked is not None:
        live.put(locked.row.key, locked.live)
    return False


def _note(session: Session, row: Row, receiver: str, instance_key: int, element: str | None) -> None:
    noted = {"receiver": receiver, "instance_key": instance_key, "element": element, "at": clock.now()}
    writing.insert_rows(session, Receipt, [{"message_key": row.key, **noted}])
