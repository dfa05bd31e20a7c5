"""Deadlines with their ladders, and notices with their receipts."""

from __future__ import annotations

from typing import Any

from service.storage.queries import deadlines
from service.storage.queries import notices as found
from service.usecases import deadlines as moving
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


@blueprint.patch("/deadlines/<key:id>")
@blueprint.arguments(schemas.NewDue, example={"due_at": "2027-03-04T16:00:00Z", "reason": "The supplier is late."})
@blueprint.response(200, schemas.Deadline)
@access.signed_in
def move_deadline(body: dict[str, Any], id: int) -> Any:
    """Give an open deadline another due moment; what its ladder has not told yet moves with it."""
    moving.move(id, body["due_at"], reason=body["reason"], actor=auth.actor())
    row = rest.found(deadlines.get(id), f"deadline {id}")
    return {**row._mapping, "levels": deadlines.levels([id])[id]}


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
