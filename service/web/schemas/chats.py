"""Chats that people and groups read."""

from __future__ import annotations

from marshmallow import fields as ma

from service.usecases.sending import chats
from service.web.schemas import fields


class Chat(fields.Schema):
    """A chat. Its address is secret and not shown."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    shown = ma.String(required=True, metadata={"description": "The service, and the address with its secrets masked."})
    created_at = fields.Moment(required=True)


ChatPage = fields.page_of(Chat, "ChatPage")


class NewChat(fields.Schema):
    """A chat, by its Apprise address."""

    name = fields.required(chats.LONGEST_NAME)
    url = fields.required(2000, load_only=True)


class ChatAnswer(fields.Schema):
    """What the chat service said."""

    answer = ma.String(required=True)
