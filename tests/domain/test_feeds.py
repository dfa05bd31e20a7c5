"""A calendar feed numbers its changes, and shows for a while that something ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.domain import feeds

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
BUILD = feeds.Entry("task-1@x", "Due: Build", NOW + timedelta(hours=1))
AWAY = feeds.Entry("absence-2@x", "Away", date(2026, 3, 28), date(2026, 3, 30))


def test_what_stays_as_it_was_keeps_its_number() -> None:
    first = feeds.follow({}, [BUILD, AWAY], NOW)
    assert {one.sequence for one in first.values()} == {0}
    assert feeds.follow(first, [AWAY, BUILD], NOW + timedelta(days=3)) == first


def test_a_change_has_the_next_number_and_its_own_moment() -> None:
    first = feeds.follow({}, [BUILD], NOW)
    moved = replace(BUILD, start=BUILD.start + timedelta(days=1))
    (shown,) = feeds.follow(first, [moved], NOW + timedelta(hours=1)).values()
    assert (shown.entry, shown.sequence, shown.changed_at) == (moved, 1, NOW + timedelta(hours=1))


def test_what_ended_is_cancelled_for_two_weeks_and_may_come_back() -> None:
    first = feeds.follow({}, [BUILD], NOW)
    ended = feeds.follow(first, [], NOW + timedelta(days=1))
    assert (ended[BUILD.uid].cancelled, ended[BUILD.uid].sequence) == (True, 1)
    assert feeds.follow(ended, [], NOW + timedelta(days=14)) == ended
    assert feeds.follow(ended, [], NOW + timedelta(days=16)) == {}
    back = feeds.follow(ended, [BUILD], NOW + timedelta(days=2))[BUILD.uid]
    assert (back.cancelled, back.sequence) == (False, 2)


ENTRIES = st.lists(
    st.builds(
        feeds.Entry,
        uid=st.sampled_from("abcd"),
        summary=st.text(max_size=3),
        start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)) | st.dates(),
        end=st.none() | st.dates(),
    ),
    max_size=5,
    unique_by=lambda entry: entry.uid,
)


@given(st.lists(ENTRIES, max_size=6))
def test_numbers_only_grow_and_are_kept_exactly(readings: list[list[feeds.Entry]]) -> None:
    shown: dict[str, feeds.Shown] = {}
    for number, entries in enumerate(readings):
        after = feeds.follow(shown, entries, NOW + timedelta(hours=number))
        assert {uid for uid, one in after.items() if not one.cancelled} == {entry.uid for entry in entries}
        for uid, one in shown.items():
            changed = (after[uid].entry, after[uid].cancelled) != (one.entry, one.cancelled)
            assert after[uid].sequence == one.sequence + changed
        assert feeds.restored(feeds.kept(after)) == after
        shown = after
