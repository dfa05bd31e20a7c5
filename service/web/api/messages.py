"""Messages and signals from outside, and the messages that are kept."""

from __future__ import annotations

from typing import Any

from service.domain import policy
from service.storage.queries import messages as found
from service.usecases.running import messages, signals
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import messages as schemas

blueprint = rest.Blueprint("messages", "Messages and signals")


@blueprint.post("/messages")
@blueprint.arguments(
    schemas.NewMessage, example={"name": "delivery-arrived", "correlation_key": "PO-7", "ttl_seconds": 600}
)
@blueprint.response(200, schemas.Published)
@access.requires(policy.may_repair)
def publish_message(body: dict[str, Any]) -> Any:
    """Send a message. Each process receives it once: the run that waits longest, else one that it starts.

    Who waits later receives it while it is kept. It never reaches an action of a release.
    """
    published = messages.publish(
        body["name"],
        correlation_key=body.get("correlation_key"),
        instance=body.get("instance"),
        variables=body["variables"],
        ttl_seconds=body.get("ttl_seconds"),
        actor=auth.actor(),
    )
    return _shown(published.key, published.instances) | {"kept_until": published.kept_until}


@blueprint.get("/messages")
@blueprint.arguments(schemas.MessageFilter, location="query")
@blueprint.response(200, schemas.MessagePage)
@access.requires(policy.may_repair)
def list_messages(wanted: dict[str, Any]) -> Any:
    """Messages that are kept for who waits later, or others by their state; the newest first."""
    state, correlation = wanted.pop("state"), wanted.pop("correlation_key")
    rows, cursor = found.listed(state=None if state == "any" else state, correlation=correlation, **wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/messages/<key:id>")
@blueprint.response(200, schemas.Message)
@access.requires(policy.may_repair)
def get_message(id: int) -> Any:
    """One message."""
    row = found.get(id)
    return rest.found(row if row is not None and row.kind == "message" else None, f"message {id}")


@blueprint.post("/signals")
@blueprint.arguments(schemas.NewSignal, example={"name": "freeze", "variables": {"until": "2026-12-27"}})
@blueprint.response(200, schemas.Broadcast)
@access.requires(policy.may_repair)
def broadcast_signal(body: dict[str, Any]) -> Any:
    """Send a signal to everyone who waits for it now; it starts what begins with it, and is not kept."""
    sent = signals.broadcast(body["name"], body["variables"], actor=auth.actor())
    return _shown(sent.key, sent.instances)


def _shown(key: int | None, instances: tuple[int, ...]) -> dict[str, Any]:
    return {"key": key, "delivered": len(instances), "instances": list(instances)}
