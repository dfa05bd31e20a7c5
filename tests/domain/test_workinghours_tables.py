"""Working time by hand-made tables: Berlin, New York and Kolkata, with the days on which something is odd."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.domain import calendars, deadlines, durations, escalation, workinghours
from service.domain.calendars import Calendar, Closure, Opening, Span, parse_hours


def week(weekdays: str, friday: str | None = None, saturday: str = "") -> tuple[tuple[Span, ...], ...]:
    days = [weekdays] * 4 + [weekdays if friday is None else friday, saturday, ""]
    return tuple(parse_hours(text) for text in days)


BERLIN = Calendar(
    "Europe/Berlin",
    week("09:00-12:00 13:00-18:00", friday="09:00-14:00"),
    "DE",
    "BE",
    closures=(Closure(date(2026, 5, 15), date(2026, 5, 15), "bridge day"),),
    openings=(Opening(date(2026, 12, 5), parse_hours("10:00-14:00"), "stocktaking"),),
)
NEW_YORK = Calendar("America/New_York", week("09:00-17:00"), "US", "NY")
KOLKATA = Calendar("Asia/Kolkata", week("09:30-18:30", saturday="09:30-18:30"), "IN", "KA")
SATURDAY_NIGHT = Calendar("America/New_York", ((),) * 5 + (parse_hours("22:00-06:00"), ()))
ROUND_THE_CLOCK = Calendar("Europe/Berlin", (parse_hours("00:00-24:00"),) * 7)

BY_HAND = [
    # Clocks go forward on Sunday 29 March
    (BERLIN, "2026-03-27T13:00", "PT4H", "2026-03-30T12:00+02:00"),
    (BERLIN, "2026-03-27T13:30", "P1D", "2026-03-30T13:30+02:00"),
    (BERLIN, "2026-03-30T13:30", "-P1D", "2026-03-27T13:30+01:00"),
    (BERLIN, "2026-03-30T10:00", "-PT2H", "2026-03-27T13:00+01:00"),
    (ROUND_THE_CLOCK, "2026-03-28T16:00", "PT24H", "2026-03-29T17:00+02:00"),
    (ROUND_THE_CLOCK, "2026-03-28T02:30", "P1D", "2026-03-29T03:00+02:00"),  # 02:30 is left out
    (ROUND_THE_CLOCK, "2026-03-28T16:00", "P1D", "2026-03-29T16:00+02:00"),
    # and back on Sunday 25 October
    (BERLIN, "2026-10-23T13:00", "PT2H", "2026-10-26T10:00+01:00"),
    (BERLIN, "2026-10-22T16:00", "P1D", "2026-10-23T14:00+02:00"),  # Friday closes earlier
    (BERLIN, "2026-10-22T16:00", "P2D", "2026-10-26T16:00+01:00"),
    (ROUND_THE_CLOCK, "2026-10-24T16:00", "PT24H", "2026-10-25T15:00+01:00"),
    (ROUND_THE_CLOCK, "2026-10-24T16:00", "P1D", "2026-10-25T16:00+01:00"),
    # Leap day, a Tuesday
    (BERLIN, "2028-02-28T17:00", "PT2H", "2028-02-29T10:00+01:00"),
    (BERLIN, "2028-02-28T17:00", "P2D", "2028-03-01T17:00+01:00"),
    (BERLIN, "2028-02-29T10:00", "P1Y", "2029-02-28T10:00+01:00"),
    # The end of the year: Friday 1 January is free, Christmas is on Friday and Saturday
    (BERLIN, "2026-12-31T17:30", "PT1H", "2027-01-04T09:30+01:00"),
    (BERLIN, "2026-12-24T17:00", "P1D", "2026-12-28T17:00+01:00"),
    (BERLIN, "2027-01-04T09:30", "-PT1H", "2026-12-31T17:30+01:00"),
    # Easter, Ascension with a bridge day, the first of May, a Saturday of stocktaking
    (BERLIN, "2026-04-02T17:00", "PT3H", "2026-04-07T11:00+02:00"),
    (BERLIN, "2026-04-02T17:00", "P1D", "2026-04-07T17:00+02:00"),
    (BERLIN, "2026-04-07T10:00", "-P1D", "2026-04-02T10:00+02:00"),
    (BERLIN, "2026-05-13T15:00", "P1D", "2026-05-18T15:00+02:00"),
    (BERLIN, "2026-05-13T15:00", "P1W", "2026-05-20T15:00+02:00"),
    (BERLIN, "2026-04-24T10:00", "P1W", "2026-05-04T09:00+02:00"),
    (BERLIN, "2026-12-04T13:00", "PT2H", "2026-12-05T11:00+01:00"),
    (BERLIN, "2026-12-04T13:00", "P2D", "2026-12-07T13:00+01:00"),
    # Outside of working hours: at lunch, on a weekend, early, late
    (BERLIN, "2026-06-01T12:30", "PT1H", "2026-06-01T14:00+02:00"),
    (BERLIN, "2026-06-01T12:30", "P1D", "2026-06-02T13:00+02:00"),
    (BERLIN, "2026-06-06T12:00", "P1D", "2026-06-09T09:00+02:00"),
    (BERLIN, "2026-06-06T12:00", "-P1D", "2026-06-04T14:00+02:00"),
    (BERLIN, "2026-06-01T07:00", "P1DT1H", "2026-06-02T10:00+02:00"),
    (BERLIN, "2026-06-01T18:00", "P1D", "2026-06-02T18:00+02:00"),
    (BERLIN, "2026-06-01T20:00", "PT1H", "2026-06-02T10:00+02:00"),
    # New York changes its clocks on 8 March and 1 November
    (NEW_YORK, "2026-03-06T16:00", "PT2H", "2026-03-09T10:00-04:00"),
    (NEW_YORK, "2026-10-30T16:00", "P1D", "2026-11-02T16:00-05:00"),
    (NEW_YORK, "2026-11-25T16:00", "PT2H", "2026-11-27T10:00-05:00"),  # Thanksgiving
    (NEW_YORK, "2026-07-02T12:00", "P1D", "2026-07-06T12:00-04:00"),  # the Fourth on a Saturday, free on the Friday
    (NEW_YORK, "2026-12-31T16:00", "PT2H", "2027-01-04T10:00-05:00"),
    (NEW_YORK, "2028-02-29T12:00", "P1D", "2028-03-01T12:00-05:00"),
    (SATURDAY_NIGHT, "2026-03-07T22:00", "PT7H", "2026-03-08T06:00-04:00"),
    (SATURDAY_NIGHT, "2026-03-07T22:00", "PT4H", "2026-03-08T03:00-04:00"),
    (SATURDAY_NIGHT, "2026-10-31T22:00", "PT9H", "2026-11-01T06:00-05:00"),
    (SATURDAY_NIGHT, "2026-10-31T22:00", "PT4H", "2026-11-01T01:00-05:00"),
    (SATURDAY_NIGHT, "2026-10-31T22:00", "PT10H", "2026-11-07T23:00-05:00"),
    (SATURDAY_NIGHT, "2026-03-01T01:00", "P1D", "2026-03-08T01:00-05:00"),
    # Kolkata has half an hour, six days a week, and never changes its clocks
    (KOLKATA, "2026-01-24T18:00", "PT1H", "2026-01-27T10:00+05:30"),  # Republic Day on the Monday
    (KOLKATA, "2026-03-28T18:00", "PT1H", "2026-03-30T10:00+05:30"),
    (KOLKATA, "2026-10-24T18:00", "P1D", "2026-10-26T18:00+05:30"),
    (KOLKATA, "2028-02-28T18:00", "P1D", "2028-02-29T18:00+05:30"),
    (KOLKATA, "2026-12-31T18:00", "PT1H", "2027-01-01T10:00+05:30"),
    (KOLKATA, "2026-08-14T12:00", "P1D", "2026-08-17T12:00+05:30"),  # Independence Day on the Saturday
]


@pytest.mark.parametrize(("calendar", "start", "duration", "due"), BY_HAND)
def test_working_time_is_as_worked_out_by_hand(calendar: Calendar, start: str, duration: str, due: str) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=calendar.place)
    found = workinghours.add(begins, durations.parse(duration), calendar)
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("calendar", "start", "end", "hours"),
    [
        (BERLIN, "2026-03-27T00:00", "2026-03-31T00:00", 5 + 8),
        (BERLIN, "2026-04-02T00:00", "2026-04-08T00:00", 8 + 8),
        (BERLIN, "2026-01-01T00:00", "2027-01-01T00:00", 205 * 8 + 48 * 5 + 4),
        (SATURDAY_NIGHT, "2026-03-07T00:00", "2026-03-09T00:00", 7),
        (SATURDAY_NIGHT, "2026-10-31T00:00", "2026-11-02T00:00", 9),
        (KOLKATA, "2026-01-24T09:30", "2026-01-27T18:30", 18),
        (ROUND_THE_CLOCK, "2026-01-01T00:00", "2027-01-01T00:00", 365 * 24),
    ],
)
def test_hours_between_are_as_counted_by_hand(calendar: Calendar, start: str, end: str, hours: float) -> None:
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=calendar.place) for text in (start, end))
    assert workinghours.between(begins, ends, calendar).total_seconds() / 3600 == hours


def test_a_ladder_climbs_in_the_calendar() -> None:
    """Two working days over Easter: a share of the hours, a working day before, and repeats on working days."""
    start = datetime(2026, 4, 1, 15, tzinfo=ZoneInfo("Europe/Berlin"))
    due = deadlines.due_at("P2D", start, clock="working", calendar=BERLIN)
    rungs = escalation.parse("50%: assignee\n-P1D: candidates\nPT0S: coordinator\nP1D: manager repeat P1D x2")
    found = escalation.levels(rungs, start, due, BERLIN, "working")
    assert [level.fire_at.astimezone(BERLIN.place).isoformat(timespec="minutes") for level in found] == [
        "2026-04-02T15:00+02:00",
        "2026-04-02T15:00+02:00",
        "2026-04-07T15:00+02:00",
        "2026-04-08T15:00+02:00",
        "2026-04-09T15:00+02:00",
        "2026-04-10T14:00+02:00",
    ]


def test_a_month_says_why_a_day_is_free() -> None:
    days = {one.date.day: one for one in BERLIN.days(date(2026, 5, 1), 31, "en")}
    assert (days[1].holiday, days[1].hours) == ("Labor Day", ())
    assert (days[15].closure, days[15].hours) == ("bridge day", ())
    assert calendars.written(days[13].hours) == "09:00-12:00 13:00-18:00"
    assert BERLIN.days(date(2026, 5, 14), 1, "de")[0].holiday == "Christi Himmelfahrt"
    (stocktaking,) = BERLIN.days(date(2026, 12, 5), 1)
    assert (stocktaking.opening, calendars.written(stocktaking.hours)) == ("stocktaking", "10:00-14:00")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("9:00 - 17:00", "09:00-17:00"),
        ("13:00–17:30, 08:00–12:00", "08:00-12:00 13:00-17:30"),
        ("22:00-06:00", "22:00-06:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("18:00-00:00", "18:00-24:00"),
    ],
)
def test_hours_are_read_and_written(text: str, written: str) -> None:
    assert calendars.written(parse_hours(text)) == written
    assert parse_hours(written) == parse_hours(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("nine to five", "Write them like 09:00"),
        ("25:00-26:00", "from 00:00 to 24:00"),
        ("09:60-10:00", "from 00:00 to 24:00"),
        ("24:00-25:00", "from 00:00 to 24:00"),
        ("09:00-12:00 11:00-13:00", "overlap"),
        ("08:00-08:00 09:00-10:00", "overlap"),
        (" ".join(f"{hour:02}:00-{hour:02}:30" for hour in range(13)), "12 a day are the most"),
    ],
)
def test_hours_that_are_none_are_refused(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_hours(text)


def test_a_calendar_without_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="no working hours"):
        Calendar("UTC", ((),) * 7)
