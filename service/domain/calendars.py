"""Calendars: the weekly hours of a zone, its public holidays, closures and days with hours of their own.

Arithmetic in the time that a calendar opens is in `workinghours`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from service.domain import publicholidays

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STANDARD = "standard"  # the name of the calendar that holds where no other is chosen
DAY = 24 * 60
MOST_SPANS = 12
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, order=True)
class Span:
    """Hours of a day, in minutes from its midnight; what ends after 24:00 reaches into the next day."""

    begins: int
    ends: int

    def __str__(self) -> str:
        ends = self.ends if self.ends == DAY else self.ends % DAY
        return f"{_clock(self.begins)}-{_clock(ends)}"


@dataclass(frozen=True, order=True)
class Closure:
    """Days, the last one included, on which nobody works."""

    first: date
    last: date
    name: str = ""


@dataclass(frozen=True, order=True)
class Opening:
    """A day with hours of its own, whatever weekday, holiday or closure it is."""

    day: date
    hours: tuple[Span, ...]
    name: str = ""


@dataclass(frozen=True)
class Day:
    """One day as a calendar sees it: its hours, and the names of what makes it differ from others of its weekday."""

    date: date
    hours: tuple[Span, ...]
    holiday: str = ""
    closure: str = ""
    opening: str = ""


def _office() -> tuple[tuple[Span, ...], ...]:
    nine_to_five = (Span(9 * 60, 17 * 60),)
    return (nine_to_five,) * 5 + ((),) * 2


@dataclass(frozen=True)
class Calendar:
    """Working time. Without more: Monday to Friday from nine to five.

    week: the hours of each weekday, Monday first; hours belong to the day on which they begin. country: ISO 3166 code
    whose public holidays are free, region: one of its parts, which may have more. Raises ValueError with advice where
    hours overlap, and where it would never open.
    """

    zone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = field(default_factory=_office)
    country: str | None = None
    region: str | None = None
    closures: tuple[Closure, ...] = ()
    openings: tuple[Opening, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.week) == len(WEEKDAYS)
        for hours in (*self.week, *(one.hours for one in self.openings)):
            refuse_overlap(hours)
        if not any(self.week) and not any(one.hours for one in self.openings):
            raise ValueError("The calendar has no working hours. Give at least one weekday some, like 09:00-17:00.")

    @property
    def place(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.zone)

    def hours_on(self, day: date) -> tuple[Span, ...]:
        """The hours that begin on a day."""
        for one in self.openings:
            if one.day == day:
                return one.hours
        if not self.week[day.weekday()] or self.closure_on(day) is not None or day in self._holidays(day.year):
            return ()
        return self.week[day.weekday()]

    def closure_on(self, day: date) -> Closure | None:
        """The closure that a day lies in."""
        return next((one for one in self.closures if one.first <= day <= one.last), None)

    def days(self, first: date, count: int, language: str | None = None) -> list[Day]:
        """So many days with their hours and names, holidays named in a language."""
        found = []
        for number in range(count):
            day = first + timedelta(days=number)
            closure, opening = self.closure_on(day), next((one for one in self.openings if one.day == day), None)
            found.append(
                Day(
                    day,
                    self.hours_on(day),
                    holiday=self._holidays(day.year, language).get(day, ""),
                    closure=closure.name or "–" if closure else "",
                    opening=opening.name or "–" if opening else "",
                )
            )
        return found

    def _holidays(self, year: int, language: str | None = None) -> Mapping[date, str]:
        return {} if self.country is None else publicholidays.of_year(self.country, self.region, year, language)


def parse_hours(text: str) -> tuple[Span, ...]:
    """Read `09:00-12:30 13:00-17:00`; `22:00-06:00` reaches into the next day, `00:00-24:00` is all of it.

    Nothing means no work that day. Raises ValueError with advice.
    """
    parts = [part for part in _BETWEEN.split(re.sub(r"\s*[-–]\s*", "-", text.strip())) if part]
    if len(parts) > MOST_SPANS:
        raise ValueError(f"There are {len(parts)} spans of hours; {MOST_SPANS} a day are the most.")
    hours = tuple(sorted(_span(part) for part in parts))
    refuse_overlap(hours)
    return hours


def refuse_overlap(hours: Iterable[Span]) -> None:
    """Raises ValueError where spans of one day overlap."""
    before: Span | None = None
    for span in sorted(hours):
        if before is not None and span.begins < before.ends:
            raise ValueError(f"The hours {before} and {span} overlap.")
        before = span


def written(hours: Iterable[Span]) -> str:
    """Hours in the notation of `parse_hours`."""
    return " ".join(str(span) for span in hours)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text[:40]}” are no hours. Write them like 09:00-12:30 13:00-17:00.")
    begins, ends = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if begins is None or ends is None or begins == DAY:
        raise ValueError(f"“{text}” is not on the clock: it goes from 00:00 to 24:00.")
    return Span(begins, ends if ends > begins else ends + DAY)


def _minutes(hour: str, minute: str) -> int | None:
    count = int(hour) * 60 + int(minute)
    return count if int(minute) < 60 and count <= DAY else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
