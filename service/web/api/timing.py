"""Deadlines with their ladders, and notices with their receipts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import flask_babel

from service.storage.queries import deadlines
from service.storage.queries import notices as found
from service.storage.types import Row
from service.usecases.deadlines import rescheduling
from service.usecases.ledger import answers, explaining, stories
from service.usecases.telling import notices
from service.usecases.worktime import forecasts
from service.web import access, auth, explained
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import timing as schemas

blueprint = rest.Blueprint("timing", "Deadlines, and what was told to whom")

_RECEIPT = ("channel", "address", "reason", "attempts", "sent_at", "message_id", "answer")


@blueprint.get("/deadlines")
@blueprint.arguments(schemas.DeadlineFilter, location="query")
@blueprint.response(200, schemas.DeadlinePage)
@access.signed_in
def list_deadlines(wanted: dict[str, Any]) -> Any:
    """Deadlines that you may see, the soonest first, each with its ladder."""
    state = wanted.pop("state")
    rows, cursor = deadlines.listing(auth.actor(), state=None if state == "any" else state, **wanted)
    return {"items": _with_ladders(rows), "next": cursor}


@blueprint.get("/deadlines/<key:id>")
@blueprint.response(200, schemas.DeadlineStory)
@access.signed_in
def get_deadline(id: int) -> Any:
    """A deadline: whom each level of its ladder told, how, and whom it did not; whom the next would tell now."""
    return _story(id)


@blueprint.patch("/deadlines/<key:id>")
@rest.if_match
@blueprint.arguments(schemas.NewDue, example={"due_at": "2027-03-04T16:00:00Z", "reason": "The supplier is late."})
@blueprint.response(200, schemas.DeadlineStory)
@access.signed_in
def move_deadline(body: dict[str, Any], id: int) -> Any:
    """Give an open deadline another due moment; what its ladder has not told yet moves with it."""
    before = rest.found(deadlines.get(id), f"deadline {id}")
    with rest.stale_is_mismatch():
        seen = rest.matching(before.revision)
        rescheduling.move(id, body["due_at"], reason=body["reason"], revision=seen, actor=auth.actor())
    return _story(id)


def _story(key: int) -> Any:
    story = stories.tell(key, actor=auth.actor())
    levels = [
        {**rung.level._mapping, "notices": _with_deliveries(rung.receipts), "untold": rung.untold}
        for rung in story.rungs
    ]
    foreseen = forecasts.of([story.deadline]).get(story.deadline.activation_key)
    body = {**story.deadline._mapping, "levels": levels, "next": _next(story.next), "forecast": foreseen}
    return body, {"ETag": f'"{story.deadline.revision}"'}


def _next(rung: stories.Rung | None) -> dict[str, Any] | None:
    if rung is None or rung.would is None:
        return None
    told = [{"user": name, "told_as": part} for name, part in rung.would.told.items()]
    return {**rung.level._mapping, "would_tell": told, "would_miss": rung.would.missed}


def _with_deliveries(receipts: Iterable[Row]) -> list[dict[str, Any]]:
    """Notices, each with its deliveries, from one row for each pair."""
    found: dict[int, dict[str, Any]] = {}
    for row in receipts:
        one = found.setdefault(row.key, {**row._mapping, "deliveries": []})
        if row.delivery_key is not None:
            one["deliveries"].append({name: getattr(row, name) for name in _RECEIPT} | {"state": row.delivery_state})
    return list(found.values())


def _with_ladders(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Deadlines with their levels and what is foreseen."""
    levels, foreseen = deadlines.levels([row.key for row in rows]), forecasts.of(rows)
    return [{**row._mapping, "levels": levels[row.key], "forecast": foreseen.get(row.activation_key)} for row in rows]


@blueprint.get("/deadlines/<key:id>/explanation")
@blueprint.arguments(schemas.ExplainedPerson, location="query")
@blueprint.response(200, schemas.Explanation)
@access.signed_in
def explain_deadline(wanted: dict[str, Any], id: int) -> Any:
    """Why somebody was told of a deadline, or was not: a finding for each level, in words."""
    found = explaining.explain(id, wanted["user"], actor=auth.actor())
    with flask_babel.force_locale("en"):
        findings = [
            {
                "level": one.level.level,
                "repeat": one.level.repeat,
                "code": one.code,
                "at": one.at,
                "words": explained.sentence(one, _plainly, str, str),
            }
            for one in found.findings
        ]
    return {"user": found.user, "told": found.told, "findings": findings}


def _plainly(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


@blueprint.get("/ledger")
@blueprint.arguments(schemas.LedgerFilter, location="query")
@blueprint.response(200, schemas.LedgerPage)
@access.signed_in
def list_ledger(wanted: dict[str, Any]) -> Any:
    """Who was told what, when, by which channel and with what result, and who was not and why; the newest first."""
    lines, cursor = answers.lines(actor=auth.actor(), **wanted)
    return {"items": [_line(one) for one in lines], "next": cursor}


def _line(one: answers.Line) -> dict[str, Any]:
    row, level = one.row, one.level
    body = {**row._mapping, "answered": one.answered, "told_at": row.at if row.notice_key is not None else None}
    body |= {name: getattr(row, name) or None for name in ("channel", "reason")}
    if level is None:
        return body
    own = {"deadline_key": level.deadline_key, "level": level.level, "repeat": level.repeat}
    return body | own | {"planned_at": level.fire_at, "claimed_at": level.fired_at}


@blueprint.get("/notices")
@blueprint.arguments(schemas.NoticeFilter, location="query")
@blueprint.response(200, schemas.NoticePage)
@access.signed_in
def list_notices(wanted: dict[str, Any]) -> Any:
    """Who was told what, when, why and with what answer, the newest first."""
    rows, cursor = found.listing(auth.actor(), **wanted)
    return {"items": _with_deliveries(rows), "next": cursor}


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
