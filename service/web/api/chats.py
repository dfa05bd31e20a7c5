"""Chats: where somebody is told, besides the inbox and mail."""

from __future__ import annotations

from typing import Any

from service.storage.queries import chats as found
from service.usecases.sending import chats
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import chats as schemas
from service.web.schemas import fields

blueprint = rest.Blueprint("chats", "Chats")


@blueprint.get("/me/chats")
@blueprint.response(200, schemas.ChatPage)
@access.signed_in
def list_chats() -> Any:
    """The chats that you read, by name, without their secret addresses."""
    return {"items": found.of(auth.actor().name), "next": None}


@blueprint.post("/me/chats")
@blueprint.arguments(schemas.NewChat, example={"name": "Team channel", "url": "slack://TokenA/TokenB/TokenC"})
@blueprint.response(201, schemas.Chat)
@access.signed_in
def add_chat(body: dict[str, Any]) -> Any:
    """Add a chat by its Apprise address; what you are told goes there too from now on."""
    return found.get(chats.add(body["name"], body["url"], actor=auth.actor()))


@blueprint.post("/me/chats/<key:id>/test")
@blueprint.arguments(fields.Nothing)
@blueprint.response(200, schemas.ChatAnswer)
@blueprint.alt_response(502, "BAD_GATEWAY")
@access.signed_in
def test_chat(body: dict[str, Any], id: int) -> Any:
    """Send a message there at once; 502 has the words of the service where it did not take it."""
    return {"answer": chats.test(id, actor=auth.actor())}


@blueprint.delete("/me/chats/<key:id>")
@blueprint.response(204)
@access.signed_in
def remove_chat(id: int) -> None:
    """Take a chat away; what waits for it is given up."""
    chats.remove(id, actor=auth.actor())
