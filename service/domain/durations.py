"""ISO 8601 durations and repetitions as people draw them: calendar parts stay calendar parts."""

from __future__ import annotations

import calendar
import functools
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

ADVICE = "Write it in ISO 8601, like PT4H (four hours), P1D (a day), P2W (two weeks) or -P1D (a day before)."
LARGEST_MONTHS = 12 * 1000
LARGEST_DAYS = 366 * 1000

_NUMBER = r"([+-]?\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"([+-])?P(?=[\dT+-])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[\d+-])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_REPETITION = re.compile(r"R(\d*)/(.+)")
_CLOCK_UNITS = (("H", 3600), ("M", 60), ("S", 1))


@dataclass(frozen=True)
class Duration:
    """Months, weeks and days of the calendar, and a span of the clock; all may be negative. `text` is as drawn."""

    months: int = 0
    days: int = 0
    clock: timedelta = timedelta()
    text: str = field(default="", compare=False)
    weeks: int = 0

    def __neg__(self) -> Duration:
        return self * -1

    def __mul__(self, times: int) -> Duration:
        made = replace(
            self,
            months=self.months * times,
            weeks=self.weeks * times,
            days=self.days * times,
            clock=self.clock * times,
        )
        return replace(made, text=written(made))

    @property
    def roughly(self) -> timedelta:
        """About how long, for comparing: months of 30.4 days, days of 24 hours."""
        return timedelta(days=self.months * 30.4375 + self.weeks * 7 + self.days) + self.clock

    def __str__(self) -> str:
        return self.text or written(self)


@dataclass(frozen=True)
class Repetition:
    """`R3/PT1H`: how often (None: without end), how far apart; the first moment and the end where they are drawn."""

    times: int | None
    every: Duration
    first_at: datetime | None = None
    until: datetime | None = None

    def at(self, number: int, started_at: datetime, zone: str | ZoneInfo = "UTC") -> datetime | None:
        """The moment of firing `number` (1 is the first); None after the last one."""
        if number < 1 or (self.times is not None and number > self.times):
            return None
        if self.first_at is not None:
            moment = add(self.first_at, self.every * (number - 1), zone)
        else:
            moment = add(started_at, self.every * number, zone)
        return None if self.until is not None and moment > self.until else moment


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Duration:
    """Read `P1DT12H`, `-P1D`, `P2W3D`, `PT0.5S`; raises ValueError with advice.

    Fractions are allowed in the smallest unit only, and not of years or months, which have no fixed length. A fraction
    of a day or a week counts days of 24 hours.
    """
    drawn = text.strip()
    match = _DURATION.fullmatch(drawn.upper())
    if match is None:
        raise ValueError(f"“{_short(drawn)}” is not a duration. {ADVICE}")
    sign = -1 if match[1] == "-" else 1
    parts = [None if part is None else sign * Fraction(part.replace(",", ".")) for part in match.groups()[1:]]
    given = [part for part in parts if part is not None]
    if any(part.denominator != 1 for part in given[:-1]):
        raise ValueError(f"“{_short(drawn)}” has a fraction in a part that is not the last one. {ADVICE}")
    years, months, weeks, days, *clock = (part or Fraction(0) for part in parts)
    if years.denominator != 1 or months.denominator != 1:
        raise ValueError(
            f"“{_short(drawn)}” has a fraction of a year or a month, which have no fixed length. Count in days."
        )
    whole_months, whole_weeks = int(years * 12 + months), int(weeks)
    all_days = (weeks - whole_weeks) * 7 + days
    whole_days = int(all_days)
    seconds = (all_days - whole_days) * 86400 + sum(
        part * size for part, (_, size) in zip(clock, _CLOCK_UNITS, strict=True)
    )
    size = abs(whole_weeks) * 7 + abs(whole_days) + abs(seconds) / 86400
    if abs(whole_months) > LARGEST_MONTHS or size > LARGEST_DAYS:
        raise ValueError(f"“{_short(drawn)}” is longer than a thousand years. {ADVICE}")
    clock_part = timedelta(microseconds=round(seconds * 1_000_000))
    return Duration(whole_months, whole_days, clock_part, drawn, whole_weeks)


