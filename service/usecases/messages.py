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
    """Deliver a message that an instance threw (worker); doing it twice does no harm once it is marked."""
    row = messages.get(key)
    if row is None or row.state != "waiting":
        return
    count = _deliver(row.name, row.correlation, None, row.variables, policy.SYSTEM)
    with db.transaction() as session:
        writing.update_where(session, Message, {"state": "done", "delivered": count}, key=key, state="waiting")


def _deliver(
    name: str, correlation: str | None, instance: int | None, variables: Mapping[str, Any], actor: policy.Actor
) -> int:
    found = instances.subscriptions(message=name, correlation=correlation, instance=instance)
    return sum(_deliver_to(subscription, variables, actor) for subscription in found)


def _deliver_to(subscription: Row, variables: Mapping[str, Any], actor: policy.Actor) -> bool:
    def command(running: process.Instance, world: process.World) -> steps.Step:
        return running.deliver(subscription.ref, dict(variables), world)

    event = Entry("message.delivered", subscription.element, data={"message": subscription.message, "by": actor.name})
    with db.transaction() as session:
        if instances.subscription(subscription.key) is None:
            return False
        try:
            advancing.advance(
                session,
                subscription.instance_key,
                command,
                actor=actor,
                event=event,
                release_number=subscription.release_number,
            )
        except (errors.Conflict, errors.NotFound):
            return False
    return True
