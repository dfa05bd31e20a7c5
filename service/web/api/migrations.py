"""Moving what runs to another version of its model: preview, one, all of them, and back."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import definitions, instances
from service.storage.queries import migrations as found
from service.usecases.deploying import migrations, moving
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import migrations as schemas

blueprint = rest.Blueprint("migrations", "Moves to other versions")

EXAMPLE = {"to_version": 4, "mapping": {"Activity_build": "Activity_make"}}


@blueprint.post("/definitions/<string(maxlength=255):id>/migrations/preview")
@blueprint.arguments(schemas.Wanted, example=EXAMPLE)
@blueprint.response(200, schemas.Preview)
@access.requires(policy.may_migrate)
def preview_migration(body: dict[str, Any], id: str) -> Any:
    """What a move would do to every running instance of a diagram; nothing changes."""
    source = body["source"]
    seen = migrations.preview(
        id,
        body["to_version"],
        body["mapping"],
        instances=body["instances"],
        source=(f"{id[:200]}.bpmn", source.encode()) if source else None,
        actor=auth.actor(),
    )
    return {
        "definition": seen.process_id,
        "to_version": seen.version,
        "there": seen.there,
        "counts": seen.counts,
        "unmapped": [moving.as_dict(place) for place in seen.unmapped.values()],
        "items": [_prospect(one) for one in seen.prospects],
    }


def _prospect(one: migrations.Prospect) -> dict[str, Any]:
    return {
        "instance": one.row.key,
        "release": one.row.release_number,
        "title": one.row.title,
        "version": one.row.version,
        "verdict": one.plan.verdict,
        "places": [moving.as_dict(place) for place in one.plan.places],
        "armed": list(one.plan.armed),
        "disarmed": list(one.plan.disarmed),
    }


@blueprint.post("/definitions/<string(maxlength=255):id>/migrations")
@blueprint.arguments(schemas.MoveMany, example=EXAMPLE)
@blueprint.response(202, schemas.Run)
@access.requires(policy.may_migrate)
def start_migration(body: dict[str, Any], id: str) -> Any:
    """Have the workers move every running instance of a diagram, or some; each by itself, all or nothing."""
    key = migrations.start(
        id,
        body["to_version"],
        body["mapping"],
        instances=body["instances"],
        anew=body["deadlines"] == "anew",
        actor=auth.actor(),
    )
    return found.run(key), {"Location": f"/api/v1/migrations/{key}"}


@blueprint.get("/definitions/<string(maxlength=255):id>/migrations")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.RunPage)
@access.requires(policy.may_see_models)
def list_migrations(wanted: dict[str, Any], id: str) -> Any:
    """The moves of many instances of a diagram, the newest first."""
    before = rest.position(wanted["cursor"])
    rows = found.runs(id, limit=wanted["limit"] + 1, before=before)
    return rest.page(rows, wanted["limit"], lambda row: row.key)


@blueprint.get("/migrations/<key:id>")
@blueprint.response(200, schemas.Run)
@access.requires(policy.may_see_models)
def get_migration(id: int) -> Any:
    """One of them, with how far it is."""
    return rest.found(found.run(id), f"run {id} of moves")


@blueprint.get("/migrations/<key:id>/items")
@blueprint.arguments(schemas.ItemFilter, location="query")
@blueprint.response(200, schemas.ItemPage)
@access.requires(policy.may_see_models)
def list_migration_items(wanted: dict[str, Any], id: int) -> Any:
    """Its instances; those that failed say why."""
    rest.found(found.run(id), f"run {id} of moves")
    after = rest.position(wanted["cursor"]) or 0
    rows = found.items(id, state=wanted["state"], limit=wanted["limit"] + 1, after=after)
    return rest.page(rows, wanted["limit"], lambda row: row.key)


@blueprint.post("/migrations/<key:id>/undo")
@blueprint.arguments(fields.Nothing)
@blueprint.response(202, schemas.Run)
@access.requires(policy.may_migrate)
def undo_migration(body: dict[str, Any], id: int) -> Any:
    """Have the workers take back what it moved; instances that took a step since stay where they are."""
    key = migrations.undo_run(id, actor=auth.actor())
    return found.run(key), {"Location": f"/api/v1/migrations/{key}"}


@blueprint.post("/instances/<key:id>/migrate")
@blueprint.arguments(schemas.Move, example=EXAMPLE)
@blueprint.response(200, schemas.Moved)
@access.requires(policy.may_migrate)
def migrate_instance(body: dict[str, Any], id: int) -> Any:
    """Move one running instance at once; 409 with the places in the way where it does not go cleanly."""
    migrations.migrate(id, body["to_version"], body["mapping"], anew=body["deadlines"] == "anew", actor=auth.actor())
    return _moved(id)


@blueprint.post("/instances/<key:id>/migrate/undo")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.Moved)
@access.requires(policy.may_migrate)
def undo_instance_migration(body: dict[str, Any], id: int) -> Any:
    """Take back the last move of an instance, as long as it has taken no step since."""
    migrations.undo(id, actor=auth.actor())
    return _moved(id)


def _moved(key: int) -> dict[str, Any]:
    row = rest.found(instances.get(key), f"instance {key}")
    model = rest.found(definitions.by_key(row.definition_key), "such definition")
    return {
        "instance": row.key,
        "release": row.release_number,
        "definition": model.process_id,
        "version": model.version,
        "revision": row.revision,
    }
