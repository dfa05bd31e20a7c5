"""Conditional events: they happen when their condition becomes true, seen from where they wait.

They are looked at when they begin to wait, and again when a variable changes that is seen from their scope. They see
variables alone: facts of the record wake nothing. Null is “not yet”.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from service.engine import elements, expressions
from service.engine.expressions import Stuck
from service.engine.scopes import Change
from service.engine.tokens import Token


def await_(token: Token, held: bool = False) -> None:
    """Wait for the condition. Where it held a moment ago it must fail before it can happen again."""
    if held:
        token.internal_data["held"] = 1
    else:
        token.board.unseen.append(token)
    token.board.await_(token, "conditions")


def look(token: Token) -> None:
    """The event is going to happen if its condition holds now and did not hold before."""
    data = token.internal_data
    if not _holds(token):
        data.pop("held", None)
    elif "held" not in data:
        token.board.happening.append(token)


def happen(token: Token) -> None:
    token.board.count()
    token.task_spec.fire(token, {})


def look_at_new(board: Any) -> None:
    """Look at those that have just begun to wait."""
    while board.unseen:
        unseen, board.unseen = board.unseen, []
        _look_at(board, unseen)


def look_at_changed(board: Any) -> None:
    """Look at those that have just begun to wait, and at those that see what has changed."""
    while board.unseen or board.happening or board.scopes.changes:
        changes, board.scopes.changes = board.scopes.changes, []
        unseen, board.unseen = board.unseen, []
        concerned = [token for token in board.conditions.values() if _sees(token, changes)]
        _look_at(board, {token.ref: token for token in (*unseen, *concerned)}.values())


def _look_at(board: Any, tokens: Iterable[Token]) -> None:
    """First look at all of them, then let happen what does: that changes variables again."""
    for token in sorted(tokens, key=lambda token: token.serial):
        if _waits(token):
            board.guard(token, "look")
    while board.happening:
        token = board.happening.pop(0)
        if _waits(token):
            board.guard(token, "happen")


def _waits(token: Token) -> bool:
    return token.ref in token.board.conditions and "stuck" not in token.internal_data


def _sees(token: Token, changes: Iterable[Change]) -> bool:
    event = _event(token)
    chain = set(token.board.scopes.chain(_scope(token)))
    return any(
        change.scope in chain
        and (not event.variable_names or change.name in event.variable_names)
        and (not event.variable_events or change.kind in event.variable_events)
        for change in changes
    )


def _holds(token: Token) -> bool:
    return holds(_event(token), token.board.scopes.visible(_scope(token)), token.board.now)


def holds(event: elements.Event, variables: Mapping[str, Any], now: datetime) -> bool:
    """Whether the condition of an event is true; raises Stuck where it is neither true nor false nor null."""
    text = event.expression or ""
    value = expressions.evaluate(text, variables, now)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Stuck("wrong-type", f"A condition must be true or false, this is {expressions.shown(value)}.", text)
    return value


def _scope(token: Token) -> str:
    scope: str = token.task_spec.around(token)[0]
    return scope


def _event(token: Token) -> elements.Event:
    assert token.event is not None
    return token.event
