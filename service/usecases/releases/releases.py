"""Releases: creating one, editing its record, talking about it, and acting on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock, policy
from service.engine import process, steps
from service.storage import db, history, keys, locking, writing
from service.storage.history import Entry
from service.storage.models.releases import Category, Comment, Release, ReleasePerson
from service.storage.queries import definitions, people, releases
from service.storage.types import Row
from service.usecases.context import locked as locks
from service.usecases.deadlines import planned
from service.usecases.releases import records, releasefields, schemas
from service.usecases.running import advancing, instances
from service.usecases.sending import announcing
from service.usecases.telling import keypoints, notices

_STORED = (*releasefields.TEXTS, "classification", "manager", *releasefields.MOMENTS)
TYPES = releasefields.TYPES
KINDS = releasefields.KINDS
LONGEST_COMMENT = 20_000
PARTS = ("stakeholder", "board")


@dataclass(frozen=True)
class Offered:
    """An action that is offered now; `refusal` says why this actor may not trigger it."""

    id: str
    name: str
    label: str
    element: str
    form_key: int | None
    reason_required: bool
    phase: str | None
    interrupting: bool
    refusal: str | None


def create(given: Mapping[str, Any], *, actor: policy.Actor) -> int:
    """Register a release and start its model (S0-32, S2-30); answers its number.

    given: title, type, kind, category, service; optional reason, classification, window_start, window_end (aware),
    manager, coordinator, model (a process id; else the category selects it by type).
    Raises InvalidInput with the fields, Forbidden.
    """
    policy.require(policy.may_create_release(actor))
    values = releasefields.valid(given)
    model = _model(values)
    prepared = instances.prepare(model.key)
    with db.transaction() as session:
        number = keys.next_number(session, "release")
        row = {
            "number": number,
            "from_template": True,
            "status": "open",
            "requester": actor.name,
            "created_at": clock.now(),
            "revision": 1,
            **{
                name: values.get(name)
                for name in (*releasefields.TEXTS, "classification", "manager", *releasefields.MOMENTS)
            },
            "reason": values.get("reason") or "",
            "coordinator": values.get("coordinator") or (actor.name if actor.has(policy.COORDINATOR) else None),
            "model": model.process_id,
        }
        writing.insert_rows(session, Release, [row])
        release = locking.release(session, number)
        ran = prepared.run({}, clock.now(), release)
        outcome = instances.begin(session, prepared, ran, actor=actor, business_key=f"R-{number}", release=release)
        writing.update_where(session, Release, {"instance_key": outcome.instance_key}, number=number)
        if release.window_end is not None:
            planned.window_set(session, locking.release(session, number), release.window_end)
    return number


def edit(
    number: int, changes: Mapping[str, Any], *, actor: policy.Actor, revision: int | None = None, why: str = ""
) -> None:
    """Change the record of an open release. Raises InvalidInput, Forbidden, StaleWrite for an old `revision`.

    why: what people are told who hear that its dates have changed.
    """
    see(number, actor=actor)
    values = releasefields.valid(changes, partial=True)
    fixed = [name for name in ("type", "category", "model") if name in values]
    if fixed:
        raise errors.InvalidInput({name: ["is fixed once the release has started"] for name in fixed})
    with db.transaction() as session:
        release = locking.release(session, number)
        if revision is not None and release.revision != revision:
            raise errors.StaleWrite("Somebody changed this release since you looked. Load it again.")
        if release.status != "open":
            raise errors.Conflict("The release is closed; its record stays as it is.")
        policy.require(policy.may_change_release(actor, release))
        releasefields.check_window(
            values.get("window_start", release.window_start), values.get("window_end", release.window_end)
        )
        before = {name: getattr(release, name) for name in values}
        writing.update_where(session, Release, values | {"revision": release.revision + 1}, number=number)
        if values.get("window_end", release.window_end) != release.window_end:
            planned.window_set(session, release, values["window_end"])
        changed = {
            name: [_plain(before[name]), _plain(values[name])] for name in values if before[name] != values[name]
        }
        said = {"reason": why.strip()} if why.strip() else {}
        _tell(session, release, Entry("release.edited", data={"changes": changed, "by": actor.name, **said}), actor)


def comment(number: int, text: str, *, actor: policy.Actor) -> int:
    """Say something about a release. Raises InvalidInput, Forbidden."""
    see(number, actor=actor)
    if not text.strip():
        raise errors.InvalidInput({"text": ["write something"]})
    if len(text) > LONGEST_COMMENT:
        raise errors.InvalidInput({"text": [f"use at most {LONGEST_COMMENT} characters"]})
    with db.transaction() as session:
        release = locking.release(session, number)
        key = keys.next_key(session)
        row = {"key": key, "release_number": number, "by": actor.name, "at": clock.now(), "text": text.strip()}
        writing.insert_rows(session, Comment, [row])
        _tell(session, release, Entry("release.commented", data={"comment": key, "by": actor.name}), actor)
    return key


def set_people(number: int, part: str, names: list[str], *, actor: policy.Actor) -> None:
    """Make these the stakeholders or the board of a release (S1-24, S1-25)."""
    if part not in PARTS:
        raise errors.InvalidInput({"part": [f"choose among {', '.join(PARTS)}"]})
    unknown = set(names) - people.active_names(names)
    if unknown:
        raise errors.InvalidInput({"names": [f"there is no active person {', '.join(sorted(unknown))}"]})
    with db.transaction() as session:
        release = locking.release(session, number)
        if policy.may_change_release(actor, release):
            raise errors.Forbidden("Only its manager and coordinator choose the people of a release.")
        writing.delete_where(session, ReleasePerson, release_number=number, part=part)
        rows = [{"release_number": number, "part": part, "user": name} for name in dict.fromkeys(names)]
        writing.insert_rows(session, ReleasePerson, rows)
        writing.update_where(session, Release, {"revision": release.revision + 1}, number=number)
        _tell(session, release, Entry("release.people", data={"part": part, "names": names, "by": actor.name}), actor)


def see(number: int, *, actor: policy.Actor) -> Row:
    """One release, if the actor may see it. Raises NotFound, Forbidden."""
    release = releases.get(number)
    if release is None:
        raise errors.NotFound(f"There is no release R-{number}.")
    if not releases.may_see(actor, number):
        raise errors.Forbidden("You take no part in this release.")
    return release


def actions(number: int, *, actor: policy.Actor) -> list[Offered]:
    """What people can trigger now, in the order in which it was offered (S2-11)."""
    release = see(number, actor=actor)
    return [_offered(row, release, actor) for row in releases.actions(number)]


def act(number: int, wanted: str, values: Mapping[str, Any], *, actor: policy.Actor) -> advancing.Outcome:
    """Trigger an action by its id or its unique name (S2-13, S2-14, S3-15).

    values: `reason` (needed where the diagram says so) and the fields of the action's form, if it has one.
    Raises ActionNotOffered naming what is offered, Forbidden, InvalidInput.
    """
    release = see(number, actor=actor)
    row = _wanted(number, wanted)
    policy.require(policy.may_act(actor, row.roles, release))
    reason = str(values.get("reason") or "").strip()
    if row.reason_required and not reason:
        raise errors.InvalidInput({"reason": ["say why"]})
    checked, recorded = _checked(row, {name: value for name, value in values.items() if name != "reason"})
    payload = checked | {"action": {"name": row.message, "label": row.label, "reason": reason, "by": actor.name}}

    def command(instance: process.Instance, world: process.World) -> steps.Step:
        return instance.deliver(row.ref, payload, world)

    with db.transaction() as session:
        try:
            locked = locks.lock(session, row.instance_key, release_number=number)
        except errors.NotFound:
            raise
        except errors.Conflict as over:
            raise errors.ActionNotOffered("The release is over.") from over
        if row.key not in {offered.key for offered in releases.actions(number)}:
            raise errors.ActionNotOffered(f"{row.label} is no longer offered: the release has moved on.")
        if recorded and locked.release is not None:
            locked.entries += records.write(session, locked.release, recorded)
            locked = locks.with_new_facts(locked)
        told = {"action": row.message, "label": row.label, "reason": reason, "by": actor.name}
        locked.entries.append(Entry("action.triggered", row.element, None, told))
        return advancing.step(locked, command, actor=actor)


def create_category(name: str, title: str, models: Mapping[str, str], *, actor: policy.Actor) -> None:
    """Add a category with its models by release type, or "*" for all (S2-6)."""
    policy.require(policy.may_deploy(actor))
    missing = [model for model in models.values() if not definitions.known(model)]
    if missing or not models:
        raise errors.InvalidInput(
            {"models": [f"no model {', '.join(missing)} is deployed" if missing else "name at least one"]}
        )
    if releases.category(name) is not None:
        raise errors.AlreadyExists(f"There is already a category {name}.")
    with db.transaction() as session:
        writing.insert_rows(session, Category, [{"name": name, "title": title or name, "models": dict(models)}])
        entry = Entry("category.created", data={"name": name, "models": dict(models)})
        history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)


def _offered(row: Row, release: Row, actor: policy.Actor) -> Offered:
    return Offered(
        id=str(row.key),
        name=row.message,
        label=row.label,
        element=row.element,
        form_key=row.form_key,
        reason_required=row.reason_required,
        phase=row.phase,
        interrupting=row.interrupting,
        refusal=policy.may_act(actor, row.roles, release),
    )


def _wanted(number: int, wanted: str) -> Row:
    offered = releases.actions(number)
    found = [row for row in offered if str(row.key) == wanted] or [row for row in offered if row.message == wanted]
    names = ", ".join(sorted({row.message for row in offered})) or "nothing"
    if not found:
        raise errors.ActionNotOffered(f"{wanted} is not offered now. Offered: {names}.", offered=names)
    if len(found) > 1:
        ids = ", ".join(str(row.key) for row in found)
        raise errors.ActionNotOffered(f"{wanted} is offered more than once. Name one by its id: {ids}.", offered=ids)
    return found[0]


def _checked(row: Row, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if row.form_key is not None:
        return schemas.check(row.form_key, row.instance_key, None, values)
    if values:
        raise errors.InvalidInput({name: ["is not a field of this action"] for name in values})
    return {}, {}


def _model(values: Mapping[str, Any]) -> Row:
    category = releases.category(values["category"])
    if category is None:
        known = ", ".join(row.name for row in releases.categories())
        raise errors.InvalidInput({"category": [f"there is no category {values['category']}; choose among {known}"]})
    process_id = values.get("model") or category.models.get(values["type"]) or category.models.get("*")
    model = definitions.latest(process_id) if process_id else None
    if model is None:
        field = "model" if values.get("model") else "category"
        raise errors.InvalidInput({field: [f"its model {process_id} is not deployed"]})
    return model


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _tell(session: Any, release: Row, entry: Entry, actor: policy.Actor) -> None:
    """Into history, and where it is a key point, to those whom it concerns."""
    key, now = release.instance_key, clock.now()
    if key is None:
        return
    locking.instance(session, key)
    head = history.append_to_instance(session, key, [entry], at=now, actor=actor.name)
    place = {"instance_key": key, "revision": head.count, "step": "record"}
    told = keypoints.tellings(release, [entry], [], actor=actor, **place)
    told += announcing.changed(session, release, [entry], told, actor=actor, now=now)
    notices.tell_all(session, told, now=now)
