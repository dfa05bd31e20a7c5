"""Jobs of service tasks: running our own, and the doors for workers from outside."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy
from service.engine import process, steps
from service.storage import db, leases, shifts, writing
from service.storage.models.instances import Incident, Job
from service.storage.queries import jobs as stored
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.running import advancing
from service.usecases.telling import keypoints, notify

log = logging.getLogger(__name__)

FAILED = keypoints.JOB_FAILED
PAUSES_S = (1, 5, 30, 120, 600)  # between attempts; the last one for all further ones
DEATHS = 5  # so many workers may die over a job beside its own retries
MOST_ACTIVATED = 100
LONGEST_LEASE_S = 24 * 3600


def apply_to_configuration(job: Row) -> dict[str, Any]:
    """`tidegate.cmdb.apply`: configuration items have no records yet, so this only says that it was asked."""
    direction = str(job.headers.get("direction") or "apply")
    if direction not in ("apply", "restore"):
        raise errors.InvalidInput({"direction": [f"is “{direction}”; known are apply and restore"]})
    return {"configuration_update": {"direction": direction, "items": 0, "at": clock.now().isoformat()}}


HANDLERS: Mapping[str, Callable[[Row], dict[str, Any]]] = {
    "tidegate.notify": notify.run,
    "tidegate.cmdb.apply": apply_to_configuration,
}


def run(job_key: int) -> bool:
    """Run one of our own jobs and move its instance on; answers whether this call completed it.

    The job is leased and the lease renewed while its function runs, outside of any transaction; completing checks the
    lease. What may pass is tried again with growing pauses, what will not, or too often, becomes an incident.
    """
    row, token = _take(job_key)
    if row is None:
        return False
    try:
        handler = HANDLERS.get(row.type)
        if handler is None:
            known = ", ".join(sorted(HANDLERS))
            raise errors.InvalidInput({"type": [f"{row.type} does not exist. Known are {known}."]})
        if row.attempts > row.retries + DEATHS:
            raise errors.LimitExceeded(f"Its worker has ended {row.attempts} times without an answer.")
        with leases.kept(Job, job_key, token, settings.current().lease_seconds):
            variables = handler(row)
        complete(job_key, variables, token, actor=policy.SYSTEM)
        return True
    except errors.ExternalFailure as problem:
        _failed(job_key, token, str(problem), retry=problem.transient)
    except (errors.LeaseLost, errors.TaskNotOpen):
        log.info("job %s went on elsewhere", job_key)
    except errors.StaleWrite as problem:
        _failed(job_key, token, str(problem), retry=True)
    except errors.ServiceError as problem:
        _failed(job_key, token, str(problem), retry=False)
    except Exception as problem:
        log.exception("job %s of type %s failed", job_key, row.type)
        _failed(job_key, token, f"{type(problem).__name__}: {problem}", retry=True)
    return False


def activate(type: str, worker: str, most: int, lease_seconds: float, *, actor: policy.Actor) -> Sequence[Row]:
    """Hand up to `most` open jobs of a type to a worker from outside, for so many seconds; rows with their lease.

    Raises Forbidden, InvalidInput.
    """
    policy.require(policy.may_work_jobs(actor))
    wrong = {}
    if not type or type.startswith("tidegate."):
        wrong["type"] = ["must be the type of a job that Tidegate does not run itself"]
    if not 1 <= most <= MOST_ACTIVATED:
        wrong["max"] = [f"must be between 1 and {MOST_ACTIVATED}"]
    if not 0 < lease_seconds <= LONGEST_LEASE_S:
        wrong["lease_seconds"] = [f"must be above 0 and at most {LONGEST_LEASE_S}"]
    if wrong:
        raise errors.InvalidInput(wrong)
    now = clock.now()
    until = now + timedelta(seconds=lease_seconds)
    with db.transaction() as session:
        return shifts.take_many(session, type, most, uuid4().hex, worker, now, until)


def complete(
    job_key: int, variables: Mapping[str, Any] | None = None, lease: str | None = None, *, actor: policy.Actor
) -> advancing.Outcome:
    """Answer a job with variables and move its instance on, in one transaction.

    Raises Forbidden, NotFound, LeaseLost where somebody else has it, Conflict where it is not open.
    """
    policy.require(policy.may_work_jobs(actor))

    def command(job: Row, instance: process.Instance, world: process.World) -> steps.Step:
        return instance.finish_job(job.ref, dict(variables or {}), world)

    return _end(job_key, lease, command, actor)


def error(
    job_key: int,
    code: str,
    variables: Mapping[str, Any] | None = None,
    lease: str | None = None,
    *,
    actor: policy.Actor,
) -> advancing.Outcome:
    """Answer a job with a BPMN error; without a boundary event that catches it, it becomes an incident.

    Raises as `complete`, and InvalidInput without a code.
    """
    policy.require(policy.may_work_jobs(actor))
    if not code:
        raise errors.InvalidInput({"code": ["is needed"]})

    def command(job: Row, instance: process.Instance, world: process.World) -> steps.Step:
        return instance.error_job(job.ref, code, dict(variables or {}), world)

    return _end(job_key, lease, command, actor)


def fail(
    job_key: int,
    error: str,
    retries: int | None = None,
    lease: str | None = None,
    *,
    pause_seconds: float | None = None,
    actor: policy.Actor,
) -> int:
    """Say that an attempt failed; `retries` are those left, by default one less than before. None left: an incident.

    Answers the retries left. Raises as `complete`.
    """
    policy.require(policy.may_work_jobs(actor))
    if retries is not None and retries < 0:
        raise errors.InvalidInput({"retries": ["must not be below zero"]})
    seen = _seen(job_key)
    left = max(0, seen.retries - max(1, seen.attempts)) if retries is None else retries
    if left == 0:
        _give_up(seen, lease, error, actor)
        return 0
    pause = _pause(seen.attempts) if pause_seconds is None else pause_seconds
    with db.transaction() as session:
        now = clock.now()
        row = shifts.hold(session, job_key, lease, now)
        due_at = now + timedelta(seconds=pause)
        again = {"error": error, "due_at": due_at, "asked_at": None, "retries": row.attempts + left}
        shifts.change(session, job_key, again)
    return left


def _take(job_key: int) -> tuple[Row | None, str]:
    token, now = uuid4().hex, clock.now()
    until = now + timedelta(seconds=settings.current().lease_seconds)
    with db.transaction() as session:
        return shifts.take(session, job_key, token, f"{socket.gethostname()}-{os.getpid()}", now, until), token


def _end(
    job_key: int,
    lease: str | None,
    command: Callable[[Row, process.Instance, process.World], steps.Step],
    actor: policy.Actor,
) -> advancing.Outcome:
    """Check the lease under the instance's lock, then let the engine go on; its step closes the job's row."""
    seen = _seen(job_key)
    with db.transaction() as session:

        def checked(instance: process.Instance, world: process.World) -> steps.Step:
            return command(shifts.hold(session, job_key, lease, world.now), instance, world)

        return advancing.advance(session, seen.instance_key, checked, actor=actor, release_number=seen.release_number)


def _failed(job_key: int, token: str, text: str, *, retry: bool) -> None:
    try:
        fail(job_key, text, None if retry else 0, token, actor=policy.SYSTEM)
    except errors.Conflict:
        log.info("job %s went on elsewhere", job_key)


def _give_up(seen: Row, lease: str | None, text: str, actor: policy.Actor) -> None:
    """Mark the job as failed and raise an incident that names its element."""
    with db.transaction() as session:

        def command(instance: process.Instance, world: process.World) -> steps.Step:
            shifts.hold(session, seen.key, lease, world.now)
            fact = steps.IncidentRaised(ref=seen.ref, element=seen.element, code=FAILED, message=_said(seen, text))
            return steps.Step(state=instance.snapshot(), facts=(fact,), status="active")

        advancing.advance(session, seen.instance_key, command, actor=actor, release_number=seen.release_number)
        shifts.change(session, seen.key, {"state": "failed", "error": text})
        _link(session, seen)


def _link(session: Session, seen: Row) -> None:
    equal = {"instance_key": seen.instance_key, "ref": seen.ref, "code": FAILED, "state": "open", "job_key": None}
    writing.update_where(session, Incident, {"job_key": seen.key}, **equal)


def _said(seen: Row, text: str) -> str:
    return f"The job “{seen.name or seen.element}” ({seen.type}) failed: {text}"


def _seen(job_key: int) -> Row:
    row = stored.get(job_key)
    if row is None:
        raise errors.NotFound(f"There is no job {job_key}.")
    return row


def _pause(attempts: int) -> int:
    return PAUSES_S[min(max(attempts, 1), len(PAUSES_S)) - 1]
