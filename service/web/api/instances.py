"""Runs of diagrams, and incidents in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.domain import policy
from service.storage.queries import definitions, history, releases
from service.storage.queries import instances as found
from service.storage.queries import tasks as open_tasks
from service.usecases.definitions import programs
from service.usecases.running import incidents, instances, repairs
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import running as schemas
from service.web.schemas import tasks as task_schemas

blueprint = rest.Blueprint("instances", "Runs of diagrams")


@blueprint.post("/instances")
@blueprint.arguments(schemas.NewInstance, example={"definition": "patch-day", "variables": {"servers": 12}})
@blueprint.response(201, schemas.Instance)
@access.requires(policy.may_start_instance)
def start_instance(body: dict[str, Any]) -> Any:
    """Start a diagram without a release."""
    outcome = instances.start(
        body["definition"],
        body.get("version"),
        body["variables"],
        body.get("business_key"),
        actor=auth.actor(),
    )
    key = outcome.instance_key
    return _shown(found.get(key), outcome.opened), {"Location": f"/api/v1/instances/{key}"}


@blueprint.get("/instances/<key:id>")
@blueprint.response(200, schemas.Instance)
@access.signed_in
def get_instance(id: int) -> Any:
    """One run: where its tokens are, and its open tasks."""
    row = _visible(id)
    shown = _shown(row, open_tasks.open_of_instance(id) if row.status == "active" else [])
    shown["activations"] = found.activations(id, open_only=True)
    return rest.tagged(shown, f"{row.revision}.{row.history_count}")


@blueprint.get("/instances/<key:id>/history")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.EventPage)
@access.signed_in
def instance_history(wanted: dict[str, Any], id: int) -> Any:
    """What happened in one run, the newest first."""
    _visible(id)
    before = rest.position(wanted["cursor"])
    rows = history.of_instance(id, limit=wanted["limit"] + 1, before=before)
    return rest.page(rows, wanted["limit"], lambda row: row.id)


def _visible(key: int) -> Any:
    row = rest.found(found.get(key), f"instance {key}")
    actor = auth.actor()
    if policy.may_see_everything(actor) or row.started_by == actor.name:
        return row
    if row.release_number is None or not releases.may_see(actor, row.release_number):
        policy.require("You take no part in this run.")
    return row


def _shown(row: Any, opened: Sequence[Any]) -> dict[str, Any]:
    process_id, version = _definition(row.definition_key)
    return {
        "id": row.key,
        "definition": process_id,
        "definition_key": row.definition_key,
        "version": version,
        "state": row.status,
        "business_key": row.business_key,
        "release": row.release_number,
        "started_by": row.started_by,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "end_element": row.end_element,
        "revision": row.revision,
        "tasks": opened,
    }


@programs.kept(1024)
def _definition(key: int) -> tuple[str, int]:
    # what a key stands for never changes
    row = definitions.by_key(key)
    assert row is not None, f"definition {key} is missing"
    return row.process_id, row.version


@blueprint.get("/instances/<key:id>/targets")
@blueprint.response(200, schemas.TargetList)
@access.signed_in
def list_targets(id: int) -> Any:
    """The earlier activities that a run can be sent back to now."""
    _visible(id)
    return {"items": repairs.targets(id), "next": None}


@blueprint.post("/instances/<key:id>/send-back")
@blueprint.arguments(schemas.SendBack, example={"element": "phase_build", "reason": "The package was incomplete."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def send_back(body: dict[str, Any], id: int) -> Any:
    """Enter an earlier activity or phase again; what is open behind it ends, what is beside it goes on."""
    return repairs.send_back(id, body["element"], body["reason"], within=body["within"], actor=auth.actor())


@blueprint.post("/instances/<key:id>/move")
@blueprint.arguments(schemas.MoveToken, example={"activation": "71", "element": "task_test", "reason": "Is tested."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def move_token(body: dict[str, Any], id: int) -> Any:
    """End one stay and enter another element of its scope, or of a sub-process in it; joins are not looked after."""
    return repairs.move(id, body["activation"], body["element"], body["reason"], actor=auth.actor())


@blueprint.post("/instances/<key:id>/items")
@blueprint.arguments(schemas.NewItem, example={"activation": "71", "item": "server-9", "reason": "It was forgotten."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def add_item(body: dict[str, Any], id: int) -> Any:
    """One more item for a multi-instance activity that is running."""
    return repairs.add_item(id, body["activation"], body["item"], body["reason"], actor=auth.actor())


@blueprint.post("/instances/<key:id>/cancel")
@blueprint.arguments(schemas.Why, example={"reason": "Started by mistake."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def cancel_instance(body: dict[str, Any], id: int) -> Any:
    """End a run and everything in it."""
    return repairs.cancel(id, body["reason"], actor=auth.actor())


@blueprint.get("/incidents")
@blueprint.arguments(schemas.IncidentFilter, location="query")
@blueprint.response(200, schemas.IncidentPage)
@access.signed_in
def list_incidents(wanted: dict[str, Any]) -> Any:
    """Where runs wait for help, the newest first."""
    state = wanted.pop("state")
    rows, cursor = found.incidents(auth.actor(), state=None if state == "any" else state, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/incidents/<key:id>")
@blueprint.response(200, schemas.Incident)
@access.signed_in
def get_incident(id: int) -> Any:
    """One incident."""
    row = rest.found(found.incident(id), f"incident {id}")
    _visible(row.instance_key)
    return row


@blueprint.post("/incidents/<key:id>/skip")
@blueprint.arguments(schemas.Why, example={"reason": "Done by hand."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def skip_failed(body: dict[str, Any], id: int) -> Any:
    """Go on behind the failed activity without its results; never a gate, an approval or a step of the back-out."""
    return repairs.skip(id, body["reason"], actor=auth.actor())


@blueprint.post("/incidents/<key:id>/retry")
@blueprint.arguments(schemas.Retry, example={"reason": "The answer was sent later"})
@blueprint.response(200, schemas.Incident)
@access.signed_in
def retry_incident(body: dict[str, Any], id: int) -> Any:
    """Try again what failed."""
    incidents.retry(id, body["reason"], actor=auth.actor())
    return found.incident(id)
