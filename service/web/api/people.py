"""Accounts, groups and tokens; who I am."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import current_app, session

from service import errors
from service.domain import policy
from service.storage.queries import people as found
from service.usecases.accounts import people
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import people as schemas

blueprint = rest.Blueprint("people", "People, groups and tokens")


@blueprint.get("/me")
@blueprint.response(200, schemas.Me)
@access.signed_in
def me() -> Any:
    """Who you are and what you belong to."""
    who = auth.actor()
    return {
        "name": who.name,
        "title": who.title,
        "roles": sorted(who.roles),
        "groups": sorted(who.groups),
        "language": who.language,
        "zone": who.zone,
        "calendar": getattr(found.user(who.name), "calendar", None),
    }


@blueprint.post("/me/password")
@blueprint.arguments(schemas.PasswordChange)
@blueprint.response(204)
@access.signed_in
def change_password(body: dict[str, Any]) -> Any:
    """Change your own password; your other sessions end."""
    people.change_password(body["old"], body["new"], actor=auth.actor())
    if session:
        auth.refresh()


@blueprint.get("/users")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.UserPage)
@access.requires(policy.may_administer)
def list_users(wanted: dict[str, Any]) -> Any:
    """Everybody, active or not, by name."""
    groups, after = found.memberships(), rest.name_position(wanted["cursor"])
    rows = [row for row in found.users() if row.name > after][: wanted["limit"] + 1]
    page = rest.page(rows, wanted["limit"], lambda row: row.name)
    return page | {"items": [_user(row, groups.get(row.name, [])) for row in page["items"]]}


@blueprint.post("/users")
@blueprint.arguments(schemas.NewUser, example={"name": "ann", "title": "Ann Archer", "roles": ["coordinator"]})
@blueprint.response(201, schemas.User)
@access.requires(policy.may_administer)
def create_user(body: dict[str, Any]) -> Any:
    """Add a person."""
    name = body.pop("name")
    people.create_user(name, **body, actor=auth.actor())
    return _shown(name)


@blueprint.get("/users/<string(maxlength=80):name>")
@blueprint.response(200, schemas.User)
@access.requires(policy.may_administer)
def get_user(name: str) -> Any:
    """One person."""
    return _shown(name)


@blueprint.patch("/users/<string(maxlength=80):name>")
@rest.if_match
@blueprint.arguments(schemas.UserChange, example={"groups": ["operations"]})
@blueprint.response(200, schemas.User)
@access.requires(policy.may_administer)
def change_user(body: dict[str, Any], name: str) -> Any:
    """Change members of a person; a new password ends their sessions."""
    if rest.conditional():
        rest.matching(_tag(_existing(name)))
    password = body.pop("password", None)
    if body:
        people.edit_user(name, body, actor=auth.actor())
    if password is not None:
        people.set_password(name, password, actor=auth.actor())
    auth.forget()
    return _shown(name)


@blueprint.post("/users/<string(maxlength=80):name>/deactivate")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.User)
@access.requires(policy.may_administer)
def deactivate_user(body: dict[str, Any], name: str) -> Any:
    """End somebody's access: their sessions and tokens; what they did stays."""
    people.deactivate(name, actor=auth.actor())
    auth.forget()
    return _shown(name)


@blueprint.post("/users/<string(maxlength=80):name>/reactivate")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.User)
@access.requires(policy.may_administer)
def reactivate_user(body: dict[str, Any], name: str) -> Any:
    """Give somebody access again; their old tokens stay revoked."""
    people.reactivate(name, actor=auth.actor())
    return _shown(name)


@blueprint.get("/users/<string(maxlength=80):name>/tokens")
@blueprint.response(200, schemas.TokenPage)
@access.signed_in
def list_tokens(name: str) -> Any:
    """Somebody's tokens, without their text; one's own, or anybody's for administrators."""
    if name != auth.actor().name:
        policy.require(policy.may_administer(auth.actor()))
    _existing(name)
    return {"items": found.tokens(name), "next": None}


@blueprint.post("/users/<string(maxlength=80):name>/tokens")
@blueprint.arguments(schemas.NewToken, example={"label": "nightly build"})
@blueprint.response(201, schemas.CreatedToken)
@access.signed_in
def create_token(body: dict[str, Any], name: str) -> Any:
    """A new bearer token; this is the only time it is shown."""
    token = people.create_token(name, body["label"], actor=auth.actor())
    return {"token": token}, {"Cache-Control": "no-store"}


@blueprint.delete("/users/<string(maxlength=80):name>/tokens/<key:id>")
@blueprint.response(204)
@access.signed_in
def revoke_token(name: str, id: int) -> Any:
    """End a token; it stops working within a second."""
    if name != auth.actor().name:
        policy.require(policy.may_administer(auth.actor()))
    if id not in {token.key for token in found.tokens(name)}:
        raise errors.NotFound(f"{name} has no token {id}.")
    people.revoke_token(id, actor=auth.actor())
    auth.forget()


@blueprint.get("/groups")
@blueprint.response(200, schemas.GroupPage)
@access.signed_in
def list_groups() -> Any:
    """All groups, by name."""
    return {"items": found.groups(), "next": None}


@blueprint.post("/groups")
@blueprint.arguments(schemas.NewGroup, example={"name": "operations", "title": "Operations"})
@blueprint.response(201, schemas.GroupDetail)
@access.requires(policy.may_administer)
def create_group(body: dict[str, Any]) -> Any:
    """Add a group."""
    people.create_group(**body, actor=auth.actor())
    return _shown_group(body["name"])


@blueprint.get("/groups/<string(maxlength=80):name>")
@blueprint.response(200, schemas.GroupDetail)
@access.signed_in
def get_group(name: str) -> Any:
    """One group with its active members."""
    return _shown_group(name)


@blueprint.patch("/groups/<string(maxlength=80):name>")
@rest.if_match
@blueprint.arguments(schemas.GroupChange, example={"language": "de"})
@blueprint.response(200, schemas.GroupDetail)
@access.requires(policy.may_administer)
def change_group(body: dict[str, Any], name: str) -> Any:
    """Change the title of a group, or the language of what is told to its chats."""
    rest.matching(_tag(_group(name)))
    people.edit_group(name, body, actor=auth.actor())
    return _shown_group(name)


def _group(name: str) -> dict[str, Any]:
    row = rest.found(found.group(name), f"group {name}")
    return {**row._mapping, "members": found.group_members(name)}


def _shown_group(name: str) -> Any:
    group = _group(name)
    return rest.tagged(group, _tag(group))


def _existing(name: str) -> dict[str, Any]:
    row = rest.found(found.user(name), f"person {name}")
    return _user(row, found.memberships().get(name, []))


def _shown(name: str) -> Any:
    user = _existing(name)
    return rest.tagged(user, _tag(user))


def _user(row: Any, groups: list[str]) -> dict[str, Any]:
    kept = ("name", "title", "email", "roles", "zone", "calendar", "language", "created_at", "deactivated_at")
    return {name: getattr(row, name) for name in kept} | {"groups": groups, "active": row.deactivated_at is None}


def _tag(shown: dict[str, Any]) -> str:
    # people and groups have no revision of their own: the tag is a digest of what is shown
    return hashlib.sha256(current_app.json.dumps(shown).encode()).hexdigest()[:20]
