"""Where the program itself fails: an incident of the run says so, or a breakdown where no run stands still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service import errors
from service.domain import clock, policy
from service.storage import db, history, keys, locking, outbox, writing
from service.storage.history import Entry
from service.storage.models.instances import Incident
from service.storage.models.ledger import Breakdown
from service.storage.queries import breakdowns as found
from service.storage.queries import instances
from service.storage.types import Row
from service.usecases import keypoints, notices

LONGEST_CAUSE = 2000
LONGEST_NAME = 300


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


def keep(kind: str, subject: int, problem: Exception) -> None:
    """Show that something due fails: once, with its newest cause, however often it is tried.

    Not where another worker has done it meanwhile: nobody would come and say that it is over.
    """
    name, instance_key = found.what(kind, subject)
    said = f"{type(problem).__name__}: {problem}".strip()[:LONGEST_CAUSE]
    with db.transaction() as session:
        if not outbox.still_waits(session, kind, subject):
            return
        now, before = clock.now(), found.find(kind, subject)
        if before is not None:
            columns = {"problem": said, "attempts": before.attempts + 1, "last_at": now}
            writing.update_where(session, Breakdown, columns, key=before.key)
            return
        row = {"kind": kind, "subject": subject, "name": name[:LONGEST_NAME], "instance_key": instance_key}
        row |= {"problem": said, "attempts": 1, "first_at": now, "last_at": now}
        writing.insert_rows(session, Breakdown, [{"key": keys.next_key(session), **row}])


def over(kind: str, subjects: Sequence[int]) -> None:
    """These were done, some of them at last."""
    failing = found.among(kind, subjects)
    if not failing:
        return
    with db.transaction() as session:
        for subject in failing:
            writing.delete_where(session, Breakdown, kind=kind, subject=subject)


def retry(key: int, *, actor: policy.Actor) -> None:
    """Have a worker try it at once, rather than when its pause is over. Raises NotFound, Forbidden."""
    policy.require(policy.may_administer(actor))
    row = found.get(key)
    if row is None:
        raise errors.NotFound("This does not fail any more.")
    with db.transaction() as session:
        outbox.postpone(session, row.kind, row.subject, None)
        told = {"kind": row.kind, "name": row.name, "problem": row.problem}
        entry = Entry("breakdown.retried", data=told)
        history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)


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
