"""Arithmetic in the time that a calendar opens: safe over daylight saving, holidays, nights and years without work."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from service.domain import durations, publicholidays
from service.domain.calendars import Calendar

MOST_YEARS = 50  # that a search looks at
EMPTY_YEARS = 3  # one after the other without any work end it


@dataclass(frozen=True)
class Window:
    """Working time without a break, in UTC; `day` is the day that it belongs to."""

    day: date
    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class Year:
    """What a calendar opens on the days of one year, in order."""

    windows: tuple[Window, ...]
    opens: tuple[datetime, ...]
    days: tuple[date, ...]
    total: timedelta


def add(moment: datetime, duration: durations.Duration, calendar: Calendar) -> datetime:
    """The moment after a duration of working time, in UTC; negative durations count back.

    Months and weeks move the date and keep the wall time; where nobody works then, the next working moment counts (the
    one before, counting back). A day is the same time on the next working day: outside of working hours it counts from
    when they begin next (ended last, counting back), and where the other day has shorter hours, the nearest of them
    that is not later counts, or its first moment. Hours, minutes and seconds count while the calendar is open.
    Raises ValueError where there is no such moment within fifty years.
    """
    moment = moment.astimezone(UTC)
    if duration.months or duration.weeks:
        dated = durations.Duration(months=duration.months, weeks=duration.weeks)
        moved = durations.add(moment, dated, calendar.zone)
        moment = _settled(calendar, moved, 1 if moved >= moment else -1).moment
    if duration.days:
        moment = _other_day(calendar, moment, duration.days)
    if duration.clock > timedelta():
        return _on(calendar, moment, duration.clock)
    if duration.clock < timedelta():
        return _back(calendar, moment, -duration.clock)
    return moment


def between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How much working time lies between two moments; negative where the end comes first."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end < start:
        return -between(end, start, calendar)
    first, last = _year_of(calendar, start), _year_of(calendar, end)
    # Windows of a year's last day may reach into the next one.
    return sum((_passed(_year(calendar, year), start, end) for year in range(first - 1, last + 1)), timedelta())


def is_open(moment: datetime, calendar: Calendar) -> bool:
    """Whether it is working time."""
    year = _year_of(calendar, moment)
    return any(_holds(_year(calendar, one), moment) for one in (year - 1, year))


def opens_at(moment: datetime, calendar: Calendar) -> datetime:
    """This moment where it is working time, else the next one that is; in UTC. Raises ValueError as `add`."""
    for window in _windows(calendar, moment, 1):
        if window.closes > moment:
            return max(window.opens, moment.astimezone(UTC))
    raise AssertionError("the windows end with an error")


@dataclass(frozen=True)
class _Settled:
    """A working moment with the day that it belongs to."""

    moment: datetime
    day: date


def _settled(calendar: Calendar, moment: datetime, step: int) -> _Settled:
    """The moment itself where somebody works then, the moment of closing included; else the nearest one that way."""
    last: Window | None = None
    for window in _windows(calendar, moment, step):
        if step > 0:
            if window.opens <= moment < window.closes:
                return _Settled(moment, window.day)
            if window.closes == moment:
                last = window  # unless another one opens right then
            elif window.opens > moment:
                return _Settled(moment, last.day) if last else _Settled(window.opens, window.day)
        elif window.opens <= moment:
            return _Settled(min(moment, window.closes), window.day)
    raise AssertionError("the windows end with an error")


def _other_day(calendar: Calendar, moment: datetime, count: int) -> datetime:
    """The same wall time so many working days later or earlier, within the hours of that day."""
    start = _settled(calendar, moment, 1 if count > 0 else -1)
    since_midnight = start.moment.astimezone(calendar.place).replace(tzinfo=None) - datetime.combine(start.day, time())
    day, windows = _working_day(calendar, start.day, count)
    wanted = _moment(calendar, datetime.combine(day, time()) + since_midnight)
    found = windows[0].opens
    for window in windows:
        if window.opens <= wanted:
            found = min(wanted, window.closes)
    return found


def _working_day(calendar: Calendar, day: date, count: int) -> tuple[date, list[Window]]:
    """The day so many working days after or before one, with its windows."""
    left, number, empty = abs(count), day.year, 0
    for _ in range(MOST_YEARS):
        year = _year(calendar, number)
        days = year.days
        if count > 0:
            rest = days[bisect_right(days, day) :]
            if left <= len(rest):
                return rest[left - 1], _windows_on(year, rest[left - 1])
        else:
            rest = days[: bisect_left(days, day)]
            if left <= len(rest):
                return rest[-left], _windows_on(year, rest[-left])
        left -= len(rest)
        empty = 0 if days else empty + 1
        if empty == EMPTY_YEARS:
            break
        number += 1 if count > 0 else -1
    raise _endless(calendar, number)


def _windows_on(year: Year, day: date) -> list[Window]:
    return [window for window in year.windows if window.day == day]


def _on(calendar: Calendar, start: datetime, left: timedelta) -> datetime:
    for window in _windows(calendar, start, 1):
        begins = max(window.opens, start)
        if begins >= window.closes:
            continue
        if left <= window.closes - begins:
            return begins + left
        left -= window.closes - begins
    raise AssertionError("the windows end with an error")


def _back(calendar: Calendar, start: datetime, left: timedelta) -> datetime:
    for window in _windows(calendar, start, -1):
        ends = min(window.closes, start)
        if ends <= window.opens:
            continue
        if left <= ends - window.opens:
            return ends - left
        left -= ends - window.opens
    raise AssertionError("the windows end with an error")


def _windows(calendar: Calendar, moment: datetime, step: int) -> Iterator[Window]:
    """The windows around and after a moment, or around and before it, nearest first; raises ValueError at the end."""
    number = _year_of(calendar, moment) - step
    empty = 0
    for _ in range(MOST_YEARS):
        year = _year(calendar, number)
        begun = bisect_right(year.opens, moment)
        if step > 0:
            yield from year.windows[max(begun - 1, 0) :]
        else:
            yield from reversed(year.windows[:begun])
        empty = 0 if year.windows else empty + 1
        if empty > EMPTY_YEARS:
            break
        number += step
    raise _endless(calendar, number)


def _passed(year: Year, start: datetime, end: datetime) -> timedelta:
    """How much of a year's working time lies between two moments."""
    if not year.windows or end <= year.opens[0] or start >= year.windows[-1].closes:
        return timedelta()
    if start <= year.opens[0] and end >= year.windows[-1].closes:
        return year.total
    first, last = max(bisect_right(year.opens, start) - 1, 0), bisect_left(year.opens, end)
    spans = (min(one.closes, end) - max(one.opens, start) for one in year.windows[first:last])
    return sum((span for span in spans if span > timedelta()), timedelta())


