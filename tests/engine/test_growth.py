"""What is done costs nothing: each lap of any sound diagram does the same, and leaves a state of the same shape."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import drawing as d
from tests.engine.driver import REF, Case
from tests.engine.sketching import diagram
from tests.engine.test_random_diagrams import LIMITS, ONE_OF_EACH, PLANS, able, do
from tests.support.exploring import examples

LAPS = 5
LIVELY = 6


def shape(case: Case) -> str:
    """The stored state without what may differ from lap to lap: refs, and numbers such as counters and moments."""
    state = case.step.state
    raw = state if state[:1] == b"[" else zlib.decompress(state)
    return re.sub(r"\d+", "0", REF.sub("ref", raw.decode()))


def lap(case: Case, picks: list[int]) -> list[tuple[int, int, int]]:
    """One lap, by the same choices each time, until nothing of it waits: what each command passed, told, and made."""
    costs = []
    for number in range(200):
        before = case.tracks[0].instance._board.serial
        places = [place for place in able(case, lively=number < LIVELY) if place[0] != "lap"]
        waiting = [place for place in able(case, lively=True) if place[0].startswith("c")]
        if places and not (number < LIVELY and case.step.next_due and picks[number] % 2):
            do(case, *places[picks[number % len(picks)] % len(places)])
        elif case.step.next_due:
            case.until(max(case.world.now, case.step.next_due))
        elif waiting:
            do(case, *waiting[0])
        else:
            return costs
        board = case.tracks[0].instance._board
        costs.append((board.passed, len(case.facts), board.serial - before))
    raise AssertionError(case.open)


@examples(40)
@given(plan=PLANS, picks=st.lists(st.integers(0, 11), min_size=LIVELY, max_size=20))
def test_every_lap_of_any_diagram_costs_the_same_and_leaves_the_same(plan, picks):
    case = Case(diagram(plan, laps=LAPS), limits=LIMITS)
    costs, shapes, sizes = [], [], []
    for _ in range(LAPS):
        costs.append(lap(case, picks))
        board = case.tracks[0].instance._board
        sizes.append((len(board.tokens), len(board.scopes.saved()), len(board.timers), len(board.joins)))
        shapes.append(shape(case))
        case.set(mended=None).complete("lap")
    assert case.status == "completed"
    assert len({str(cost) for cost in costs[1:]}) == 1, costs
    assert len(set(shapes[1:])) == 1
    assert sizes[1:] == [sizes[1]] * (LAPS - 1)


@pytest.mark.parametrize("plan", ONE_OF_EACH, ids=str)
def test_every_lap_of_each_kind_of_block_leaves_the_same(plan):
    case = Case(diagram(plan, laps=4), limits=LIMITS)
    costs, shapes = [], []
    for _ in range(4):
        costs.append(lap(case, [0] * LIVELY))
        shapes.append(shape(case))
        case.set(mended=None).complete("lap")
    assert case.status == "completed"
    assert costs[1] == costs[2] == costs[3]
    assert shapes[1] == shapes[2] == shapes[3]


def test_many_children_one_after_the_other_leave_nothing_behind():
    task = d.user("A", loop=d.each("=for i in 1..300 return i", sequential=True))
    case = Case(d.file(d.drawn(d.chain(d.start(), task, d.end()))))
    tokens = set()
    for _ in range(300):
        tokens.add(len(case.tracks[0].instance._board.tokens))
        case.complete("A")
    assert case.status == "completed"
    assert tokens == {2}
