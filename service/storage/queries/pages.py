"""Keyset pages: stable while rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from service import errors

MOST = 200


def encode(values: Sequence[Any]) -> str:
    """An opaque cursor that holds the sort values of the last row."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """The sort values of a cursor; raises InvalidInput for anything we did not make."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as problem:
        raise errors.InvalidInput({"cursor": ["is not one that this list gave out"]}) from problem
    if not isinstance(values, list) or len(values) != length:
        raise errors.InvalidInput({"cursor": ["is not one that this list gave out"]})
    return values


def cut(rows: Sequence[Any], limit: int, values: Callable[[Any], Sequence[Any]]) -> tuple[list[Any], str | None]:
    """The page and the cursor to the next one, from `limit + 1` rows."""
    page = list(rows[:limit])
    return page, encode(values(page[-1])) if len(rows) > limit else None


def bounded(limit: int) -> int:
    """A limit between 1 and 200; raises InvalidInput otherwise."""
    if not 1 <= limit <= MOST:
        raise errors.InvalidInput({"limit": [f"must be between 1 and {MOST}"]})
    return limit
