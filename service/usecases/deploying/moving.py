"""One running instance moves to another version of its model, and back until its next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service import errors
from service.domain import policy
from service.engine import definitions as diagrams
from service.engine import steps
from service.engine.migration import migrating
from service.storage import keys, locking, renaming, writing
from service.storage.history import Entry
from service.storage.models.instances import Instance
from service.storage.models.migrations import Migration
from service.storage.queries import decisions, definitions, forms, migrations, tasks, waiting
from service.storage.types import Row, Session, made
from service.usecases.context import locked as locks
from service.usecases.context import opening
from service.usecases.deadlines import redrawing
from service.usecases.definitions import programs
from service.usecases.running import advancing, instances


class Target:
    """The version to move to, with the newest of all that it can reach. Slow to make: before the transaction.

    program: a version that is not deployed yet takes the place of the newest one.
    """

    def __init__(self, definition: Row, program: diagrams.Program | None = None) -> None:
        self.definition = definition
        self.prepared = instances.prepare(definition.key)
        self.program = program or self.prepared.program
        self._drawn = program

    def columns(self, row: Row) -> dict[str, Any]:
        """What the move changes on the instance's own row. What only runs in it moves to its newest version too."""
        before = {name: int(key) for name, key in row.manifest["processes"].items()}
        others = definitions.newest_keys(before.keys() - self.prepared.processes.keys())
        rules = decisions.newest_keys(row.manifest.get("decisions", {}))
        manifest = {
            "processes": {**before, **others, **self.prepared.processes},
            "forms": self.prepared.forms,
            "decisions": {**rules, **self.prepared.decisions},
        }
        named = {*self.prepared.fact_names, *self.program.process.facts, *(row.fact_names if others else ())}
        return {
            "definition_key": self.definition.key,
            "manifest": {kind: {name: str(key) for name, key in found.items()} for kind, found in manifest.items()},
            "fact_names": sorted(named),
        }

    def library(self, manifest: Mapping[str, Any]) -> programs.Library:
        """What an instance with this manifest can reach."""
        return _With(self._drawn, manifest) if self._drawn else library(manifest)


class _With(programs.Library):
    """A library in which a version that is not deployed takes the place of the one that is."""

    def __init__(self, program: diagrams.Program, manifest: Mapping[str, Any]) -> None:
        reached = library(manifest)
        super().__init__(reached.processes, reached.decisions.keys_by_id)
        self._program = program

    def __getitem__(self, process_id: str) -> diagrams.Program:
        return self._program if process_id == self._program.process.id else super().__getitem__(process_id)


def target(process_id: str, version: int | None = None, program: diagrams.Program | None = None) -> Target:
    """A version of a model, the newest unless one is named. Raises NotFound."""
    found = definitions.latest(process_id) if version is None else definitions.version(process_id, version)
    if found is None:
        which = f"{process_id} version {version}" if version else process_id
        raise errors.NotFound(f"No process {which} is deployed.")
    return Target(found, program)


def is_there(row: Row, columns: Mapping[str, Any]) -> bool:
    """Whether the instance runs on this version, and on the newest of what it reaches, already."""
    manifest = columns["manifest"]
    same = all(row.manifest.get(kind, {}) == found for kind, found in manifest.items())
    return bool(row.definition_key == columns["definition_key"] and same)


def tried(
    row: Row, state: bytes, release: Row | None, goal: Target, mapping: Mapping[str, str], now: datetime
) -> migrating.Attempt:
    """What a move would do to an instance; nothing is locked and nothing changes. Raises Conflict, NotFound."""
    columns = goal.columns(row)
    reached = goal.library(columns["manifest"])
    world = locks.world(made({**row._mapping, **columns}), release, reached, now)
    return migrating.attempt(state, _version(row), migrating.Version(goal.program, reached), world, mapping)


def library(manifest: Mapping[str, Any]) -> programs.Library:
    return programs.Library.of(manifest)


def _version(row: Row) -> migrating.Version:
    return migrating.Version(programs.program(row.definition_key), library(row.manifest))


def move(
    session: Session,
    instance_key: int,
    goal: Target,
    mapping: Mapping[str, str],
    *,
    anew: bool = False,
    actor: policy.Actor,
    run_key: int | None = None,
) -> advancing.Outcome:
    """Move a running instance within the caller's transaction; what people did so far stays.

    anew: deadlines are those of that version, from when each began; else they stay as they are. Raises CannotMigrate
    with the places that stand in the way, NotFound, Conflict where it is over or there already.
    """
    locked = locks.lock(session, instance_key)
    columns = goal.columns(locked.row)
    if is_there(locked.row, columns):
        raise errors.Conflict("This run is on that version already.", instance=str(instance_key))
    before = locking.state(session, instance_key)
    there = locks.in_version(locked, columns, goal.library(columns["manifest"]))
    after = migrating.Version(goal.program, there.live.library)
    attempt = migrating.attempt(before, _version(locked.row), after, there.world, dict(mapping))
    if attempt.instance is None or attempt.step is None:
        raise _refusal(attempt.plan)
    there.live.instance = attempt.instance
    numbers = _numbers(locked.row.definition_key, goal.definition.key)
    told = {**numbers, "mapping": dict(mapping), "deadlines": "anew" if anew else "keep", "by": actor.name}
    there.entries.append(Entry("instance.migrated", data=told))
    outcome = _store(there, attempt.step, columns, actor, anew=anew)
    kept = {
        "anew": anew,
        "from_key": locked.row.definition_key,
        "to_key": goal.definition.key,
        "mapping": dict(mapping),
    }
    _remember(locked, kept | {"before": before, "revision": outcome.revision, "run_key": run_key}, actor)
    return outcome


