"""Any graph at all, also one that gets stuck or never ends: no command breaks the engine, and both runs agree."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from service.engine import definitions, process, steps
from tests.engine import drawing as d
from tests.engine.driver import Case
from tests.support.exploring import examples

KINDS = {
    "t": d.user,
    "j": d.service,
    "x": lambda name: d.script(name, "=if n = null then 1 else n + 1", "n"),
    "a": d.xor,
    "f": d.fork,
    "i": d.either,
    "c": lambda name: d.catch(name, d.duration("PT1H")),
    "m": lambda name: d.catch(name, d.message("go")),
}
CONDITIONS = ["=n > 2", "=n = null or n < 2", "=true", "=missing > 1"]
LIMITS = process.Limits(steps=60)


@st.composite
def graphs(draw) -> bytes:
    """Some nodes, flows at random between them, events at some borders."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=9))
    names = [f"{kind}{number}" for number, kind in enumerate(kinds)]
    parts: list[str] = [d.start("S"), d.end("E"), *(KINDS[name[0]](name) for name in names)]
    tree = [(draw(st.sampled_from(names[:number])), name) for number, name in enumerate(names) if number]
    more = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from([*names, "E"])), max_size=8))
    flows = [("S", names[0]), *dict.fromkeys([*tree, (names[-1], "E"), *more])]
    leaving = {name: [t for s, t in flows if s == name] for name in names}
    for number, (source, target) in enumerate(flows):
        several = source[0] in "ai" and len(leaving[source]) > 1
        condition = draw(st.sampled_from(CONDITIONS)) if several else ""
        parts.append(d.flow(source, target, condition, f"q{number}"))
    for name in (name for name in names if name[0] in "tj"):
        kind = draw(st.sampled_from(["", "", "timer", "message"]))
        if kind:
            event = d.duration("PT2H") if kind == "timer" else d.message("go")
            border = d.boundary(f"b{name}", name, event, draw(st.booleans()))
            parts += [border, d.flow(border.id, draw(st.sampled_from([*names, "E"])), "", f"w{name}")]
    return d.file(d.drawn(*parts), messages={"go": ""})


@examples(60)
@given(source=graphs(), data=st.data())
def test_no_graph_breaks_the_engine(source, data):
    assume(not [p for p in definitions.check("t.bpmn", source) if p.severity == "error"])
    case = Case(source, limits=LIMITS)
    for _ in range(12):
        able = [place for place in case.tracks[0].open() if place[1] != "join"]
        if case.status != "active" or not able:
            break
        element, kind = data.draw(st.sampled_from(able))
        if kind == "timer":
            case.until(max(case.world.now, case.step.next_due))
        elif kind == "incident":
            case.retry(element) if data.draw(st.booleans()) else case.set(n=0, missing=2)
        else:
            {"task": case.complete, "job": case.finish, "message": case.deliver}[kind](element)
    if case.status == "active":
        case.cancel()
    left = {f.ref for f in case.of(steps.Left)}
    assert {f.ref for f in case.of(steps.Entered)} == left
    assert case.tracks[0].instance._board.tokens == {}
