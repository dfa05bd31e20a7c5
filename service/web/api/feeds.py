"""Calendar links: what calendar programs subscribe to."""

from __future__ import annotations

from typing import Any

from service.storage.queries import agenda
from service.usecases.accounts import feeds
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import feeds as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("feeds", "Calendar links")

SECRET = {"Cache-Control": "no-store"}


@blueprint.get("/me/calendar-links")
@blueprint.response(200, schemas.CalendarLinkPage)
@access.signed_in
def list_calendar_links() -> Any:
    """Your links in force, without their addresses."""
    return {"items": agenda.feeds(auth.actor().name), "next": None}


@blueprint.post("/me/calendar-links")
@blueprint.arguments(schemas.NewCalendarLink, example={"service": None})
@blueprint.response(201, schemas.CreatedCalendarLink)
@access.signed_in
def make_calendar_link(body: dict[str, Any]) -> Any:
    """A new link. This is the only time that its address is shown; whoever has it reads what you may see."""
    key, url = feeds.make(body["service"], actor=auth.actor())
    return _made(key, url), SECRET


@blueprint.post("/me/calendar-links/<key:id>/rotate")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.CreatedCalendarLink)
@access.signed_in
def rotate_calendar_link(body: dict[str, Any], id: int) -> Any:
    """Another address for it; the one before ends at once."""
    return _made(id, feeds.rotate(id, actor=auth.actor())), SECRET


@blueprint.delete("/me/calendar-links/<key:id>")
@blueprint.response(204)
@access.signed_in
def revoke_calendar_link(id: int) -> None:
    """End a link."""
    feeds.revoke(id, actor=auth.actor())


def _made(key: int, url: str) -> dict[str, Any]:
    row = rest.found(agenda.feed(key), f"calendar link {key}")
    return {**row._mapping, "url": url}
