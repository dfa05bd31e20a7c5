"""Activities that take several tokens to begin, or send several when they end."""

from __future__ import annotations

import pytest

from service.engine import steps
from tests.engine.diagrams import around, codes, diagram
from tests.engine.drawing import (
    boundary,
    chain,
    drawn,
    duration,
    each,
    end,
    file,
    flow,
    fork,
    script,
    start,
    user,
    xor,
)
from tests.engine.driver import Case


def amount(node: str, **quantities: int) -> str:
    text = "".join(f' {name}Quantity="{number}"' for name, number in quantities.items())
    return type(node)(node.id, node.replace(" id=", f"{text} id=", 1))


def test_tokens_of_any_flows_are_counted_until_there_are_enough():
    three = chain(start(), fork("F"), user("A"), "T"), chain("F", user("B"), "T"), chain("F", user("C"), "T")
    case = Case(file(drawn(*three, amount(user("T"), start=3), chain("T", end()))))
    case.complete("A").complete("C")
    assert case.open == ["B"]
    assert case.complete("B").open == ["T"]
    assert case.complete("T").status == "completed"
    assert case.path.count("T") == 1


def test_tokens_beyond_what_it_takes_wait_for_the_next_time():
    body = chain(start(), amount(user("A"), completion=5), amount(user("T"), start=2), end())
    case = Case(file(drawn(body))).complete("A")
    assert case.open == ["T:incident", "T", "T"]  # the fifth, and nobody else can come
    assert len(case.tracks[0].instance._board.tokens) == 3


def test_as_many_tokens_leave_as_are_drawn_along_each_flow_that_is_taken():
    task = amount(user("A"), completion=2)
    flows = flow("A", "B", "=true"), flow("A", "C", "=false"), flow("A", "D")
    case = Case(file(drawn(chain(start(), task), *flows, user("B"), user("C"), user("D")))).complete("A")
    assert sorted(case.open) == ["B", "B", "D", "D"]
    case.complete("B").complete("B").complete("D").complete("D")
    assert case.status == "completed"


def test_a_loop_sends_its_tokens_when_it_is_over():
    task = amount(user("A", loop=each("=[1, 2]")), completion=3)
    case = Case(file(drawn(chain(start(), task, user("B"), end())))).complete("A")
    assert case.open == ["A"]
    assert case.complete("A").open == ["B"] * 3


def test_an_activity_with_events_at_its_border_gathers_in_front_of_it():
    task = amount(user("A"), start=2, completion=2)
    body = chain(start(), fork("F"), task, end()), flow("F", "A", identity="again")
    case = Case(file(drawn(*body, boundary("B", "A", duration("PT1H")), chain("B", end("E2")))))
    assert sorted(case.open) == ["A", "B:timer"]
    assert len(case.of(steps.TimerArmed)) == 1
    case.complete("A")
    assert case.path.count("E") == 2


def test_what_an_interrupted_activity_would_send_is_not_sent():
    task = amount(user("A"), completion=2)
    case = Case(file(drawn(chain(start(), task, end()), boundary("B", "A", duration("PT1H")), chain("B", end("E2")))))
    assert case.wait(hours=1).status == "completed"
    assert case.path == ["S", "A", "B", "E2"]


def test_counting_starts_anew_in_each_lap():
    count = script("X", "=if n = null then 1 else n + 1", "n")
    body = chain(start(), xor("M"), count, fork("F"), amount(user("A"), start=2), xor("G", default="G_E"), end())
    case = Case(file(drawn(body, flow("F", "A", identity="again"), flow("G", "M", "=n < 20"))))
    for _ in range(20):
        assert case.open == ["A"]
        case.complete("A")
    assert case.status == "completed"


@pytest.mark.parametrize("text", ["0", "-1", "two", "101", "99999999999999999999"])
def test_what_is_no_sensible_number_is_refused(text):
    assert codes(diagram(around(f'<bpmn:task id="T" completionQuantity="{text}"/>'))) == ["token-quantity"]
