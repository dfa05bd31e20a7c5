"""Any nesting of scopes with events that start and interrupt, in any order: both runs agree to the end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.engine import drawing as d
from tests.engine.driver import Case
from tests.engine.test_random_diagrams import assert_balanced
from tests.support.exploring import examples

EVENTS = {
    "message": lambda name: d.message(name),
    "signal": lambda _: d.signal("siren"),
    "timer": lambda _: d.duration("PT1H"),
    "cycle": lambda _: d.cycle("R2/PT1H"),
    "condition": lambda _: d.condition("=x > 5"),
    "escalation": lambda _: d.escalation("UP"),
    "several": lambda name: d.message(name) + d.signal("siren") + d.condition("=x = 3"),
    "error": lambda _: d.error("BAD"),
}
KINDS = st.sampled_from(sorted(EVENTS))
WATCHED = st.tuples(
    KINDS, st.booleans(), st.booleans()
)  # what is awaited, whether it interrupts, whether all is needed
TASKS = st.tuples(
    st.just("tasks"), st.lists(st.sampled_from(["task", "task", "raise", "write"]), min_size=1, max_size=3)
)


def scope(inner: st.SearchStrategy) -> st.SearchStrategy:
    rows, watched = st.lists(inner, min_size=1, max_size=2), st.lists(WATCHED, min_size=1, max_size=2)
    return st.tuples(st.just("scope"), rows, watched, st.lists(WATCHED, max_size=1), st.booleans())


SCOPES = scope(st.recursive(TASKS, scope, max_leaves=3))


@dataclass
class Sketch:
    """Turns a plan into XML, a row of nodes for each scope."""

    messages: dict[str, str] = field(default_factory=dict)
    together: list[str] = field(default_factory=list)
    numbers: itertools.count = field(default_factory=itertools.count)

    def new(self, letter: str) -> str:
        return f"{letter}{next(self.numbers)}"

    def event(self, kind: str, identity: str, all_: bool) -> str:
        self.messages[f"m{identity}"] = ""
        if kind == "several" and all_:
            self.together.append(identity)
        return EVENTS[kind](f"m{identity}")

    def nodes(self, plan) -> tuple[list[d.Node], str]:
        """The nodes of a row, and what stands beside them."""
        if plan[0] == "tasks":
            made = {
                "task": lambda: d.user(self.new("t")),
                "raise": lambda: d.throw(self.new("u"), d.escalation("UP")),
                "write": lambda: d.script(self.new("w"), "=if x = null then 1 else modulo(x + 4, 10)", "x"),
            }
            return [made[kind]() for kind in plan[1]], ""
        _, rows, watched, attached, several = plan
        found = [self.nodes(row) for row in rows]
        inside = [node for nodes, _ in found for node in nodes]
        beside = "".join(more for _, more in found) + "".join(self.watch(*one) for one in watched)
        loop = d.each("=[1,2]") if several else ""
        begin, finish = d.start(self.new("s")), d.end(self.new("e"))
        whole = d.sub(self.new("P"), d.chain(begin, *inside, finish), beside, loop=loop)
        return [whole], "".join(self.attach(whole.id, *one) for one in attached)

    def watch(self, kind: str, interrupting: bool, all_: bool) -> str:
        identity = self.new("H")
        event = self.event(kind, f"s{identity}", all_)
        task = d.user(self.new("t"))
        return d.handler(identity, event, task, interrupting=interrupting or kind == "error")

    def attach(self, host: str, kind: str, interrupting: bool, all_: bool) -> str:
        identity = self.new("B")
        event = self.event(kind, identity, all_)
        border = d.boundary(identity, host, event, interrupting or kind == "error")
        return border + d.chain(border.id, d.user(self.new("t")), d.end(self.new("e")))


def diagram(plan) -> bytes:
    sketch = Sketch()
    nodes, beside = sketch.nodes(plan)
    body = d.drawn(d.chain(d.start("S"), *nodes, d.user("last"), d.end("E")), beside)
    source = d.file(body, messages=sketch.messages, signals=("siren",), errors=("UP", "BAD"))
    for identity in sketch.together:
        plain = f'Event id="{identity}"'.encode()
        assert plain in source
        source = source.replace(plain, plain + b' parallelMultiple="true"', 1)
    return source


def act(case: Case, data: st.DataObject, lively: bool) -> None:
    places = case.tracks[0].open()
    tasks = [element for element, kind in places if kind == "task"]
    messages = [element for element, kind in places if kind == "message"]
    ways = ["task"] if tasks else []
    if lively or not tasks:
        ways += ["message"] * bool(messages) + ["signal"] + ["time"] * bool(case.step.next_due)
    way = data.draw(st.sampled_from(ways))
    if way == "task":
        values = {"x": data.draw(st.integers(0, 9))} if lively and data.draw(st.booleans()) else {}
        case.complete(data.draw(st.sampled_from(tasks)), **values)
    elif way == "message":
        case.deliver(data.draw(st.sampled_from(messages)), x=data.draw(st.integers(0, 9)))
    elif way == "signal":
        case.signal("siren")
    else:
        case.until(max(case.world.now, case.step.next_due))


@examples(120)
@given(plan=SCOPES, data=st.data())
def test_whatever_happens_in_any_order_comes_to_its_end_with_nothing_left(plan, data):
    case = Case(diagram(plan))
    for number in range(300):
        if case.status != "active":
            break
        act(case, data, lively=number < 20)
    assert case.status == "completed", (case.open, case.story())
    assert_balanced(case)


@examples(40)
@given(plan=SCOPES, data=st.data(), until=st.integers(0, 12))
def test_a_cancelled_instance_leaves_nothing_behind(plan, data, until):
    case = Case(diagram(plan))
    for _ in range(until):
        if case.status == "active":
            act(case, data, lively=True)
    if case.status == "active":
        case.cancel()
    assert_balanced(case)
    board = case.tracks[0].instance._board
    assert (board.signals, board.conditions, board.flow.watchers) == ({}, {}, {})
