"""Webhooks, their events and attempts."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.storage.queries import webhooks as found
from service.usecases.sending import webhooks
from service.web.schemas import fields


def _kinds(**kwargs: object) -> ma.List:
    told = {"description": "Kinds like `deadline.overdue`, or all of a family: `deadline.*`. Empty: everything."}
    return ma.List(fields.text(40, least=3), validate=validate.Length(max=webhooks.MOST_KINDS), metadata=told, **kwargs)  # type: ignore[arg-type]


class WebhookFigures(fields.Schema):
    """How many events are in which state."""

    waiting = ma.Integer(required=True)
    sent = ma.Integer(required=True)
    dead = ma.Integer(required=True, metadata={"description": "Given up after many attempts."})
    skipped = ma.Integer(required=True, metadata={"description": "Not sent because the webhook was off."})


class Webhook(fields.Schema):
    """An address of another program that is told what people are told."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    url = ma.String(required=True)
    kinds = ma.List(ma.String(), required=True, metadata={"description": "Empty: everything."})
    active = ma.Boolean(required=True)
    off_because = ma.String(allow_none=True, metadata={"description": "What the receiver said when it wanted no more."})
    owner = ma.String(required=True)
    created_at = fields.Moment(required=True)
    failures = ma.Integer(required=True, metadata={"description": "How many attempts failed since one went well."})
    rests_until = fields.Moment(allow_none=True, metadata={"description": "After a failure: nobody tries before."})
    earlier_until = fields.Moment(allow_none=True, metadata={"description": "Until then the secret before signs too."})
    events = ma.Nested(WebhookFigures, required=True)


class CreatedWebhook(Webhook):
    """A webhook with its secret. Keep it: it is not shown again."""

    secret = ma.String(required=True)


WebhookPage = fields.page_of(Webhook, "WebhookPage")


class NewWebhook(fields.Schema):
    """A new webhook."""

    name = fields.required(webhooks.LONGEST_NAME)
    url = fields.required(2000, metadata={"description": "Where to: https:// or http://."})
    kinds = _kinds(load_default=list)
    active = ma.Boolean(load_default=True)


class WebhookChange(fields.Schema):
    """The members to change; the others stay."""

    name = fields.text(webhooks.LONGEST_NAME, least=1)
    url = fields.text(2000, least=1)
    kinds = _kinds()
    active = ma.Boolean()


class SecretRotation(fields.Schema):
    """How long the present secret goes on signing, beside the new one."""

    overlap_hours = ma.Integer(
        strict=True, load_default=webhooks.OVERLAP_H, validate=validate.Range(0, webhooks.MOST_OVERLAP_H)
    )


class WebhookAttempt(fields.Schema):
    """One call, and what came of it."""

    at = fields.Moment(required=True)
    took_ms = ma.Integer(required=True)
    status = ma.Integer(required=True, allow_none=True, metadata={"description": "Null: there was no answer."})
    answer = ma.String(required=True, metadata={"description": "In the receiver's words, or why there are none."})


class WebhookEvent(fields.Schema):
    """One event for one webhook."""

    id = fields.Key(attribute="key", required=True)
    webhook = fields.Key(attribute="webhook_key", required=True)
    kind = ma.String(required=True)
    subject = ma.String(required=True)
    state = ma.String(required=True, validate=validate.OneOf(found.STATES))
    attempts = ma.Integer(required=True)
    created_at = fields.Moment(required=True)
    next_attempt_at = fields.Moment(attribute="due_at", required=True)
    sent_at = fields.Moment(allow_none=True)
    answer = ma.String(allow_none=True)


WebhookEventPage = fields.page_of(WebhookEvent, "WebhookEventPage")


class WebhookEventDetail(WebhookEvent):
    """One event with the text that is sent, and its attempts."""

    body = ma.String(required=True)
    log = ma.List(ma.Nested(WebhookAttempt), required=True)


class WebhookEventFilter(fields.Paging):
    """Which events."""

    state = fields.text(10, load_default="any", validate=[validate.OneOf([*found.STATES, "any"])])
