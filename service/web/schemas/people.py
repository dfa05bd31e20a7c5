"""People, groups, tokens."""

from __future__ import annotations

from typing import Any

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import policy
from service.usecases.accounts import people
from service.web.schemas import fields

NAME = validate.Regexp(r"^[a-z0-9][a-z0-9._@-]{0,79}$", error="Use small letters, digits and . _ @ -.")


def _roles(**kwargs: Any) -> ma.List:
    return ma.List(fields.text(40, validate=[validate.OneOf(policy.ROLES)]), validate=validate.Length(max=10), **kwargs)


class Me(fields.Schema):
    """Who you are."""

    name = ma.String(required=True)
    title = ma.String(required=True)
    roles = ma.List(ma.String(), required=True)
    groups = ma.List(ma.String(), required=True)
    language = ma.String()
    zone = ma.String()
    calendar = ma.String(allow_none=True)


class User(fields.Schema):
    """A person."""

    name = ma.String(required=True)
    title = ma.String(required=True)
    email = ma.String(allow_none=True)
    roles = ma.List(ma.String(), required=True)
    groups = ma.List(ma.String(), required=True)
    zone = ma.String()
    calendar = ma.String(allow_none=True)
    language = ma.String()
    active = ma.Boolean(required=True)
    created_at = fields.Moment()
    deactivated_at = fields.Moment(allow_none=True)


UserPage = fields.page_of(User, "UserPage")


class _Person(fields.Schema):
    title = fields.text(120, least=1)
    email = fields.text(254, least=3, allow_none=True)
    zone = fields.text(64)
    calendar = fields.text(
        80, allow_none=True, metadata={"description": "When they work; null: the standard hours in their zone."}
    )
    language = fields.text(8, validate=[validate.OneOf(people.LANGUAGES)])
    roles = _roles()
    groups = fields.Names()


class NewUser(_Person):
    """A new person. Without a password they can use tokens only."""

    name = fields.required(80, validate=[NAME])
    password = fields.text(200, least=people.SHORTEST_PASSWORD, load_default=None, allow_none=True, load_only=True)


class UserChange(_Person):
    """The members to change; the others stay. `groups` replaces all memberships."""

    password = fields.text(200, least=people.SHORTEST_PASSWORD, load_only=True)


class PasswordChange(fields.Schema):
    """The old and the new password."""

    old = fields.text(200, least=1, required=True, load_only=True)
    new = fields.text(200, least=people.SHORTEST_PASSWORD, required=True, load_only=True)


OF_CHATS = {"description": "en or de: of what is told to its chats."}


class Group(fields.Schema):
    """A named group of people."""

    name = ma.String(required=True)
    title = ma.String(required=True)
    language = ma.String(metadata=OF_CHATS)
    members = ma.Integer(metadata={"description": "Active members."})


class GroupDetail(fields.Schema):
    """One group with its members."""

    name = ma.String(required=True)
    title = ma.String(required=True)
    language = ma.String(metadata=OF_CHATS)
    members = ma.List(ma.String(), required=True)


class GroupChange(fields.Schema):
    """The members to change; the others stay."""

    title = fields.text(120, least=1)
    language = fields.text(8, metadata=OF_CHATS)


class NewGroup(fields.Schema):
    """A new group."""

    name = fields.required(80, validate=[NAME])
    title = fields.text(120, least=1)
    language = fields.text(8, metadata=OF_CHATS)


GroupPage = fields.page_of(Group, "GroupPage")


class NewToken(fields.Schema):
    """What the token is for."""

    label = fields.text(120, load_default="")


class Token(fields.Schema):
    """A bearer token; its text was shown once only."""

    id = fields.Key(attribute="key", required=True)
    label = ma.String(required=True)
    created_at = fields.Moment(required=True)
    revoked_at = fields.Moment(allow_none=True)


TokenPage = fields.page_of(Token, "TokenPage")


class CreatedToken(fields.Schema):
    """A new token. Keep it: it is not shown again."""

    token = ma.String(required=True)
