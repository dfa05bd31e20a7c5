"""Runs whose timers cannot fire: an incident says so, and who runs the release hears of it."""

from __future__ import annotations

from typing import Any

from service.domain import clock, policy
from service.storage import db, history, keys, locking, outbox, writing
from service.storage.history import Entry
from service.storage.models.instances import Incident
from service.storage.queries import instances
from service.storage.types import Row
from service.usecases.telling import keypoints, notices


def note(instance_key: int, problem: Exception) -> None:
    """Raise an incident where the timers of a run cannot fire; once, however often it is tried.

    It belongs to the timer that is due first, and is over when that one has fired.
    """
    with db.transaction() as session:
        number = locking.release_of(session, instance_key)
        release = locking.release(session, number) if number is not None else None
        row = locking.instance(session, instance_key)
        armed = instances.timers(instance_key)
        if row.status != "active" or not armed or instances.has_incident(instance_key, outbox.UNEXPECTED):
            return
        ref = min(armed, key=lambda one: armed[one])
        incident = _incident(row, ref, instances.timer_element(instance_key, ref) or "", problem)
        writing.insert_rows(session, Incident, [{"key": keys.next_key(session), **incident}])
        told = {"code": outbox.UNEXPECTED, "message": incident["message"]}
        entry = Entry("incident.raised", incident["element"], data=told)
        head = history.append_to_instance(session, instance_key, [entry], at=clock.now(), actor=policy.SYSTEM.name)
        if release is not None:
            told = {"problem": incident["message"], "cause": f"stuck:{instance_key}:{head.count}"}
            notices.tell_all(session, [keypoints.stuck(release, instance_key, incident["element"], **told)])


def _incident(row: Row, ref: str, element: str, problem: Exception) -> dict[str, Any]:
    said = f"{type(problem).__name__}: {problem}".strip()
    return {
        "instance_key": row.key,
        "release_number": row.release_number,
        "ref": ref,
        "element": element,
        "code": outbox.UNEXPECTED,
        "message": f"This timer could not fire: {said[:500]}. It is tried again by itself; the worker's log says more.",
        "state": "open",
        "raised_at": clock.now(),
    }
