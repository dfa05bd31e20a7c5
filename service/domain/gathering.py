"""When what waits for one person on one way goes together, and when it waits for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

RATE = "rate"
MOST_AN_HOUR = 10  # messages to one person on one channel; what comes then gathers for longer
HOUR = timedelta(hours=1)
BREATHER = timedelta(minutes=5)


@dataclass(frozen=True)
class Verdict:
    """until: when to look again, None where all of it goes now. reason: why it is held until then."""

    until: datetime | None = None
    reason: str | None = None


NOW = Verdict()


def verdict(rows: Sequence[Any], *, lately: int, now: datetime, pause: timedelta, most: timedelta) -> Verdict:
    """What to do with what waits for one person on one way.

    It goes when nothing new came for `pause`, at the latest `most` after the first; after many messages within the hour
    (`lately`) it gathers for longer, unless something of it is urgent. What was held until now takes all along.

    rows: with state, reason, urgent, told_at and look_at; those that wait, are held by the rate, or held until now.
    """
    gathering = [row for row in rows if row.state == "waiting"]
    held = [row.look_at for row in rows if row.state != "waiting"]
    if any(moment <= now for moment in held):
        return NOW
    until = min(max(row.told_at for row in gathering) + pause, min(row.told_at for row in gathering) + most)
    if until > now:
        return Verdict(until)
    if lately < MOST_AN_HOUR or any(row.urgent for row in gathering):
        return NOW
    return Verdict(min(held, default=now + BREATHER), RATE)