def is_duration(text: str) -> bool:
    """Whether `parse` would take it."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


def parse_repetition(text: str, zone: str | ZoneInfo | None = None) -> Repetition:
    """Read `R3/PT1H`, `R/P1D` (without end) and `R3/2026-03-01T09:00:00Z/P1D`; raises ValueError with advice.

    `R/P1D/2026-03-01T09:00:00Z` ends at that moment, of two moments the second one comes after the first as often as
    it says. Moments without an offset are taken in `zone`.
    """
    drawn = text.strip()
    match = _REPETITION.fullmatch(drawn)
    if match is None:
        raise ValueError(
            f"“{_short(drawn)}” is not a repetition. Write it like R3/PT1H (three times, an hour apart) or R/P1D."
        )
    head, _, tail = match[2].rpartition("/")
    until = None
    if head and is_duration(head):
        every, head, until = parse(head), "", parse_moment(tail, zone)
    elif head and not is_duration(tail):
        span = parse_moment(tail, zone) - parse_moment(head, zone)
        every = Duration(clock=span, text=tail)
    else:
        every = parse(tail)
    if every.roughly <= timedelta():
        raise ValueError(f"“{_short(drawn)}” would never move on: the time between repeats must be above zero.")
    first_at = parse_moment(head, zone) if head else None
    return Repetition(int(match[1]) if match[1] else None, every, first_at, until)


def parse_moment(text: str, zone: str | ZoneInfo | None = None) -> datetime:
    """Read an ISO 8601 date-time as a moment in UTC; one without an offset is taken in `zone`, or refused without one.

    A date alone means the start of that day in `zone`.
    """
    drawn = text.strip()
    try:
        moment = datetime.fromisoformat(drawn)
    except ValueError:
        raise ValueError(f"“{_short(drawn)}” is not a moment. Write it like 2026-03-31T17:00:00+02:00.") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(
                f"“{_short(drawn)}” does not say in which zone. Add an offset, like 2026-03-31T17:00:00+02:00."
            )
        moment = moment.replace(tzinfo=_zone(zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"“{_short(drawn)}” lies outside of the years 1 to 9999.") from None


def add(moment: datetime, duration: Duration, zone: str | ZoneInfo = "UTC") -> datetime:
    """The moment after a duration, in UTC.

    Months, weeks and days move the date on the calendar of `zone` and keep the wall time, also over a change of
    daylight saving; the last day of a shorter month stands for a day it does not have, and a wall time that a day
    leaves out is read an hour later. Hours, minutes and seconds are added as they pass.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a zone: {moment!r}")
    try:
        if duration.months or duration.weeks or duration.days:
            local = moment.astimezone(_zone(zone))
            moved = _add_months(local, duration.months) + timedelta(weeks=duration.weeks, days=duration.days)
            moment = moved.replace(fold=0)
        return moment.astimezone(UTC) + duration.clock
    except OverflowError:
        raise ValueError(f"{duration} leads to a moment outside of the years 1 to 9999") from None


def written(duration: Duration) -> str:
    """The shortest ISO 8601 text with this meaning; parts of different signs carry their own."""
    micros = duration.clock // timedelta(microseconds=1)
    values = (duration.months, duration.weeks, duration.days, micros)
    sign = -1 if any(values) and all(value <= 0 for value in values) else 1
    months, weeks, days, micros = (value * sign for value in values)
    years, months = _split(months, 12)
    date = _part(years, "Y") + _part(months, "M") + _part(weeks, "W") + _part(days, "D")
    seconds, rest = _split(micros, 1_000_000)
    hours, seconds = _split(seconds, 3600)
    minutes, seconds = _split(seconds, 60)
    clock = _part(hours, "H") + _part(minutes, "M")
    if seconds or rest:
        minus = "-" if seconds < 0 or rest < 0 else ""
        fraction = f".{abs(rest):06d}".rstrip("0") if rest else ""
        clock += f"{minus}{abs(seconds)}{fraction}S"
    body = date + ("T" + clock if clock else "")
    return ("-" if sign < 0 else "") + "P" + (body or "T0S")


def _short(drawn: str) -> str:
    return drawn if len(drawn) <= 60 else f"{drawn[:57]}..."


def _split(value: int, size: int) -> tuple[int, int]:
    """Divide towards zero, so that both parts have the sign of the value."""
    whole, rest = divmod(abs(value), size)
    return (whole, rest) if value >= 0 else (-whole, -rest)


def _part(value: int, unit: str) -> str:
    return f"{value}{unit}" if value else ""


def _add_months(local: datetime, months: int) -> datetime:
    if not months:
        return local
    count = local.year * 12 + local.month - 1 + months
    year, month = divmod(count, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(year)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone
