"""The offsets of a named time zone as a table, for an engine that knows no zones."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 2100
STEP = timedelta(days=45)


@functools.cache
def table(name: str) -> list[tuple[int, int]] | None:
    """`[(from in epoch seconds, offset in seconds), ...]` ascending, 1900 to 2100; None for an unknown zone."""
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
    rows = [(int(moment.timestamp()), _offset(moment, zone))]
    while moment < end:
        following = moment + STEP
        if _offset(following, zone) != rows[-1][1]:
            change = _change(moment, following, zone)
            rows.append((int(change.timestamp()), _offset(change, zone)))
            following = change
        moment = following
    return rows


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always knows it
    return int(offset.total_seconds())


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first second after `low` at which the offset differs."""
    before = _offset(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high
