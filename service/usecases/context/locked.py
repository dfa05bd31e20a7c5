"""An instance under lock, brought to life, with what a command may see."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock
from service.engine import process
from service.storage import locking
from service.storage.history import Entry
from service.storage.queries import waiting
from service.storage.types import Row, Session, made
from service.usecases import settings
from service.usecases.context import facts, live
from service.usecases.definitions import decisions, programs
from service.usecases.worktime import calendars

UNKNOWN: Any = object()


@dataclass
class Locked:
    """An instance under lock, with what a command may see."""

    session: Session
    row: Row
    release: Row | None
    live: live.Live
    world: process.World
    now: datetime
    entries: list[Entry] = field(default_factory=list)
    reason: str = ""  # why somebody repairs it, and who
    repairer: str = ""


def lock(session: Session, instance_key: int, *, release_number: int | None = UNKNOWN) -> Locked:
    """Lock an instance (its release first) and bring it to life. Raises NotFound, Conflict when it is over."""
    if release_number is UNKNOWN:
        release_number = locking.release_of(session, instance_key)
    release = locking.release(session, release_number) if release_number is not None else None
    row = locking.instance(session, instance_key)
    if row.status != "active":
        raise errors.Conflict("This run of the model is over.", instance=str(instance_key))
    now = clock.now()
    alive = live.take(instance_key, row.revision) or _load(session, row)
    return Locked(session, row, release, alive, world(row, release, alive.library, now), now)


def world_for_new(release: Row | None, library: programs.Library, now: datetime) -> process.World:
    """What an instance may see that is just starting."""
    record = facts.of_release(release, now) if release is not None else facts.empty(now)
    return _seen(now, record, library, release)


def adopt(
    session: Session,
    row: Row,
    release: Row | None,
    instance: process.Instance,
    library: programs.Library,
    now: datetime,
) -> Locked:
    """A Locked for an instance whose row was inserted in this very transaction."""
    alive = live.Live(revision=row.revision, instance=instance, library=library)
    return Locked(session, row, release, alive, world(row, release, library, now), now)


def _load(session: Session, row: Row) -> live.Live:
    """An instance from its stored state, with the keys of what is open in it."""
    library = programs.Library.of(row.manifest)
    state = locking.state(session, row.key)
    instance = process.restore(state, programs.program(row.definition_key), library=library)
    alive = live.Live(revision=row.revision, instance=instance, library=library)
    alive.activations = waiting.activations(row.key)
    alive.occurrences = waiting.occurrences(row.key)
    alive.tasks = waiting.tasks(row.key)
    alive.offered = set(alive.tasks.values())
    alive.deadlines = waiting.deadlines(row.key)
    alive.incidents = waiting.incidents(row.key)
    return alive


def world(row: Row, release: Row | None, library: programs.Library, now: datetime) -> process.World:
    """What a command on this instance may see."""
    names = row.fact_names
    if not names:
        record: dict[str, Any] = {}
    elif release is not None:
        record = facts.of_release(release, now)
    else:
        record = facts.empty(now)
    return _seen(now, record, library, release)


def _seen(now: datetime, record: dict[str, Any], library: programs.Library, release: Row | None) -> process.World:
    limits, newest = settings.engine_limits(), decisions.Newest()
    working = functools.partial(calendars.of_release, release)
    return process.World(now, record, library, working, limits, library.decisions, newest)


def in_version(locked: Locked, columns: Mapping[str, Any], library: programs.Library) -> Locked:
    """The same lock for an instance that moves to another version: with these columns, seeing what that may see."""
    row = made({**locked.row._mapping, **columns})
    alive = replace(locked.live, library=library)
    seen = world(row, locked.release, library, locked.now)
    return replace(locked, row=row, live=alive, world=seen)


def with_new_facts(locked: Locked) -> Locked:
    """The same lock, seeing what this very command wrote to the record before the engine steps."""
    if locked.release is not None:
        locked.release = locking.release(locked.session, locked.release.number)
    locked.world = world(locked.row, locked.release, locked.live.library, locked.now)
    return locked
