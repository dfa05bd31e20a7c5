"""When something comes again, also on the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.rhythms import DAILY, MONTHLY, WEEKLY, Rhythm
from tests.support.exploring import examples

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("every", "day", "after", "comes"),
    [
        (DAILY, 1, "2026-03-28T08:00", "2026-03-29T08:00"),  # the clocks go forward in the night between
        (DAILY, 1, "2026-10-24T08:00", "2026-10-25T08:00"),  # and back
        (DAILY, 1, "2026-03-28T07:59", "2026-03-28T08:00"),
        (WEEKLY, 1, "2026-03-27T12:00", "2026-03-30T08:00"),
        (WEEKLY, 7, "2026-12-31T12:00", "2027-01-03T08:00"),
        (MONTHLY, 1, "2026-12-31T12:00", "2027-01-01T08:00"),
        (MONTHLY, 28, "2028-02-28T08:00", "2028-03-28T08:00"),
    ],
)
def test_it_comes_at_its_time_of_day(every: str, day: int, after: str, comes: str) -> None:
    assert Rhythm(every, day, time(8), "Europe/Berlin").after(berlin(after)) == berlin(comes)


def test_a_time_that_a_day_leaps_over_comes_an_hour_later() -> None:
    found = Rhythm(DAILY, 1, time(2, 30), "Europe/Berlin").after(berlin("2026-03-28T12:00"))
    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


RHYTHMS = st.builds(
    Rhythm,
    st.sampled_from([DAILY, WEEKLY, MONTHLY]),
    st.integers(1, 7),
    st.times(timezones=st.none()).map(lambda one: one.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC"]),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@examples(200)
@given(RHYTHMS, MOMENTS)
def test_after_and_before_are_neighbours(rhythm: Rhythm, moment: datetime) -> None:
    following, last = rhythm.after(moment), rhythm.before(moment)
    assert last < moment < following
    assert rhythm.after(last) in (moment, following)
    assert rhythm.before(following) in (moment, last)
    assert following - last < timedelta(days=63)
