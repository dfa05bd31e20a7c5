"""Ladders: what the notation means, when each level comes, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import escalation
from service.domain.calendars import Calendar, Opening, Span

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def rung(text: str) -> escalation.Rung:
    (only,) = escalation.parse(text)
    return only


def test_a_ladder_is_read_line_by_line() -> None:
    text = "80%: assignee candidates\n\nPT0S: assignee, candidates coordinator\n  P1D: manager group:cab repeat P1D x5"
    assert escalation.parse(text) == (
        escalation.Rung("80%", ("assignee", "candidates")),
        escalation.Rung("PT0S", ("assignee", "candidates", "coordinator")),
        escalation.Rung("P1D", ("manager", "group:cab"), "P1D", 5),
    )


def test_semicolons_stand_for_lines_where_there_is_only_one() -> None:
    assert escalation.parse("-P1D: assignee; PT0S: user:ann") == escalation.parse("-P1D: assignee\nPT0S: user:ann")


def test_the_default_ladder_reads_as_it_is_written() -> None:
    text = "80%: assignee candidates\nPT0S: assignee candidates coordinator\nP1D: manager repeat P1D x5"
    assert escalation.written(escalation.DEFAULT) == text
    assert escalation.parse(text) == escalation.DEFAULT


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("80%: boss", 1, "“boss” is not a recipient. Known are assignee"),
        ("PT0S: assignee\nmanager", 2, "has no colon"),
        ("PT0S: assignee\n\nsoon: manager", 3, "“soon” is not a moment"),
        ("120%: assignee", 1, "at most 100 %"),
        ("0%: assignee", 1, "above 0 %"),
        ("P1D:", 1, "names nobody"),
        ("P1D: group:", 1, "“group:” is not a recipient. Write one entry a line"),
        ("80%: assignee PT0S: manager", 1, "Write one entry a line"),
        ("P1D: manager repeat P1D", 1, "like “repeat P1D x5”"),
        ("P1D: manager repeat daily x5", 1, "“daily” is not a duration"),
        ("P1D: manager repeat P1D x21", 1, "1 to 20 times"),
        ("P1D: manager repeat P1D x0", 1, "1 to 20 times"),
        ("P1D: manager repeat -P1D x2", 1, "above zero"),
        ("P1D: manager repeat P1D x2 repeat P1D x2", 1, "after “repeat”"),
        (f"P1D: user:{'x' * 81}", 1, "is longer than 80 characters"),
        (f"P1D: group:{'x' * 81}", 1, "is longer than 80 characters"),
        (f"80.{'0' * 40}%: manager", 1, "at most 40 characters"),
        ("P1Y2M3W4DT5H6M7S: manager repeat P1Y2M3W4DT5H6M17S x2", 1, "at most 40 characters"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_what_to_do(text: str, line: int, advice: str) -> None:
    with pytest.raises(ValueError, match=r"^Line") as refused:
        escalation.parse(text)
    assert str(refused.value).startswith(f"Line {line} of the ladder")
    assert advice in str(refused.value)


def test_a_level_that_the_calendar_never_comes_to_is_left_out() -> None:
    once = Calendar(week=((),) * 7, openings=(Opening(START.date(), (Span(9 * 60, 17 * 60),)),))
    found = escalation.levels(escalation.DEFAULT, START, START + timedelta(hours=4), once, "working")
    assert [(one.level, one.repeat) for one in found] == [(1, 0), (2, 0)]


def test_an_empty_ladder_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        escalation.parse(" \n ; ")


def test_levels_stand_at_shares_and_durations_from_the_due_moment() -> None:
    due = START + timedelta(hours=10)
    found = escalation.levels(escalation.parse("80%: assignee\n-PT1H: candidates\nPT0S: coordinator"), START, due)
    assert [(level.level, level.fire_at - START) for level in found] == [
        (1, timedelta(hours=8)),
        (2, timedelta(hours=9)),
        (3, timedelta(hours=10)),
    ]


def test_repeats_follow_their_rung_and_keep_the_wall_time() -> None:
    due = datetime(2026, 3, 27, 17, tzinfo=BERLIN)
    found = escalation.levels([rung("P1D: manager repeat P1D x2")], START, due, Calendar("Europe/Berlin"))
    assert [(level.repeat, level.fire_at.astimezone(BERLIN).isoformat()) for level in found] == [
        (0, "2026-03-28T17:00:00+01:00"),
        (1, "2026-03-29T17:00:00+02:00"),
        (2, "2026-03-30T17:00:00+02:00"),
    ]


def test_a_reminder_before_the_start_comes_at_the_start() -> None:
    (level,) = escalation.levels([rung("-P1D: assignee")], START, START + timedelta(hours=4))
    assert level.fire_at == START


def test_working_time_skips_the_weekend() -> None:
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    due = datetime(2026, 3, 9, 11, tzinfo=UTC)  # four working hours later
    found = escalation.levels(escalation.parse("50%: assignee\nP1D: manager"), friday, due, clock="working")
    assert [level.fire_at for level in found] == [
        datetime(2026, 3, 6, 17, tzinfo=UTC),
        datetime(2026, 3, 10, 11, tzinfo=UTC),
    ]


RUNGS = st.builds(
    escalation.Rung,
    moment=st.one_of(
        st.integers(1, 100).map(lambda share: f"{share}%"),
        st.integers(-40, 40).map(lambda days: f"-P{-days}D" if days < 0 else f"P{days}D"),
        st.integers(0, 500).map(lambda minutes: f"PT{minutes}M"),
    ),
    recipients=st.lists(
        st.sampled_from([*escalation.RECIPIENTS, "group:cab", "user:ann"]), min_size=1, unique=True
    ).map(tuple),
)
LADDERS = st.lists(
    st.one_of(
        RUNGS,
        st.builds(
            lambda one, times, every: escalation.Rung(one.moment, one.recipients, every, times),
            RUNGS,
            st.integers(1, 20),
            st.sampled_from(["P1D", "PT30M", "P1W", "P1M"]),
        ),
    ),
    min_size=1,
    max_size=10,
).map(tuple)


@given(LADDERS)
def test_every_ladder_reads_as_it_is_written(ladder: tuple[escalation.Rung, ...]) -> None:
    assert escalation.parse(escalation.written(ladder)) == ladder


@given(LADDERS, st.timedeltas(timedelta(minutes=1), timedelta(days=300)), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_levels_are_complete_ordered_and_never_before_the_start(
    ladder: tuple[escalation.Rung, ...], time: timedelta, zone: str
) -> None:
    found = escalation.levels(ladder, START, START + time, Calendar(zone))
    assert {(level.level, level.repeat) for level in found} == {
        (number, repeat) for number, one in enumerate(ladder, 1) for repeat in range(one.times + 1)
    }
    assert [level.fire_at for level in found] == sorted(level.fire_at for level in found)
    assert all(level.fire_at >= START for level in found)
    for number, one in enumerate(ladder, 1):
        if one.moment.endswith("%"):
            share = START + time * (int(one.moment[:-1]) / 100)
            first = next(level for level in found if (level.level, level.repeat) == (number, 0))
            assert abs(first.fire_at - share) < timedelta(milliseconds=1)
