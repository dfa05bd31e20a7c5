"""What reaches people and when they are away: their own, and for administrators anybody's."""

from __future__ import annotations

from typing import Any

from service.usecases.telling import absences, preferences
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import reaching as schemas

blueprint = rest.Blueprint("reaching", "What reaches people, and when they are away")

_WISH = {"muted": {"email": ["progress"]}, "quiet_from": "20:00", "quiet_until": "07:00"}
_LEAVE = {"first_day": "2027-08-02", "last_day": "2027-08-13", "substitute": "tom", "note": "At the sea"}


@blueprint.of_somebody(
    "GET", "preferences", mine="my_preferences", says="What reaches you besides the inbox, and when."
)
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def get_preferences(name: str) -> Any:
    """What reaches somebody; your own, or anybody's for administrators."""
    wishes = preferences.get(name, actor=auth.actor())
    return rest.tagged(wishes, wishes["revision"])


@blueprint.of_somebody(
    "PATCH",
    "preferences",
    mine="change_my_preferences",
    says="Change what reaches you besides the inbox, and when.",
)
@rest.if_match
@blueprint.arguments(schemas.PreferencesChange, example=_WISH)
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def change_preferences(body: dict[str, Any], name: str) -> Any:
    """Change what reaches somebody; your own, or anybody's for administrators."""
    seen = rest.matching(preferences.get(name, actor=auth.actor())["revision"])
    with rest.stale_is_mismatch():
        preferences.change(name, body, revision=seen, actor=auth.actor())
    wishes = preferences.get(name, actor=auth.actor())
    return rest.tagged(wishes, wishes["revision"])


@blueprint.of_somebody("GET", "absences", mine="my_absences", says="When you are away, now and later.")
@blueprint.response(200, schemas.AbsencePage)
@access.signed_in
def list_absences(name: str) -> Any:
    """When somebody is away, now and later; your own, or anybody's for administrators."""
    return {"items": absences.of(name, actor=auth.actor()), "next": None}


@blueprint.of_somebody("POST", "absences", mine="add_my_absence", says="Say when you are away, and who stands in.")
@blueprint.arguments(schemas.NewAbsence, example=_LEAVE)
@blueprint.response(201, schemas.Absence)
@access.signed_in
def add_absence(body: dict[str, Any], name: str) -> Any:
    """Say when somebody is away, and who stands in; yourself, or anybody for administrators."""
    return _absence(absences.add(name, **body, actor=auth.actor()))


@blueprint.patch("/absences/<key:id>")
@rest.if_match
@blueprint.arguments(schemas.AbsenceChange, example={"last_day": "2027-08-20"})
@blueprint.response(200, schemas.Absence)
@access.signed_in
def change_absence(body: dict[str, Any], id: int) -> Any:
    """Change an absence; your own, or anybody's for administrators."""
    row = absences.see(id, actor=auth.actor())
    with rest.stale_is_mismatch():
        absences.change(id, body, revision=rest.matching(row.revision), actor=auth.actor())
    return _absence(id)


@blueprint.delete("/absences/<key:id>")
@blueprint.response(204)
@access.signed_in
def remove_absence(id: int) -> Any:
    """Take an absence back; your own, or anybody's for administrators."""
    absences.remove(id, actor=auth.actor())


def _absence(key: int) -> Any:
    row = absences.see(key, actor=auth.actor())
    return rest.tagged(row, row.revision)
