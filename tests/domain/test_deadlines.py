"""Due moments: durations, moments, dates, elapsed and working time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.domain import deadlines, durations
from service.domain.calendars import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("P3D", "2026-03-30T16:00"),
        ("PT90M", "2026-03-27T17:30"),
        ("2026-04-01T12:00:00+02:00", "2026-04-01T12:00"),
        ("2026-04-01T12:00", "2026-04-01T12:00"),
        ("2026-04-01", "2026-04-02T00:00"),
        (date(2026, 4, 1), "2026-04-02T00:00"),
        (datetime(2026, 4, 1, 10, tzinfo=UTC), "2026-04-01T12:00"),
    ],
)
def test_a_deadline_is_a_duration_or_a_moment(value: str | date | datetime, due: str) -> None:
    assert deadlines.due_at(value, berlin("2026-03-27T16:00"), calendar=OFFICE) == berlin(due)


@pytest.mark.parametrize("value", ["soon", "", "PT0S", "-P1D", "2026-13-01"])
def test_what_is_no_deadline_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"neither a duration|above zero"):
        deadlines.due_at(value, berlin("2026-03-27T16:00"))


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="known are elapsed, working, assignee"):
        deadlines.due_at("P1D", berlin("2026-03-27T16:00"), clock="lunar")


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2026-03-27T16:00", "PT4H", "2026-03-30T12:00"),  # over a weekend in which the clocks go forward
        ("2026-03-27T16:00", "P1D", "2026-03-30T16:00"),
        ("2026-03-27T16:00", "P1W", "2026-04-03T16:00"),
        ("2026-03-28T12:00", "PT1H", "2026-03-30T10:00"),  # begun on a Saturday
        ("2026-03-30T07:00", "PT8H", "2026-03-30T17:00"),  # begun before work
        ("2026-03-30T10:00", "-PT2H", "2026-03-27T16:00"),
        ("2026-10-23T16:00", "PT2H", "2026-10-26T10:00"),
    ],
)
def test_working_time_runs_from_nine_to_five_on_weekdays(start: str, duration: str, due: str) -> None:
    assert deadlines.shift(berlin(start), durations.parse(duration), clock="working", calendar=OFFICE) == berlin(due)
