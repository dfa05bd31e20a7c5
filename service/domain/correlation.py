"""Correlation keys: how what is sent finds who waits for it."""

from __future__ import annotations

from typing import Any


def as_text(key: Any) -> str | None:
    """A key as it is compared: text as it is, numbers in their shortest form; 7, 7.0 and "7" are the same key.

    Raises ValueError for anything else.
    """
    if key is None or isinstance(key, str):
        return key
    if isinstance(key, bool) or not isinstance(key, (int, float)):
        raise ValueError("A correlation key is a text or a number.")
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)


def fits(awaited: str | None, sent: str | None) -> bool:
    """Whether a message with this key is for who waits with that one; who names no key takes, or reaches, any."""
    return awaited is None or sent is None or awaited == sent
