"""Messages and signals, and what becomes of them."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.web.schemas import fields

LONGEST_LIFE_S = 366 * 24 * 3600
STATES = ("waiting", "kept", "done", "expired")


class NewMessage(fields.Schema):
    """A message from outside."""

    name = fields.required(255)
    correlation_key = fields.CorrelationKey(
        allow_none=True, metadata={"description": "A text or a number. Absent: whoever waits for this name."}
    )
    instance = fields.Key(allow_none=True, metadata={"description": "Only this instance, and only now."})
    ttl_seconds = ma.Integer(
        strict=True, allow_none=True, validate=validate.Range(0, LONGEST_LIFE_S),
        metadata={"description": "How long it is kept for who waits later; absent: as the installation is set."},
    )  # fmt: skip
    variables = fields.Values(load_default=dict)


class Published(fields.Schema):
    """What became of a message."""

    id = fields.Key(attribute="key", required=True, allow_none=True)
    delivered = ma.Integer(required=True, metadata={"description": "How many runs received it or were started by it."})
    instances = ma.List(fields.Key(), required=True, metadata={"description": "These runs."})
    kept_until = fields.Moment(allow_none=True, metadata={"description": "Until then, for who waits later."})


class Message(fields.Schema):
    """A message that was sent."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    correlation_key = ma.String(attribute="correlation", allow_none=True)
    variables = ma.Dict()
    state = ma.String(required=True, validate=validate.OneOf(STATES))
    delivered = ma.Integer(required=True, metadata={"description": "How many runs received it or were started by it."})
    published_at = fields.Moment(required=True)
    published_by = ma.String(allow_none=True)
    thrown_by = fields.Key(allow_none=True, metadata={"description": "The run that sent it."})
    expires_at = fields.Moment(required=True)


MessagePage = fields.page_of(Message, "MessagePage")


class MessageFilter(fields.Paging):
    """Which messages."""

    state = fields.text(10, load_default="kept", validate=[validate.OneOf([*STATES, "any"])])
    name = fields.text(255, load_default=None)
    correlation_key = fields.text(fields.LONGEST_CORRELATION, load_default=None)


class NewSignal(fields.Schema):
    """A signal from outside."""

    name = fields.required(255)
    variables = fields.Values(load_default=dict)


class Broadcast(fields.Schema):
    """What became of a signal."""

    id = fields.Key(attribute="key", required=True)
    delivered = ma.Integer(required=True, metadata={"description": "How many runs heard it so far or were started."})
    instances = ma.List(fields.Key(), required=True, metadata={"description": "These runs."})
