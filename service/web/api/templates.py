"""Texts of notices, and who hears of key points."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import templates as found
from service.usecases.telling import templates
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import templates as schemas

blueprint = rest.Blueprint("templates", "Texts of notices, and who hears of key points")

PATH = "/templates/<string(maxlength=40):kind>/<string(maxlength=10):language>"
TEXT = {"subject": "Due soon: {name}", "body": "“{name}” of {release} is due {due}."}


@blueprint.get("/templates")
@blueprint.response(200, schemas.TemplateList)
@access.requires(policy.may_administer)
def list_templates() -> Any:
    """The text of each kind of notices in each language, as it holds now."""
    return {"items": templates.everything(), "next": None}


@blueprint.get(PATH)
@blueprint.response(200, schemas.Template)
@access.requires(policy.may_administer)
def get_template(kind: str, language: str) -> Any:
    """One text."""
    return _shown(kind, language)


@blueprint.put(PATH)
@rest.if_match
@blueprint.arguments(schemas.NewText, example=TEXT)
@blueprint.response(200, schemas.Template)
@access.requires(policy.may_administer)
def change_template(body: dict[str, Any], kind: str, language: str) -> Any:
    """Write another text. A name in braces that its kind does not know is refused."""
    revision = rest.matching(templates.standing(kind, language).revision)
    with rest.stale_is_mismatch():
        templates.write(kind, language, **body, revision=revision, actor=auth.actor())
    return _shown(kind, language)


@blueprint.delete(PATH)
@blueprint.response(204)
@access.requires(policy.may_administer)
def restore_template(kind: str, language: str) -> None:
    """Let the shipped text hold again; the versions stay."""
    templates.restore(kind, language, actor=auth.actor())


@blueprint.get(f"{PATH}/versions")
@blueprint.response(200, schemas.VersionList)
@access.requires(policy.may_administer)
def list_template_versions(kind: str, language: str) -> Any:
    """What it said before, who changed it and when, the newest first."""
    templates.standing(kind, language)
    return {"items": found.versions(kind, language), "next": None}


@blueprint.post(f"{PATH}/preview")
@blueprint.arguments(schemas.TriedText, example=TEXT)
@blueprint.response(200, schemas.TextPreview)
@access.requires(policy.may_administer)
def preview_template(body: dict[str, Any], kind: str, language: str) -> Any:
    """What a text makes of sample values, or of those of a release; nothing is stored."""
    return templates.preview(kind, language, **body, actor=auth.actor())


@blueprint.post(f"{PATH}/test")
@blueprint.arguments(schemas.TriedText, example=TEXT)
@blueprint.response(202, fields.Nothing)
@access.requires(policy.may_administer)
def try_template(body: dict[str, Any], kind: str, language: str) -> Any:
    """Tell yourself alone what a text makes of sample values, or of those of a release, in the inbox and by mail."""
    templates.try_out(kind, language, **body, actor=auth.actor())
    return {}


@blueprint.get("/key-points")
@blueprint.response(200, schemas.KeyPointList)
@access.requires(policy.may_administer)
def list_key_points() -> Any:
    """The kinds of key points, and who hears of each."""
    return {"items": templates.hearing(), "next": None}


@blueprint.put("/key-points/<string(maxlength=40):kind>")
@blueprint.arguments(schemas.Hearing, example={"recipients": "manager coordinator group:service-desk"})
@blueprint.response(200, schemas.KeyPoint)
@access.requires(policy.may_administer)
def change_key_point(body: dict[str, Any], kind: str) -> Any:
    """Say who hears of it. What a phase says in its model goes before."""
    templates.hear(kind, body["recipients"], actor=auth.actor())
    return next(one for one in templates.hearing() if one.kind == kind)


def _shown(kind: str, language: str) -> Any:
    one = templates.standing(kind, language)
    return rest.tagged(one, one.revision)
