"""Messages between instances and from outside; actions of people do not come this way."""

from __future__ import annotations

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
from service.usecases import advancing


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
    reaches nobody twice, not even a subscription that waits again after it was reached.
    """
    row = messages.get(key)
    if row is None or row.state != "waiting":
        return
    targets = row.targets if row.targets is not None else _look_up(row)
    for position, target in enumerate(targets):
        waiting = instances.subscription(target)
        left = list(targets[position + 1 :])
        if waiting is None or not _deliver_to(waiting, row.variables, policy.SYSTEM, strike_off=(key, left)):
            with db.transaction() as session:
                writing.update_where(session, Message, {"targets": left}, key=key)
    with db.transaction() as session:
        writing.update_where(session, Message, {"state": "done"}, key=key, state="waiting")


def _look_up(row: Row) -> list[int]:
    found = instances.subscriptions(message=row.name, correlation=row.correlation, instance=None)
    targets = [subscription.key for subscription in found]
    with db.transaction() as session:
        columns = {"targets": targets, "delivered": len(targets)}
        writing.update_where(session, Message, columns, key=row.key, state="waiting")
    return targets


def _deliver(
    name: str, correlation: str | None, instance: int | None, variables: Mapping[str, Any], actor: policy.Actor
) -> int:
    found = instances.subscriptions(message=name, correlation=correlation, instance=instance)
    return sum(_deliver_to(subscription, variables, actor) for subscription in found)


def _deliver_to(
    subscription: Row,
    variables: Mapping[str, Any],
    actor: policy.Actor,
    *,
    strike_off: tuple[int, list[int]] | None = None,
) -> bool:
    def command(running: process.Instance, world: process.World) -> steps.Step:
        return running.deliver(subscription.ref, dict(variables), world)

    event = Entry("message.delivered", subscription.element, data={"message": subscription.message, "by": actor.name})
    try:
        with db.transaction() as session:
            advancing.advance(
                session,
                subscription.instance_key,
                command,
                actor=actor,
                event=event,
                release_number=subscription.release_number,
            )
            if strike_off:
                writing.update_where(session, Message, {"targets": strike_off[1]}, key=strike_off[0])
    except (errors.Conflict, errors.NotFound):
        return False  # it went on in the meantime
    return True
