"""Webhooks: other programs that are told what people are told."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import webhooks as found
from service.usecases.sending import webhooks
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import webhooks as schemas

blueprint = rest.Blueprint("webhooks", "Webhooks: other programs that are told what people are told")

SECRET = {"Cache-Control": "no-store"}


@blueprint.get("/webhooks")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.WebhookPage)
@access.requires(policy.may_administer)
def list_webhooks(wanted: dict[str, Any]) -> Any:
    """All webhooks, the newest first, each with the figures of its events."""
    rows, cursor = found.listing(**wanted)
    counts = found.counts([row.key for row in rows])
    return {"items": [{**row._mapping, "events": counts[row.key]} for row in rows], "next": cursor}


@blueprint.post("/webhooks")
@blueprint.arguments(
    schemas.NewWebhook, example={"name": "Chat bridge", "url": "https://example.org/tidegate", "kinds": ["deadline.*"]}
)
@blueprint.response(201, schemas.CreatedWebhook)
@access.requires(policy.may_administer)
def create_webhook(body: dict[str, Any]) -> Any:
    """Add a webhook. This is the only time that its secret is shown."""
    key, secret = webhooks.create(**body, actor=auth.actor())
    return {**_webhook(key), "secret": secret}, SECRET


@blueprint.get("/webhooks/<key:id>")
@blueprint.response(200, schemas.Webhook)
@access.requires(policy.may_administer)
def get_webhook(id: int) -> Any:
    """One webhook."""
    return _shown(id)


@blueprint.patch("/webhooks/<key:id>")
@rest.if_match
@blueprint.arguments(schemas.WebhookChange, example={"active": False})
@blueprint.response(200, schemas.Webhook)
@access.requires(policy.may_administer)
def change_webhook(body: dict[str, Any], id: int) -> Any:
    """Change a webhook. What waits for one that is turned off is not sent."""
    revision = rest.matching(_webhook(id)["revision"])
    with rest.stale_is_mismatch():
        webhooks.change(id, body, revision=revision, actor=auth.actor())
    return _shown(id)


@blueprint.delete("/webhooks/<key:id>")
@blueprint.response(204)
@access.requires(policy.may_administer)
def remove_webhook(id: int) -> None:
    """Take a webhook away; it is told of nothing more."""
    webhooks.remove(id, actor=auth.actor())


@blueprint.post("/webhooks/<key:id>/rotate")
@blueprint.arguments(schemas.SecretRotation, example={"overlap_hours": 24})
@blueprint.response(200, schemas.CreatedWebhook)
@access.requires(policy.may_administer)
def rotate_webhook(body: dict[str, Any], id: int) -> Any:
    """A new secret, shown this once. The one before it signs as well while the overlap lasts."""
    secret = webhooks.rotate(id, overlap_hours=body["overlap_hours"], actor=auth.actor())
    return {**_webhook(id), "secret": secret}, SECRET


@blueprint.post("/webhooks/<key:id>/test")
@blueprint.arguments(fields.Nothing)
@blueprint.response(202, schemas.WebhookEvent)
@access.requires(policy.may_administer)
def test_webhook(body: dict[str, Any], id: int) -> Any:
    """Send the event `webhook.test` to it, whatever kinds it listens to."""
    return found.event(webhooks.test(id, actor=auth.actor()))


@blueprint.get("/webhooks/<key:id>/events")
@blueprint.arguments(schemas.WebhookEventFilter, location="query")
@blueprint.response(200, schemas.WebhookEventPage)
@access.requires(policy.may_administer)
def list_webhook_events(wanted: dict[str, Any], id: int) -> Any:
    """What it was told of, or is to be, the newest first."""
    _webhook(id)
    state = wanted.pop("state")
    rows, cursor = found.events(webhook=id, state=None if state == "any" else state, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/webhook-events/<key:id>")
@blueprint.response(200, schemas.WebhookEventDetail)
@access.requires(policy.may_administer)
def get_webhook_event(id: int) -> Any:
    """One event: the text that is sent, and every attempt with the receiver's words."""
    row = rest.found(found.event(id), f"event {id}")
    return {**row._mapping, "log": found.attempts([id])[id]}


@blueprint.post("/webhook-events/<key:id>/retry")
@blueprint.arguments(fields.Nothing)
@blueprint.response(202, schemas.WebhookEvent)
@access.requires(policy.may_administer)
def retry_webhook_event(body: dict[str, Any], id: int) -> Any:
    """Send an event again that was given up, or that came while the webhook was off."""
    webhooks.retry(id, actor=auth.actor())
    return found.event(id)


def _webhook(key: int) -> dict[str, Any]:
    row = rest.found(found.get(key), f"webhook {key}")
    return {**row._mapping, "events": found.counts([key])[key]}


def _shown(key: int) -> Any:
    row = _webhook(key)
    return rest.tagged(row, row["revision"])
