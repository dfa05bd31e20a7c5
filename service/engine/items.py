"""Which one of several alike: the items of the loops around a token, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.engine.tokens import Token

NUMBERS, NAMES, KEYS = ("number",), ("name", "title", "label"), ("id", "key")  # what a context is known by
LONGEST = 120


def around(token: Token) -> str | None:
    """`north`, or `wave 2 / db1` in a loop within a loop; an item without a name is counted. None outside of loops."""
    labels: list[str] = []
    at: Token | None = token
    while at is not None:
        loop = at.loop
        drawn = loop.element.loop if loop is not None and loop.element is not None else None
        if drawn is not None and not drawn.standard:
            value = at.board.scopes.local(at.ref).get(drawn.element_variable)
            labels.insert(0, label(value) or str(at.internal_data["index"]))
        at = (loop or at).flow.host
    return " / ".join(labels)[:LONGEST] or None


def label(value: Any) -> str | None:
    """A text or number as it is, a context by its number and name."""
    if not isinstance(value, Mapping):
        return _plain(value)
    number, name = _first(value, NUMBERS), _first(value, NAMES)
    return f"{number} {name}" if number and name else number or name or _first(value, KEYS)


def _first(context: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    labels = (_plain(context.get(key)) for key in keys)
    return next((found for found in labels if found), None)


def _plain(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
