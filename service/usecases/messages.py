"""Messages between instances and from outside; actions of people do not come this way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from service import errors
from service.domain import policy
from service.engine import process, steps
from service.storage import db, writing
from service.storage.history import Entry
from service.storage.models.instances import Message
from service.storage.queries import instances, messages
from service.storage.types import Row
from service.usecases import advancing, live
from service.usecases import locked as locks

log = logging.getLogger(__name__)

Target = dict[str, Any]  # instance (key), element, attached_to (ref or None)


def publish(
    name: str,
    correlation_key: str | None = None,
    instance: int | None = None,
    variables: Mapping[str, Any] | None = None,
    *,
    actor: policy.Actor,
) -> int:
    """Deliver a message to every subscription that waits for it; answers how many. Never reaches an action.

    Raises Forbidden, InvalidInput, NotFound when an instance was named and does not wait for it.
    """
    policy.require(policy.may_repair(actor))
    if not name:
        raise errors.InvalidInput({"name": ["is needed"]})
    count = _deliver(name, correlation_key, instance, dict(variables or {}), actor)
    if instance is not None and not count:
        raise errors.NotFound(f"Instance {instance} does not wait for the message {name}.")
    return count


def relay(key: int) -> None:
    """Deliver a message that an instance threw (worker).

    Who waits for it is written down first; each delivery then strikes its own name off the list. So a crash in between
    reaches nobody twice. A run that cannot take it now keeps its place in the list and does not hold up the others.
    """
    row = messages.get(key)
    if row is None or row.state != "waiting":
        return
    left = list(row.targets if row.targets is not None else _look_up(row))
    failures: list[Exception] = []
    for target in list(left):
        remaining = [one for one in left if one != target]
        try:
            if not _deliver_to(row.name, target, row.variables, policy.SYSTEM, strike_off=(key, remaining)):
                with db.transaction() as session:
                    writing.update_where(session, Message, {"targets": remaining}, key=key)
            left = remaining
        except Exception as failure:
            log.exception("message %s did not reach instance %s", key, target["instance"])
            failures.append(failure)
    if failures:
        raise failures[0]
    with db.transaction() as session:
        writing.update_where(session, Message, {"state": "done"}, key=key, state="waiting")


def _look_up(row: Row) -> list[Target]:
    targets = _targets(row.name, row.correlation, None)
    with db.transaction() as session:
        columns = {"targets": targets, "delivered": len(targets)}
        writing.update_where(session, Message, columns, key=row.key, state="waiting")
    return targets


def _targets(name: str, correlation: str | None, instance: int | None) -> list[Target]:
    """Places that wait: not subscriptions, since one that waits again after each message is another one each time."""
    found = instances.subscriptions(message=name, correlation=correlation, instance=instance)
    return [{"instance": one.instance_key, "element": one.element, "attached_to": one.attached_to} for one in found]


def _deliver(
    name: str, correlation: str | None, instance: int | None, variables: Mapping[str, Any], actor: policy.Actor
) -> int:
    count, failures = 0, []
    for target in _targets(name, correlation, instance):
        try:
            count += _deliver_to(name, target, variables, actor)
        except errors.ServiceError as failure:
            failures.append(failure)
    if failures and not count:
        raise failures[0]
    return count


def _deliver_to(
    name: str,
    target: Target,
    variables: Mapping[str, Any],
    actor: policy.Actor,
    *,
    strike_off: tuple[int, list[Target]] | None = None,
) -> bool:
    """Deliver to who waits at that place now, under its lock; False where nobody does any more."""
    with db.transaction() as session:
        try:
            locked = locks.lock(session, target["instance"])
        except errors.StaleWrite:
            raise
        except (errors.Conflict, errors.NotFound):
            return False  # the run is over
        waiting = instances.waiting_at(target["instance"], target["element"], target["attached_to"], name)
        if waiting is None:
            live.put(locked.row.key, locked.live)
            return False

        def command(running: process.Instance, world: process.World) -> steps.Step:
            return running.deliver(waiting.ref, dict(variables), world)

        locked.entries.append(Entry("message.delivered", waiting.element, data={"message": name, "by": actor.name}))
        advancing.step(locked, command, actor=actor)
        if strike_off:
            writing.update_where(session, Message, {"targets": strike_off[1]}, key=strike_off[0])
    return True
