"""Calendars of working time, and the days as they see them."""

from __future__ import annotations

from typing import Any

from service.domain import calendars as domain
from service.domain import policy
from service.storage.queries import recalculations as found
from service.usecases.deadlines import recalculation
from service.usecases.worktime import calendars
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import calendars as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("calendars", "Calendars of working time")

EXAMPLE = {
    "hours": {"monday": "09:00-12:30 13:00-17:00", "tuesday": "09:00-17:00"},
    "country": "DE",
    "region": "BE",
    "closures": [{"first": "2026-12-24", "last": "2026-12-31", "name": "Works holiday"}],
}


@blueprint.get("/calendars")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.CalendarPage)
@access.signed_in
def list_calendars(wanted: dict[str, Any]) -> Any:
    """All calendars, by name."""
    after = rest.name_position(wanted["cursor"])
    rows = sorted((row for row in calendars.listing() if row["name"] > after), key=lambda row: row["name"])
    return rest.page(rows[: wanted["limit"] + 1], wanted["limit"], lambda row: row["name"])


@blueprint.post("/calendars")
@blueprint.arguments(schemas.NewCalendar, example={"name": "berlin", "zone": "Europe/Berlin", **EXAMPLE})
@blueprint.response(201, schemas.Calendar)
@access.requires(policy.may_administer)
def create_calendar(body: dict[str, Any]) -> Any:
    """Add a calendar."""
    name = body.pop("name")
    calendars.create(name, body, actor=auth.actor())
    return _shown(name)


@blueprint.get("/calendars/<string(maxlength=80):name>")
@blueprint.response(200, schemas.Calendar)
@access.signed_in
def get_calendar(name: str) -> Any:
    """One calendar."""
    return _shown(name)


@blueprint.patch("/calendars/<string(maxlength=80):name>")
@rest.if_match
@blueprint.arguments(schemas.CalendarChange, example=EXAMPLE)
@blueprint.response(200, schemas.Calendar)
@access.requires(policy.may_administer)
def change_calendar(body: dict[str, Any], name: str) -> Any:
    """Change members of a calendar. What is due already stays as it is; `recalculate` works it out anew."""
    revision = rest.matching(calendars.get(name)["revision"])
    with rest.stale_is_mismatch():
        calendars.change(name, body, revision=revision, actor=auth.actor())
    return _shown(name)


@blueprint.get("/calendars/<string(maxlength=80):name>/days")
@blueprint.arguments(schemas.Days, location="query")
@blueprint.response(200, schemas.DayList)
@access.signed_in
def list_days(wanted: dict[str, Any], name: str) -> Any:
    """The days from one on: hours, and the names of holidays and closures in your language."""
    days = calendars.days(name, wanted["first"], wanted["count"], auth.actor().language)
    return {"items": [_day(day) for day in days], "next": None}


@blueprint.post("/calendars/<string(maxlength=80):name>/recalculate")
@blueprint.arguments(schemas.Recalculation, example={"apply": False})
@blueprint.response(200, schemas.RecalculationResult)
@blueprint.alt_response(202, schema=schemas.RecalculationResult, description="The workers are at it.")
@access.requires(policy.may_administer)
def recalculate(body: dict[str, Any], name: str) -> Any:
    """Work open deadlines out anew in a calendar that has changed, or show what that would move.

    What somebody moved, or a hold, stays as it is; so do levels that have fired. The workers do it: `work` tells how
    far they are.
    """
    if body["apply"]:
        key = recalculation.start(name, reason=body["reason"], actor=auth.actor())
        begun = {"work": found.get(key), "looked_at": None, "more": None, "items": None}
        return begun, 202, {"Location": f"/api/v1/recalculations/{key}"}
    seen = recalculation.preview(name, actor=auth.actor())
    items = [_change(change) for change in seen.changes]
    return {"work": None, "looked_at": seen.looked_at, "more": seen.more, "items": items}


@blueprint.get("/calendars/<string(maxlength=80):name>/recalculations")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.RecalculationPage)
@access.requires(policy.may_administer)
def list_recalculations(wanted: dict[str, Any], name: str) -> Any:
    """When open deadlines were worked out anew in a calendar, the newest first."""
    calendars.get(name)
    rows, cursor = found.listing(name, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/recalculations/<key:id>")
@blueprint.response(200, schemas.RecalculationWork)
@access.requires(policy.may_administer)
def get_recalculation(id: int) -> Any:
    """One of them, with how far it is."""
    return rest.found(found.get(id), f"recalculation {id}")


def _change(change: recalculation.Change) -> dict[str, Any]:
    row = change.row
    own = {"deadline": row.key, "release": row.release_number, "name": row.name}
    return own | {"due_at": row.due_at, "new_due_at": change.due_at, "levels": len(change.levels)}


def _day(day: domain.Day) -> dict[str, Any]:
    names = {"holiday": day.holiday, "closure": day.closure, "opening": day.opening}
    return {"date": day.date.isoformat(), "hours": domain.written(day.hours), **names}


def _shown(name: str) -> Any:
    row = calendars.get(name)
    return rest.tagged(row, row["revision"])
