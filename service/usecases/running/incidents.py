"""Incidents: where an instance waits for help, and trying again."""

from __future__ import annotations

from service import errors
from service.domain import clock, policy
from service.engine import process, steps
from service.storage import db, history, outbox, writing
from service.storage.history import Entry
from service.storage.models.instances import Incident, Job, Task
from service.storage.queries import instances, tasks
from service.storage.types import Row
from service.usecases.context import locked as locks
from service.usecases.context import opening
from service.usecases.running import advancing
from service.usecases.telling import keypoints, notices


def retry(key: int, reason: str = "", *, actor: policy.Actor) -> advancing.Outcome:
    """Try again where it went wrong: the expression, the job, or the choice of deciders.

    The reason goes to history. It is not asked for: unlike other repairs this changes nothing about what is drawn.
    Raises NotFound, IncidentClosed, Forbidden; when it fails again, a new incident says why.
    """
    seen = instances.incident(key)
    if seen is None:
        raise errors.NotFound(f"There is no incident {key}.")
    with db.transaction() as session:
        locked = locks.lock(session, seen.instance_key, release_number=seen.release_number)
        policy.require(policy.may_repair(actor, locked.release))
        incident = instances.incident(key)
        if incident is None or incident.state != "open":
            raise errors.IncidentClosed()
        closing = {"state": "resolved", "closed_at": clock.now(), "closed_by": actor.name}
        writing.update_where(session, Incident, closing, key=key)
        locked.live.incidents.discard(incident.ref)
        told = {"incident": key, "code": incident.code} | ({"reason": reason} if reason else {})
        locked.entries.append(Entry("incident.retried", incident.element, incident.activation_key, told))
        if incident.job_key is not None:
            return _reopen_job(locked, incident, actor)
        if incident.code == "too-few-deciders":
            return _choose_deciders(locked, incident, actor)

        def command(instance: process.Instance, world: process.World) -> steps.Step:
            if incident.code == outbox.UNEXPECTED:
                return instance.tick(world)
            return instance.retry(incident.ref, world)

        return advancing.step(locked, command, actor=actor)


def _reopen_job(locked: locks.Locked, incident: Row, actor: policy.Actor) -> advancing.Outcome:
    columns = {
        "state": "open",
        "attempts": 0,
        "due_at": locked.now,
        "lease": None,
        "leased_until": None,
        "asked_at": None,
    }
    writing.update_where(locked.session, Job, columns, key=incident.job_key, state="failed")
    return _noted(locked, actor, pending=[incident.job_key])


def _choose_deciders(locked: locks.Locked, incident: Row, actor: policy.Actor) -> advancing.Outcome:
    task = next((t for t in tasks.open_of_instance(locked.row.key) if t.ref == incident.ref), None)
    if task is None:
        return _noted(locked, actor)
    rule = task.approval["rule"]
    activation = instances.activation(task.activation_key)
    parent = activation.parent_ref if activation is not None else None
    before = task.approval
    place = opening.Place(task.activation_key, parent, excluded=tuple(before.get("excluded", ())))
    approval = opening.approval(locked, rule, task.groups, task.users, before.get("assignee"), place)
    writing.update_where(locked.session, Task, {"approval": approval, "revision": task.revision + 1}, key=task.key)
    if locked.release is not None:
        alerts = locked.live.instance.alerts_of(task.ref)
        told = keypoints.asked(locked.release, {**task._mapping, "approval": approval}, alerts)
        notices.tell_all(locked.session, [told], now=locked.now)
    problem = opening.too_few(approval, task.ref, task.element)
    if problem is None:
        return _noted(locked, actor)
    nothing_moved = locked.live.instance.snapshot()
    again = steps.Step(state=nothing_moved, facts=(problem,), status="active")
    return advancing.step(locked, lambda _instance, _world: again, actor=actor)


def _noted(locked: locks.Locked, actor: policy.Actor, pending: list[int] | None = None) -> advancing.Outcome:
    history.append_to_instance(locked.session, locked.row.key, locked.entries, at=locked.now, actor=actor.name)
    return advancing.Outcome(locked.row.key, locked.row.release_number, locked.row.status, pending=pending or [])
