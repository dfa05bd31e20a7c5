"""Durations keep what was drawn: calendar parts move the calendar, clock parts the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import durations

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
DURATIONS = st.builds(
    durations.Duration,
    months=st.integers(-500, 500),
    weeks=st.integers(-500, 500),
    days=st.integers(-5000, 5000),
    clock=st.timedeltas(timedelta(days=-90), timedelta(days=90)),
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "months", "days", "clock"),
    [
        ("P1D", 0, 1, timedelta()),
        ("PT4H", 0, 0, timedelta(hours=4)),
        ("PT36H", 0, 0, timedelta(hours=36)),
        ("P1W2D", 0, 2, timedelta()),
        ("P1Y2M3DT4H5M6S", 14, 3, timedelta(hours=4, minutes=5, seconds=6)),
        ("-P1DT2H", 0, -1, timedelta(hours=-2)),
        ("P-1D", 0, -1, timedelta()),
        ("PT0S", 0, 0, timedelta()),
        ("PT0.25S", 0, 0, timedelta(milliseconds=250)),
        ("PT1,5H", 0, 0, timedelta(minutes=90)),
        ("P1.5D", 0, 1, timedelta(hours=12)),
        ("P0.5W", 0, 3, timedelta(hours=12)),
        (" p1d ", 0, 1, timedelta()),
    ],
)
def test_a_duration_is_read_part_by_part(text: str, months: int, days: int, clock: timedelta) -> None:
    read = durations.parse(text)
    assert (read.months, read.days, read.clock) == (months, days, clock)
    assert str(read) == text.strip()


def test_weeks_stay_weeks_and_move_the_date_by_seven_days() -> None:
    read = durations.parse("P2W1D")
    assert (read.weeks, read.days) == (2, 1)
    assert (-read * 2).text == "-P4W2D"
    assert durations.add(berlin("2026-03-20T16:00"), read, BERLIN) == berlin("2026-04-04T16:00")


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1", "PD", "P1H", "PT1D", "P1DT", "P1D2H", "P1D P1D", "D1P"])
def test_what_is_no_duration_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration. Write it in ISO 8601, like PT4H"):
        durations.parse(text)


def test_fractions_without_a_fixed_length_are_refused() -> None:
    with pytest.raises(ValueError, match="no fixed length"):
        durations.parse("P0.5Y")
    with pytest.raises(ValueError, match="not the last one"):
        durations.parse("PT1.5H10M")


def test_an_absurd_length_is_refused() -> None:
    with pytest.raises(ValueError, match="thousand years"):
        durations.parse("P99999999999999Y")
    with pytest.raises(ValueError, match="outside of the years"):
        durations.add(datetime(9999, 12, 31, tzinfo=UTC), durations.parse("P1D"))


def test_a_day_keeps_the_wall_time_when_clocks_go_forward() -> None:
    friday = berlin("2026-03-28T16:00")
    assert durations.add(friday, durations.parse("P1D"), "Europe/Berlin") == berlin("2026-03-29T16:00")
    assert durations.add(friday, durations.parse("PT24H"), "Europe/Berlin") == berlin("2026-03-29T17:00")


def test_a_day_keeps_the_wall_time_when_clocks_go_back() -> None:
    saturday = berlin("2026-10-24T16:00")
    assert durations.add(saturday, durations.parse("P1D"), "Europe/Berlin") == berlin("2026-10-25T16:00")
    assert durations.add(saturday, durations.parse("PT24H"), "Europe/Berlin") == berlin("2026-10-25T15:00")


def test_a_wall_time_that_a_day_leaves_out_is_read_an_hour_later() -> None:
    assert durations.add(berlin("2026-03-28T02:30"), durations.parse("P1D"), BERLIN) == berlin("2026-03-29T03:30")


def test_a_month_ends_on_its_last_day() -> None:
    end_of_january = datetime(2028, 1, 31, 12, tzinfo=UTC)
    assert durations.add(end_of_january, durations.parse("P1M")) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert durations.add(end_of_january, durations.parse("P1M") * 2) == datetime(2028, 3, 31, 12, tzinfo=UTC)
    assert durations.add(end_of_january, durations.parse("-P1M")) == datetime(2027, 12, 31, 12, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        durations.add(datetime(2026, 1, 1), durations.parse("P1D"))
    with pytest.raises(ValueError, match="which zone"):
        durations.parse_moment("2026-03-31T17:00")


@given(DURATIONS)
def test_what_is_written_reads_the_same(duration: durations.Duration) -> None:
    assert durations.parse(durations.written(duration)) == duration


@given(MOMENTS, st.integers(-3000, 3000), ZONES)
def test_days_keep_the_wall_time_of_every_zone_unless_it_does_not_exist(at: datetime, days: int, zone: str) -> None:
    place = ZoneInfo(zone)
    local = at.astimezone(place)
    after = durations.add(at, durations.Duration(days=days), zone).astimezone(place)
    wanted = local.replace(tzinfo=None) + timedelta(days=days)
    gap = wanted.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wanted
    assert gap or after.replace(tzinfo=None) == wanted


@given(MOMENTS, st.timedeltas(timedelta(days=-400), timedelta(days=400)), ZONES)
def test_hours_pass_as_they_pass_in_every_zone(at: datetime, clock: timedelta, zone: str) -> None:
    assert durations.add(at, durations.Duration(clock=clock), zone) - at == clock


@given(DURATIONS, st.integers(-20, 20))
def test_a_multiple_has_every_part_multiplied(duration: durations.Duration, times: int) -> None:
    many = duration * times
    assert (many.months, many.days, many.clock) == (
        duration.months * times,
        duration.days * times,
        duration.clock * times,
    )


def test_a_repetition_counts_from_its_start() -> None:
    three = durations.parse_repetition("R3/PT1H")
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert [three.at(n, start) for n in (1, 2, 3, 4)] == [
        *(start + timedelta(hours=hours) for hours in (1, 2, 3)),
        None,
    ]


def test_a_daily_repetition_keeps_its_wall_time() -> None:
    daily = durations.parse_repetition("R/P1D")
    start = berlin("2026-03-27T09:00")
    assert daily.at(3, start, BERLIN) == berlin("2026-03-30T09:00")
    assert daily.at(1000, start, BERLIN) is not None


def test_a_repetition_with_a_first_moment_begins_there() -> None:
    dated = durations.parse_repetition("R2/2026-03-01T09:00:00+01:00/P1D")
    assert dated.at(1, berlin("2020-01-01T00:00"), BERLIN) == berlin("2026-03-01T09:00")
    assert dated.at(2, berlin("2020-01-01T00:00"), BERLIN) == berlin("2026-03-02T09:00")


def test_a_repetition_may_have_an_end() -> None:
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    ended = durations.parse_repetition("R/PT1H/2026-03-01T10:30:00Z")
    assert [ended.at(n, start) for n in (1, 2, 3)] == [start + timedelta(hours=1), start + timedelta(hours=2), None]
    assert durations.parse_repetition("R1/PT1H/2030-01-01T00:00:00Z").at(2, start) is None


def test_a_repetition_may_lie_between_two_moments() -> None:
    between = durations.parse_repetition("R2/2026-03-01T09:00:00Z/2026-03-01T09:45:00Z")
    first = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert [between.at(n, first) for n in (1, 2, 3)] == [first, first + timedelta(minutes=45), None]


def test_moments_of_a_repetition_without_an_offset_are_taken_in_a_zone() -> None:
    dated = durations.parse_repetition("R2/2026-03-01T09:00:00/P1D", BERLIN)
    assert dated.at(1, berlin("2020-01-01T00:00"), BERLIN) == berlin("2026-03-01T09:00")
    with pytest.raises(ValueError, match="does not say in which zone"):
        durations.parse_repetition("R2/2026-03-01T09:00:00/P1D")


@pytest.mark.parametrize("text", ["PT1H", "R3", "R3/PT0S", "R3/-PT1H", "Rx/PT1H", "R3/tomorrow/PT1H", "R-1/PT1H"])
def test_what_is_no_repetition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|would never move on"):
        durations.parse_repetition(text)
