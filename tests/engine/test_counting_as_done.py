"""What counts as done where a run is sent back: stand-ins at joins, complex gateways and start quantities."""

from __future__ import annotations

import pytest

from service.engine import steps
from service.errors import Conflict
from tests.engine.drawing import (
    boundary,
    chain,
    complexly,
    drawn,
    end,
    file,
    flow,
    fork,
    message,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import Case
from tests.engine.test_sending_back import BRANCHES, ROW, ends, guarded

AT_ONCE = chain(start("s"), fork("F"), user("A"), fork("J"), user("B"), end("e")) + chain("F", user("C"), "J")


@pytest.mark.parametrize("interrupted", [False, True])
def test_where_a_part_is_entered_again_in_its_middle_what_stands_beside_that_counts_as_done(interrupted):
    row = chain(start(), sub("Part", AT_ONCE), user("Z"), end())
    source = file(drawn(row, boundary("Stop", "Part", message("stop")), chain("Stop", "Z")), messages={"stop": ""})
    case = Case(source)
    case = case.deliver("Stop") if interrupted else case.complete("A").complete("C").complete("B")
    assert case.open == ["Z"]
    case.back("A")
    assert case.open == ["Stop:message", "A"]
    case.complete("A")
    assert case.open == ["Stop:message", "B"]
    case.complete("B").complete("Z")
    assert case.status == "completed"


def test_a_branch_that_counted_as_done_can_be_sent_back_itself():
    case = Case(BRANCHES).complete("P0").complete("A").complete("B").complete("A2").back("A").back("B")
    assert sorted(case.open) == ["A", "B"]
    case.complete("A").complete("A2")
    assert case.open == ["B"]
    ends(case)


def test_what_counted_as_done_is_gone_when_nobody_needs_it():
    escape = boundary("Stop", "A2", message("stop")) + chain("Stop", end("E2"))
    text = BRANCHES.decode().replace("</bpmn:process>", escape + "</bpmn:process>", 1)
    source = file(text[text.index("<bpmn:process") : text.index("</bpmn:process>") + 15], messages={"stop": ""})
    case = Case(source).complete("P0").complete("A").complete("B").complete("A2")
    case.back("A").complete("A").deliver("Stop")
    assert case.status == "completed"
    assert case.of(steps.IncidentRaised) == []


ENDS = file(
    drawn(
        chain(start(), fork("F"), user("A"), user("A2"), end()),
        chain("F", user("B"), user("B2"), end("E2")),
        chain("F", xor("G", default="G_C"), user("C"), end("E3")),
        flow("G", "D", "=never") + chain(user("D"), end("E4")),
    )
)


def test_a_branch_that_has_ended_begins_anew_while_another_one_is_open():
    case = Case(ENDS, {"never": False}).complete("A").complete("A2").complete("C").complete("B").back("A")
    assert sorted(case.open) == ["A", "B2"]
    assert case.story(case.facts) == ["+A"]
    ends(case)
    assert case.path.count("A2") == 2


def test_what_is_over_is_over():
    case = Case(ROW).complete("A").complete("B").complete("C")
    assert case.status == "completed"
    with pytest.raises(Conflict):
        case.back("A")


def test_what_still_comes_is_not_entered_beside_what_brings_it():
    case = Case(ENDS, {"never": False}).complete("A").complete("A2").complete("C")
    with pytest.raises(Conflict, match="Nothing that is open comes after"):
        case.back("B2")


def test_an_event_sub_process_begins_with_its_event_alone():
    case = Case(guarded(True)).complete("A").deliver("sHandler").complete("H")
    for target in ("Handler", "H"):
        with pytest.raises(Conflict, match="begins with its event"):
            case.back(target)


def takes(number: int) -> bytes:
    wanting = user("T").replace("<bpmn:userTask ", f'<bpmn:userTask startQuantity="{number}" ')
    branches = chain("F", user("B"), "T"), chain("F", user("C"), "T")
    return file(drawn(chain(start(), user("P0"), fork("F"), user("A"), "T"), *branches, wanting, chain("T", end())))


def test_an_activity_that_takes_several_tokens_gets_those_again_that_it_has_taken():
    case = Case(takes(3)).complete("P0").complete("A").complete("B").complete("C")
    assert case.open == ["T"]
    assert case.back("A").open == ["A"]
    ends(case)
    assert case.path.count("T") == 2


def test_it_waits_for_those_that_still_come_and_keeps_those_that_wait():
    case = Case(takes(3)).complete("P0").complete("A").complete("B").back("A")
    assert sorted(case.open) == ["A", "C"]
    case.complete("A")
    assert case.open == ["C"]
    ends(case)
    assert (case.path.count("A"), case.path.count("B"), case.path.count("T")) == (2, 1, 1)


def test_from_before_the_branches_it_takes_what_they_bring():
    case = Case(takes(3)).complete("P0").complete("A").complete("B").complete("C").back("P0").complete("P0")
    assert sorted(case.open) == ["A", "B", "C"]
    ends(case)
    assert case.path.count("T") == 2


def test_one_of_the_tokens_of_an_activity_that_gives_several_is_sent_back():
    many = user("M").replace("<bpmn:userTask ", '<bpmn:userTask completionQuantity="2" ')
    one = user("T").replace("<bpmn:userTask ", '<bpmn:userTask startQuantity="2" ')
    drawing = start() + many + user("J") + one + end()
    flows = flow("S", "M") + flow("M", "J") + flow("J", "T") + flow("T", "E")
    case = Case(file(drawn(drawing, flows))).complete("M").complete("J").back("J")
    assert case.open == ["J"]
    ends(case)


@pytest.mark.parametrize("condition", ["=activationCount >= 2", "=activationCount = 2", "=activationCount = 3"])
def test_a_complex_gateway_that_has_gone_on_counts_what_it_had(condition):
    gate = complexly("K", condition)
    branches = chain("F", user("B"), "K"), chain("F", user("C"), "K")
    case = Case(file(drawn(chain(start(), fork("F"), user("A"), gate, user("Z"), end()), *branches)))
    for task in "ABC":
        case.complete(task)
    assert case.open == ["Z"]
    assert case.back("A").open == ["A"]
    case.complete("A")
    assert case.open == ["Z"]
    ends(case)
    assert case.path.count("Z") == 2


def test_a_loop_around_does_not_make_an_activity_wait_for_tokens_that_need_it():
    one = user("T").replace("<bpmn:userTask ", '<bpmn:userTask startQuantity="2" ')
    row = (start(), xor("M"), fork("F"), fork("F2"), user("A"), "T", fork("J"), xor("G", default="G_E"), end())
    source = file(
        drawn(one, chain(*row), chain("F2", user("B"), "T"), chain("F", user("C"), "J"), flow("G", "M", "=again"))
    )
    case = Case(source, {"again": False}).complete("A").complete("B")
    assert sorted(case.open) == ["C", "T"]
    ends(case.back("A").complete("C"))
    assert case.of(steps.IncidentRaised) == []


def test_what_a_complex_gateway_swallows_is_not_waited_for():
    inner = chain("F", fork("F2"), user("B"), complexly("K", "=activationCount >= 1"), "J") + chain(
        "F2", user("C"), "K"
    )
    row = chain(start(), fork("F"), user("A"), fork("J"), end())
    case = Case(file(drawn(row, inner))).complete("B").complete("A")
    assert sorted(case.open) == ["C", "K:join"]
    case.back("A").complete("A").complete("C")
    assert case.status == "completed"
    assert case.of(steps.IncidentRaised) == []
