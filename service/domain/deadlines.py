"""When something is due: from a moment or a duration, on the elapsed clock or in working time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from service.domain import durations, workinghours
from service.domain.calendars import Calendar

ELAPSED, WORKING, ASSIGNEE = "elapsed", "working", "assignee"
CLOCKS = (ELAPSED, WORKING, ASSIGNEE)
PLAIN = Calendar()


def due_at(
    value: str | datetime | date, started_at: datetime, *, clock: str = ELAPSED, calendar: Calendar = PLAIN
) -> datetime:
    """The due moment in UTC that a deadline means: a duration from `started_at`, or a moment of its own.

    A moment without an offset is read in the zone of the calendar; a date alone is due when that day ends there. A
    negative or zero duration is refused, since it would be missed at once. Raises ValueError with advice.
    """
    zone = calendar.zone
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    if isinstance(value, date):
        return _end_of(value, zone)
    if durations.is_duration(value):
        duration = durations.parse(value)
        due = shift(started_at, duration, clock=clock, calendar=calendar)
        if due <= started_at:
            raise ValueError(f"“{value}” is no time at all: a deadline needs a duration above zero.")
        return due
    try:
        return _end_of(date.fromisoformat(value.strip()), zone)
    except ValueError:
        pass
    try:
        return durations.parse_moment(value, zone)
    except ValueError:
        raise ValueError(
            f"“{value}” is neither a duration like P3D nor a moment like 2026-03-31T17:00:00+02:00."
        ) from None


def shift(
    moment: datetime, duration: durations.Duration, *, clock: str = ELAPSED, calendar: Calendar = PLAIN
) -> datetime:
    """The moment a duration later (or earlier) by this clock, in UTC; `calendar` is that of whoever the clock means."""
    if clock not in CLOCKS:
        raise ValueError(f"There is no clock “{clock}”; known are {', '.join(CLOCKS)}.")
    if clock == ELAPSED:
        return durations.add(moment, duration, calendar.zone)
    return workinghours.add(moment, duration, calendar)


def after_share(
    started_at: datetime, due: datetime, part: float, *, clock: str = ELAPSED, calendar: Calendar = PLAIN
) -> datetime:
    """The moment at which this part (0 to 1) of the time between two moments is over by this clock."""
    if clock == ELAPSED:
        start = started_at.astimezone(UTC)
        return start + (due.astimezone(UTC) - start) * part
    worked = workinghours.between(started_at, due, calendar) * part
    return workinghours.add(started_at, durations.Duration(clock=worked), calendar) if worked else started_at


def _end_of(day: date, zone: str) -> datetime:
    return durations.add(datetime.combine(day, time(), ZoneInfo(zone)), durations.Duration(days=1), zone)
