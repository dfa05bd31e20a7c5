"""Who is to do a person's task, and how: every value static or FEEL, resolved when the task opens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service.domain import deadlines as moments
from service.engine import expressions, observing, steps
from service.engine.expressions import Stuck
from service.engine.tokens import Token

RULES = ("any", "all")


def task_opened(token: Token) -> steps.TaskOpened:
    """The fact that a task is open; raises Stuck where something about it cannot be worked out."""
    element, board = token.element, token.board
    assert element is not None
    given = element.assignment
    inputs = board.scopes.local(token.ref) if token.ref in board.scopes else {}
    resolved = {
        "form": _text(token, element.form, "A form"),
        "assignee": _text(token, given.assignee, "An assignee"),
        "groups": _names(token, given.groups, "The candidate groups"),
        "users": _names(token, given.users, "The candidate users"),
        "due_at": None if element.deadline else _moment(token, element.due, "The due date", element.clock),
        "follow_up_at": _moment(token, element.follow_up, "The follow-up date"),
        "priority": whole(token, element.priority, 50, "A priority"),
        "approval": _rule(token, element.approval.rule) if element.approval else None,
    }
    return observing.task_opened(token, element, resolved, inputs)


def whole(token: Token, text: str | None, default: int, what: str) -> int:
    """A whole number, static or FEEL."""
    if not text:
        return default
    value = _value(token, text, what)
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Stuck("wrong-type", f"{what} must be a whole number, this is {expressions.shown(value)}.", text) from None


def _value(token: Token, text: str, what: str) -> Any:
    return token.board.wanted(token.board.scope_of(token), text, what) if expressions.is_feel(text) else text


def _text(token: Token, text: str | None, what: str) -> str | None:
    """A text; null and empty mean none."""
    if not text:
        return None
    value = _value(token, text, what)
    if value is not None and not isinstance(value, (str, int)):
        raise Stuck("wrong-type", f"{what} must be a text, this is {expressions.shown(value)}.", text)
    return str(value) if value not in (None, "") else None


def _names(token: Token, text: str | None, what: str) -> tuple[str, ...]:
    if not text:
        return ()
    return expressions.names(_value(token, text, what), text) if expressions.is_feel(text) else expressions.split(text)


def _moment(token: Token, text: str | None, what: str, clock: str = moments.ELAPSED) -> datetime | None:
    if not text:
        return None
    value = _value(token, text, what)
    if value is None:
        return None
    try:
        world = token.board.world
        return moments.due_at(text_of(value), world.now, clock=clock, calendar=world.calendar)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise Stuck("wrong-type", str(error), text) from None


def text_of(value: Any) -> Any:
    """Durations of FEEL as ISO 8601 text; anything else as it is."""
    return getattr(value, "iso", value)


def _rule(token: Token, text: str) -> str | int:
    """`any`, `all`, or how many must approve."""
    scope = token.board.scope_of(token)
    value = token.board.needed(scope, text, "An approval rule") if expressions.is_feel(text) else text
    if value in RULES:
        return str(value)
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = 0
    if count < 1 or isinstance(value, bool) or count != float(value):
        raise Stuck(
            "wrong-type", f"An approval rule is any, all or a number above 0, not {expressions.shown(value)}.", text
        )
    return count
