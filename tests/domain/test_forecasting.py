"""Forecasts against histories of which the truth is known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import durations, forecasting, workinghours
from service.domain.calendars import Calendar
from service.domain.forecasting import Length, Stay
from tests.support.exploring import examples

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday, within working hours
HOUR = timedelta(hours=1)
CALENDAR = Calendar("UTC")
HOURS = forecasting.Hours(
    lambda start, end: workinghours.between(start, end, CALENDAR),
    lambda moment, length: workinghours.add(moment, durations.Duration(clock=-length), CALENDAR),
    lambda moment: workinghours.is_open(moment, CALENDAR),
)


def stays(hours: Iterable[float], ended: datetime = NOW, *, finished: bool = True) -> list[Stay]:
    """Stays that took so many hours each, and ended at this moment."""
    return [Stay(ended - one * HOUR, ended, finished) for one in hours]


def chance(past: Sequence[Stay], *, gone: float = 0, left: float = 10) -> float:
    """The number that is told of it."""
    told = foreseen(past, gone=gone, left=left)
    assert told is not None
    assert told.chance is not None
    return told.chance


def foreseen(past: Sequence[Stay], *, gone: float = 0, left: float = 10) -> forecasting.Forecast | None:
    """What is foreseen of a stay that began `gone` hours ago and is due in `left` hours."""
    hours = forecasting.ELAPSED
    return forecasting.forecast(past, started_at=NOW - gone * HOUR, due_at=NOW + left * HOUR, now=NOW, hours=hours)


def test_below_eight_finished_cases_nothing_is_said() -> None:
    assert foreseen(stays([1] * 7)) is None
    assert foreseen(stays([1] * 7) + stays([1] * 20, finished=False)) is None
    assert foreseen(stays([1] * 8)) is not None


def test_nothing_is_said_of_what_is_missed() -> None:
    assert foreseen(stays([1] * 8), gone=10, left=0) is None


def test_it_says_how_many_cases_it_rests_on() -> None:
    told = foreseen(stays([2] * 10 + [8] * 6 + [20] * 18), gone=5, left=5)
    assert told is not None
    assert (told.cases, told.comparable, told.longer) == (34, 24, 18)
    assert told.chance == pytest.approx(18.5 / 25)
    assert told.level == "likely"


def test_the_time_that_is_gone_counts() -> None:
    past = stays([1] * 30 + [20] * 10)
    assert chance(past, gone=0, left=10) == pytest.approx(10.5 / 41)
    assert chance(past, gone=9, left=1) == pytest.approx(10.5 / 11)


def test_what_has_taken_longer_than_every_case_has_no_number() -> None:
    told = foreseen(stays([1] * 10), gone=5, left=5)
    assert told is not None
    assert (told.chance, told.comparable, told.cases, told.level) == (None, 0, 10, "likely")


def test_a_few_cases_are_no_proof() -> None:
    assert 0 < chance(stays([1] * 8)) < 0.1
    assert 0.9 < chance(stays([20] * 8)) < 1


def test_who_must_act_has_the_time_that_four_of_five_needed() -> None:
    told = foreseen(stays([1, 2, 3, 4, 5, 6, 7, 8, 9, 30]), left=10)
    assert told is not None
    assert told.act_by == NOW + 10 * HOUR - 8 * HOUR


def test_what_is_still_open_is_not_taken_for_quick() -> None:
    """Looked at finished ones alone, a flood of new work that nobody gets done would look as quick as ever."""
    finished, waiting = stays([2] * 10), [Stay(NOW - 15 * HOUR, None, False)] * 10
    assert chance(finished) < 0.1
    assert chance([*finished, *waiting]) > 0.4
    together = foreseen([*finished, *waiting])
    assert together is not None
    assert (together.cases, together.longer) == (20, 10)


def test_what_was_withdrawn_says_only_that_it_took_so_long() -> None:
    told = foreseen(stays([2] * 5 + [20] * 5) + stays([5] * 10, finished=False))
    assert told is not None
    # of the ten that were withdrawn half the rest would have been missed: as the five that took longer are
    assert told.chance == pytest.approx((0.75 * 20 + 0.5) / 21)


def test_time_on_hold_does_not_count() -> None:
    """Neither that of the cases, as far as it lies within the stay, nor that of the deadline itself."""
    held = [(NOW - timedelta(hours=40), NOW - timedelta(hours=10))]
    past = [Stay(NOW - timedelta(hours=35), NOW, True, held)] * 8  # ten of the thirty-five hours were work
    found = foreseen(past, left=12)
    assert found is not None
    assert (found.longer, found.act_by) == (0, NOW + timedelta(hours=2))
    found = foreseen(past, left=8)
    assert found is not None
    assert found.longer == 8
    for begun, told in ((32, (0, 0)), (8, (8, 8))):  # ten hours are gone, and eight
        found = forecasting.forecast(
            past, started_at=NOW - begun * HOUR, due_at=NOW + HOUR, now=NOW, hours=forecasting.ELAPSED, pauses=held
        )
        assert found is not None
        assert (found.comparable, found.longer) == told


def test_lengths_count_in_working_time_where_people_ended_them_in_working_hours() -> None:
    """Begun on a Friday at four, done on Monday at ten: two hours. Begun on a Wednesday at noon it is as quick."""
    fridays = [datetime(2026, 1, 2, 16, tzinfo=UTC) + timedelta(weeks=week) for week in range(8)]
    past = [Stay(friday, friday + timedelta(days=2, hours=18), True) for friday in fridays]
    told = forecasting.forecast(past, started_at=NOW, due_at=NOW + 5 * HOUR, now=NOW, hours=HOURS)
    assert told is not None
    assert told.working
    assert told.longer == 0
    assert told.act_by == NOW + 3 * HOUR


def test_lengths_count_in_elapsed_time_where_work_ends_at_any_hour() -> None:
    nights = [datetime(2026, 1, 1, 22, tzinfo=UTC) + timedelta(days=day) for day in range(20)]
    past = [Stay(night, night + 6 * HOUR, True) for night in nights]
    told = forecasting.forecast(past, started_at=NOW, due_at=NOW + 5 * HOUR, now=NOW, hours=HOURS)
    assert told is not None
    assert not told.working
    assert told.longer == 20


LENGTHS = st.lists(st.builds(Length, st.floats(1, 1e6), st.booleans()), min_size=1, max_size=40)


@examples(200)
@given(LENGTHS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_chance_is_a_chance_and_falls_with_the_time_left(lengths: list[Length], gone: float, more: float) -> None:
    here = forecasting.chance(lengths, gone, gone + more)
    later = forecasting.chance(lengths, gone, gone + more * 2)
    assert (here is None) == all(one.seconds <= gone for one in lengths)
    if here is not None and later is not None:
        assert 0 < later <= here < 1


@examples(100)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=40), st.floats(0, 1e6))
def test_where_all_are_finished_the_share_is_counted(seconds: list[float], limit: float) -> None:
    share = sum(one > limit for one in seconds) / len(seconds)
    assert forecasting.surviving([Length(one, True) for one in seconds], limit) == pytest.approx(share)


@examples(100)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=40))
def test_the_usual_time_suffices_four_of_five(seconds: list[float]) -> None:
    usual = forecasting.usual([Length(one, True) for one in seconds])
    assert sum(one <= usual for one in seconds) >= 0.8 * len(seconds)
    assert sum(one < usual for one in seconds) < 0.8 * len(seconds)


WORLDS: dict[str, Callable[[random.Random], float]] = {
    "alike": lambda dice: dice.lognormvariate(0, 0.5),
    "different": lambda dice: dice.lognormvariate(0, 1.2),
    "quick or slow": lambda dice: dice.lognormvariate(0 if dice.random() < 0.7 else 1.5, 0.3),
    "without memory": lambda dice: dice.expovariate(1),
}


def asked(world: Callable[[random.Random], float], dice: random.Random) -> Iterable[tuple[float, bool]]:
    """Chances told about cases that are open at some moment before they are due, each with what came of it."""
    past: list[float] = [world(dice) for _ in range(8)]
    for _ in range(150):
        length, allowed = world(dice), math.exp(dice.uniform(-1, 1.5))
        gone = allowed * dice.random()
        lengths = [Length(one, True) for one in past[-forecasting.NEWEST :]]
        told = forecasting.chance(lengths, gone, allowed)
        if length > gone and told is not None:
            yield told, length > allowed
        past.append(length)


@pytest.mark.parametrize("world", WORLDS)
def test_of_what_is_told_with_a_chance_that_share_is_missed(world: str) -> None:
    """Calibration: of all the deadlines told with about 30 %, about 30 % are missed; and it beats not looking."""
    dice = random.Random(world)
    told = [pair for _ in range(20) for pair in asked(WORLDS[world], dice)]
    for fifth in _fifths(sorted(told)):
        said, came = (sum(column) / len(fifth) for column in zip(*fifth, strict=True))
        assert abs(said - came) < 0.08, (said, came)
    rate = sum(missed for _, missed in told) / len(told)
    assert _error(told) < 0.85 * _error([(rate, missed) for _, missed in told])


def _fifths(ranked: list[tuple[float, bool]]) -> list[list[tuple[float, bool]]]:
    size = math.ceil(len(ranked) / 5)
    return [ranked[at : at + size] for at in range(0, len(ranked), size)]


def _error(told: Iterable[tuple[float, bool]]) -> float:
    found = [(chance - missed) ** 2 for chance, missed in told]
    return sum(found) / len(found)
