"""What is told to people is told to the webhooks that want it, in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from service.domain import webhooks
from service.storage import hooks, keys
from service.storage.queries import webhooks as stored
from service.storage.types import Session
from service.usecases import settings
from service.usecases.telling import wordings

LONGEST_SUBJECT = 255


class Told(Protocol):
    """What a webhook is told of: as in `notices.Telling`."""

    @property
    def cause(self) -> str: ...
    @property
    def recipients(self) -> Mapping[str, str]: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any] | None: ...
    @property
    def link(self) -> str: ...
    @property
    def release_number(self) -> int | None: ...
    @property
    def instance_key(self) -> int | None: ...
    @property
    def task_key(self) -> int | None: ...
    @property
    def urgent(self) -> bool: ...


def emit(session: Session, told: Sequence[Told], at: datetime) -> None:
    """Put an event for each of these and each webhook that wants it on its way; the same cause does so once.

    For the caller's transaction. One statement where no webhook is active, else three: they are told in the English
    text that holds.
    """
    active = stored.active() if told else []
    wanted = [(one, hook) for one in told for hook in active if webhooks.wants(hook.kinds, one.kind)]
    if not wanted:
        return
    said = wordings.Wordings({one.kind for one, _hook in wanted if one.values is not None})
    drawn = keys.take(session, len(wanted))
    rows = [row(key, hook, one, at, said) for key, (one, hook) in zip(drawn, wanted, strict=True)]
    said.tell_broken(session)
    hooks.insert_new(session, rows)


def row(key: int, hook: Any, told: Told, at: datetime, said: wordings.Wordings) -> dict[str, Any]:
    """One event for one webhook, with the text that is signed and sent."""
    subject, data = _data(told, said)
    event = webhooks.event(
        key, told.kind, source=settings.current().public_url, subject=told.link.lstrip("/"), at=at, data=data
    )
    return {
        "key": key, "webhook_key": hook.key, "cause": told.cause, "kind": told.kind,
        "subject": subject[:LONGEST_SUBJECT], "body": json.dumps(event, ensure_ascii=False, separators=(",", ":")),
        "state": "waiting", "attempts": 0, "created_at": at, "due_at": max(at, hook.rests_until or at),
    }  # fmt: skip


def _data(told: Told, said: wordings.Wordings) -> tuple[str, dict[str, Any]]:
    """The subject, and what is said: the notice in English, and what it is made of."""
    subject, text, values = told.subject, told.body, told.values
    if values is not None:
        subject, text = said.render(told.kind, "en", "UTC", values)
    return " ".join(subject.split()), {
        "cause": told.cause,
        "kind": told.kind,
        "title": " ".join(subject.split()),
        "text": text,
        "url": f"{settings.current().public_url}{told.link}" if told.link else None,
        "release": f"R-{told.release_number}" if told.release_number is not None else None,
        "instance": _key(told.instance_key),
        "task": _key(told.task_key),
        "urgent": told.urgent,
        "recipients": [{"name": name, "as": part} for name, part in sorted(told.recipients.items())],
        "values": {name: _plain(value) for name, value in (values or {}).items()},
    }


def _key(key: int | None) -> str | None:
    return None if key is None else str(key)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
