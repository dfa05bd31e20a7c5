"""What data associations carry out of an element when it is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.engine import elements
from service.engine.scopes import nested
from service.engine.tokens import Token


def moved(token: Token, element: elements.Element, values: Mapping[str, Any]) -> dict[str, Any]:
    """What data outputs bring to where they go; one that was not produced brings nothing."""
    board = token.board
    scope = board.scope_of(token)
    produced = {**board.scopes.visible(scope), **_named(element, values)}
    around = board.scopes.visible(token.flow.scope)
    made: dict[str, Any] = {}
    for move in element.moves:
        if move.name and produced.get(move.name) is None:
            continue
        value = board.value(scope, move.source, produced)
        head = move.target.split(".", 1)[0]
        name, whole = nested(move.target, value, made.get(head, around.get(head)))
        made[name] = whole
    return made


def left(element: elements.Element | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The results that leave an element by themselves."""
    if element is None or not element.local:
        return values
    return {name: value for name, value in _named(element, values).items() if name not in element.local}


def _named(element: elements.Element, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Results by their names as drawn: an event brings one thing alone, whatever the thrower called it."""
    names = [move.name for move in element.moves if move.name]
    if element.event is None or len(names) != 1 or names[0] in values or len(values) != 1:
        return values
    return {names[0]: next(iter(values.values()))}