def undo(session: Session, instance_key: int, *, actor: policy.Actor, run_key: int | None = None) -> advancing.Outcome:
    """Bring an instance back to where it was before its last move, within the caller's transaction.

    run_key: only if that run made the move. Raises Conflict where there was none, or the instance took a step since.
    """
    locked = locks.lock(session, instance_key)
    last = migrations.last_move(instance_key)
    if last is None or last.before is None or run_key not in (None, last.run_key):
        raise errors.Conflict("This run was not moved to another version, so there is nothing to undo.")
    if last.revision != locked.row.revision:
        raise errors.Conflict("The run has taken a step since it was moved. Move it to the other version instead.")
    columns = {"definition_key": last.from_key, "manifest": last.manifest, "fact_names": last.fact_names}
    there = locks.in_version(locked, columns, library(last.manifest))
    earlier = migrating.Version(programs.program(last.from_key), there.live.library)
    state = locking.state(session, instance_key)
    there.live.instance, step = migrating.back(state, _version(locked.row), last.before, earlier)
    numbers = _numbers(last.to_key, last.from_key)
    there.entries.append(Entry("instance.migration_undone", data={**numbers, "by": actor.name}))
    outcome = _store(there, step, columns, actor, anew=last.anew)
    undone = {"undone_at": locked.now, "undone_by": actor.name, "before": None}
    writing.update_where(session, Migration, undone, key=last.key)
    return outcome


def _store(
    locked: locks.Locked, step: steps.Step, columns: Mapping[str, Any], actor: policy.Actor, *, anew: bool
) -> advancing.Outcome:
    session, key = locked.session, locked.row.key
    moved = {fact.ref: fact for fact in step.facts if isinstance(fact, steps.Moved)}
    for ref, fact in moved.items():
        renaming.activation(session, key, ref, locked.live.activations.get(ref), fact.element, fact.name)
    outcome = advancing.step(locked, lambda _instance, _world: step, actor=actor)
    manifest = {**columns["manifest"], **locked.live.library.manifest()}
    writing.update_where(session, Instance, {**columns, "manifest": manifest}, key=key)
    _show_again(locked, moved)
    if anew:
        redrawing.anew(locked)
    locked.live.occurrences = waiting.occurrences(key)
    return outcome


def _show_again(locked: locks.Locked, moved: Mapping[str, steps.Moved]) -> None:
    """Open tasks show the forms, buttons and criteria of the version; drafts, holders, votes and due moments stay."""
    opened = tasks.open_of_instance(locked.row.key)
    names = forms.ids({task.form_key for task in opened if task.form_key})
    for task in opened:
        fact = moved.get(task.ref)
        form = names.get(task.form_key) if fact is None else fact.form
        columns: dict[str, Any] = {"form_key": opening.form_key(locked, form)}
        if fact is not None:
            columns |= {"button": fact.button, "criteria": dict(fact.criteria)}
        if any(getattr(task, name) != value for name, value in columns.items()) or fact is not None:
            renaming.task(locked.session, task.key, columns | {"revision": task.revision + 1})


def _remember(locked: locks.Locked, kept: Mapping[str, Any], actor: policy.Actor) -> None:
    """What undoing needs. Earlier moves can no longer be undone, so their states go."""
    session, row = locked.session, locked.row
    writing.update_where(session, Migration, {"before": None}, instance_key=row.key)
    values = {"key": keys.next_key(session), "instance_key": row.key, **kept}
    values |= {"manifest": row.manifest, "fact_names": row.fact_names, "at": locked.now, "by": actor.name}
    writing.insert_rows(session, Migration, [values | {"undone_at": None, "undone_by": None}])


def _refusal(plan: migrating.Plan) -> errors.CannotMigrate:
    wrong = [place for place in plan.places if place.verdict != migrating.CLEAN]
    told = "; ".join(f"{place.name or place.element}: {place.message}" for place in wrong)
    return errors.CannotMigrate(told, verdict=plan.verdict, places=[as_dict(place) for place in wrong])


def as_dict(place: migrating.Place) -> dict[str, Any]:
    """A place as scripts read it."""
    return {
        "element": place.element, "name": place.name, "type": place.type, "process": place.process,
        "verdict": place.verdict, "target": place.target, "code": place.code, "message": place.message,
        "suggestions": list(place.suggestions),
    }  # fmt: skip


def _numbers(from_key: int, to_key: int) -> dict[str, Any]:
    found = {row.key: row.version for row in definitions.by_keys([from_key, to_key])}
    return {"from_version": found.get(from_key), "to_version": found.get(to_key)}
