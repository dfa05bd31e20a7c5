"""Repairs beside sending back: what may be skipped, moving a token, one more item for a loop."""

from __future__ import annotations

import pytest

from service.engine import steps
from service.engine.process import Limits
from service.errors import Conflict, InvalidDefinition, LimitExceeded, NotFound
from tests.engine.drawing import (
    assigned,
    boundary,
    call,
    chain,
    complexly,
    drawn,
    duration,
    each,
    either,
    end,
    file,
    files,
    fork,
    loop,
    message,
    service,
    start,
    sub,
    times,
    user,
)
from tests.engine.driver import Case


def one(node) -> bytes:
    return file(drawn(chain(start(), node, user("Z"), end())))


# What may be skipped


def test_a_plain_activity_may_be_skipped():
    case = Case(one(service("J")))
    assert case.why_not_skip("J") is None


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (user("A", assigned(candidateGroups="g"), approval="any"), "“A” is an approval"),
        (user("A", skip="no"), "the diagram says so at “A”"),
        (user("A", assigned(candidateGroups="g"), approval="all", loop=each("=[1]")), "“A” is an approval"),
    ],
)
def test_approvals_and_what_the_diagram_says_so_of_may_not(node, says):
    assert says in Case(one(node)).why_not_skip("A", "task")


def test_a_gate_may_not_nor_a_part_that_has_one_inside():
    build = sub("Build", chain(start("s"), user("A"), end("e")), phase="build", criterion_done="=done")
    case = Case(one(build))
    assert case.why_not_skip("A") is None
    assert "gate" in case.why_not_skip("Build", "inside")
    case.complete("A")
    assert "is a gate" in case.why_not_skip(case.open[0])


@pytest.mark.parametrize("how", [{"phase": "back-out"}, {"skip": "no"}])
def test_nor_anything_inside_a_back_out_or_a_part_that_says_so_called_processes_too(how):
    inner = drawn(chain(start(), sub("Deep", chain(start("s"), service("J"), end("e"))), end()), identity="Q")
    outer = drawn(chain(start(), sub("Part", chain(start("s"), call("Call", "Q"), end("e")), **how), end()))
    case = Case(files(outer, inner))
    assert "“J”" in case.why_not_skip("J")
    assert case.why_not_skip("Call", "inside") is not None


def test_a_phase_whose_inside_is_done_is_stuck_only_with_its_own_results():
    build = sub(
        "Build",
        chain(start("s"), user("A", assigned(candidateGroups="g"), approval="any"), end("e")),
        outputs={"x": '=assert(a, false, "no")'},
    )
    case = Case(one(build))
    assert case.why_not_skip("Build", "inside") is not None
    case.complete("A", a=1)
    assert case.open == ["Build:incident"]
    assert case.why_not_skip("Build", "incident") is None
    assert case.skip("Build", "incident").open == ["Z"]


def test_a_call_of_a_process_with_an_approval_may_not_be_skipped():
    inner = drawn(chain(start(), user("A", assigned(candidateGroups="g"), approval="any"), end()), identity="Q")
    case = Case(files(drawn(chain(start(), call("Call", "Q"), end())), inner))
    assert "approval" in case.why_not_skip("Call", "inside")


def test_the_property_is_yes_or_no():
    with pytest.raises(InvalidDefinition, match=r"tidegate\.skip is yes or no"):
        Case(one(user("A", skip="perhaps")))


# Moving a token

ROW = file(
    drawn(
        chain(start(), user("A"), sub("Part", chain(start("s"), user("B"), user("C"), end("e"))), user("D"), end()),
        boundary("T", "Part", duration("P1D")),
        chain("T", user("Late"), end("E2")),
    )
)


def test_a_token_moves_forward_and_back_in_its_scope():
    case = Case(ROW).move("A", "D")
    assert case.open == ["D"]
    assert case.story(case.facts) == ["xA", "+D"]
    case.move("D", "A")
    assert case.open == ["A"]
    assert case.move("A", "E").status == "completed"


def test_a_token_moves_into_a_part_which_is_entered_for_it():
    case = Case(ROW).move("A", "C")
    assert case.open == ["T:timer", "C"]
    assert case.story(case.facts) == ["xA", "+Part", "+C"]
    case.complete("C").complete("D")
    assert case.status == "completed"


def test_inside_a_part_and_out_of_it_only_with_the_part():
    case = Case(ROW).complete("A").move("B", "C")
    assert case.open == ["T:timer", "C"]
    with pytest.raises(NotFound, match="not inside"):
        case.move("C", "D")
    for track in case.tracks:
        track.command("move", ("Part", "inside", 0), "B", case.world)
    assert case._compare().open == ["T:timer", "B"]
    assert case.story(case.facts) == ["xC", "xPart", "+Part", "+B"]


def test_where_a_token_cannot_go():
    source = file(drawn(chain(start(), fork("F"), user("A"), fork("J"), user("Z"), end()), chain("F", user("B"), "J"),
                        boundary("T", "A", duration("P1D")), chain("T", end("E2"))))  # fmt: skip
    case = Case(source)
    with pytest.raises(Conflict):
        case.move("A", "T")
    with pytest.raises(NotFound):
        case.move("A", "Nowhere")
    with pytest.raises(Conflict):
        case.move("T", "Z")
    case.move("A", "Z").complete("B")
    assert sorted(case.open) == ["J:incident", "Z"]


