"""Webhooks: which notices one wants, the event that carries them, and the signature that proves where it comes from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

PREFIX = "whsec_"  # of a secret, as Standard Webhooks writes it
SECRET_BYTES = 32
CONTENT_TYPE = "application/cloudevents+json"
EVERYTHING_OF = ".*"
TEST = "webhook.test"


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether a webhook with these kinds is told of this one: `deadline.overdue`, `deadline.*`; none named: of all."""
    return not kinds or kind in kinds or kind.partition(".")[0] + EVERYTHING_OF in kinds


def is_kind(wanted: str, known: Sequence[str]) -> bool:
    """Whether this names a kind that there is, or all kinds of a family."""
    family = wanted.removesuffix(EVERYTHING_OF)
    return wanted in known or (wanted != family and any(kind.partition(".")[0] == family for kind in known))


def event(key: int, kind: str, *, source: str, subject: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """A CloudEvents 1.0 event; `key` is the row that keeps it, so that the id is the same at each attempt."""
    found: dict[str, Any] = {
        "specversion": "1.0",
        "id": message_id(key),
        "source": source,
        "type": f"tidegate.{kind}",
        "time": at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
    }
    return found | ({"subject": subject} if subject else {}) | {"data": dict(data)}


def message_id(key: int) -> str:
    """The header `webhook-id`: a receiver that sees it twice has seen the same event twice."""
    return f"msg_{key}"


def secret(entropy: bytes) -> str:
    """A secret as Standard Webhooks writes it, from random bytes."""
    return PREFIX + base64.b64encode(entropy).decode()


def headers(key: int, secrets: Sequence[str], at: datetime, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks, signed with each secret in force."""
    name, moment = message_id(key), str(int(at.timestamp()))
    signed = " ".join(_signature(one, name, moment, body) for one in secrets)
    return {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signed}


def _signature(secret: str, name: str, moment: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, b".".join((name.encode(), moment.encode(), body)), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
