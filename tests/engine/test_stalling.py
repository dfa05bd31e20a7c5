"""Nobody waits in silence: a join that nothing can complete any more is an incident that says what is missing."""

from __future__ import annotations

from service.engine import steps
from service.engine.process import Limits
from tests.engine.drawing import (
    boundary,
    call,
    chain,
    complexly,
    drawn,
    duration,
    either,
    end,
    file,
    files,
    flow,
    fork,
    message,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import Case

HALF = chain(start(), user("A"), xor("G"), fork("J"), user("Z"), end()).replace(flow("G", "J"), "")
HALF += flow("G", "J", "=left") + flow("G", "H", "=not(left)") + chain(user("H"), "J")


def missing(case: Case) -> str:
    (found,) = [f for f in case.facts if isinstance(f, steps.IncidentRaised)]
    assert found.code == "nothing-comes"
    return found.message


def test_a_join_behind_a_choice_waits_for_help_and_says_for_what():
    case = Case(file(drawn(HALF))).complete("A", left=True)
    assert case.open == ["J:incident"]
    assert "“H”" in missing(case)
    assert case.story(case.facts) == ["-A", "+G", "-G", "+J"]


def test_trying_again_looks_again_and_skipping_goes_on_with_what_is_there():
    case = Case(file(drawn(HALF))).complete("A", left=True).retry("J")
    assert case.open == ["J:incident"]
    case.skip("J", "incident")
    assert case.open == ["Z"]
    assert case.story(case.facts) == ["~J", "+Z"]
    assert case.complete("Z").status == "completed"


def test_sending_back_leads_out_of_it_too():
    case = Case(file(drawn(HALF))).complete("A", left=True).back("A")
    assert case.story(case.facts) == ["xJ", "+A"]


def test_other_waits_around_it_do_not_hide_it():
    inside = HALF.replace('id="S"', 'id="s"').replace('sourceRef="S"', 'sourceRef="s"').replace('id="S_A"', 'id="s_a"')
    source = file(
        drawn(
            chain(start(), sub("Part", inside), user("Y"), end("E9")),
            boundary("Stop", "Part", message("stop")),
            boundary("Late", "Part", duration("P1D"), False),
            chain("Stop", end("E2")),
            chain("Late", end("E3")),
        ),
        messages={"stop": ""},
    )
    case = Case(source).complete("A", left=False)
    assert case.open == ["Stop:message", "Late:timer", "H"]
    case.complete("H")
    assert "“G”" in missing(case)


def test_a_join_that_a_token_can_still_reach_waits_in_peace():
    again = chain(start(), fork("F"), user("A"), xor("G", default="G_J"), fork("J"), user("Z"), end())
    case = Case(file(drawn(again, chain("F", user("B"), "J"), flow("G", "A", "=again"))))
    case.complete("B").complete("A", again=True)
    assert case.open == ["A"]
    case.complete("A", again=False).complete("Z")
    assert case.status == "completed"
    assert case.of(steps.IncidentRaised) == []


def test_a_token_with_an_incident_can_still_be_helped_to_a_join():
    source = chain(start(), fork("F"), user("A"), xor("G"), fork("J"), user("Z"), end()).replace(flow("G", "J"), "")
    case = Case(file(drawn(source, chain("F", user("B"), "J"), flow("G", "J", "=ok"))))
    case.complete("B").complete("A")
    assert case.open == ["G:incident"]
    case.set(None, ok=True).retry("G")
    assert case.open == ["Z"]


def two_that_wait_for_each_other(kind) -> bytes:
    return file(
        drawn(
            chain(start(), fork("F"), user("A"), kind("J1"), xor("G1"), kind("J2"), xor("G2")),
            chain("F", user("B"), "J2"),
            flow("G2", "J1", "=true", "back"),
            flow("G1", "E1", "=done"),
            flow("G2", "E2", "=done"),
            end("E1"),
            end("E2"),
        ).replace(flow("G1", "J2"), flow("G1", "J2", "=true"))
    )


def test_two_joins_that_wait_for_each_other():
    case = Case(two_that_wait_for_each_other(fork)).complete("A")
    assert case.open == ["B"]
    case.complete("B")
    assert case.open == ["J1:incident"]


def test_two_inclusive_joins_that_wait_for_each_other():
    case = Case(two_that_wait_for_each_other(either), limits=Limits(steps=200)).complete("A")
    assert case.status == "active"
    case.complete("B")
    assert any(":incident" in place for place in case.open), case.open


def test_in_a_called_process_too():
    inner = drawn(HALF.replace('id="Z"', 'id="Z2"').replace('"Z"', '"Z2"'), identity="Q")
    case = Case(files(drawn(chain(start(), call("Call", "Q"), end())), inner)).complete("A", left=True)
    assert case.open == ["J:incident"]


def test_an_activity_that_takes_more_tokens_than_can_come():
    wants = user("Z").replace("<bpmn:userTask ", '<bpmn:userTask startQuantity="3" ')
    source = file(
        drawn(chain(start(), fork("F"), user("A"), "Z"), chain("F", user("B"), "Z"), wants, chain("Z", end()))
    )
    case = Case(source).complete("A")
    assert case.open == ["B"]
    case.complete("B")
    assert case.open == ["Z:incident"]
    case.skip("Z", "incident")
    assert case.open == ["Z"]
    case.complete("Z")
    assert case.status == "completed"


def test_a_complex_gateway_that_wants_more_than_can_come():
    three = complexly("J", "=activationCount = 3")
    source = file(drawn(chain(start(), fork("F"), user("A"), three, user("Z"), end()), chain("F", user("B"), "J")))
    case = Case(source).complete("A")
    assert sorted(case.open) == ["B", "J:join"]
    case.complete("B")
    assert sorted(case.open) == ["J:incident", "J:join"]
