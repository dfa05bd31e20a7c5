"""Ladders that hold where none is drawn, and the planned dates of milestones."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.usecases.deadlines import defaults, planned
from service.usecases.releases import releases
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import ladders as schemas

blueprint = rest.Blueprint("ladders", "Default ladders, and planned milestones")


@blueprint.get("/ladders")
@blueprint.response(200, schemas.LadderPage)
@access.requires(policy.may_see_models)
def list_ladders() -> Any:
    """The ladder of each kind of thing that is due without one of its own."""
    return {"items": defaults.everything(), "next": None}


@blueprint.get("/ladders/<thing>")
@blueprint.response(200, schemas.Ladder)
@access.requires(policy.may_see_models)
def get_ladder(thing: str) -> Any:
    """The default ladder of one kind of thing."""
    found = defaults.one(thing)
    return rest.tagged(found, found.revision)


@blueprint.put("/ladders/<thing>")
@rest.if_match
@blueprint.arguments(schemas.NewLadder, example={"ladder": "PT0S: assignee candidates\nP1D: manager repeat P1D x5"})
@blueprint.response(200, schemas.Ladder)
@access.requires(policy.may_administer)
def change_ladder(body: dict[str, Any], thing: str) -> Any:
    """Let another ladder hold for what becomes due from now on; an empty text restores the shipped one."""
    with rest.stale_is_mismatch():
        seen = rest.matching(defaults.one(thing).revision)
        found = defaults.change(thing, body["ladder"], revision=seen, actor=auth.actor())
    return rest.tagged(found, found.revision)


@blueprint.get("/releases/<release:number>/milestones")
@blueprint.response(200, schemas.MilestonePage)
@access.signed_in
def list_milestones(number: int) -> Any:
    """The milestones that the release's model draws, with when they are planned and were reached."""
    return {"items": planned.milestones(releases.see(number, actor=auth.actor())), "next": None}


@blueprint.put("/releases/<release:number>/milestones/<milestone>")
@blueprint.arguments(schemas.Plan, example={"planned_at": "2027-03-04T16:00:00Z"})
@blueprint.response(200, schemas.MilestonePage)
@access.signed_in
def plan_milestone(body: dict[str, Any], number: int, milestone: str) -> Any:
    """Plan when a milestone is to be reached; null: no longer. Its ladder tells people before and after."""
    planned.plan(
        number, milestone, body["planned_at"], ladder=body["ladder"], reason=body["reason"], actor=auth.actor()
    )
    return {"items": planned.milestones(releases.see(number, actor=auth.actor())), "next": None}
