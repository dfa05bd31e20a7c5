"""Releases: the record, the actions that its diagram offers now, comments, history."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import forms, history, jobs
from service.storage.queries import releases as found
from service.usecases.deadlines import holding
from service.usecases.releases import releases
from service.usecases.running import repairs
from service.web import access, auth, numbers
from service.web.api import rest
from service.web.schemas import fields, running
from service.web.schemas import releases as schemas
from service.web.schemas import tasks as task_schemas

blueprint = rest.Blueprint("releases", "Releases")

EXAMPLE = {
    "title": "Shop 2.4",
    "type": "minor",
    "kind": "software",
    "category": "feature",
    "service": "Web shop",
    "window_start": "2027-03-01T20:00:00Z",
    "window_end": "2027-03-01T23:00:00Z",
}


@blueprint.post("/releases")
@blueprint.arguments(schemas.NewRelease, example=EXAMPLE)
@blueprint.response(201, schemas.ReleaseDetail)
@access.requires(policy.may_create_release)
def create_release(body: dict[str, Any]) -> Any:
    """Ask for a release; its diagram starts at once."""
    number = releases.create(body, actor=auth.actor())
    detail, headers = _shown(number)
    return detail, {**headers, "Location": f"/api/v1/releases/{numbers.show(number)}"}


@blueprint.get("/releases")
@blueprint.arguments(schemas.Filter, location="query")
@blueprint.response(200, schemas.ReleasePage)
@access.signed_in
def list_releases(wanted: dict[str, Any]) -> Any:
    """Releases that you may see, the newest number first."""
    rows, cursor = found.listing(auth.actor(), **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/releases/<release:number>")
@blueprint.response(200, schemas.ReleaseDetail)
@access.signed_in
def get_release(number: int) -> Any:
    """One release."""
    row = _visible(number)
    # Never 304: the revision is that of the record, and says nothing of the jobs that are pending.
    return _detail(row), {"ETag": f'"{row.revision}"'}


@blueprint.patch("/releases/<release:number>")
@rest.if_match
@blueprint.arguments(schemas.ReleaseChange, example={"coordinator": "cora"})
@blueprint.response(200, schemas.ReleaseDetail)
@access.signed_in
def change_release(body: dict[str, Any], number: int) -> Any:
    """Change members of the record."""
    revision = rest.matching(_visible(number).revision)
    with rest.stale_is_mismatch():
        why = body.pop("change_reason", "")
        releases.edit(number, body, actor=auth.actor(), revision=revision, why=why)
    return _shown(number)


def _visible(number: int) -> Any:
    return releases.see(number, actor=auth.actor())


def _shown(number: int) -> Any:
    row = rest.found(found.get(number), f"release {numbers.show(number)}")
    return rest.tagged(_detail(row), row.revision)


def _detail(row: Any) -> dict[str, Any]:
    members = dict(row._mapping)
    members |= {
        "facts": found.facts(row.number),
        "people": found.people(row.number),
        "milestones": found.milestones(row.number),
        "pending": jobs.pending([row.number]).get(row.number, []),
        "rework_loops": repairs.loops_of(row.number),
    }
    return members


@blueprint.get("/releases/<release:number>/actions")
@blueprint.response(200, schemas.ActionList)
@access.signed_in
def list_actions(number: int) -> Any:
    """What can be done with the release now, because its diagram waits for it."""
    offered = releases.actions(number, actor=auth.actor())
    wanted = [forms.by_key(key) for key in {one.form_key for one in offered if one.form_key}]
    form_ids = {form.key: form.form_id for form in wanted if form}
    return {"items": [_action(one, form_ids) for one in offered], "next": None}


def _action(one: Any, form_ids: dict[int | None, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "label": one.label,
        "element": one.element,
        "form": form_ids.get(one.form_key),
        "reason_required": one.reason_required,
        "allowed": one.refusal is None,
        "why_not": one.refusal,
    }


@blueprint.post("/releases/<release:number>/actions/<action>")
@rest.if_match
@blueprint.arguments(schemas.Act, example={"reason": "The customer withdrew."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def act(body: dict[str, Any], number: int, action: str) -> Any:
    """Do it: by the action's id, or by its name where only one has it."""
    if rest.conditional():
        rest.matching(_visible(number).revision)
    return releases.act(number, action, body, actor=auth.actor())


