"""Diagrams, forms and decisions: deploying them, and what is deployed."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from service import errors
from service.domain import policy
from service.storage.queries import decisions, definitions
from service.usecases import settings
from service.usecases.deploying import models
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import models as schemas

blueprint = rest.Blueprint("models", "Diagrams, forms and decisions")

MULTIPART = {"multipart/form-data": {"schema": schemas.Files}}


@blueprint.post("/deployments")
@blueprint.doc(requestBody={"required": True, "content": MULTIPART})
@blueprint.response(201, schemas.Deployment)
@access.requires(policy.may_deploy)
def deploy() -> Any:
    """Check files and store a new version of each that changed; all or nothing."""
    made = models.deploy(_files(), actor=auth.actor())
    return {
        "id": made.key,
        "definitions": [{"key": k, "id": i, "version": v, "name": n} for k, i, v, n in made.definitions],
        "forms": [{"key": k, "id": i, "version": v} for k, i, v in made.forms],
        "decisions": [{"key": k, "id": i, "version": v, "name": n} for k, i, v, n in made.decisions],
        "unchanged": made.unchanged,
        "warnings": made.warnings,
    }


def _files() -> list[tuple[str, bytes]]:
    sent = [one for _, one in request.files.items(multi=True) if one.filename]
    if request.form:
        raise errors.InvalidInput({name: ["Unknown field; send files only."] for name in request.form})
    if not sent:
        raise errors.InvalidInput({"files": ["Send at least one .bpmn, .form or .dmn file as multipart/form-data."]})
    most = settings.current().max_files
    if len(sent) > most:
        raise errors.InvalidInput({"files": [f"Send at most {most} files at once (TIDEGATE_MAX_FILES)."]})
    files = [((one.filename or "").replace("\\", "/").rpartition("/")[2][:255], one.read()) for one in sent]
    names = [name for name, _ in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise errors.InvalidInput({"files": [f"{', '.join(twice)}: sent twice."]})
    return files


@blueprint.get("/definitions")
@blueprint.response(200, schemas.DefinitionPage)
@access.requires(policy.may_see_models)
def list_definitions() -> Any:
    """The newest version of every diagram."""
    return {"items": definitions.all_latest(), "next": None}


@blueprint.get("/definitions/<string(maxlength=255):id>")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.DefinitionPage)
@access.requires(policy.may_see_models)
def list_versions(wanted: dict[str, Any], id: str) -> Any:
    """All versions of one diagram, the newest first."""
    rows = [row for row in definitions.versions(id) if row.version < (rest.position(wanted["cursor"]) or 2**31)]
    if not rows and wanted["cursor"] is None:
        raise errors.NotFound(f"No diagram {id} is deployed.")
    return rest.page(rows[: wanted["limit"] + 1], wanted["limit"], lambda row: row.version)


@blueprint.get("/definitions/<string(maxlength=255):id>/<int(max=2147483647):version>/xml")
@blueprint.response(200, {"type": "string"}, content_type="application/xml")
@access.requires(policy.may_see_models)
def get_source(id: str, version: int) -> Any:
    """The diagram as it was deployed."""
    row = rest.found(definitions.version(id, version), f"version {version} of a diagram {id}")
    found = definitions.source(row.key)
    assert found is not None
    file, source, _ = found
    response = Response(source, mimetype="application/xml")
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


@blueprint.get("/decisions")
@blueprint.response(200, schemas.DecisionPage)
@access.requires(policy.may_see_models)
def list_decisions() -> Any:
    """The newest version of every decision."""
    return {"items": decisions.all_latest(), "next": None}


@blueprint.get("/decisions/<string(maxlength=255):id>")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.DecisionPage)
@access.requires(policy.may_see_models)
def list_decision_versions(wanted: dict[str, Any], id: str) -> Any:
    """All versions of one decision, the newest first."""
    rows = [row for row in decisions.versions(id) if row.version < (rest.position(wanted["cursor"]) or 2**31)]
    if not rows and wanted["cursor"] is None:
        raise errors.NotFound(f"No decision {id} is deployed.")
    return rest.page(rows[: wanted["limit"] + 1], wanted["limit"], lambda row: row.version)


@blueprint.get("/decisions/<string(maxlength=255):id>/<int(max=2147483647):version>/xml")
@blueprint.response(200, {"type": "string"}, content_type="application/xml")
@access.requires(policy.may_see_models)
def get_decision_source(id: str, version: int) -> Any:
    """The file of the decision as it was deployed."""
    row = rest.found(decisions.version(id, version), f"version {version} of a decision {id}")
    response = Response(row.source, mimetype="application/xml")
    response.headers.set("Content-Disposition", "attachment", filename=row.file)
    return response
