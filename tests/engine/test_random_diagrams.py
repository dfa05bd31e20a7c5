"""Any sound diagram, driven in any order: both runs agree, everything that begins ends, and nothing is left over."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine import process, steps
from tests.engine.driver import Case
from tests.engine.sketching import LOOPS, Plan, diagram
from tests.support.exploring import examples

LIMITS = process.Limits(steps=500)
EVENTS = ("message", "timer", "signal")
THROWN = ("", "", "error", "escalation", "terminate")
LEAVES = st.one_of(
    st.sampled_from([("task",), ("task",), ("job",), ("script",), ("timer",), ("race",), ("signal",), ("calling",)]),
    st.sampled_from([("brittle",), ("quantity",)]),
    st.tuples(st.sampled_from(["task", "job", "script"]), st.sampled_from(sorted(LOOPS))),
)


def _handlers(plans: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | st.tuples(st.sampled_from([*EVENTS, "error", "escalation"]), st.booleans(), plans)


def _scopes(plans: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(
        st.sampled_from(["phase", "called"]),
        plans,
        st.sampled_from(["", "", *EVENTS]),
        st.booleans(),
        st.sampled_from(["", "", "", *sorted(LOOPS)]),
        st.sampled_from(THROWN),
        _handlers(plans),
    )


def _larger(plans: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(plans, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(["row", "parallel", "choice", "inclusive"]), several),
        st.tuples(st.just("enough"), several, st.integers(1, 3)),
        st.tuples(st.just("ad_hoc"), several, st.sampled_from(["Parallel", "Sequential"]), st.booleans()),
        st.tuples(st.just("again"), plans),
        st.tuples(st.just("telling"), plans, st.sampled_from(["None", "One"])),
        _scopes(plans),
    )


PLANS: st.SearchStrategy[Plan] = st.recursive(LEAVES, _larger, max_leaves=8)
BESIDE = _handlers(LEAVES)
PLAIN_LEAVES = st.sampled_from([("task",), ("task",), ("job",), ("script",), ("timer",), ("race",)])


def _plain(plans: st.SearchStrategy) -> st.SearchStrategy:
    events, loops = st.sampled_from(["", "message", "timer"]), st.sampled_from(["", "", "parallel", "sequential"])
    return st.one_of(
        st.tuples(st.sampled_from(["row", "parallel", "choice", "inclusive"]), st.lists(plans, min_size=2, max_size=3)),
        st.tuples(st.just("again"), plans),
        st.tuples(st.just("phase"), plans, events, st.booleans(), loops),
    )


PLAIN: st.SearchStrategy[Plan] = st.recursive(PLAIN_LEAVES, _plain, max_leaves=8)


def able(case: Case, lively: bool) -> list[tuple[str, str, int]]:
    """What can be done now: (element, kind, which of them)."""
    kinds = {"task", "job", "incident", *(["message", "signal"] if lively else [])}
    counted: Counter[tuple[str, str]] = Counter()
    found = []
    for place in case.tracks[0].open():
        if place[1] in kinds:
            found.append((*place, counted[place]))
        counted[place] += 1
    return found


def needed(case: Case) -> tuple[str, str, int]:
    """The event without which nothing goes on: one in the middle of a flow, not at a border or a start."""
    return next(place for place in able(case, lively=True) if place[0].startswith("c"))


def do(case: Case, element: str, kind: str, number: int) -> None:
    if kind == "incident":
        case.set(element, mended=True).retry(element)
    elif kind == "signal":
        case.signal(next(t.internal_data["signal"] for t in waiting_for_signals(case) if t.element.id == element))
    else:
        {"task": case.complete, "job": case.finish, "message": case.deliver}[kind](element, number)


def waiting_for_signals(case: Case) -> list:
    return list(case.tracks[0].instance._board.signals.values())


def act(case: Case, data: st.DataObject, lively: bool) -> None:
    """One thing that can happen now, as it comes; after a while only what leads to the end."""
    places = able(case, lively)
    if not places or (lively and case.step.next_due and data.draw(st.booleans())):
        if case.step.next_due:
            case.until(max(case.world.now, case.step.next_due))
        else:
            do(case, *needed(case))
        return
    do(case, *data.draw(st.sampled_from(places)))


@examples(80)
@given(plan=PLANS, beside=BESIDE, data=st.data())
def test_any_sound_diagram_comes_to_its_end_with_nothing_left(plan, beside, data):
    case = Case(diagram(plan, beside), limits=LIMITS)
    for number in range(400):
        if case.status != "active":
            break
        act(case, data, lively=number < 25)
    assert case.status == "completed", (case.open, case.story())
    assert_balanced(case)


@examples(40)
@given(plan=PLANS, beside=BESIDE, data=st.data(), until=st.integers(0, 12))
def test_a_cancelled_instance_leaves_nothing_behind(plan, beside, data, until):
    case = Case(diagram(plan, beside), limits=LIMITS)
    for _ in range(until):
        if case.status == "active":
            act(case, data, lively=True)
    if case.status == "active":
        case.cancel()
    assert_balanced(case)


PAIRS = [
    (steps.Entered, steps.Left),
    (steps.TaskOpened, steps.TaskClosed),
    (steps.JobWanted, steps.JobGone),
    (steps.TimerArmed, steps.TimerDisarmed),
    (steps.Subscribed, steps.Unsubscribed),
]


def assert_balanced(case: Case) -> None:
    """What began has ended exactly once, in this order; no token, scope or timer is left."""
    for begins, ends in PAIRS:
        opened = Counter(f.ref for f in case.of(begins))
        assert opened == Counter(f.ref for f in case.of(ends))
        assert set(opened.values()) <= {1}
        for ref in opened:
            begun = next(i for i, f in enumerate(case.history) if f.ref == ref and type(f) is begins)
            ended = next(i for i, f in enumerate(case.history) if f.ref == ref and type(f) is ends)
            assert begun < ended
    assert all("mended" in (f.expression or "") for f in case.of(steps.IncidentRaised))
    assert case.open == []
    assert case.step.next_due is None
    assert len(case.of(steps.Ended)) == 1
    assert case.history[-1] == case.of(steps.Ended)[0]
    board = case.tracks[0].instance._board
    assert (board.tokens, board.timers, board.messages, board.signals, board.joins) == ({}, {}, {}, {}, {})
    assert len(board.scopes.saved()) == 1


T: Plan = ("task",)
J: Plan = ("job",)
ONE_OF_EACH = [
    T,
    J,
    *((kind,) for kind in ("script", "brittle", "timer", "signal", "calling", "quantity", "race")),
    *(("task", loop) for loop in LOOPS),
    *((kind, [T, J]) for kind in ("row", "parallel", "inclusive", "choice")),
    ("enough", [T, J, T], 2),
    ("again", T),
    ("telling", T, "None"),
    ("telling", T, "One"),
    ("ad_hoc", [T, J], "Parallel", False),
    ("ad_hoc", [T, J], "Sequential", True),
    *((kind, T, event, True, "", "", None) for kind in ("phase", "called") for event in EVENTS),
    *((kind, T, "", False, "", throws, None) for kind in ("phase", "called") for throws in THROWN),
    *(("phase", T, "", False, "sequential", "", (event, True, J)) for event in EVENTS),
]


@pytest.mark.parametrize("plan", ONE_OF_EACH, ids=str)
def test_each_kind_of_block_alone_comes_to_its_end(plan):
    case = Case(diagram(plan))
    for _ in range(60):
        places = able(case, lively=False)
        if case.status != "active":
            break
        if places:
            do(case, *places[0])
        elif case.step.next_due:
            case.until(case.step.next_due)
        else:
            do(case, *needed(case))
    assert case.status == "completed", (case.open, case.story())
    assert_balanced(case)
