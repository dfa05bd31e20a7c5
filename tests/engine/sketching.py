"""Sound diagrams from plans: nested tuples of a kind of block and what is in it.

A block takes one token and gives one, whatever happens and in whatever order; so every diagram comes to its end.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.engine import drawing as d

Plan = tuple[Any, ...]
TRUE, FALSE = "=x = 1", "=x > 1"
SIGNALS = ("s1", "s2")
ERRORS = ("E1", "E2")
LOOPS = {
    "": "",
    "parallel": d.each("=[1,2]"),
    "sequential": d.each("=[1,2]", sequential=True),
    "collecting": d.each("=[3,1,2]", into="got", of="=item * 2"),
    "until": d.each("=[1,2,3]", until="=numberOfCompletedInstances = 2"),
    "times": d.times("2"),
    "empty": d.each("=[]"),
    "standard": d.loop("=loopCounter < 2"),
    "before": d.loop("=loopCounter < 2", before=True),
}


@dataclass
class Shared:
    """What the whole file shares."""

    messages: dict[str, str] = field(default_factory=dict)
    numbers: Iterable[int] = field(default_factory=itertools.count)
    processes: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)


@dataclass
class Sketch:
    """One process or sub-process: each block gives the id where one enters, and the id where one leaves."""

    shared: Shared = field(default_factory=Shared)
    parts: list[str] = field(default_factory=list)
    quiet: bool = False  # inside a handler: what throws a signal there could start itself for ever

    def new(self, letter: str) -> str:
        return f"{letter}{next(self.shared.numbers)}"

    def draw(self, plan: Plan) -> tuple[str, str]:
        kind, *rest = plan
        return getattr(self, kind)(*rest)

    def add(self, *nodes: d.Node) -> tuple[str, str]:
        self.parts += nodes
        return nodes[0].id, nodes[-1].id

    def flow(self, source: str, target: str, condition: str = "") -> None:
        self.parts.append(d.flow(source, target, condition, f"f{next(self.shared.numbers)}"))

    def line(self, *names: str) -> None:
        for source, target in itertools.pairwise(names):
            self.flow(source, target)

    def message(self) -> str:
        name = self.new("m")
        self.shared.messages[name] = ""
        return name

    def event(self, kind: str) -> str:
        """The definition of an event."""
        made = {
            "message": lambda: d.message(self.message()),
            "timer": lambda: d.duration("PT2H"),
            "signal": lambda: d.signal(SIGNALS[0]),
            "error": lambda: d.error(ERRORS[0]),
            "escalation": lambda: d.escalation(ERRORS[0]),
        }
        return made[kind]()

    def inside(self, plan: Plan, begin: d.Node | None = None, throws: str = "", beside: Plan | None = None) -> str:
        """The content of a scope: the plan between a start and an end, which may throw instead; beside it a handler."""
        inner = Sketch(self.shared, quiet=self.quiet or begin is not None)
        begin, finish = begin or d.start(self.new("s")), d.end(self.new("e"))
        inner.add(begin, finish)
        first, last = inner.draw(plan)
        inner.flow(begin.id, first)
        inner.finish(last, finish.id, throws)
        if beside is not None:
            inner.parts.append(self.handler(*beside))
        return "".join(inner.parts)

    def finish(self, last: str, end: str, throws: str) -> None:
        if throws == "escalation":
            thrown = d.throw(self.new("w"), d.escalation(ERRORS[0]))
            self.add(thrown)
            self.line(last, thrown.id, end)
        elif throws:
            event = d.TERMINATE if throws == "terminate" else d.error(ERRORS[0])
            way, other = d.xor(self.new("a")), d.end(self.new("e"), event)
            self.add(way, other)
            self.flow(last, way.id)
            self.flow(way.id, other.id, TRUE)
            self.flow(way.id, end, FALSE)
        else:
            self.flow(last, end)

    def handler(self, kind: str, interrupting: bool, plan: Plan) -> str:
        """An event sub-process."""
        name = self.new("h")
        begin = d.start(self.new("s"), self.event(kind))
        kept = "true" if interrupting or kind == "error" else "false"
        begin = d.Node(begin.id, begin.replace(" id=", f' isInterrupting="{kept}" id=', 1))
        return f'<bpmn:subProcess id="{name}" triggeredByEvent="true">{self.inside(plan, begin)}</bpmn:subProcess>'

    # Leaves

    def task(self, loop: str = "") -> tuple[str, str]:
        return self.add(d.user(self.new("t"), loop=LOOPS[loop]))

    def job(self, loop: str = "") -> tuple[str, str]:
        return self.add(d.service(self.new("j"), loop=LOOPS[loop]))

    def script(self, loop: str = "") -> tuple[str, str]:
        return self.add(d.script(self.new("x"), "=1", "x", loop=LOOPS[loop]))

    def brittle(self) -> tuple[str, str]:
        """Cannot go on until somebody mends it."""
        return self.add(d.script(self.new("x"), "=assert(mended, mended != null)", "y"))

    def timer(self) -> tuple[str, str]:
        return self.add(d.catch(self.new("c"), d.duration("PT1H")))

    def signal(self) -> tuple[str, str]:
        return self.add(d.catch(self.new("c"), d.signal(SIGNALS[1])))

    def calling(self) -> tuple[str, str]:
        """Tells whoever listens."""
        if self.quiet:
            return self.script()
        return self.add(d.throw(self.new("w"), d.signal(SIGNALS[0])))

    def quantity(self) -> tuple[str, str]:
        """Two tokens in the middle, one again behind."""
        many, one = d.user(self.new("t")), d.user(self.new("t"))
        many = d.Node(many.id, many.replace(" id=", ' completionQuantity="2" id=', 1))
        one = d.Node(one.id, one.replace(" id=", ' startQuantity="2" id=', 1))
        self.add(many, one)
        between = d.service(self.new("j"))
        self.add(between)
        self.line(many.id, between.id, one.id)
        return many.id, one.id

    def race(self) -> tuple[str, str]:
        gate, after = d.race(self.new("r")), d.xor(self.new("b"))
        events = [d.catch(self.new("c"), self.event(kind)) for kind in ("message", "timer", "signal")]
        self.add(gate, after, *events)
        for event in events:
            self.line(gate.id, event.id, after.id)
        return gate.id, after.id

    # Blocks around others

    def row(self, plans: list[Plan]) -> tuple[str, str]:
        made = [self.draw(plan) for plan in plans]
        for (_, before), (after, _) in itertools.pairwise(made):
            self.flow(before, after)
        return made[0][0], made[-1][1]

    def _branches(self, plans, opening: d.Node, closing: d.Node, conditions: Iterable[str]) -> tuple[str, str]:
        self.parts += [opening, closing]
        for plan, condition in zip(plans, conditions, strict=False):
            first, last = self.draw(plan)
            self.flow(opening.id, first, condition)
            self.flow(last, closing.id)
        return opening.id, closing.id

    def parallel(self, plans: list[Plan]) -> tuple[str, str]:
        return self._branches(plans, d.fork(self.new("f")), d.fork(self.new("g")), itertools.repeat(""))

    def inclusive(self, plans: list[Plan]) -> tuple[str, str]:
        conditions = itertools.cycle(["=true", TRUE, "=false"])
        return self._branches(plans, d.either(self.new("i")), d.either(self.new("k")), conditions)

    def choice(self, plans: list[Plan]) -> tuple[str, str]:
        conditions = itertools.chain([TRUE], itertools.repeat("=true"))
        return self._branches(plans, d.xor(self.new("a")), d.xor(self.new("b")), conditions)

    def enough(self, plans: list[Plan], number: int) -> tuple[str, str]:
        """Some of the branches are enough to go on; a complex gateway swallows the others."""
        closing = d.complexly(self.new("k"), f"=activationCount >= {min(number, len(plans))}")
        return self._branches(plans, d.fork(self.new("f")), closing, itertools.repeat(""))

    def again(self, plan: Plan) -> tuple[str, str]:
        """The block a second time."""
        name = self.new("n")
        count = d.script(self.new("x"), f"=if {name} = null then 1 else {name} + 1", name)
        merge, split, after = d.xor(self.new("a")), d.xor(self.new("b")), d.xor(self.new("b"))
        self.add(count, merge, split, after)
        first, last = self.draw(plan)
        self.line(merge.id, first)
        self.line(last, count.id, split.id)
        self.flow(split.id, merge.id, f"={name} < 2")
        self.flow(split.id, after.id, f"={name} >= 2")
        return merge.id, after.id

    def phase(self, plan, event, interrupting, loop, throws="", beside=None) -> tuple[str, str]:
        """A sub-process: an event at its border, another one beside its content, an end that throws."""
        made = d.sub(self.new("p"), self.inside(plan, throws=throws, beside=beside), loop=LOOPS[loop])
        return self.bordered(made, event, interrupting, throws)

    def called(self, plan, event, interrupting, loop, throws="", beside=None) -> tuple[str, str]:
        """The same as a process of its own, called."""
        name = self.new("P")
        self.shared.processes.append(d.drawn(self.inside(plan, throws=throws, beside=beside), identity=name))
        return self.bordered(d.call(self.new("p"), name, loop=LOOPS[loop]), event, interrupting, throws)

    def telling(self, plan: Plan, behavior: str) -> tuple[str, str]:
        """A multi-instance sub-process that throws as its instances complete."""
        if self.quiet:
            return self.phase(plan, "", False, "parallel")
        name = self.new("d")
        self.shared.definitions.append(d.signal(SIGNALS[0]).replace("Definition ", f'Definition id="{name}" '))
        throws = f' behavior="{behavior}" {behavior.lower()}BehaviorEventRef="{name}"'
        loop = d.each("=[1,2]").replace("Characteristics ", f"Characteristics{throws} ", 1)
        return self.bordered(d.sub(self.new("p"), self.inside(plan), loop=loop), "signal", False, "")

    def ad_hoc(self, plans: list[Plan], ordering: str, until: bool) -> tuple[str, str]:
        inner = Sketch(self.shared, quiet=self.quiet)
        for plan in plans:
            inner.row([("script",), plan])
        ended = f"<bpmn:completionCondition>{TRUE}</bpmn:completionCondition>" if until else ""
        name, inside = self.new("q"), "".join(inner.parts) + ended
        text = f'<bpmn:adHocSubProcess id="{name}" ordering="{ordering}">{inside}</bpmn:adHocSubProcess>'
        return self.add(d.Node(name, text))

    def bordered(self, made: d.Node, event: str, interrupting: bool, throws: str) -> tuple[str, str]:
        after = d.xor(self.new("b"))
        self.add(made, after)
        self.flow(made.id, after.id)
        kinds = {event: interrupting} | ({throws: interrupting or throws == "error"} if throws in CAUGHT else {})
        for kind, ends in kinds.items():
            if kind:
                self._border(made, after, kind, ends)
        return made.id, after.id

    def _border(self, made: d.Node, after: d.Node, kind: str, interrupting: bool) -> None:
        border = d.boundary(self.new("o"), made.id, self.event(kind), interrupting)
        handler = d.user(self.new("t"))
        self.add(border, handler)
        self.flow(border.id, handler.id)
        if interrupting:
            self.flow(handler.id, after.id)


CAUGHT = ("error", "escalation")


def diagram(plan: Plan, beside: Plan | None = None, laps: int = 0) -> bytes:
    """A process P of the plan, perhaps with a handler beside it; with laps, again and again behind a task `lap`."""
    sketch = Sketch()
    first, last = sketch.draw(("row", [("script",), plan]))
    begin, finish = d.start("S"), d.end("E")
    sketch.add(begin, finish)
    if beside is not None:
        sketch.parts.append(sketch.handler(*beside))
    if laps:
        merge, split = d.xor("M"), d.xor("L", default="out")
        count = d.script("count", "=if n = null then 1 else n + 1", "n")
        sketch.add(merge, d.user("lap"), count, split)
        sketch.line("S", "M", first)
        sketch.line(last, "lap", "count", "L")
        sketch.flow("L", "M", f"=n < {laps}")
        sketch.parts.append(d.flow("L", "E", "", "out"))
    else:
        sketch.line("S", first)
        sketch.line(last, "E")
    shared = sketch.shared
    drawn = [d.drawn(*sketch.parts), *shared.processes]
    return d.file(*shared.definitions, *drawn, messages=shared.messages, signals=SIGNALS, errors=ERRORS)
