"""What is due and keeps failing, and trying it at once."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import breakdowns as found
from service.usecases import breakdowns
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import breakdowns as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("breakdowns", "What keeps failing")


@blueprint.get("/breakdowns")
@blueprint.arguments(schemas.BreakdownFilter, location="query")
@blueprint.response(200, schemas.BreakdownPage)
@access.requires(policy.may_administer)
def list_breakdowns(wanted: dict[str, Any]) -> Any:
    """What is due, fails and is tried again every half minute, with its cause; the newest first.

    Where a run stands still because of it, it is an incident of that run instead.
    """
    rows, cursor = found.listing(**wanted)
    return {"items": rows, "next": cursor}


@blueprint.post("/breakdowns/<key:id>/retry")
@blueprint.arguments(fields.Nothing)
@blueprint.response(202, schemas.Breakdown)
@access.requires(policy.may_administer)
def retry_breakdown(body: dict[str, Any], id: int) -> Any:
    """Have a worker try it now; where it is done, it is gone from the list."""
    row = rest.found(found.get(id), f"breakdown {id}")
    breakdowns.retry(id, actor=auth.actor())
    return row
