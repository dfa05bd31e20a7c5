"""Repairing a run: skip what failed, send back, move, one more item, cancel. Each has a person and a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service import errors
from service.domain import policy
from service.engine import process, steps
from service.engine.repair import places
from service.storage import db, writing
from service.storage.history import Entry
from service.storage.models.instances import Incident
from service.storage.queries import history, instances
from service.storage.types import Row, Session
from service.usecases.context import locked as locks
from service.usecases.context import peeking
from service.usecases.definitions import programs
from service.usecases.running import advancing

LONGEST_REASON = 2000
GOALS = places.ACTIVITIES | {"intermediateCatchEvent", "intermediateThrowEvent", "endEvent"}


@dataclass(frozen=True)
class Target:
    """An earlier activity that a run can be sent back to; `within` is the activation that has it inside."""

    element: str
    name: str
    within: int | None
    ends: tuple[int, ...]  # keys of the activations that would end


def skip(incident_key: int, reason: str, *, actor: policy.Actor) -> advancing.Outcome:
    """Go on behind a failed activity without its results (S0-40); never a gate, an approval or a back-out step.

    Raises InvalidInput without a reason, NotFound, IncidentClosed, Forbidden, and Conflict that says why not.
    """
    reason = _reason(reason)
    seen = instances.incident(incident_key)
    if seen is None:
        raise errors.NotFound(f"There is no incident {incident_key}.")

    def command(instance: process.Instance, world: process.World) -> steps.Step:
        refusal = instance.why_not_skip(seen.ref, world)
        if refusal:
            raise errors.Conflict(refusal, element=seen.element)
        return instance.skip(seen.ref, world)

    with db.transaction() as session:
        locked = _lock(session, seen.instance_key, actor, reason)
        incident = instances.incident(incident_key)
        if incident is None or incident.state != "open":
            raise errors.IncidentClosed()
        columns = {"state": "resolved", "closed_at": locked.now, "closed_by": actor.name}
        writing.update_where(session, Incident, columns, key=incident_key)
        return advancing.step(locked, command, actor=actor)


def send_back(
    instance_key: int, element: str, reason: str, *, actor: policy.Actor, within: int | None = None
) -> advancing.Outcome:
    """Enter an earlier activity or phase again (S2-13); what is open behind it ends, what is beside it goes on.

    within: the activation that has it inside, where that runs several times. Raises as `skip`.
    """

    def command(locked: locks.Locked) -> advancing.Command:
        around = _open(locked, within).ref if within is not None else None
        known = any(row.element == element for row in instances.activations(instance_key))
        _tell(locked, Entry("element.sent_back", element))

        def back(instance: process.Instance, world: process.World) -> steps.Step:
            if not known:
                instance.ends_when_sent_back(element, around)  # says what else is wrong with it
                raise errors.Conflict(f"This run has never come to “{element}”.", element=element)
            return instance.send_back(element, around, world)

        return back

    return _repair(instance_key, command, reason, actor)


def move(instance_key: int, activation: int, element: str, reason: str, *, actor: policy.Actor) -> advancing.Outcome:
    """End one stay and enter another element of its scope, or of a sub-process in it. Raises as `skip`."""

    def command(locked: locks.Locked) -> advancing.Command:
        row = _open(locked, activation)
        _tell(locked, Entry("element.moved", row.element, activation, {"goal": element}))
        return lambda instance, world: instance.move(row.ref, element, world)

    return _repair(instance_key, command, reason, actor)


def add_item(instance_key: int, activation: int, item: Any, reason: str, *, actor: policy.Actor) -> advancing.Outcome:
    """One more item for a running multi-instance activity; its output is collected last. Raises as `skip`."""

    def command(locked: locks.Locked) -> advancing.Command:
        row = _open(locked, activation)
        _tell(locked, Entry("item.added", row.element, activation, {"item": item}))
        return lambda instance, world: instance.add_item(row.ref, item, world)

    return _repair(instance_key, command, reason, actor)


def cancel(instance_key: int, reason: str, *, actor: policy.Actor) -> advancing.Outcome:
    """End a run and everything in it. Raises as `skip`."""

    def command(locked: locks.Locked) -> advancing.Command:
        _tell(locked, Entry("instance.cancelled"))
        return process.Instance.cancel

    return _repair(instance_key, command, reason, actor)


def targets(instance_key: int, *, only: str | None = None) -> list[Target]:
    """The activities that a run can be sent back to now, in the order in which they were entered first."""
    _, instance = peeking.restored(instance_key)
    rows = instances.activations(instance_key)
    open_keys = {row.ref: row.key for row in rows if row.left_at is None}
    calls = {row.ref for row in rows if row.type == "callActivity" and row.left_at is not None}
    found: dict[tuple[str, str | None], Target] = {}
    for row in rows:
        within = _around(row.path, open_keys, calls)
        if row.type not in places.ACTIVITIES or within is False or only not in (None, row.element):
            continue
        around = within if isinstance(within, str) else None
        place = (row.element, around)
        if place not in found and (ends := _ends(instance, row.element, around)) is not None:
            key = open_keys[around] if around else None
            names = tuple(open_keys[ref] for ref in ends if ref in open_keys)
            found[place] = Target(row.element, row.name or row.element, key, names)
    return _told_once(found.values())


def why_not_skip(incident: Row) -> str | None:
    """Why nobody may skip where this incident is, in a sentence."""
    world, instance = peeking.world_and_instance(incident.instance_key)
    try:
        return instance.why_not_skip(incident.ref, world)
    except errors.NotFound as gone:
        return str(gone)


def goals(definition_key: int, element: str) -> list[tuple[str, str]]:
    """Where the token of an element can be moved to: ids with names, those of parts behind the name of the part."""
    drawn = programs.program(definition_key).process.elements
    if element not in drawn:
        return []
    found = []
    for each in drawn.values():
        way = [each]
        while way[0].parent != drawn[element].parent and way[0].parent is not None:
            way.insert(0, drawn[way[0].parent])
        inside = way[0].parent == drawn[element].parent and all(one.loop is None for one in way[:-1])
        if inside and each.id != element and each.drawn and each.type in GOALS and not each.triggered_by_event:
            found.append((each.id, " › ".join(one.name or one.id for one in way)))
    return found


def takes_items(definition_key: int, element: str) -> bool:
    """It is a multi-instance activity."""
    drawn = programs.program(definition_key).process.elements.get(element)
    return drawn is not None and drawn.loop is not None and not drawn.loop.standard


def loops_of(number: int) -> int:
    """How often a release went back: a phase was entered that is no later than the one before it (S2-13)."""
    order: dict[str, int] = {}
    count, before = 0, -1
    for element in history.phases_entered(number):
        at = order.setdefault(element, len(order))
        count += at <= before
        before = at
    return count


def _repair(
    instance_key: int, command: Callable[[locks.Locked], advancing.Command], reason: str, actor: policy.Actor
) -> advancing.Outcome:
    reason = _reason(reason)
    with db.transaction() as session:
        locked = _lock(session, instance_key, actor, reason)
        return advancing.step(locked, command(locked), actor=actor)


def _tell(locked: locks.Locked, entry: Entry) -> None:
    said = {**entry.data, "reason": locked.reason, "by": locked.repairer}
    locked.entries.append(Entry(entry.event, entry.element, entry.activation_key, said))


def _lock(session: Session, instance_key: int, actor: policy.Actor, reason: str) -> locks.Locked:
    locked = locks.lock(session, instance_key)
    policy.require(policy.may_repair(actor, locked.release))
    locked.reason, locked.repairer = reason, actor.name
    return locked


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise errors.InvalidInput({"reason": ["say why"]})
    if len(reason) > LONGEST_REASON:
        raise errors.InvalidInput({"reason": [f"use at most {LONGEST_REASON} characters"]})
    return reason


def _open(locked: locks.Locked, key: int) -> Row:
    """An activation that is open in this run."""
    row = instances.activation(key)
    if row is None or row.instance_key != locked.row.key:
        raise errors.NotFound(f"There is no activation {key} in this run.")
    if row.left_at is not None:
        raise errors.Conflict(f"The release has left “{row.name or row.element}” already.", element=row.element)
    return row


def _around(path: str, open_keys: Mapping[str, int], calls: set[str]) -> str | bool:
    """The ref of the innermost open activation around; True for the process; False inside a call that is over."""
    for ref in reversed(path.split("/") if path else []):
        if ref in open_keys:
            return ref
        if ref in calls:
            return False
    return True


def _ends(instance: process.Instance, element: str, within: str | None) -> Sequence[str] | None:
    try:
        return instance.ends_when_sent_back(element, within)
    except (errors.Conflict, errors.NotFound):
        return None


def _told_once(found: Iterable[Target]) -> list[Target]:
    """Where an element is reached from the process and from what is open around it, that is one target."""
    kept: dict[tuple[str, tuple[int, ...]], Target] = {}
    for target in found:
        kept.setdefault((target.element, target.ends), target)
    return list(kept.values())
