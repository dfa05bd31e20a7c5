"""Where the program itself fails on a run: an incident says so, so that nobody waits for a run that stands still."""

from __future__ import annotations

from typing import Any

from service.domain import clock, policy
from service.storage import db, history, keys, locking, writing
from service.storage.history import Entry
from service.storage.models.instances import Incident
from service.storage.queries import instances
from service.storage.types import Row

CODE = "unexpected-failure"


def note(instance_key: int, problem: Exception) -> None:
    """Raise an incident where the timers of a run cannot fire; once, however often it is tried.

    It belongs to the timer that is due first, and is over when that one has fired.
    """
    with db.transaction() as session:
        number = locking.release_of(session, instance_key)
        if number is not None:
            locking.release(session, number)
        row = locking.instance(session, instance_key)
        armed = instances.timers(instance_key)
        if row.status != "active" or not armed or instances.has_incident(instance_key, CODE):
            return
        ref = min(armed, key=lambda one: armed[one])
        incident = _incident(row, ref, instances.timer_element(instance_key, ref) or "", problem)
        writing.insert_rows(session, Incident, [{"key": keys.next_key(session), **incident}])
        told = {"code": CODE, "message": incident["message"]}
        entry = Entry("incident.raised", incident["element"], data=told)
        history.append_to_instance(session, instance_key, [entry], at=clock.now(), actor=policy.SYSTEM.name)


def _incident(row: Row, ref: str, element: str, problem: Exception) -> dict[str, Any]:
    said = f"{type(problem).__name__}: {problem}".strip()
    return {
        "instance_key": row.key,
        "release_number": row.release_number,
        "ref": ref,
        "element": element,
        "code": CODE,
        "message": f"This timer could not fire: {said[:500]}. It is tried again by itself; the worker's log says more.",
        "state": "open",
        "raised_at": clock.now(),
    }