JOINED = drawn(
    chain(start(), fork("F"), user("A"), user("A2"), fork("J"), user("Z"), end()), chain("F", user("B"), "J")
)


def test_what_is_moved_to_a_join_has_come_along_its_own_flow():
    case = Case(file(JOINED)).move("A", "J")
    assert case.open == ["B"]
    case.complete("B")
    assert case.open == ["Z"]
    other = Case(file(JOINED)).complete("B").move("A", "J")
    assert other.open == ["Z"]


def test_a_join_that_lacks_another_one_says_so():
    case = Case(file(JOINED)).complete("B").complete("A").complete("A2").move("Z", "J")
    assert case.open == ["J:incident"]
    assert case.skip("J", "incident").open == ["Z"]


@pytest.mark.parametrize("kind", [fork, either, lambda name: complexly(name, "=activationCount = 2")])
def test_a_part_that_begins_with_a_join_goes_on_behind_it(kind):
    inside = chain(start("s"), fork("F"), user("B"), kind("J"), user("Y"), end("e")) + chain("F", user("C"), "J")
    case = Case(file(drawn(chain(start(), user("A"), sub("Part", inside), end())))).move("A", "J")
    assert case.open == ["Y"]
    assert case.complete("Y").status == "completed"


@pytest.mark.parametrize("kind", [either, lambda name: complexly(name, "=activationCount = 2")])
def test_other_joins_take_what_is_moved_to_them_too(kind):
    row = chain(start(), fork("F"), user("A"), kind("J"), user("Z"), end()) + chain("F", user("B"), "J")
    case = Case(file(drawn(row))).move("A", "J")
    assert case.complete("B").open == ["Z"]
    assert case.complete("Z").status == "completed"


def test_an_activity_that_takes_several_tokens_takes_one_that_is_moved_to_it_with_those_that_still_come():
    two = user("T").replace("<bpmn:userTask ", '<bpmn:userTask startQuantity="2" ')
    row = chain(start(), fork("F"), user("A"), "T") + two + chain("T", user("Z"), end()) + chain("F", user("B"), "T")
    case = Case(file(drawn(row))).move("A", "T")
    assert case.open == ["B"]
    assert case.complete("B").open == ["T"]
    case.complete("T").move("Z", "T")
    assert case.open == ["T"]  # nobody else can come


def test_one_of_several_moves_only_with_the_others():
    case = Case(one(user("A", loop=times("2"))))
    with pytest.raises(Conflict, match="move the whole loop"):
        case.move("A", "Z")
    for track in case.tracks:
        track.command("move", ("A", "inside", 0), "Z", case.world)
    assert case._compare().open == ["Z"]


# One more item


def wave(sequential: bool, **more) -> bytes:
    looped = each("=items", into="results", of="=r", sequential=sequential, **more)
    return one(user("A", loop=looped))


def test_a_parallel_loop_gets_one_more_child_and_collects_it_in_its_place():
    case = Case(wave(False), {"items": ["a", "b"]}).complete("A", r="first").add("A", {"name": "c"})
    assert case.open == ["A", "A"]
    assert case.of(steps.Entered, "A")[-1].loop_index == 3
    assert case.variables("A", 1)["item"] == {"name": "c"}
    case.complete("A", 1, r="third").complete("A", r="second")
    assert case.variables()["results"] == ["first", "second", "third"]
    assert case.open == ["Z"]


def test_a_sequential_loop_takes_it_last():
    case = Case(wave(True), {"items": ["a"]}).add("A", "b").complete("A", r=1)
    assert case.variables("A")["item"] == "b"
    assert case.complete("A", r=2).variables()["results"] == [1, 2]
    assert case.open == ["Z"]


def test_the_condition_for_enough_counts_it():
    case = Case(wave(False, until="=numberOfCompletedInstances >= numberOfInstances / 2"), {"items": [1, 2]})
    case.add("A", 3).complete("A", r=1)
    assert case.open == ["A", "A"]
    assert case.complete("A", r=2).open == ["Z"]


def test_a_loop_by_number_gets_one_more_and_its_boundary_events_stay():
    row = chain(start(), user("A", loop=times("1")), user("Z"), end())
    reminder = boundary("M", "A", message("m"), False) + chain("M", end("E2"))
    source = file(drawn(row, reminder), messages={"m": ""})
    case = Case(source).add("A", None)
    assert sorted(case.open) == ["A", "A", "M:message"]
    assert case.complete("A").complete("A").open == ["Z"]


def test_what_is_no_running_loop_gets_no_item():
    with pytest.raises(Conflict):
        Case(one(user("A", loop=loop("=true", 2)))).add("A", 1)
    with pytest.raises(Conflict):
        Case(one(sub("A", chain(start("s"), user("B"), end("e"))))).add("A", 1)
    case = Case(wave(False), {"items": [1, 2]}, limits=Limits(items=2))
    with pytest.raises(LimitExceeded):
        case.add("A", 3)
