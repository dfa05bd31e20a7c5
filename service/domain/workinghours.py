"""The simple working calendar: Monday to Friday, nine to five, in a zone. A working day is eight hours of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.domain import durations

OPENS, CLOSES = time(9), time(17)
DAYS = frozenset(range(5))
DAY = timedelta(hours=8)
FURTHEST = timedelta(days=366 * 50)


def add(moment: datetime, duration: durations.Duration, zone: str | ZoneInfo = "UTC") -> datetime:
    """The moment after a duration of working time, in UTC; negative durations count back.

    Days count eight working hours each and weeks five days; months move the date first, as on any calendar.
    """
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    start = durations.add(moment, durations.Duration(months=duration.months), place)
    weeks, days = divmod(abs(duration.days), 7)
    worked = DAY * (weeks * 5 + days) * (1 if duration.days >= 0 else -1) + duration.clock
    if worked == timedelta() and not duration.months:
        return start
    return _back(start, -worked, place) if worked < timedelta() else _on(start, worked, place)


def between(start: datetime, end: datetime, zone: str | ZoneInfo = "UTC") -> timedelta:
    """How much working time lies between two moments."""
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    total = timedelta()
    for opens, closes in _windows(start, place, 1):
        if opens >= end:
            break
        total += max(timedelta(), min(closes, end) - max(opens, start))
    return total


def _on(start: datetime, worked: timedelta, place: ZoneInfo) -> datetime:
    left = worked
    for opens, closes in _windows(start, place, 1):
        begins = max(opens, start)
        if begins >= closes:
            continue
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
    raise ValueError("a working time of more than fifty years")


def _back(start: datetime, worked: timedelta, place: ZoneInfo) -> datetime:
    left = worked
    for opens, closes in _windows(start, place, -1):
        ends = min(closes, start)
        if ends <= opens:
            continue
        if left <= ends - opens:
            return ends - left
        left -= ends - opens
    raise ValueError("a working time of more than fifty years")


def _windows(start: datetime, place: ZoneInfo, step: int) -> Iterator[tuple[datetime, datetime]]:
    """The working hours of each day from the day of `start` on, or backwards, in UTC: safe over daylight saving."""
    day = start.astimezone(place).date()
    for number in range(FURTHEST.days):
        one: date = day + timedelta(days=number * step)
        if one.weekday() in DAYS:
            opens, closes = (datetime.combine(one, clock, place).astimezone(UTC) for clock in (OPENS, CLOSES))
            yield opens, closes
