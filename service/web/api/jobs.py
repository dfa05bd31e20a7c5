"""Jobs for workers from outside: take some, and say how they went."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import jobs as found
from service.usecases.running import jobs
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import running as schemas
from service.web.schemas import tasks as task_schemas

blueprint = rest.Blueprint("jobs", "Work for programs")


@blueprint.post("/jobs/activate")
@blueprint.arguments(schemas.Activate, example={"type": "deploy-to-cluster", "worker": "robot-1"})
@blueprint.response(200, schemas.ActivatedJobs)
@access.requires(policy.may_work_jobs)
def activate_jobs(body: dict[str, Any]) -> Any:
    """Take open jobs of a type; they are yours until the lease ends. No list to page through: `next` is null."""
    rows = jobs.activate(body["type"], body["worker"], body["max_jobs"], body["lease_seconds"], actor=auth.actor())
    return {"items": rows, "next": None}


@blueprint.get("/jobs/<key:id>")
@blueprint.response(200, schemas.Job)
@access.requires(policy.may_work_jobs)
def get_job(id: int) -> Any:
    """One job."""
    return rest.found(found.get(id), f"job {id}")


@blueprint.post("/jobs/<key:id>/complete")
@blueprint.arguments(schemas.JobDone, example={"variables": {"build": "2.4.1"}})
@blueprint.response(200, task_schemas.Outcome)
@access.requires(policy.may_work_jobs)
def complete_job(body: dict[str, Any], id: int) -> Any:
    """Answer a job; its run goes on."""
    return jobs.complete(id, body["variables"], body["lease"], actor=auth.actor())


@blueprint.post("/jobs/<key:id>/fail")
@blueprint.arguments(schemas.JobFailed, example={"message": "The registry does not answer."})
@blueprint.response(200, schemas.RetriesLeft)
@access.requires(policy.may_work_jobs)
def fail_job(body: dict[str, Any], id: int) -> Any:
    """Say that an attempt failed; without retries left it becomes an incident."""
    left = jobs.fail(
        id,
        body["message"],
        body["retries"],
        body["lease"],
        pause_seconds=body["retry_in_seconds"],
        actor=auth.actor(),
    )
    return {"retries": left}


@blueprint.post("/jobs/<key:id>/error")
@blueprint.arguments(schemas.JobError, example={"code": "NOT_SIGNED"})
@blueprint.response(200, task_schemas.Outcome)
@access.requires(policy.may_work_jobs)
def raise_job_error(body: dict[str, Any], id: int) -> Any:
    """Answer a job with a BPMN error, which the nearest boundary event catches."""
    return jobs.error(id, body["code"], body["variables"], body["lease"], actor=auth.actor())