@blueprint.post("/releases/<release:number>/cancel")
@blueprint.arguments(running.Why, example={"reason": "The customer withdrew."})
@blueprint.response(200, task_schemas.Outcome)
@access.signed_in
def cancel_release(body: dict[str, Any], number: int) -> Any:
    """End a release wherever it is. Where its diagram offers an action for that, the action does more: take it."""
    row = _visible(number)
    return repairs.cancel(row.instance_key, body["reason"], actor=auth.actor())


@blueprint.post("/releases/<release:number>/hold")
@blueprint.arguments(running.Why, example={"reason": "The supplier delivers two weeks later."})
@blueprint.response(200, schemas.ReleaseDetail)
@access.signed_in
def hold_release(body: dict[str, Any], number: int) -> Any:
    """Put a release on hold: nobody can finish its tasks, none of its timers and deadlines fires."""
    _visible(number)
    holding.hold(number, body["reason"], actor=auth.actor())
    return _shown(number)


@blueprint.post("/releases/<release:number>/resume")
@blueprint.response(200, schemas.ReleaseDetail)
@access.signed_in
def resume_release(number: int) -> Any:
    """Let a release go on. Deadlines that are lengths of time move by the time on hold; dates stay."""
    _visible(number)
    holding.resume(number, actor=auth.actor())
    return _shown(number)


@blueprint.get("/releases/<release:number>/comments")
@blueprint.response(200, schemas.CommentList)
@access.signed_in
def list_comments(number: int) -> Any:
    """What people said, the oldest first."""
    _visible(number)
    return {"items": found.comments(number), "next": None}


@blueprint.post("/releases/<release:number>/comments")
@blueprint.arguments(schemas.NewComment, example={"text": "The window is fine with us."})
@blueprint.response(201, schemas.Comment)
@access.signed_in
def comment(body: dict[str, Any], number: int) -> Any:
    """Say something about a release."""
    key = releases.comment(number, body["text"], actor=auth.actor())
    return next(row for row in found.comments(number) if row.key == key)


@blueprint.get("/releases/<release:number>/history")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, running.EventPage)
@access.signed_in
def release_history(wanted: dict[str, Any], number: int) -> Any:
    """What happened, the newest first."""
    _visible(number)
    before = rest.position(wanted["cursor"])
    return rest.page(
        history.of_release(number, limit=wanted["limit"] + 1, before=before), wanted["limit"], lambda row: row.id
    )


@blueprint.put("/releases/<release:number>/people/<any(stakeholder, board):part>")
@blueprint.arguments(schemas.Part, example={"names": ["ann", "ben"]})
@blueprint.response(200, schemas.ReleaseDetail)
@access.signed_in
def choose_people(body: dict[str, Any], number: int, part: str) -> Any:
    """Say who are the stakeholders, or who sits on the board, of this release."""
    _visible(number)
    releases.set_people(number, part, body["names"], actor=auth.actor())
    return _shown(number)


@blueprint.get("/categories")
@blueprint.response(200, schemas.CategoryList)
@access.signed_in
def list_categories() -> Any:
    """Categories of releases with their models."""
    return {"items": found.categories(), "next": None}


@blueprint.post("/categories")
@blueprint.arguments(
    schemas.NewCategory, example={"name": "feature", "title": "Feature", "models": {"*": "major_release"}}
)
@blueprint.response(201, schemas.Category)
@access.requires(policy.may_deploy)
def create_category(body: dict[str, Any]) -> Any:
    """Add a category."""
    releases.create_category(body["name"], body["title"], body["models"], actor=auth.actor())
    return found.category(body["name"])
