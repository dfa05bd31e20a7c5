"""Messages between instances and from outside; actions of people do not come this way.

As in Camunda 8 a message reaches each process once: the instance of it that waits longest, else one that it starts. It
is kept for its time to live, for who waits later.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service import errors
from service.domain import clock, policy
from service.engine import process, steps
from service.storage import db, writing
from service.storage.history import Entry
from service.storage.models.instances import Subscription
from service.storage.models.messages import Message
from service.storage.queries import instances, messages
from service.storage.types import Row, made
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.running import advancing, outgoing, receiving, signals

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # for one place, while others change it at the same time


@dataclass(frozen=True)
class Published:
    """What became of a message: its key, the instances that received it so far, and until when it is kept."""

    key: int | None
    instances: tuple[int, ...] = ()
    kept_until: datetime | None = None


def publish(
    name: str,
    correlation_key: str | None = None,
    instance: int | None = None,
    variables: Mapping[str, Any] | None = None,
    ttl_seconds: int | None = None,
    *,
    actor: policy.Actor,
) -> Published:
    """Send a message: to who waits for it now, and for `ttl_seconds` to who waits later. Never reaches an action.

    instance: only this one, and only now. Raises Forbidden, InvalidInput, NotFound when an instance was named and does
    not wait for it.
    """
    policy.require(policy.may_repair(actor))
    given = dict(variables or {})
    problems = {f"variables.{each}": ["is the name of a fact"] for each in sorted(given) if facts.is_fact(each)}
    if not name:
        problems["name"] = ["is needed"]
    if instance is not None and ttl_seconds:
        problems["ttl_seconds"] = ["a message to one instance is not kept"]
    if problems:
        raise errors.InvalidInput(problems)
    if instance is not None:
        return _to_one(name, correlation_key, instance, given, actor)
    now = clock.now()
    with db.transaction() as session:
        # Should this process die behind the commit, a worker delivers it.
        due_at = now + timedelta(seconds=settings.current().lease_seconds)
        more = {"published_by": actor.name, "due_at": due_at}
        row = outgoing.message(session, name, correlation_key, given, now=now, ttl_seconds=ttl_seconds, **more)
        writing.insert_rows(session, Message, [row])
    _relay(made(row), time.monotonic() + signals.PATIENCE_S)
    kept = row["expires_at"] if row["expires_at"] > clock.now() else None
    return Published(row["key"], messages.instances_of(row["key"]), kept)


def relay(key: int) -> None:
    """Deliver a message or signal that is on its way, or end one whose time is over (worker).

    Each receiver has a receipt, so that a crash in between reaches nobody twice. A run that cannot take it now does
    not hold up the others.
    """
    row = messages.get(key)
    if row is None or row.state not in messages.OPEN:
        return
    failures = signals.relay(row) if row.kind == "signal" else _relay(row)
    if failures:
        raise failures[0]


def look(subscription_key: int) -> None:
    """Something waits for a message since a moment ago: give it the oldest one that is kept for it (worker).

    Looking comes after the commit that made it wait, and sending looks for who waits after the commit that sent; so one
    of the two sees the other.
    """
    held: set[int] = set()
    while (waiting := instances.subscription(subscription_key)) is not None:
        row = messages.kept_for(
            clock.now(), name=waiting.message, process=waiting.process, correlation=waiting.correlation, but=held
        )
        if row is None:
            with db.transaction() as session:
                writing.update_where(session, Subscription, {"look_at": None}, key=subscription_key)
            return
        failures = _hand_out(row, waiting.process)
        if failures:
            raise failures[0]
        held.add(row.key)


def start_with_kept(start: Row) -> None:
    """Begin an instance with each message that is kept for a start event and may do so now."""
    held: set[int] = set()
    while row := messages.kept_for(clock.now(), name=start.name, process=start.process_id, but=held):
        failures = _hand_out(row, start.process_id)
        if failures:
            raise failures[0]
        held.add(row.key)


def _relay(row: Row, end: float = math.inf) -> list[Exception]:
    """To everybody who may have it; from the moment `end` of the monotonic clock on it is left to the workers."""
    expired = row.state == "kept" and row.expires_at <= clock.now()
    failures = [] if expired else _hand_out(row, end=end)
    if not failures and time.monotonic() <= end:
        receiving.settle(row)
    return failures


def _hand_out(row: Row, only: str | None = None, end: float = math.inf) -> list[Exception]:
    """To each process that has not received it, or to one of them."""
    failures: list[Exception] = []
    gone: set[int] = set()
    attempts: Counter[int] = Counter()
    while places := _places(row, gone, only):
        for deliver, place in places:
            if time.monotonic() > end:
                return failures
            try:
                if deliver(row, place) is not None:
                    gone.add(place.key)
            except errors.StaleWrite as failure:  # another process has it, or was faster there: look again
                attempts[place.key] += 1
                if attempts[place.key] == MOST_ATTEMPTS:
                    failures.append(failure)
                    gone.add(place.key)
            except Exception as failure:
                log.exception("message %s did not reach %s", row.key, place.element)
                failures.append(failure)
                gone.add(place.key)
    return failures


def _places(row: Row, gone: set[int], only: str | None) -> list[tuple[Callable[[Row, Row], bool | None], Row]]:
    """Who receives it next: in each process who waits longest; where nobody waits, its start event."""
    waiting = messages.waiting_for(row, but=gone, process=only)
    busy = {one.process for one in waiting}
    starting = [one for one in messages.starts_for(row, but=gone, process=only) if one.process_id not in busy]
    fresh = _older_first if only is None else receiving.into
    return [(fresh if one.look_at else receiving.into, one) for one in waiting] + [
        (receiving.begun, one) for one in starting
    ]


def _older_first(row: Row, place: Row) -> None:
    """What has just begun to wait takes the oldest message that is kept for it, which may be this one."""
    look(place.key)


def _to_one(
    name: str, correlation: str | None, instance: int, variables: Mapping[str, Any], actor: policy.Actor
) -> Published:
    """To what waits longest for it in one instance, at once or not at all."""
    waiting = instances.waiting_in(instance, name, correlation)
    if waiting is None:
        raise errors.NotFound(f"Instance {instance} does not wait for the message {name}.")

    def command(running: process.Instance, world: process.World) -> steps.Step:
        return running.deliver(waiting.ref, dict(variables), world)

    told = Entry("message.delivered", waiting.element, data={"message": name, "by": actor.name})
    with db.transaction() as session:
        advancing.advance(session, instance, command, actor=actor, event=told)
    return Published(None, (instance,))
