"""Working time: any calendar against a slow walk minute by minute, and what must hold for all of them."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain import calendars, durations, workinghours
from service.domain.calendars import Calendar, Closure, Opening, Span

MINUTE = timedelta(minutes=1)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]
# Days around which these zones change their clocks, leap days and turns of the year.
CORNERS = [
    date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4),
    date(2026, 9, 6), date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2026, 4, 3), date(2026, 10, 20),
]  # fmt: skip


@st.composite
def hours(draw: st.DrawFn) -> tuple[Span, ...]:
    """Up to three spans of a day, the last one perhaps across midnight."""
    bounds = sorted(draw(st.sets(st.integers(0, 36 * 4), min_size=0, max_size=6)))
    spans = [Span(a * 15, b * 15) for a, b in zip(bounds[::2], bounds[1::2], strict=False)]
    return tuple(span for span in spans if span.begins < calendars.DAY)


def near(corner: date) -> st.SearchStrategy[date]:
    return st.integers(-4, 4).map(lambda days: corner + timedelta(days=days))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar that opens some time each week, and a moment near a day when something is odd."""
    corner = draw(st.sampled_from(CORNERS))
    week = [draw(hours()) for _ in range(7)]
    sure = draw(st.integers(0, 6))
    week[sure] = week[sure] or (Span(9 * 60, 17 * 60),)
    country, region = draw(st.sampled_from([(None, None), ("DE", "BE"), ("US", "NY"), ("IN", "KA")]))
    first = draw(near(corner))
    calendar = Calendar(
        draw(st.sampled_from(ZONES)),
        tuple(week),
        country,
        region,
        closures=draw(st.sampled_from([(), (Closure(first, first + timedelta(days=1), "works outing"),)])),
        openings=draw(st.lists(st.builds(Opening, near(corner), hours()), max_size=2).map(tuple)),
    )
    midnight = datetime.combine(corner, time(), ZoneInfo(calendar.zone)).astimezone(UTC)
    return calendar, midnight + draw(st.integers(-4 * 1440, 4 * 1440)) * MINUTE


class Oracle:
    """Walks minute by minute: it is working time while the latest wall time shown so far lies in a span of its day."""

    def __init__(self, calendar: Calendar, first: datetime, last: datetime) -> None:
        self.calendar, self.first, self._known = calendar, first, dict[date, tuple[Span, ...]]()
        place = ZoneInfo(calendar.zone)
        latest = datetime.min
        before = first - timedelta(days=1)  # clocks go back by less
        self.working: list[bool] = []
        for number in range(int((last - before) / MINUTE)):
            moment = before + number * MINUTE
            latest = max(latest, moment.astimezone(place).replace(tzinfo=None))
            if moment >= first:
                self.working.append(self._works(latest))

    def _works(self, wall: datetime) -> bool:
        minute, today = wall.hour * 60 + wall.minute, wall.date()
        return any(span.begins <= minute < span.ends for span in self._hours(today)) or any(
            span.begins <= minute + calendars.DAY < span.ends for span in self._hours(today - timedelta(days=1))
        )

    def _hours(self, day: date) -> tuple[Span, ...]:
        if day not in self._known:
            self._known[day] = self.calendar.hours_on(day)
        return self._known[day]

    def between(self, start: datetime, end: datetime) -> timedelta:
        a, b = int((start - self.first) / MINUTE), int((end - self.first) / MINUTE)
        return sum(self.working[a:b]) * MINUTE

    def add(self, start: datetime, worked: timedelta) -> datetime | None:
        left = worked
        for number in range(int((start - self.first) / MINUTE), len(self.working)):
            left -= MINUTE if self.working[number] else timedelta()
            if not left:
                return self.first + (number + 1) * MINUTE
        return None

    def back(self, start: datetime, worked: timedelta) -> datetime | None:
        left = worked
        for number in range(int((start - self.first) / MINUTE) - 1, -1, -1):
            left -= MINUTE if self.working[number] else timedelta()
            if not left:
                return self.first + number * MINUTE
        return None


def add(moment: datetime, text: str | timedelta, calendar: Calendar) -> datetime:
    duration = durations.parse(text) if isinstance(text, str) else durations.Duration(clock=text)
    return workinghours.add(moment, duration, calendar)


@settings(max_examples=40, deadline=None)
@given(worlds(), st.lists(st.integers(1, 2400), min_size=1, max_size=5))
def test_working_time_is_what_a_walk_minute_by_minute_finds(
    world: tuple[Calendar, datetime], amounts: list[int]
) -> None:
    calendar, start = world
    oracle = Oracle(calendar, start - timedelta(days=3), start + timedelta(days=3))
    for amount in amounts:
        worked, other = amount * MINUTE, start + amount * MINUTE
        assert workinghours.between(start, other, calendar) == oracle.between(start, other)
        assert workinghours.is_open(other, calendar) == oracle.working[int((other - oracle.first) / MINUTE)]
        for found, expected in (
            (add(start, worked, calendar), oracle.add(start, worked)),
            (add(start, -worked, calendar), oracle.back(start, worked)),
        ):
            if expected is not None:
                assert found == expected
            else:
                assert not oracle.first < found < start + timedelta(days=3)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 5000))