def _holds(year: Year, moment: datetime) -> bool:
    at = bisect_right(year.opens, moment) - 1
    return at >= 0 and moment < year.windows[at].closes


def _year_of(calendar: Calendar, moment: datetime) -> int:
    return moment.astimezone(calendar.place).year


@functools.lru_cache(maxsize=1024)
def _year(calendar: Calendar, number: int) -> Year:
    """The windows of the days of a year; what an earlier day's hours cover already is left out."""
    if not publicholidays.EARLIEST <= number <= publicholidays.LATEST:
        raise ValueError(
            f"Working time is known from {publicholidays.EARLIEST} to {publicholidays.LATEST}, not in {number}."
        )
    found: list[Window] = []
    covered = datetime(number - 1, 1, 1, tzinfo=UTC)
    day, end = date(number - 1, 12, 31), date(number + 1, 1, 1)
    while day < end:
        midnight = datetime.combine(day, time())
        for span in calendar.hours_on(day):
            opens = _moment(calendar, midnight + timedelta(minutes=span.begins))
            closes = _moment(calendar, midnight + timedelta(minutes=span.ends))
            opens, covered = max(opens, covered), max(closes, covered)
            if opens < closes and day.year == number:
                found.append(Window(day, opens, closes))
        day += timedelta(days=1)
    total = sum((window.closes - window.opens for window in found), timedelta())
    days = tuple(dict.fromkeys(window.day for window in found))
    return Year(tuple(found), tuple(window.opens for window in found), days, total)


def _moment(calendar: Calendar, wall: datetime) -> datetime:
    """When the clocks of a zone first show a wall time; where they leap over it, the moment of the leap."""
    place = calendar.place
    found = wall.replace(tzinfo=place).astimezone(UTC)
    if found.astimezone(place).replace(tzinfo=None) == wall:
        return found
    early, late = wall.replace(tzinfo=place, fold=1).astimezone(UTC), found
    before = early.astimezone(place).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(place).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _endless(calendar: Calendar, year: int) -> ValueError:
    return ValueError(f"The calendar has too few working hours: this leads further than {year}.")
