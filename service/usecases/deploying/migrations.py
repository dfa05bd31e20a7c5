"""Moving what runs to another version of its model: what would happen, one or all of them, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service import errors
from service.domain import clock, policy
from service.engine import definitions as diagrams
from service.engine.migration import migrating
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.migrations import MigrationItem, MigrationRun
from service.storage.queries import definitions, releases
from service.storage.queries import instances as running
from service.storage.queries import migrations as found
from service.storage.types import Row
from service.usecases.deploying import moving
from service.usecases.running import advancing

CLEAN, MAPPING, BLOCKED = migrating.CLEAN, migrating.MAPPING, migrating.BLOCKED


@dataclass(frozen=True)
class Prospect:
    """One running instance and what a move would do to it."""

    row: Row
    plan: migrating.Plan


@dataclass(frozen=True)
class Preview:
    """What a move of every running instance would do. `there` is how many run on the version already."""

    process_id: str
    version: int | None  # None: not deployed yet
    prospects: tuple[Prospect, ...]
    there: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many would move cleanly, need a mapping, are blocked."""
        counted = Counter(prospect.plan.verdict for prospect in self.prospects)
        return {verdict: counted[verdict] for verdict in (CLEAN, MAPPING, BLOCKED)}

    @property
    def unmapped(self) -> dict[str, migrating.Place]:
        """The elements that need a mapping, each once."""
        places = [place for prospect in self.prospects for place in prospect.plan.places]
        return {place.element: place for place in reversed(places) if place.verdict == MAPPING}


def preview(
    process_id: str,
    version: int | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    instances: Iterable[int] | None = None,
    source: tuple[str, bytes] | None = None,
    actor: policy.Actor,
) -> Preview:
    """What would become of every running instance of a model, or of some, in another version. Nothing changes.

    version: the newest unless it is named. source: file name and text of one that is not deployed. Raises NotFound,
    Forbidden, InvalidDefinition for a source that cannot run.
    """
    policy.require(policy.may_migrate(actor))
    program = None if source is None else _drawn(process_id, *source)
    goal = moving.target(process_id, version, program)
    prospects, there = [], 0
    for row in found.candidates(process_id, instances=instances):
        if program is None and moving.is_there(row, goal.columns(row)):
            there += 1
            continue
        prospects.append(Prospect(row, _plan(row, goal, mapping or {})))
    return Preview(process_id, None if source else goal.definition.version, tuple(prospects), there)


def _drawn(process_id: str, file: str, text: bytes) -> diagrams.Program:
    program = next((one for one in diagrams.load(file, text) if one.process.id == process_id), None)
    if program is None:
        raise errors.NotFound(f"There is no process {process_id} in {file}.")
    return program


def _plan(row: Row, goal: moving.Target, mapping: Mapping[str, str]) -> migrating.Plan:
    stored = running.state(row.key)
    release = releases.get(row.release_number) if row.release_number is not None else None
    if stored is None:
        return migrating.Plan()
    return moving.tried(row, stored[1], release, goal, mapping, clock.now()).plan


def migrate(
    instance_key: int,
    version: int | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    anew: bool = False,
    actor: policy.Actor,
) -> advancing.Outcome:
    """Move one running instance to another version of its model, the newest unless one is named.

    anew: its deadlines are worked out by that version. Raises CannotMigrate with the places in the way, NotFound,
    Forbidden, Conflict where it is over or there already.
    """
    policy.require(policy.may_migrate(actor))
    goal = moving.target(_process_of(instance_key), version)
    with db.transaction() as session:
        return moving.move(session, instance_key, goal, mapping or {}, anew=anew, actor=actor)


def undo(instance_key: int, *, actor: policy.Actor) -> advancing.Outcome:
    """Bring an instance back to the version before its last move. Raises Conflict once it has taken a step."""
    policy.require(policy.may_migrate(actor))
    with db.transaction() as session:
        return moving.undo(session, instance_key, actor=actor)


def _process_of(instance_key: int) -> str:
    row = running.get(instance_key)
    if row is None:
        raise errors.NotFound(f"There is no instance {instance_key}.")
    return str(_definition(row.definition_key).process_id)


