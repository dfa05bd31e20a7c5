"""Keyset pages: stable while rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import literal, tuple_

from service import errors

MOST = 200
LARGEST_KEY = 2**63 - 1
LARGEST_NUMBER = 2**31 - 1


def key(value: Any) -> int:
    """An element of a cursor that is a 64-bit key."""
    return _whole(value, LARGEST_KEY)


def number(value: Any) -> int:
    """An element of a cursor that is a release's number."""
    return _whole(value, LARGEST_NUMBER)


def _whole(value: Any, largest: int) -> int:
    if type(value) is not int or abs(value) > largest:
        raise ValueError
    return value


def name(value: Any) -> str:
    """An element of a cursor that is a text."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    value.encode()  # lone surrogates are no text
    return value


def moment(value: Any) -> datetime:
    """An element of a cursor that is an aware moment."""
    found = datetime.fromisoformat(name(value))
    if found.utcoffset() is None or not 1970 <= found.year <= 9000:
        raise ValueError
    return found


def moment_or_none(value: Any) -> datetime | None:
    """An element of a cursor that is an aware moment, if there is one."""
    return None if value is None else moment(value)


def encode(values: Sequence[Any]) -> str:
    """An opaque cursor that holds the sort values of the last row."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: Callable[[Any], Any]) -> list[Any]:
    """The sort values of a cursor, one of each kind; raises InvalidInput for anything we did not make."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list):
            raise ValueError
        return [kind(value) for kind, value in zip(kinds, values, strict=True)]
    except (binascii.Error, ValueError, RecursionError) as problem:
        raise errors.InvalidInput({"cursor": ["is not one that this list gave out"]}) from problem


def newest_first(statement: Any, at: Any, identity: Any, limit: int, cursor: str | None) -> Any:
    """A statement for `cut`, by moment: keys are drawn in blocks, so what is later may have the smaller one.

    The cursor holds the moment and the key of the last row.
    """
    if cursor:
        then, last = decode(cursor, moment, key)
        before = tuple_(literal(then, at.type), literal(last, identity.type))
        statement = statement.where(tuple_(at, identity) < before)
    return statement.order_by(at.desc(), identity.desc()).limit(limit + 1)


def cut(rows: Sequence[Any], limit: int, values: Callable[[Any], Sequence[Any]]) -> tuple[list[Any], str | None]:
    """The page and the cursor to the next one, from `limit + 1` rows."""
    page = list(rows[:limit])
    return page, encode(values(page[-1])) if len(rows) > limit else None


def bounded(limit: int) -> int:
    """A limit between 1 and 200; raises InvalidInput otherwise."""
    if not 1 <= limit <= MOST:
        raise errors.InvalidInput({"limit": [f"must be between 1 and {MOST}"]})
    return limit
