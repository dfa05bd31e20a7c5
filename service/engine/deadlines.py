"""Deadlines of activities: the moment is worked out when the activity is entered."""

from __future__ import annotations

from service.domain import deadlines as moments
from service.engine import assignments, expressions, observing
from service.engine.expressions import Stuck
from service.engine.tokens import Token


def set_for(token: Token) -> None:
    """Say when the activity must be done; raises Stuck where that cannot be worked out."""
    element, board = token.element, token.board
    assert element is not None
    assert element.deadline is not None
    text, now = element.deadline, board.world.now
    value = text
    if expressions.is_feel(text):
        value = assignments.text_of(board.needed(board.scope_of(token), text, "A deadline"))
    try:
        due_at = moments.due_at(value, now, clock=element.clock, calendar=board.world.calendar)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise Stuck("wrong-type", str(error), text) from None
    as_drawn = value if isinstance(value, str) else text
    board.say(observing.deadline_set(token, element, due_at, now, as_drawn))