def _definition(key: int) -> Row:
    row = definitions.by_key(key)
    assert row is not None, f"definition {key} is missing"
    return row


# Many of them


def start(
    process_id: str,
    version: int | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    instances: Iterable[int] | None = None,
    anew: bool = False,
    actor: policy.Actor,
) -> int:
    """Have the workers move every running instance of a model, or some; gives the key of the run that tells how far.

    Each moves in a transaction of its own; those that cannot are listed with the reason. Raises NotFound, Forbidden,
    and Conflict where there is none to move.
    """
    policy.require(policy.may_migrate(actor))
    goal = moving.target(process_id, version)
    rows = found.candidates(process_id, instances=instances)
    wanted = [(row.key, row.release_number) for row in rows if not moving.is_there(row, goal.columns(row))]
    if not wanted:
        raise errors.Conflict("No running release has to be moved to this version.")
    return _run(process_id, goal.definition.key, wanted, mapping or {}, anew=anew, actor=actor)


def undo_run(run_key: int, *, actor: policy.Actor) -> int:
    """Have the workers bring back what a run has moved; those that took a step since are listed as failed."""
    policy.require(policy.may_migrate(actor))
    before = found.run(run_key)
    if before is None:
        raise errors.NotFound(f"There is no run {run_key} of moves.")
    if before.undoes is not None:
        raise errors.Conflict("This run has undone another one. Move the releases again instead.")
    moved = [(row.instance_key, row.release_number) for row in found.moved(run_key)]
    if not moved:
        raise errors.Conflict("This run has moved nothing, so there is nothing to undo.")
    return _run(before.process_id, before.to_key, moved, {}, undoes=run_key, actor=actor)


def _run(
    process_id: str,
    to_key: int,
    wanted: list[tuple[int, int | None]],
    mapping: Mapping[str, str],
    *,
    actor: policy.Actor,
    anew: bool = False,
    undoes: int | None = None,
) -> int:
    now = clock.now()
    with db.transaction() as session:
        key, *drawn = keys.take(session, len(wanted) + 1)
        run = {"key": key, "process_id": process_id, "to_key": to_key, "undoes": undoes, "mapping": dict(mapping)}
        writing.insert_rows(session, MigrationRun, [run | {"anew": anew, "at": now, "by": actor.name}])
        items = [
            {
                "key": item, "run_key": key, "instance_key": instance, "release_number": release, "state": "waiting",
                "message": None, "due_at": now, "asked_at": None, "ended_at": None,
            }
            for item, (instance, release) in zip(drawn, wanted, strict=True)
        ]  # fmt: skip
        writing.insert_rows(session, MigrationItem, items)
        told = {"process": process_id, "run": key, "count": len(items), "undoes": undoes}
        history.append_to_administration(session, [Entry("models.moving", data=told)], at=now, actor=actor.name)
    return key


def move_next(item_key: int) -> bool:
    """Move the instance of one item of a run, or bring it back; running it twice does no harm.

    Answers whether it was done. What refuses is remembered with its reason; anything else is tried again later.
    """
    item = found.item(item_key)
    if item is None or item.state != "waiting":
        return False
    actor = policy.Actor(name=item.by or policy.SYSTEM.name)
    try:
        goal = None if item.undoes is not None else moving.Target(_definition(item.to_key))
        with db.transaction() as session:
            closing = {"state": "done", "ended_at": clock.now()}
            if not writing.update_where(session, MigrationItem, closing, key=item_key, state="waiting"):
                return False
            if goal is None:
                moving.undo(session, item.instance_key, actor=actor, run_key=item.undoes)
            else:
                moving.move(
                    session, item.instance_key, goal, item.mapping, anew=item.anew, actor=actor, run_key=item.run_key
                )
    except errors.StaleWrite:
        raise
    except (errors.Conflict, errors.NotFound) as refused:
        with db.transaction() as session:
            closing = {"state": "failed", "message": refused.detail, "ended_at": clock.now()}
            writing.update_where(session, MigrationItem, closing, key=item_key, state="waiting")
        return False
    return True
