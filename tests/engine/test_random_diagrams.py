"""Any sound diagram, driven in any order: both runs agree, everything that begins ends, and nothing is left over."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.engine import steps
from tests.engine import drawing as d
from tests.engine.driver import Case


@dataclass
class Sketch:
    """Turns a plan into XML: each block gives the id where one enters, and the id where one leaves."""

    parts: list[str] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    numbers: itertools.count = field(default_factory=itertools.count)

    def new(self, letter: str) -> str:
        return f"{letter}{next(self.numbers)}"

    def draw(self, plan) -> tuple[str, str]:
        kind, *rest = plan
        return getattr(self, kind)(*rest)

    def add(self, node: d.Node) -> tuple[str, str]:
        self.parts.append(node)
        return node.id, node.id

    def flow(self, source: str, target: str, condition: str = "") -> None:
        self.parts.append(d.flow(source, target, condition, f"f{next(self.numbers)}"))

    def task(self) -> tuple[str, str]:
        return self.add(d.user(self.new("t")))

    def job(self) -> tuple[str, str]:
        return self.add(d.service(self.new("j")))

    def script(self) -> tuple[str, str]:
        return self.add(d.script(self.new("x"), "=1", "x"))

    def timer(self) -> tuple[str, str]:
        return self.add(d.catch(self.new("c"), d.duration("PT1H")))

    def row(self, plans) -> tuple[str, str]:
        drawn = [self.draw(plan) for plan in plans]
        for (_, before), (after, _) in itertools.pairwise(drawn):
            self.flow(before, after)
        return drawn[0][0], drawn[-1][1]

    def _branches(self, plans, opening, closing, conditions) -> tuple[str, str]:
        self.parts += [opening, closing]
        for plan, condition in zip(plans, conditions, strict=False):
            first, last = self.draw(plan)
            self.flow(opening.id, first, condition)
            self.flow(last, closing.id)
        return opening.id, closing.id

    def parallel(self, plans) -> tuple[str, str]:
        return self._branches(plans, d.fork(self.new("f")), d.fork(self.new("g")), itertools.repeat(""))

    def inclusive(self, plans) -> tuple[str, str]:
        conditions = itertools.cycle(["=true", "=x = 1", "=false"])
        return self._branches(plans, d.either(self.new("i")), d.either(self.new("k")), conditions)

    def choice(self, plans) -> tuple[str, str]:
        opening = d.xor(self.new("a"))
        return self._branches(
            plans, opening, d.xor(self.new("b")), itertools.chain(["=x = 1"], itertools.repeat("=true"))
        )

    def again(self, plan) -> tuple[str, str]:
        """The block a second time."""
        name = self.new("n")
        count = d.script(self.new("x"), f"=if {name} = null then 1 else {name} + 1", name)
        merge = d.xor(self.new("a"))
        split, after = d.xor(self.new("b")), d.xor(self.new("b"))
        self.parts += [count, merge, split, after]
        first, last = self.draw(plan)
        self.flow(merge.id, first)
        self.flow(last, count.id)
        self.flow(count.id, split.id)
        self.flow(split.id, merge.id, f"={name} < 2")
        self.flow(split.id, after.id, f"={name} >= 2")
        return merge.id, after.id

    def phase(self, plan, event: str, interrupting: bool, loop: str) -> tuple[str, str]:
        inner = Sketch(messages=self.messages, numbers=self.numbers)
        first, last = inner.draw(plan)
        begin, finish = d.start(self.new("s")), d.end(self.new("e"))
        inner.parts += [begin, finish]
        inner.flow(begin.id, first)
        inner.flow(last, finish.id)
        looped = {"": "", "parallel": d.each("=[1,2]"), "sequential": d.each("=[1,2]", sequential=True)}[loop]
        made = d.sub(self.new("p"), *inner.parts, loop=looped)
        self.parts.append(made)
        after = d.xor(self.new("b"))
        self.parts.append(after)
        self.flow(made.id, after.id)
        if event:
            name = self.new("m")
            drawn = d.message(name) if event == "message" else d.duration("PT2H")
            if event == "message":
                self.messages[name] = ""
            border = d.boundary(self.new("o"), made.id, drawn, interrupting)
            handler = d.user(self.new("t"))
            self.parts += [border, handler]
            self.flow(border.id, handler.id)
            if interrupting:
                self.flow(handler.id, after.id)
            else:
                aside = d.end(self.new("e"))
                self.parts.append(aside)
                self.flow(handler.id, aside.id)
        return made.id, after.id

    def race(self) -> tuple[str, str]:
        gate, after, name = d.race(self.new("r")), d.xor(self.new("b")), self.new("m")
        self.messages[name] = ""
        events = [d.catch(self.new("c"), d.message(name)), d.catch(self.new("c"), d.duration("PT3H"))]
        self.parts += [gate, after, *events]
        for event in events:
            self.flow(gate.id, event.id)
            self.flow(event.id, after.id)
        return gate.id, after.id


LEAVES = st.sampled_from([("task",), ("task",), ("job",), ("script",), ("timer",), ("race",)])


def _larger(plans: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(plans, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("row"), several),
        st.tuples(st.just("parallel"), several),
        st.tuples(st.just("choice"), several),
        st.tuples(st.just("inclusive"), several),
        st.tuples(st.just("again"), plans),
        st.tuples(
            st.just("phase"),
            plans,
            st.sampled_from(["", "message", "timer"]),
            st.booleans(),
            st.sampled_from(["", "", "parallel", "sequential"]),
        ),
    )


PLANS = st.recursive(LEAVES, _larger, max_leaves=8)


def diagram(plan) -> bytes:
    sketch = Sketch()
    first, last = sketch.draw(("row", [("script",), plan]))
    begin, finish = d.start("S"), d.end("E")
    sketch.parts += [begin, finish]
    sketch.flow("S", first)
    sketch.flow(last, "E")
    return d.file(d.drawn(*sketch.parts), messages=sketch.messages)


def act(case: Case, data: st.DataObject, lively: bool) -> None:
    """One thing that can happen now, as it comes; after a while only what leads to the end."""
    kinds = {"task", "job", *(["message"] if lively else [])}
    able = [place for place in case.tracks[0].open() if place[1] in kinds]
    if not able or (lively and case.step.next_due and data.draw(st.booleans())):
        if case.step.next_due:
            case.until(max(case.world.now, case.step.next_due))
        else:
            case.deliver(next(element for element, kind in case.tracks[0].open() if kind == "message"))
        return
    element, kind = data.draw(st.sampled_from(able))
    {"task": case.complete, "job": case.finish, "message": case.deliver}[kind](element)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=PLANS, data=st.data())
def test_any_sound_diagram_comes_to_its_end_with_nothing_left(plan, data):
    case = Case(diagram(plan))
    for number in range(400):
        if case.status != "active":
            break
        act(case, data, lively=number < 25)
    assert case.status == "completed", (case.open, case.story())
    assert_balanced(case)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=PLANS, data=st.data(), until=st.integers(0, 12))
def test_a_cancelled_instance_leaves_nothing_behind(plan, data, until):
    case = Case(diagram(plan))
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
    assert case.of(steps.IncidentRaised) == []
    assert case.open == []
    assert case.step.next_due is None
    assert len(case.of(steps.Ended)) == 1
    assert case.history[-1] == case.of(steps.Ended)[0]
    board = case.tracks[0].instance._board
    assert (board.tokens, board.timers, board.messages, board.joins) == ({}, {}, {}, {})
    assert len(board.scopes.saved()) == 1
