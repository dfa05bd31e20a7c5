"""Every kind of event at every place where it may be caught, interrupting or not: who goes on, who does not."""

from __future__ import annotations

import pytest

from service.usecases.play import play
from tests.engine.drawing import (
    TERMINATE,
    Node,
    boundary,
    call,
    catch,
    chain,
    condition,
    drawn,
    duration,
    end,
    error,
    escalation,
    file,
    fork,
    handler,
    loop,
    message,
    script,
    signal,
    start,
    sub,
    throw,
    times,
)
from tests.usecases.test_play_patterns import played, step, times_left

CAUGHT = {
    "signal": signal("s"),
    "escalation": escalation("E1"),
    "message": message("m"),
    "timer": duration("PT10M"),
    "condition": condition("=flag = true"),
    "error": error("E1"),
}
BOTH = [(kind, interrupting) for kind in CAUGHT for interrupting in (True, False) if interrupting or kind != "error"]
ROOT = {"messages": {"m": ""}, "signals": ("s",), "errors": ("E1",)}


def happening(kind: str) -> list[Node]:
    """What makes an event of this kind happen, and what comes behind: an hour later, the step After."""
    if kind == "error":
        return [end("T", CAUGHT[kind])]
    causes = {"timer": catch("T", duration("PT1H")), "condition": script("T", "=true", "flag")}
    return [causes.get(kind) or throw("T", CAUGHT[kind]), catch("W", duration("PT1H")), step("After")]


def expected(kind: str, interrupting: bool, caught: str) -> dict[str, int]:
    told = {"A": 1, caught: 1} | ({} if interrupting else {"After": 1})
    return told | ({"T": 1} if kind == "condition" else {})


@pytest.mark.parametrize("place", ["sub-process", "transaction", "nested", "called"])
@pytest.mark.parametrize(("kind", "interrupting"), BOTH)
def test_at_the_border_of(tmp_path, place, kind, interrupting):
    inside = chain(start("s"), step("A"), *happening(kind))
    hosts = {
        "sub-process": lambda: sub("P1", inside),
        "transaction": lambda: sub("P1", inside, tag="transaction"),
        "nested": lambda: sub("P1", chain(start("o"), sub("P2", inside), end("oe"))),
        "called": lambda: call("P1", "Q"),
    }
    border = boundary("X", "P1", CAUGHT[kind], interrupting) + chain("X", step("Caught"))
    called = drawn(inside, identity="Q") if place == "called" else ""
    source = file(drawn(chain(start(), hosts[place](), step("Behind"), end()), border), called, **ROOT)
    code, lines = played(tmp_path, source)
    told = expected(kind, interrupting, "Caught") | ({} if interrupting else {"Behind": 1})
    if (place, kind) == ("called", "condition"):  # the caller does not see the variables of what it calls
        told = {"A": 1, "T": 1, "After": 1, "Behind": 1}
    assert (code, times_left(lines)) == (play.COMPLETED, told)


@pytest.mark.parametrize("place", ["process", "sub-process", "transaction", "each instance", "each lap"])
@pytest.mark.parametrize(("kind", "interrupting"), BOTH)
def test_by_an_event_sub_process_in(tmp_path, place, kind, interrupting):
    several = place.startswith("each")
    inside = '<bpmn:property id="p" name="flag"/>' * several + chain(start("s"), step("A"), *happening(kind))
    inside += handler("H", CAUGHT[kind], step("Caught"), interrupting=interrupting)
    around = {
        "process": lambda: inside,
        "sub-process": lambda: chain(start(), sub("P1", inside), end()),
        "transaction": lambda: chain(start(), sub("P1", inside, tag="transaction"), end()),
        "each instance": lambda: chain(start(), sub("P1", inside, loop=times("2", sequential=True)), end()),
        "each lap": lambda: chain(start(), sub("P1", inside, loop=loop("", 2)), end()),
    }
    code, lines = played(tmp_path, file(drawn(around[place]()), **ROOT))
    once = expected(kind, interrupting, "Caught")
    assert (code, times_left(lines)) == (play.COMPLETED, dict.fromkeys(once, 2 if several else 1))


def test_a_terminate_end_ends_the_scope_that_it_stands_in_and_no_other(tmp_path):
    inside = chain(start("s"), fork("F"), step("A"), end("T", TERMINATE)) + chain(
        "F", catch("W", duration("PT1H")), step("No")
    )
    body = chain(start(), sub("P1", inside, loop=times("2")), step("B"), end())
    assert times_left(played(tmp_path, file(drawn(body)))[1]) == {"A": 2, "B": 1}
