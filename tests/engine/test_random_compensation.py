"""Random processes of tasks, sub-processes and loops: whatever was done is undone, in the reverse order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from service.engine import snapshots, steps
from tests.engine.drawing import (
    CANCEL,
    Node,
    boundary,
    chain,
    drawn,
    each,
    end,
    file,
    flow,
    script,
    start,
    sub,
    throw,
    undo,
    undone,
    user,
)
from tests.engine.driver import Case
from tests.support.exploring import examples


@dataclass(frozen=True)
class Task:
    by_hand: bool
    undoable: bool
    times: int  # 0: no loop


@dataclass(frozen=True)
class Box:
    inside: tuple
    times: int
    tag: str


TASKS = st.builds(Task, st.booleans(), st.booleans(), st.integers(0, 2))
PARTS = st.recursive(
    TASKS,
    lambda inner: st.builds(
        Box,
        st.lists(inner, min_size=1, max_size=3).map(tuple),
        st.integers(0, 2),
        st.sampled_from(["subProcess", "transaction"]),
    ),
    max_leaves=6,
)
ROWS = st.lists(PARTS, min_size=1, max_size=4).map(tuple)


def note(what: str, name: str) -> str:
    return f'=append({what}, "{name} " + string(loopCounter))'


class Drawing:
    """The XML of a row of parts; every undoable task notes what it did, and its handler what it undid."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def row(self, parts: tuple, first: Node, *last: Node) -> str:
        nodes, beside = [], []
        for part in parts:
            made, *more = self.part(part)
            nodes.append(made)
            beside += more
        return chain(first, *nodes, *last) + "".join(beside)

    def part(self, part: Task | Box) -> Iterator[Node | str]:
        name = f"N{next(self.numbers)}"
        loop = each(f"=for i in 1..{part.times} return i", sequential=True) if part.times else ""
        if isinstance(part, Box):
            inside = self.row(part.inside, start(f"s{name}"), end(f"e{name}"))
            yield sub(name, inside, loop=loop, tag=part.tag)
            return
        if not part.undoable:
            yield user(name, loop=loop) if part.by_hand else script(name, "=1", "x", loop=loop)
            return
        outputs = {"did": note("did", name)}
        if part.by_hand:
            yield user(name, loop=loop, outputs=outputs)
        else:
            yield script(name, "=1", "x", loop=loop, outputs=outputs)
        yield undone(name, script(f"U{name}", note("undid", name), "undid"))


def run(case: Case) -> Case:
    for _ in range(500):
        if case.status != "active":
            return case
        case.complete(next(name for name in case.open if ":" not in name))
    raise AssertionError(case.open)


def ended(body: str) -> dict[str, list]:
    variables = {"did": [], "undid": [], "loopCounter": 0}
    case = run(Case(file(drawn(body)), variables))
    assert case.of(steps.IncidentRaised) == []
    return case.of(steps.Ended)[0].variables


@examples(40)
@given(ROWS)
def test_what_was_done_is_undone_the_latest_first(parts: tuple) -> None:
    seen = ended(Drawing().row(parts, start(), throw("T", undo()), user("After"), end()))
    assert seen["undid"] == seen["did"][::-1]


@examples(25)
@given(ROWS)
def test_so_it_is_when_a_transaction_is_cancelled(parts: tuple) -> None:
    inside = Drawing().row(parts, start("s"), end("c", CANCEL))
    after = boundary("Off", "X", CANCEL), flow("Off", "After"), user("After")
    seen = ended(chain(start(), sub("X", inside, tag="transaction"), end()) + "".join(after))
    assert seen["undid"] == seen["did"][::-1]


@examples(25)
@given(ROWS)
def test_nothing_is_remembered_once_all_is_undone(parts: tuple) -> None:
    inside = Drawing().row(parts, start("s"), throw("T", undo()), user("Wait"), end("e"))
    case = Case(file(drawn(chain(start(), sub("P1", inside), end()))), {"did": [], "undid": [], "loopCounter": 0})
    while case.open != ["Wait"]:
        case.complete(case.open[0])
    state = snapshots.opened(case.step.state)
    assert [len(flow) for flow in state[4]] == [8, 8]
