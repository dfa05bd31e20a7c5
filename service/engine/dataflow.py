"""What data associations carry out of an element when it is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.engine import elements
from service.engine.scopes import nested
from service.engine.tokens import Token


def moved(token: Token, element: elements.Element, values: Mapping[str, Any]) -> dict[str, Any]:
    """Carry data outputs to where they go; gives the results that are left.

    A data output that was not produced carries nothing. What an event brings under another name, alone, is the one
    data output of that event.
    """
    board = token.board
    scope = board.scope_of(token)
    produced = {**board.scopes.visible(scope), **_named(element, values)}
    made: dict[str, Any] = {}
    for move in element.moves:
        if move.name and produced.get(move.name) is None:
            continue
        value = board.value(scope, move.source, produced)
        head = move.target.split(".", 1)[0]
        existing = made.get(head, board.scopes.visible(token.flow.scope).get(head))
        name, whole = nested(move.target, value, existing)
        made[name] = whole
    board.scopes.propagate(token.flow.scope, made)
    return {name: value for name, value in _named(element, values).items() if name not in element.local}


def _named(element: elements.Element, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Results by their names as drawn: an event carries one thing, whatever the thrower called it."""
    (first, *others) = [move.name for move in element.moves if move.name] or [""]
    if element.event is None or others or not first or first in values or len(values) != 1:
        return values
    return {first: next(iter(values.values()))}
