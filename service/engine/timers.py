"""When timers are due: dates, durations and cycles, static ISO 8601 or FEEL, cron too; always from the world's now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter

from service.domain import durations
from service.engine import expressions
from service.engine.expressions import Stuck
from service.engine.tokens import Token

CRON_FIELDS = (5, 6)


def arm(token: Token, scope: str) -> None:
    """Work out when this timer fires and remember it with the token: `due`, for cycles `cycle`, `from` and `turn`."""
    board, element = token.board, token.element
    assert element is not None
    assert token.event is not None
    event, data = token.event, token.internal_data
    text = event.expression or ""
    value: Any = text
    if expressions.is_feel(text):
        value = board.needed(scope, text, f"The timer of “{element.id}”")
    if event.timer == "cycle":
        data["cycle"], data["from"], data["turn"] = str(value), expressions.iso(board.world.now), 1
        due = turn_of(data, board.world.zone, text)
        if due is None:
            raise Stuck("wrong-type", f"“{value}” never fires.", text)
    else:
        due = expressions.moment(value, text, board.world.now, board.world.zone)
    data["due"] = expressions.iso(due)
    board.await_(token, "timers")


def arm_next(token: Token, before: Token) -> bool:
    """Give a cycle's next turn to a new token; False where it was the last one."""
    data = before.internal_data
    token.internal_data.update(
        {key: data[key] for key in ("cycle", "from", "last") if key in data}, turn=data["turn"] + 1
    )
    try:
        due = turn_of(token.internal_data, token.board.world.zone, data["cycle"])
    except Stuck:  # beyond the end of the calendar
        return False
    if due is None:
        return False
    token.internal_data["due"] = expressions.iso(due)
    token.board.await_(token, "timers")
    return True


def due_at(token: Token) -> datetime:
    return datetime.fromisoformat(token.internal_data["due"])


def turn_of(data: dict[str, Any], zone: str, text: str) -> datetime | None:
    """When a cycle fires for the `turn`-th time; of a cron line `data` remembers the moment."""
    start, turn = datetime.fromisoformat(data["from"]), data["turn"]
    try:
        if len(data["cycle"].split()) in CRON_FIELDS:
            return _cron(data, zone)
        return durations.parse_repetition(data["cycle"], zone).at(turn, start, zone)
    except (ValueError, KeyError, OverflowError) as error:
        raise Stuck("wrong-type", str(error), text) from None


def _cron(data: dict[str, Any], zone: str) -> datetime:
    """The next moment that a cron line names, after the one before; seconds come first where there are six fields."""
    line = data["cycle"]
    after = datetime.fromisoformat(data.get("last", data["from"])).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    seconds_first = len(line.split()) == CRON_FIELDS[-1]
    walk = croniter(line.replace("?", "*"), after, second_at_beginning=seconds_first)
    before = datetime.fromisoformat(data.get("last", data["from"]))
    while True:
        # Wall times that a change of daylight saving repeats or leaves out: each moment once, always later.
        moment = walk.get_next(datetime).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if moment > before + timedelta(microseconds=1):
            data["last"] = expressions.iso(moment)
            return moment
