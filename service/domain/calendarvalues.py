"""A calendar in plain values, as it is stored and sent: read with every mistake named by its field, and written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.domain import calendars, publicholidays
from service.domain.calendars import Calendar, Closure, Opening, Span

MOST_ENTRIES = 200
LONGEST_CLOSURE = timedelta(days=366)
LONGEST_NAME = 120


class _Reader:
    """Reads part by part and remembers what is wrong."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.problems: dict[str, list[str]] = {}

    def calendar(self) -> Calendar | None:
        zone, week, (country, region) = self._zone(), self._week(), self._place()
        closures, openings = self._several("closures", self._closure), self._several("openings", self._opening)
        if not any(week) and not any(name.startswith("hours") for name in self.problems):
            self._wrong("hours.monday", "give at least one weekday hours, like 09:00-17:00")
        if len({one.day for one in openings}) < len(openings):
            self._wrong("openings", "names a day twice")
        if self.problems:
            return None
        return Calendar(zone, week, country, region, closures, openings)

    def _wrong(self, field: str, text: str) -> None:
        self.problems.setdefault(field, []).append(text)

    def _zone(self) -> str:
        zone = str(self.values.get("zone") or "")
        if not _is_zone(zone):
            self._wrong("zone", "is not a time zone like Europe/Berlin")
        return zone

    def _week(self) -> tuple[tuple[Span, ...], ...]:
        given = self.values.get("hours") or {}
        for name in given.keys() - set(calendars.WEEKDAYS):
            self._wrong("hours", f"{name} is not a weekday like monday")
        return tuple(self._hours(f"hours.{day}", given.get(day)) for day in calendars.WEEKDAYS)

    def _hours(self, field: str, text: Any) -> tuple[Span, ...]:
        try:
            return calendars.parse_hours(str(text or ""))
        except ValueError as problem:
            self._wrong(field, str(problem))
            return ()

    def _place(self) -> tuple[str | None, str | None]:
        country, region = self.values.get("country") or None, self.values.get("region") or None
        known = publicholidays.countries()
        if country is not None and country not in known:
            self._wrong("country", "is not a country whose holidays are known, by two letters, like DE")
        elif region is not None and region not in (known[country] if country else ()):
            self._wrong("region", "is not a region of this country whose holidays are known")
        return country, region

    def _several(self, field: str, read: Callable[[str, Mapping[str, Any]], Any]) -> tuple[Any, ...]:
        given: Sequence[Mapping[str, Any]] = self.values.get(field) or ()
        if len(given) > MOST_ENTRIES:
            self._wrong(field, f"use at most {MOST_ENTRIES} entries")
            return ()
        read_ones = [read(f"{field}.{number}", one) for number, one in enumerate(given)]
        return tuple(sorted(one for one in read_ones if one is not None))

    def _closure(self, field: str, one: Mapping[str, Any]) -> Closure | None:
        first, name = self._day(f"{field}.first", one.get("first")), self._name(field, one)
        last = self._day(f"{field}.last", one["last"]) if one.get("last") else first
        if first is None or last is None:
            return None
        if last < first:
            self._wrong(f"{field}.last", "must not come before the first day")
        if last - first > LONGEST_CLOSURE:
            self._wrong(f"{field}.last", "must not come more than a year after the first day")
        return Closure(first, last, name)

    def _opening(self, field: str, one: Mapping[str, Any]) -> Opening | None:
        day, name = self._day(f"{field}.day", one.get("day")), self._name(field, one)
        hours = self._hours(f"{field}.hours", one.get("hours"))
        return None if day is None else Opening(day, hours, name)

    def _day(self, field: str, value: Any) -> date | None:
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value or "").strip())
        except ValueError:
            self._wrong(field, "is not a day like 2026-12-24")
            return None
        if not 2000 <= day.year <= 2200:
            self._wrong(field, "must lie between 2000 and 2200")
        return day

    def _name(self, field: str, one: Mapping[str, Any]) -> str:
        name = str(one.get("name") or "").strip()
        if len(name) > LONGEST_NAME:
            self._wrong(f"{field}.name", f"use at most {LONGEST_NAME} characters")
        return name


@functools.lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        return False
    return True


def read(values: Mapping[str, Any]) -> tuple[Calendar | None, dict[str, list[str]]]:
    """The calendar that these values mean, and what is wrong with them by field; without a mistake there is one.

    values: zone, hours (weekday -> `09:00-17:00`), country, region, closures ({first, last, name}), openings ({day,
    hours, name}); days are dates or ISO texts.
    """
    reader = _Reader(values)
    return reader.calendar(), reader.problems


def plain(calendar: Calendar) -> dict[str, Any]:
    """The values that `read` takes, fit for JSON."""
    week = zip(calendars.WEEKDAYS, calendar.week, strict=True)
    return {
        "zone": calendar.zone,
        "hours": {day: calendars.written(hours) for day, hours in week},
        "country": calendar.country,
        "region": calendar.region,
        "closures": [
            {"first": one.first.isoformat(), "last": one.last.isoformat(), "name": one.name}
            for one in calendar.closures
        ],
        "openings": [
            {"day": one.day.isoformat(), "hours": calendars.written(one.hours), "name": one.name}
            for one in calendar.openings
        ],
    }
