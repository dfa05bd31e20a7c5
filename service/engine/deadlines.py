"""Deadlines of activities: the moment is worked out when the activity is entered."""

from __future__ import annotations

from datetime import datetime

from service.domain import deadlines as moments
from service.engine import assignments, expressions, observing, steps
from service.engine.expressions import Stuck
from service.engine.tokens import Token


def set_for(token: Token) -> None:
    """Say when the activity must be done; raises Stuck where that cannot be worked out."""
    token.board.say(worked_out(token, token.board.world.now))


def worked_out(token: Token, started_at: datetime) -> steps.DeadlineSet:
    """When an activity that began at this moment must be done; raises Stuck where that cannot be worked out."""
    element, board = token.element, token.board
    assert element is not None
    assert element.deadline is not None
    text = element.deadline
    value = text
    if expressions.is_feel(text):
        value = assignments.text_of(board.needed(board.scope_of(token), text, "A deadline"))
    try:
        due_at = moments.due_at(value, started_at, clock=element.clock, calendar=board.world.calendar)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise Stuck("wrong-type", str(error), text) from None
    as_drawn = value if isinstance(value, str) else text
    return observing.deadline_set(token, element, due_at, started_at, as_drawn)
