"""The rows of messages and signals that are sent: from outside, or thrown by an instance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from service.storage import keys
from service.storage.queries import messages
from service.storage.types import Session
from service.usecases import settings


def message(
    session: Session,
    name: str,
    correlation: str | None,
    variables: Mapping[str, Any],
    *,
    now: datetime,
    ttl_seconds: int | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """A message that is sent now; it lives as long as it says, else as long as the settings say."""
    ttl = settings.current().message_ttl_seconds if ttl_seconds is None else ttl_seconds
    expires_at = now + timedelta(seconds=ttl)
    return _row(session, "message", name, correlation, variables, now, expires_at) | columns


def signal(
    session: Session, name: str, variables: Mapping[str, Any], *, now: datetime, **columns: Any
) -> dict[str, Any]:
    """A signal that is sent now, with the list of those who wait for it now."""
    targets = messages.hearers(name, but=columns.get("thrown_by"))
    return _row(session, "signal", name, None, variables, now, now) | {"targets": targets} | columns


def _row(
    session: Session,
    kind: str,
    name: str,
    correlation: str | None,
    variables: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
) -> dict[str, Any]:
    return {
        "key": keys.next_key(session),
        "kind": kind,
        "name": name,
        "correlation": correlation,
        "variables": dict(variables),
        "thrown_by": None,
        "published_by": None,
        "published_at": now,
        "expires_at": expires_at,
        "targets": None,
        "state": "waiting",
        "due_at": now,
    }
