"""What waits for one person goes together: after a pause, at the latest after a while, less often after many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.domain import gathering
from tests.support.exploring import examples

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAUSE, MOST = timedelta(seconds=3), timedelta(seconds=20)


@dataclass(frozen=True)
class Waits:
    told_at: datetime
    state: str = "waiting"
    urgent: bool = False
    held_until: datetime | None = None

    @property
    def look_at(self) -> datetime:
        return self.held_until or self.told_at + PAUSE


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def verdict(*rows: Waits, now: float, lately: int = 0) -> gathering.Verdict:
    return gathering.verdict(rows, lately=lately, now=at(now), pause=PAUSE, most=MOST)


def test_one_goes_when_nothing_new_came_for_the_pause() -> None:
    assert verdict(Waits(at(0)), now=2) == gathering.Verdict(at(3))
    assert verdict(Waits(at(0)), now=3) == gathering.NOW


def test_each_new_one_makes_all_wait_anew_but_not_for_ever() -> None:
    assert verdict(Waits(at(0)), Waits(at(2)), now=3) == gathering.Verdict(at(5))
    stream = [Waits(at(second)) for second in range(20)]
    assert verdict(*stream, now=19) == gathering.Verdict(at(20))
    assert verdict(*stream, now=20) == gathering.NOW


def test_after_many_messages_the_next_gathers_for_longer_unless_it_is_urgent() -> None:
    many = gathering.MOST_AN_HOUR
    assert verdict(Waits(at(0)), now=3, lately=many - 1) == gathering.NOW
    assert verdict(Waits(at(0)), now=3, lately=many) == gathering.Verdict(at(303), "rate")
    assert verdict(Waits(at(0)), Waits(at(0), urgent=True), now=3, lately=many) == gathering.NOW


def test_what_comes_while_others_are_held_by_the_rate_goes_with_them() -> None:
    held = Waits(at(0), "held", held_until=at(303))
    assert verdict(held, Waits(at(100)), now=103, lately=10) == gathering.Verdict(at(303), "rate")
    assert verdict(held, Waits(at(302)), now=303, lately=10) == gathering.NOW


@given(
    st.lists(st.tuples(st.floats(0, 60), st.booleans()), min_size=1, max_size=8),
    st.floats(0, 90),
    st.integers(0, 12),
)
@examples(300)
def test_nothing_waits_longer_than_it_may(told: list[tuple[float, bool]], now: float, lately: int) -> None:
    rows = [Waits(at(second), urgent=urgent) for second, urgent in told if second <= now]
    if not rows:
        return
    found: Any = verdict(*rows, now=now, lately=lately)
    if found.until is None:
        assert lately < gathering.MOST_AN_HOUR or any(row.urgent for row in rows)
        return
    assert found.until > at(now)
    first = min(row.told_at for row in rows)
    if found.reason is None:
        assert found.until <= first + MOST
    else:
        assert found.until <= at(now) + gathering.BREATHER
