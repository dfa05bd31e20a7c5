"""Signals: everyone who waits when one is broadcast hears it, once; it starts what it may start, and is not kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service import errors
from service.domain import clock, policy
from service.storage import db, writing
from service.storage.models.messages import Message
from service.storage.queries import messages
from service.storage.types import Row, made
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.running import outgoing, receiving

log = logging.getLogger(__name__)

PATIENCE_S = 1.0  # so long a request tells one after the other; workers tell the rest


@dataclass(frozen=True)
class Broadcast:
    """What became of a signal: its key, and the instances that heard it so far or that it started."""

    key: int
    instances: tuple[int, ...] = ()


def broadcast(name: str, variables: Mapping[str, Any] | None = None, *, actor: policy.Actor) -> Broadcast:
    """Send a signal to everyone who waits for it. Raises Forbidden, InvalidInput."""
    policy.require(policy.may_repair(actor))
    given = dict(variables or {})
    problems = {f"variables.{each}": ["is the name of a fact"] for each in sorted(given) if facts.is_fact(each)}
    if not name:
        problems["name"] = ["is needed"]
    if problems:
        raise errors.InvalidInput(problems)
    now = clock.now()
    due_at = now + timedelta(seconds=settings.current().lease_seconds)
    with db.transaction() as session:
        row = outgoing.signal(session, name, given, now=now, published_by=actor.name, due_at=due_at)
        writing.insert_rows(session, Message, [row])
    relay(made(row), patience_s=PATIENCE_S)
    return Broadcast(row["key"], messages.instances_of(row["key"]))


def relay(row: Row, *, patience_s: float = float("inf")) -> list[Exception]:
    """Tell everyone who is on the list of this signal and has not heard it; what went wrong is answered."""
    heard = messages.receivers(row.key)
    failures: list[Exception] = []
    end = time.monotonic() + patience_s
    for target in row.targets or ():
        if target in heard:
            continue
        if time.monotonic() > end:
            return failures
        try:
            _tell(row, target)
        except errors.StaleWrite:
            log.info("signal %s was told to %s by another worker", row.key, target)
        except Exception as failure:
            log.exception("signal %s did not reach %s", row.key, target)
            failures.append(failure)
    if not failures:
        receiving.settle(row)
    return failures


def _tell(row: Row, target: str) -> None:
    kind, _, name = target.partition(":")
    if kind == "instance":
        receiving.heard(row, int(name))
        return
    for start in messages.starts_for(row, but=(), process=name):
        receiving.begun(row, start)
        return
