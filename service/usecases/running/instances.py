"""Runs of diagrams: starting one, and letting its timers fire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock, holding, policy
from service.engine import elements, process, steps
from service.storage import db, keys, writing
from service.storage.history import Entry
from service.storage.models.instances import Instance
from service.storage.queries import decisions as found_decisions
from service.storage.queries import definitions, forms
from service.storage.types import Row, Session, made
from service.usecases.context import facts
from service.usecases.context import locked as locks
from service.usecases.definitions import decisions, programs
from service.usecases.running import advancing


def start(
    process_id: str,
    version: int | None = None,
    variables: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    *,
    actor: policy.Actor,
) -> advancing.Outcome:
    """Start an instance without a release. Raises NotFound, InvalidInput, Forbidden."""
    policy.require(policy.may_start_instance(actor))
    definition = definitions.latest(process_id) if version is None else definitions.version(process_id, version)
    if definition is None:
        which = f"{process_id} version {version}" if version else process_id
        raise errors.NotFound(f"No process {which} is deployed.")
    given = dict(variables or {})
    named = sorted(name for name in given if facts.is_fact(name))
    if named:
        raise errors.InvalidInput({f"variables.{name}": ["is the name of a fact"] for name in named})
    prepared = prepare(definition.key)
    ran = prepared.run(given, clock.now())
    with db.transaction() as session:
        return begin(session, prepared, ran, actor=actor, business_key=business_key)


@dataclass(frozen=True)
class Beginning:
    """How an instance begins from outside: at which start event, why, and the key of the message that did it."""

    element: str
    cause: Mapping[str, Any]
    correlation: str | None = None


class Prepared:
    """A program and its manifest, put together before the transaction."""

    def __init__(self, definition_key: int) -> None:
        self.definition_key = definition_key
        self.program = programs.program(definition_key)
        reach = _Reach(self.program.process.id, definition_key)
        self.processes, self.forms, self.fact_names = reach.processes, reach.forms, reach.facts
        self.decisions = reach.decisions

    def run(
        self, variables: Mapping[str, Any], now: datetime, release: Row | None = None, at: str | None = None
    ) -> Ran:
        """The first step of an instance. Without a release it needs no lock, so it belongs before the transaction."""
        library = programs.Library(self.processes, self.decisions)
        world = locks.world_for_new(release, library, now)
        instance, step = process.start(self.program, variables=dict(variables), world=world, at=at)
        return Ran(instance, step, library, now)


@dataclass(frozen=True)
class Ran:
    """An instance that has begun and is not stored yet."""

    instance: process.Instance
    step: steps.Step
    library: programs.Library
    now: datetime


def prepare(definition_key: int) -> Prepared:
    """Load and parse what an instance of this definition needs: slow work that belongs before the transaction."""
    return Prepared(definition_key)


def begin(
    session: Session,
    prepared: Prepared,
    ran: Ran,
    *,
    actor: policy.Actor,
    business_key: str | None = None,
    release: Row | None = None,
    begun: Beginning | None = None,
) -> advancing.Outcome:
    """Store an instance within the caller's transaction; `release` is locked. begun: where no person started it."""
    now, library = ran.now, ran.library
    key = keys.next_key(session)
    row = {
        "key": key,
        "definition_key": prepared.definition_key,
        "business_key": business_key,
        "release_number": release.number if release is not None else None,
        "status": "active",
        "revision": 0,
        "state": b"",
        "manifest": {
            **library.manifest(),
            "forms": {name: str(found) for name, found in prepared.forms.items()},
        },
        "fact_names": sorted(prepared.fact_names),
        "started_by": actor.name,
        "start_correlation": begun.correlation if begun else None,
        "started_at": now,
        "history_count": 0,
        "history_hash": "",
    }
    writing.insert_rows(session, Instance, [row])
    locked = locks.adopt(session, made(row), release, ran.instance, library, now)
    model = prepared.program.process
    told = {"process": model.id, "name": model.name, "by": actor.name, **(begun.cause if begun else {})}
    locked.entries.append(Entry("instance.started", data=told))
    return advancing.step(locked, lambda _instance, _world: ran.step, actor=actor)


def fire_timers(instance_key: int) -> bool:
    """Let every timer fire that is due; running it early or twice does no harm. Answers whether it was active.

    While its release is on hold none fires.
    """

    def command(instance: process.Instance, world: process.World) -> steps.Step:
        return instance.tick(world)

    with db.transaction() as session:
        try:
            locked = locks.lock(session, instance_key)
        except errors.NotFound:
            raise
        except errors.Conflict:
            return False
        if holding.on_hold(locked.release):
            return False
        advancing.step(locked, command, actor=policy.SYSTEM)
    return True


class _Reach:
    """Newest versions of everything a definition can reach by name, and the facts all of it mentions."""

    def __init__(self, process_id: str, key: int) -> None:
        self.processes = {process_id: key}
        self.facts: set[str] = set()
        form_ids: set[str] = set()
        decision_ids: set[str] = set()
        todo = [key]
        while todo:
            model = programs.program(todo.pop()).process
            form_ids |= model.forms
            decision_ids |= model.decisions
            self.facts |= set(facts.NAMES) if _may_call_more(model) else model.facts
            found = definitions.newest_keys([called for called in model.called if called not in self.processes])
            self.processes |= found
            todo += found.values()
        self.forms = forms.newest_keys(form_ids)
        self.decisions = found_decisions.newest_keys(decision_ids)
        for name, decision_key in self.decisions.items():
            self.facts |= decisions.facts(decisions.model(decision_key), name)


def _may_call_more(model: elements.Process) -> bool:
    """What it calls is not known yet, and may ask for any fact."""
    calls = [element for element in model.elements.values() if element.called_process or element.called_decision]
    return any(
        (element.called_process or element.called_decision or "").startswith("=")
        or (element.called_decision and element.binding == "live")
        for element in calls
    )
