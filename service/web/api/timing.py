"""Deadlines with their ladders, and notices with their receipts."""

from __future__ import annotations

from typing import Any

from service.storage.queries import deadlines
from service.storage.queries import notices as found
from service.usecases import notices
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import timing as schemas

blueprint = rest.Blueprint("timing", "Deadlines, and what was told to whom")

_RECEIPT = ("channel", "address", "attempts", "sent_at", "message_id", "answer")


@blueprint.get("/deadlines")
@blueprint.arguments(schemas.DeadlineFilter, location="query")
@blueprint.response(200, schemas.DeadlinePage)
@access.signed_in
def list_deadlines(wanted: dict[str, Any]) -> Any:
    """Deadlines that you may see, the soonest first, each with its ladder."""
    state = wanted.pop("state")
    rows, cursor = deadlines.listing(auth.actor(), state=None if state == "any" else state, **wanted)
    levels = deadlines.levels([row.key for row in rows])
    return {"items": [{**row._mapping, "levels": levels[row.key]} for row in rows], "next": cursor}


@blueprint.get("/notices")
@blueprint.arguments(schemas.NoticeFilter, location="query")
@blueprint.response(200, schemas.NoticePage)
@access.signed_in
def list_notices(wanted: dict[str, Any]) -> Any:
    """Who was told what, when, why and with what answer, the newest first."""
    rows, cursor = found.listing(auth.actor(), **wanted)
    return {"items": [_notice(row) for row in rows], "next": cursor}


def _notice(row: Any) -> dict[str, Any]:
    members = dict(row._mapping)
    receipt = {name: members[name] for name in _RECEIPT} | {"state": members["delivery_state"]}
    return members | {"deliveries": [receipt] if row.delivery_key is not None else []}


@blueprint.get("/inbox")
@blueprint.arguments(schemas.InboxFilter, location="query")
@blueprint.response(200, schemas.NoticePage)
@access.signed_in
def list_inbox(wanted: dict[str, Any]) -> Any:
    """Your own notices, the newest first."""
    rows, cursor = found.inbox(auth.actor().name, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.post("/inbox/read")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.ReadCount)
@access.signed_in
def read_inbox(body: dict[str, Any]) -> Any:
    """Mark all of your notices as read."""
    return {"marked": notices.mark_all_read(actor=auth.actor())}


@blueprint.post("/inbox/<key:id>/read")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.Notice)
@access.signed_in
def read_notice(body: dict[str, Any], id: int) -> Any:
    """Mark one of your notices as read."""
    notices.mark_read(id, actor=auth.actor())
    return found.get(id)