def test_what_is_added_has_passed_and_leads_back(world: tuple[Calendar, datetime], percent: int) -> None:
    """Up to fifty weeks' work."""
    calendar, start = world
    worked = sum(span.ends - span.begins for hours in calendar.week for span in hours) * MINUTE * percent / 100
    due = add(start, worked, calendar)
    assert workinghours.between(start, due, calendar) == worked
    assert workinghours.between(due, start, calendar) == -worked
    opened = workinghours.opens_at(start, calendar)
    assert opened >= start
    assert workinghours.is_open(opened, calendar)
    assert workinghours.between(start, opened, calendar) == timedelta()
    back = add(due, -worked, calendar)
    assert back >= start
    assert workinghours.between(start, back, calendar) == timedelta()


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 30))
def test_days_lead_to_working_days_one_after_the_other(world: tuple[Calendar, datetime], count: int) -> None:
    """As many as there are working days in between, never earlier for a later start, and each within its hours."""
    calendar, start = world
    place = ZoneInfo(calendar.zone)
    due = add(start, f"P{count}D", calendar)
    first = workinghours.opens_at(start, calendar)
    moved = {add(start, f"P{n}D", calendar) for n in range(1, count + 1)}
    assert len(moved) == count
    assert first <= due
    assert add(start + timedelta(minutes=20), f"P{count}D", calendar) >= due
    assert workinghours.opens_at(due - timedelta(microseconds=1), calendar) <= due
    assert (due.astimezone(place).date() - first.astimezone(place).date()).days >= count - 2


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 30), st.sampled_from("DW"))
def test_counting_back_is_never_later_than_the_start(world: tuple[Calendar, datetime], count: int, unit: str) -> None:
    calendar, start = world
    back = add(start, f"-P{count}{unit}", calendar)
    assert back < start
    assert workinghours.is_open(back, calendar) or workinghours.is_open(back - timedelta(microseconds=1), calendar)


OFFICE_MOMENTS = st.tuples(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)).filter(lambda day: day.weekday() < 5),
    st.times(time(9, 0), time(17, 0)),
    st.sampled_from(ZONES),
)


@given(OFFICE_MOMENTS, st.integers(1, 300))
def test_in_a_calendar_with_the_same_hours_each_day_days_lead_back(at: tuple[date, time, str], count: int) -> None:
    day, clock, zone = at
    calendar = Calendar(zone)
    start = datetime.combine(day, clock, ZoneInfo(zone))
    due = add(start, f"P{count}D", calendar)
    local = due.astimezone(ZoneInfo(zone))
    assert local.time() == clock
    assert local.weekday() < 5
    assert add(due, f"-P{count}D", calendar) == start


def test_ten_years_are_quick_and_too_many_are_refused() -> None:
    calendar = Calendar("America/New_York", country="US", region="NY")
    start = datetime(2026, 1, 2, 15, tzinfo=UTC)
    due = add(start, timedelta(hours=8 * 250 * 10), calendar)
    assert due.year == 2036
    began = stopwatch.process_time()
    for _ in range(20):
        assert add(start, timedelta(hours=8 * 250 * 10), calendar) == due
        assert workinghours.between(start, due, calendar) == timedelta(hours=8 * 250 * 10)
        assert add(due, "-P2500D", calendar) <= due
    assert stopwatch.process_time() - began < 1  # 60 answers; measured: 0.02 s
    for far in ("PT999999H", "P900Y", "-P200000D"):
        with pytest.raises(ValueError, match=r"leads further than|Working time is known"):
            add(start, far, calendar)


def test_a_calendar_that_never_opens_again_ends_with_an_error() -> None:
    only = Calendar("UTC", ((),) * 7, openings=(Opening(date(2026, 5, 2), (Span(540, 600),), "move"),))
    start = datetime(2026, 5, 1, tzinfo=UTC)
    assert add(start, "PT1H", only) == datetime(2026, 5, 2, 10, tzinfo=UTC)
    for more in ("PT61M", "P2D"):
        with pytest.raises(ValueError, match="too few working hours"):
            add(start, more, only)
    with pytest.raises(ValueError, match="too few working hours"):
        workinghours.opens_at(datetime(2026, 5, 3, tzinfo=UTC), only)
    assert workinghours.between(start, datetime(2030, 1, 1, tzinfo=UTC), only) == timedelta(hours=1)
