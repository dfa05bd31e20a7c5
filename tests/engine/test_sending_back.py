"""Sending back to an earlier activity: what ends, what goes on, what joins get again, and that nothing runs twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.engine import steps
from service.errors import Conflict, NotFound
from tests.engine.drawing import (
    boundary,
    call,
    catch,
    chain,
    drawn,
    duration,
    each,
    either,
    end,
    error,
    file,
    files,
    flow,
    fork,
    handler,
    loop,
    message,
    race,
    script,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import Case

ROW = file(
    drawn(
        chain(start(), user("A"), user("B"), user("C"), end()),
        boundary("T", "B", duration("P3D"), False),
        chain("T", user("N"), end("E2")),
    )
)
BRANCHES = file(
    drawn(
        chain(start(), user("P0"), fork("F"), user("A"), user("A2"), fork("J"), user("Z"), end()),
        chain("F", user("B"), "J"),
    ),
)
NESTED = file(
    drawn(
        chain(start(), fork("F"), fork("F2"), user("A"), fork("J2"), user("D"), fork("J"), user("X"), end()),
        chain("F2", user("B"), "J2"),
        chain("F", user("C"), "J"),
    )
)


def ends(case: Case) -> Case:
    """Do every task until the end; none may be open twice meanwhile."""
    for _ in range(30):
        if case.status != "active":
            break
        assert len(set(case.open)) == len(case.open), case.open
        case.complete(next(name for name in case.open if ":" not in name))
    assert case.status == "completed", case.open
    return case


def test_in_a_row_the_earlier_task_opens_again_and_the_later_one_is_withdrawn():
    case = Case(ROW).complete("A").back("A")
    assert case.open == ["A"]
    assert case.story(case.facts) == ["xB", "+A"]
    assert [type(f) for f in case.facts if f.element == "T"] == [steps.TimerDisarmed]
    case.complete("A")
    assert case.open == ["B", "T:timer"]
    ends(case)
    assert case.path == ["S", "A", "B", "A", "B", "C", "E"]


def test_an_open_task_can_begin_anew():
    case = Case(ROW).complete("A").wait(days=1).back("B")
    assert case.story(case.facts) == ["xB", "+B"]
    first, second = case.of(steps.TimerArmed)
    assert second.due_at - first.due_at == timedelta(days=1)
    ends(case)


def test_a_reminder_that_still_runs_belongs_to_the_activity_that_is_left():
    case = Case(ROW).complete("A").wait(days=3)
    assert case.open == ["B", "N"]
    ends(case.back("A"))
    assert case.path.count("N") == 1


@pytest.mark.parametrize("order", [("A", "A2", "B"), ("B", "A", "A2")])
@pytest.mark.parametrize("target", ["A", "A2", "B"])
def test_behind_a_join_only_the_branch_that_is_sent_back_runs_again(order, target):
    case = Case(BRANCHES).complete("P0")
    for task in order:
        case.complete(task)
    assert case.open == ["Z"]
    case.back(target)
    assert case.open == [target]
    ends(case)
    again = {"A": ["A", "A2", "J", "Z"], "A2": ["A2", "J", "Z"], "B": ["B", "J", "Z"]}[target]
    assert case.path[-len(again) - 1 :] == [*again, "E"]


def test_before_the_fork_all_branches_run_again():
    case = Case(BRANCHES).complete("P0").complete("A").complete("B").back("P0")
    assert case.open == ["P0"]
    ends(case)
    assert [case.path.count(name) for name in ("A", "A2", "B", "J")] == [2, 2, 2, 1]


def test_a_branch_beside_goes_on_and_one_that_waits_at_the_join_stays_there():
    case = Case(BRANCHES).complete("P0").complete("A").back("A")
    assert sorted(case.open) == ["A", "B"]
    assert "xB" not in case.story()
    ends(case)
    case = Case(BRANCHES).complete("P0").complete("B").complete("A").back("A")
    assert case.open == ["A"]
    ends(case)
    assert case.path.count("B") == 1


def test_a_join_that_was_not_passed_gets_nothing_for_a_branch_that_ended_elsewhere():
    source = file(
        drawn(
            chain(start(), fork("F"), user("A"), user("A2"), fork("J"), user("Z"), end()),
            chain("F", user("B"), xor("G", default="G_E2"), end("E2")),
            flow("G", "J", "=false"),
        )
    )
    case = Case(source).complete("B").complete("A").back("A").complete("A").complete("A2")
    assert case.open == ["J:incident"]


def test_a_branch_that_waits_at_the_join_is_sent_back_out_of_it():
    case = Case(BRANCHES).complete("P0").complete("B").back("B")
    assert sorted(case.open) == ["A", "B"]
    ends(case)
    assert case.path.count("J") == 1


@pytest.mark.parametrize(("target", "again"), [("A", "ADX"), ("B", "BDX"), ("C", "CX"), ("D", "DX")])
def test_nested_joins_get_what_they_lack_and_no_more(target, again):
    case = Case(NESTED)
    for task in "ABDC":
        case.complete(task)
    case.back(target)
    assert case.open == [target]
    ends(case)
    tasks = [name for name in case.path if name in "ABCDX"]
    assert "".join(tasks[5:]) == again


def test_a_loop_around_the_branches_does_not_make_them_look_like_what_comes_behind():
    branches = (fork("F"), fork("F2"), user("A"), fork("J2"), user("D"), fork("J"))
    source = file(
        drawn(
            chain(start(), xor("M"), *branches, user("X"), xor("G", default="G_E"), end()),
            chain("F2", user("B"), "J2"),
            chain("F", user("C"), "J"),
            flow("G", "M", "=again"),
        )
    )
    case = Case(source).complete("A").complete("B")
    assert sorted(case.open) == ["C", "D"]
    case.back("A")
    assert sorted(case.open) == ["A", "C"]
    case.complete("A").complete("C").complete("D")
    assert case.open == ["X"]
    case.back("C")
    assert case.open == ["C"]
    case.complete("C").complete("X", again=True)
    assert sorted(case.open) == ["A", "B", "C"]
    for task in "ABDC":
        case.complete(task)
    case.back("B").complete("B").complete("D").complete("X", again=False)
    assert case.status == "completed"


def test_an_inclusive_join_decides_by_looking():
    source = file(
        drawn(
            chain(start(), either("I"), either("K"), user("Z"), end()).replace(flow("I", "K"), ""),
            *(flow("I", name, "=true") + chain(user(name), "K") for name in "ABC"),
        )
    )
    case = Case(source).complete("A").complete("B").complete("C")
    assert case.open == ["Z"]
    case.back("A")
    assert case.open == ["A"]
    ends(case)
    assert case.path.count("Z") == 2


BUILD = sub("Build", chain(start("s1"), user("A"), user("B"), end("e1")), phase="build", deadline="P5D")
TEST = sub("Test", chain(start("s2"), user("T"), end("e2")), phase="test")
PHASES = file(
    drawn(
        chain(start(), BUILD, TEST, user("Z"), end()),
        boundary("Stop", "Build", message("stop")),
        chain("Stop", user("Stopped"), end("E2")),
    ),
    messages={"stop": ""},
)


def test_a_finished_phase_begins_anew_at_its_start():
    case = Case(PHASES).complete("A").complete("B")
    assert case.open == ["T"]
    case.wait(days=2).back("Build")
    assert case.open == ["Stop:message", "A"]
    kinds = {type(f): f for f in case.facts}
    assert kinds[steps.PhaseLeft].outcome == "cancelled"
    assert kinds[steps.PhaseEntered].phase == "build"
    assert (kinds[steps.DeadlineSet].due_at - case.world.now).days == 5
    ends(case)
    assert [f.phase for f in case.of(steps.PhaseEntered)] == ["build", "test", "build", "test"]


def test_a_finished_phase_begins_anew_at_one_of_its_activities_with_its_events_armed():
    case = Case(PHASES).complete("A").complete("B").complete("T").back("B")
    assert case.open == ["Stop:message", "B"]
    assert [f.phase for f in case.of(steps.PhaseEntered)] == ["build", "test", "build"]
    assert case.of(steps.Entered, "B")[-1].parent == case.of(steps.Entered, "Build")[-1].ref
    case.deliver("Stop")
    assert case.open == ["Stopped"]
    ends(case)


def test_inside_an_open_phase_the_phase_itself_goes_on():
    case = Case(PHASES).complete("A").back("A")
    assert case.open == ["Stop:message", "A"]
    assert len(case.of(steps.PhaseEntered)) == 1
    ends(case)


def test_in_nested_finished_parts_every_one_around_is_entered_again():
    inner = sub("Inner", chain(start("s2"), user("A"), user("B"), end("e2")))
    outer = sub("Outer", chain(start("s1"), inner, end("e1")), phase="outer")
    source = file(drawn(chain(start(), outer, user("Z"), end())))
    case = Case(source).complete("A").complete("B").back("B")
    assert case.open == ["B"]
    assert case.story(case.facts) == ["xZ", "+Outer", "+Inner", "+B"]
    ends(case)


def test_a_gate_that_is_open_closes_and_opens_again_at_the_end():
    build = sub("Build", chain(start("s1"), user("A"), end("e1")), phase="build", criterion_done="=done")
    case = Case(file(drawn(chain(start(), build, user("Z"), end())))).complete("A")
    (gate,) = case.open
    case.back("A")
    assert case.open == ["A"]
    case.complete("A")
    assert case.open == [gate]
    ends(case)


def test_variables_stay_as_they_are():
    case = Case(ROW).complete("A", a=1).complete("B", b=2).back("A")
    assert case.variables() == {"a": 1, "b": 2}


def several(sequential: bool = False) -> bytes:
    inside = chain(start("s"), user("A"), user("B"), end("e"))
    looped = each("=items", into="results", of="=r", sequential=sequential)
    return file(drawn(chain(start(), user("P0"), sub("Wave", inside, loop=looped), user("Z"), end())))


def test_one_child_of_a_loop_is_sent_back_and_the_others_do_not_notice():
    case = Case(several(), {"items": [1, 2]}).complete("P0").complete("A").complete("A")
    assert case.open == ["B", "B"]
    with pytest.raises(Conflict, match="several times"):
        case.back("A")
    case.back("A", "Wave", 1)
    assert sorted(case.open) == ["A", "B"]
    case.complete("B", r="two").complete("A").complete("B", r="one")
    assert case.open == ["Z"]
    assert case.variables()["results"] == ["one", "two"]
    ends(case)


@pytest.mark.parametrize("sequential", [False, True])
def test_a_loop_that_is_over_runs_again_as_a_whole(sequential):
    case = Case(several(sequential), {"items": [1, 2]}).complete("P0")
    while case.open != ["Z"]:
        case.complete(case.open[0], r=1)
    with pytest.raises(Conflict, match="Wave"):
        case.back("A")
    case.back("Wave")
    assert case.open == (["A"] if sequential else ["A", "A"])
    while case.open != ["Z"]:
        case.complete(case.open[0], r=2)
    assert case.variables()["results"] == [2, 2]
    ends(case)


def test_from_within_a_loop_back_to_what_came_before_it():
    case = Case(several(), {"items": [1, 2]}).complete("P0").complete("A").back("P0")
    assert case.open == ["P0"]
    case.complete("P0")
    assert case.open == ["A", "A"]


def test_the_standard_loop_begins_again_with_its_first_lap():
    case = Case(file(drawn(chain(start(), user("A", loop=loop("=true", 3)), user("Z"), end()))))
    case.complete("A").complete("A").complete("A").back("A")
    case.complete("A").complete("A").complete("A")
    assert case.open == ["Z"]


def test_a_called_process_is_called_again_and_inside_it_its_own_tasks_are_targets():
    outer = drawn(chain(start(), call("Call", "Q"), user("Z"), end()))
    inner = drawn(chain(start(), user("A"), user("B"), end()), identity="Q")
    case = Case(files(outer, inner)).complete("A").back("A", "Call")
    assert case.open == ["A"]
    case.complete("A").complete("B").back("Call")
    assert case.open == ["A"]
    case.complete("A").complete("B").complete("Z")
    assert case.status == "completed"


def test_a_wait_for_one_of_several_events_is_called_off():
    source = file(
        drawn(
            chain(start(), user("A"), race("R"), catch("M", message("paid")), user("Z"), end()),
            chain("R", catch("T", duration("P1D")), end("E2")),
        ),
        messages={"paid": ""},
    )
    case = Case(source).complete("A").back("A")
    assert case.open == ["A"]
    assert case.step.next_due is None
    case.complete("A").deliver("M").complete("Z")
    assert case.status == "completed"


def test_out_of_an_incident():
    case = Case(file(drawn(chain(start(), user("A"), script("K", '=assert(x, x = 1, "no")'), user("Z"), end()))))
    case.complete("A", x=2)
    assert case.open == ["K:incident"]
    ends(case.back("A").complete("A", x=1))


def test_what_nothing_open_comes_after_cannot_be_a_target():
    case = Case(BRANCHES).complete("P0")
    before = case.step.state
    with pytest.raises(Conflict, match="Nothing that is open comes after"):
        case.back("Z")
    for wrong in ("F", "J", "E"):
        with pytest.raises(Conflict, match="no activity"):
            case.back(wrong)
    with pytest.raises(NotFound):
        case.back("Nowhere")
    assert case.step.state == before


def test_what_an_error_ended_begins_anew():
    inside = chain(start("s"), user("A"), xor("G", default="G_e"), end("e"))
    inside += flow("G", "bad", "=bad") + end("bad", error("no"))
    source = file(
        drawn(
            chain(start(), sub("Part", inside), user("Z"), end()),
            boundary("Caught", "Part", error("no")),
            chain("Caught", user("Mend"), "Z"),
        ),
        errors=("no",),
    )
    case = Case(source).complete("A", bad=True)
    assert case.open == ["Mend"]
    ends(case.back("A").complete("A", bad=False))


def guarded(interrupting: bool) -> bytes:
    inside = chain(start("s"), user("A"), user("B"), end("e"))
    aside = handler("Handler", message("stop"), user("H"), interrupting=interrupting)
    return file(drawn(chain(start(), sub("Part", inside, aside), user("Z"), end())), messages={"stop": ""})


def test_a_finished_part_that_begins_anew_waits_for_its_event_sub_processes_again():
    case = Case(guarded(True)).complete("A").complete("B").back("B")
    assert sorted(case.open) == ["B", "sHandler:message"]
    assert case.complete("B").complete("Z").status == "completed"


def test_what_an_event_sub_process_interrupted_begins_anew():
    case = Case(guarded(True)).complete("A").deliver("sHandler")
    assert case.open == ["H"]
    case.back("A")
    assert case.story(case.facts) == ["xH", "xHandler", "+A"]
    assert sorted(case.open) == ["A", "sHandler:message"]
    case.deliver("sHandler").complete("H").complete("Z")
    assert case.status == "completed"


def test_an_event_sub_process_beside_goes_on():
    case = Case(guarded(False)).complete("A").deliver("sHandler").back("A")
    assert sorted(case.open) == ["A", "H", "sHandler:message"]
