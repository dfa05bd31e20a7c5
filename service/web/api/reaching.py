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


@blueprint.get("/me/preferences")
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def my_preferences() -> Any:
    """What reaches you besides the inbox, and when."""
    return _preferences(auth.actor().name)


@blueprint.patch("/me/preferences")
@rest.if_match
@blueprint.arguments(schemas.PreferencesChange, example=_WISH)
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def change_my_preferences(body: dict[str, Any]) -> Any:
    """Change what reaches you besides the inbox, and when."""
    return _change_preferences(auth.actor().name, body)


@blueprint.get("/users/<string(maxlength=80):name>/preferences")
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def get_preferences(name: str) -> Any:
    """What reaches somebody; your own, or anybody's for administrators."""
    return _preferences(name)


@blueprint.patch("/users/<string(maxlength=80):name>/preferences")
@rest.if_match
@blueprint.arguments(schemas.PreferencesChange, example=_WISH)
@blueprint.response(200, schemas.Preferences)
@access.signed_in
def change_preferences(body: dict[str, Any], name: str) -> Any:
    """Change what reaches somebody; your own, or anybody's for administrators."""
    return _change_preferences(name, body)


@blueprint.get("/me/absences")
@blueprint.response(200, schemas.AbsencePage)
@access.signed_in
def my_absences() -> Any:
    """When you are away, now and later."""
    return _absences(auth.actor().name)


@blueprint.post("/me/absences")
@blueprint.arguments(schemas.NewAbsence, example=_LEAVE)
@blueprint.response(201, schemas.Absence)
@access.signed_in
def add_my_absence(body: dict[str, Any]) -> Any:
    """Say when you are away, and who stands in."""
    return _add(auth.actor().name, body)


@blueprint.get("/users/<string(maxlength=80):name>/absences")
@blueprint.response(200, schemas.AbsencePage)
@access.signed_in
def list_absences(name: str) -> Any:
    """When somebody is away, now and later; your own, or anybody's for administrators."""
    return _absences(name)


@blueprint.post("/users/<string(maxlength=80):name>/absences")
@blueprint.arguments(schemas.NewAbsence, example=_LEAVE)
@blueprint.response(201, schemas.Absence)
@access.signed_in
def add_absence(body: dict[str, Any], name: str) -> Any:
    """Say when somebody is away, and who stands in; yourself, or anybody for administrators."""
    return _add(name, body)


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
    return _tagged(absences.see(id, actor=auth.actor()))


@blueprint.delete("/absences/<key:id>")
@blueprint.response(204)
@access.signed_in
def remove_absence(id: int) -> Any:
    """Take an absence back; your own, or anybody's for administrators."""
    absences.remove(id, actor=auth.actor())


def _preferences(name: str) -> Any:
    wishes = preferences.get(name, actor=auth.actor())
    return rest.tagged(wishes, wishes["revision"])


def _change_preferences(name: str, body: dict[str, Any]) -> Any:
    seen = rest.matching(preferences.get(name, actor=auth.actor())["revision"])
    with rest.stale_is_mismatch():
        preferences.change(name, body, revision=seen, actor=auth.actor())
    return _preferences(name)


def _absences(name: str) -> Any:
    return {"items": absences.of(name, actor=auth.actor()), "next": None}


def _add(name: str, body: dict[str, Any]) -> Any:
    return _tagged(absences.see(absences.add(name, **body, actor=auth.actor()), actor=auth.actor()))


def _tagged(row: Any) -> Any:
    return rest.tagged(row, row.revision)
