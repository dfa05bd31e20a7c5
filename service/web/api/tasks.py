"""Work for people: list, take, hand back, delegate, finish."""

from __future__ import annotations

from typing import Any

from service.storage.queries import forms
from service.storage.queries import tasks as found
from service.usecases.context import criteria
from service.usecases.deadlines import rescheduling
from service.usecases.releases import tasks
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields, timing
from service.web.schemas import tasks as schemas

blueprint = rest.Blueprint("tasks", "Work for people")


@blueprint.get("/tasks")
@blueprint.arguments(schemas.Filter, location="query")
@blueprint.response(200, schemas.TaskPage)
@access.signed_in
def list_tasks(wanted: dict[str, Any]) -> Any:
    """Tasks that you may see, the most overdue first."""
    state = wanted.pop("state")
    rows, cursor = found.listing(auth.actor(), state=None if state == "any" else state, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/tasks/<key:id>")
@blueprint.response(200, schemas.TaskDetail)
@access.signed_in
def get_task(id: int) -> Any:
    """One task with its form, criteria and decisions."""
    task = tasks.see(id, actor=auth.actor())
    return rest.tagged(_detail(task), task.revision)


def _detail(task: Any) -> dict[str, Any]:
    members = dict(task._mapping)
    members["form"] = forms.by_key(task.form_key) if task.form_key else None
    members["votes"] = found.votes(task.key) if task.approval else []
    members["criteria"] = criteria.checklist(task)
    return members


@blueprint.get("/tasks/<key:id>/form")
@blueprint.response(200, schemas.Form)
@access.signed_in
def get_task_form(id: int) -> Any:
    """The form of a task with what its fields hold."""
    return tasks.form(id, actor=auth.actor())


@blueprint.post("/tasks/<key:id>/claim")
@rest.if_match
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.Task)
@access.signed_in
def claim_task(body: dict[str, Any], id: int) -> Any:
    """Take a task."""
    _require_match(id)
    tasks.claim(id, actor=auth.actor())
    return _changed(id)


@blueprint.post("/tasks/<key:id>/unclaim")
@rest.if_match
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.Task)
@access.signed_in
def unclaim_task(body: dict[str, Any], id: int) -> Any:
    """Hand a task back to its candidates."""
    _require_match(id)
    tasks.unclaim(id, actor=auth.actor())
    return _changed(id)


@blueprint.post("/tasks/<key:id>/delegate")
@rest.if_match
@blueprint.arguments(schemas.Delegate, example={"to": "ann"})
@blueprint.response(200, schemas.Task)
@access.signed_in
def delegate_task(body: dict[str, Any], id: int) -> Any:
    """Give a task to somebody else, who holds it from now on."""
    _require_match(id)
    tasks.delegate(id, body["to"], actor=auth.actor())
    return _changed(id)


@blueprint.patch("/tasks/<key:id>")
@rest.if_match
@blueprint.arguments(timing.NewDue, example={"due_at": "2027-03-04T16:00:00Z", "reason": "The supplier is late."})
@blueprint.response(200, schemas.Task)
@access.signed_in
def change_task(body: dict[str, Any], id: int) -> Any:
    """Give an open task another due date; where it has a deadline, that moves with its ladder."""
    _require_match(id)
    rescheduling.move_of_task(id, body["due_at"], reason=body["reason"], actor=auth.actor())
    return _changed(id)


@blueprint.post("/tasks/<key:id>/complete")
@rest.if_match
@blueprint.arguments(schemas.Complete, example={"values": {"tested": True}})
@blueprint.response(200, schemas.Outcome)
@access.signed_in
def complete_task(body: dict[str, Any], id: int) -> Any:
    """Finish a task with the values of its form; answers what opened next and which jobs are still to be done."""
    _require_match(id)
    return tasks.complete(id, body["values"], actor=auth.actor())


def _require_match(key: int) -> None:
    if rest.conditional():
        rest.matching(tasks.see(key, actor=auth.actor()).revision)


def _changed(key: int) -> Any:
    task = rest.found(found.get(key), f"task {key}")
    return rest.tagged(task, task.revision)
