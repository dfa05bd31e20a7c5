"""Chats: where somebody, or a whole group, is told besides the inbox and mail."""

from __future__ import annotations

from typing import Any

from service.usecases.sending import chats
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import chats as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("chats", "Chats of people and groups")


@blueprint.of_somebody(
    "GET",
    "chats",
    mine="list_chats",
    says="The chats that you read, by name, without their secret addresses.",
    others=rest.GROUPS,
)
@blueprint.response(200, schemas.ChatPage)
@access.signed_in
def list_group_chats(name: str) -> Any:
    """The chats of a group, by name, without their secret addresses (administrators)."""
    return {"items": chats.of(name, actor=auth.actor()), "next": None}


@blueprint.of_somebody(
    "POST",
    "chats",
    mine="add_chat",
    says="Add a chat by its Apprise address; what you are told goes there too from now on.",
    others=rest.GROUPS,
)
@blueprint.arguments(schemas.NewChat, example={"name": "Team channel", "url": "slack://TokenA/TokenB/TokenC"})
@blueprint.response(201, schemas.Chat)
@access.signed_in
def add_group_chat(body: dict[str, Any], name: str) -> Any:
    """Add a chat of a group; what the group is told goes there too, once for all of it (administrators)."""
    key = chats.add(name, body["name"], body["url"], actor=auth.actor())
    return chats.see(name, key, actor=auth.actor())


@blueprint.of_somebody(
    "POST",
    "chats/<key:id>/test",
    mine="test_chat",
    says="Send a message there at once; 502 has the words of the service where it did not take it.",
    others=rest.GROUPS,
)
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.ChatAnswer)
@blueprint.alt_response(502, "BAD_GATEWAY")
@access.signed_in
def test_group_chat(body: dict[str, Any], name: str, id: int) -> Any:
    """Send a message to a chat of a group at once (administrators); 502 has the words of the service."""
    return {"answer": chats.test(name, id, actor=auth.actor())}


@blueprint.of_somebody(
    "DELETE",
    "chats/<key:id>",
    mine="remove_chat",
    says="Take a chat away; what waits for it is given up.",
    others=rest.GROUPS,
)
@blueprint.response(204)
@access.signed_in
def remove_group_chat(name: str, id: int) -> None:
    """Take a chat of a group away; what waits for it is given up (administrators)."""
    chats.remove(name, id, actor=auth.actor())
