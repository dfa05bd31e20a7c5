"""Multi-instance and loops: items, outputs in order, conditions, interruptions."""

from __future__ import annotations

import pytest

from service.engine import process, steps
from tests.engine.drawing import (
    boundary,
    call,
    chain,
    drawn,
    duration,
    each,
    end,
    error,
    file,
    files,
    flow,
    fork,
    loop,
    message,
    script,
    service,
    start,
    sub,
    times,
    user,
    xor,
)
from tests.engine.driver import Case

UNTIL = "=numberOfCompletedInstances >= 2 and numberOfInstances = 4 and numberOfActiveInstances = 2"


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (["north", "south"], ["north", "south"]),
        ([{"name": "Oslo", "id": 7}, {"id": 8}], ["Oslo", "8"]),
        ([{"number": "C-1", "title": "Faster"}, {"number": 5, "name": {"of": "x"}}, {}], ["C-1 Faster", "5", "3"]),
        ([3, True, None, ["x"]], ["3", "2", "3", "4"]),
    ],
)
def test_a_task_says_which_one_of_several_alike_it_is(items, told):
    case = Case(file(drawn(chain(start(), user("A", loop=each("=items", "item")), end()))), {"items": items})
    assert [f.item for f in case.of(steps.TaskOpened)] == told


def test_a_task_inside_of_loops_names_the_items_around_it_and_one_outside_names_none():
    wave = sub(
        "Wave", chain(start("ws"), user("A", loop=each("=wave.hosts", "host")), end("we")), loop=each("=waves", "wave")
    )
    case = Case(
        file(drawn(chain(start(), wave, user("Z"), end()))),
        {"waves": [{"name": "Pilot", "hosts": ["a1"]}, {"name": "All", "hosts": ["b1", "b2"]}]},
    )
    assert [f.item for f in case.of(steps.TaskOpened)] == ["Pilot / a1", "All / b1", "All / b2"]
    for _ in range(3):
        case.complete("A")
    assert [f.item for f in case.of(steps.TaskOpened)][-1:] == [None]


def test_a_loop_with_a_number_of_times_counts_its_tasks_and_one_that_repeats_does_not():
    case = Case(
        file(drawn(chain(start(), user("A", loop=times("2")), user("B", loop=loop("=again")), end()))), {"again": False}
    )
    assert [f.item for f in case.of(steps.TaskOpened)] == ["1", "2"]
    case.complete("A").complete("A")
    assert [f.item for f in case.of(steps.TaskOpened)][-1:] == [None]


def test_every_item_has_a_task_of_its_own_and_outputs_stand_in_the_order_of_the_collection():
    task = user("A", loop=each("=people", "person", into="answers", of="=answer"))
    case = Case(file(drawn(chain(start(), task, user("Z"), end()))), {"people": ["kim", "lee", "max"]})
    assert case.open == ["A", "A", "A"]
    assert [f.loop_index for f in case.of(steps.Entered, "A")] == [None, 1, 2, 3]
    assert case.variables("A", 2) == {
        "people": ["kim", "lee", "max"],
        "answers": [None] * 3,
        "person": "max",
        "loopCounter": 3,
        "answer": None,
    }
    case.complete("A", 2, answer="c").complete("A", 0, answer="a").complete("A", 0, answer="b")
    assert case.open == ["Z"]
    assert case.variables() == {"people": ["kim", "lee", "max"], "answers": ["a", "b", "c"]}


def test_sequential_items_come_one_after_the_other_from_the_collection_as_it_was_on_entry():
    task = user("A", loop=each("=people", "person", into="answers", of="=person + answer", sequential=True))
    case = Case(file(drawn(chain(start(), task, end()))), {"people": ["k", "l"]})
    assert case.open == ["A"]
    case.complete("A", answer="1", people=[])
    assert case.variables("A")["person"] == "l"
    case.complete("A", answer="2")
    assert case.of(steps.Ended)[0].variables["answers"] == ["k1", "l2"]


@pytest.mark.parametrize("sequential", [True, False])
def test_an_empty_collection_is_passed(sequential):
    task = user("A", loop=each("=[]", into="answers", of="=answer", sequential=sequential))
    case = Case(file(drawn(chain(start(), task, end()))))
    assert case.status == "completed"
    assert case.variables() == {"answers": []}


@pytest.mark.parametrize(
    ("collection", "code"), [("=nothing", "null-value"), ('="a"', "wrong-type"), ("=1 to 2", "expression-failed")]
)
def test_what_is_no_list_is_an_incident_that_retry_can_mend(collection, code):
    if code == "expression-failed":
        collection = "=assert(null, false)"
    task = user("A", loop=each(collection))
    case = Case(file(drawn(chain(start(), task, end()))))
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("A", code, collection)
    if code == "null-value":
        assert case.set(nothing=[1]).retry("A").open == ["A"]


def test_the_completion_condition_ends_the_rest():
    task = user(
        "A",
        loop=each(
            "=[1,2,3,4]",
            into="votes",
            of="=vote",
            until="=numberOfCompletedInstances >= 2 and numberOfInstances = 4 and numberOfActiveInstances = 2",
        ),
    )
    case = Case(file(drawn(chain(start(), task, end())))).complete("A", 3, vote="x").complete("A", 0, vote="y")
    assert case.status == "completed"
    assert case.variables() == {"votes": ["y", None, None, "x"]}
    assert case.story().count("xA") == 2


def test_the_completion_condition_sees_the_results_of_its_child():
    task = user("A", loop=each("=[1,2,3]", into="votes", of="=vote", until='=vote = "no"'))
    case = Case(file(drawn(chain(start(), task, end())))).complete("A", vote="yes")
    assert case.status == "active"
    assert case.complete("A", vote="no").status == "completed"


def test_sub_processes_of_a_loop_keep_their_variables_apart():
    inner = sub(
        "W", chain(start("s"), user("A"), user("B"), end("e")), loop=each("=waves", "wave", into="done", of="=result")
    )
    case = Case(file(drawn(chain(start(), inner, user("Z"), end()))), {"waves": ["x", "y"]})
    case.complete("A", 1, result="second").complete("A", 0, result="first")
    assert case.variables("B", 1)["result"] == "first"
    case.complete("B").complete("B")
    assert case.variables()["done"] == ["first", "second"]
    paths = [f.path for f in case.of(steps.Entered, "A")]
    assert [len(path.split("/")) for path in paths] == [2, 2]
    assert paths[0].split("/")[0] == paths[1].split("/")[0] != paths[0].split("/")[1]


def test_a_sequential_loop_over_sub_processes_and_one_inside_of_another():
    inner = sub(
        "I",
        chain(start("s2"), user("A"), end("e2")),
        loop=each("=[1,2]", "small", into="r", of="=small * 10 + big", sequential=True),
    )
    outer = sub(
        "O", chain(start("s"), inner, end("e")), loop=each("=[1,2]", "big", into="all", of="=r", sequential=True)
    )
    case = Case(file(drawn(chain(start(), outer, end()))))
    for _ in range(4):
        assert case.open == ["A"]
        case.complete("A")
    assert case.variables() == {"all": [[11, 21], [12, 22]]}


def test_jobs_and_called_processes_in_a_loop():
    body = [
        drawn(
            chain(
                start(),
                service("J", loop=each("=[1,2]", into="r", of="=x")),
                call("C", "Q", loop=each("=r", "n", into="t", of="=twice")),
                end(),
            )
        ),
        drawn(chain(start(), script("X", "=n * 2", "twice"), user("U"), end()), identity="Q"),
    ]
    case = Case(files(*body)).finish("J", 1, x=20).finish("J", 0, x=10)
    assert case.open == ["U", "U"]
    assert case.complete("U").complete("U").variables()["t"] == [20, 40]


def test_skipping_one_child_leaves_its_place_empty():
    task = user("A", loop=each("=[1,2]", into="r", of="=x"))
    case = Case(file(drawn(chain(start(), task, end())))).skip("A", "task").complete("A", x=2)
    assert case.status == "completed"
    assert case.variables() == {"r": [None, 2]}
    assert case.of(steps.TaskClosed)[0].outcome == "skipped"


def test_a_failing_output_element_keeps_the_child_until_it_is_mended():
    task = user("A", loop=each("=[1,2]", into="r", of="=assert(x, x > 0)"))
    case = Case(file(drawn(chain(start(), task, user("Z"), end())))).complete("A", x=-1).complete("A", x=2)
    assert case.open == ["A:incident"]
    case.set("A", x=1).retry("A")
    assert case.open == ["Z"]
    assert case.variables()["r"] == [1, 2]


def test_a_boundary_timer_on_the_container_ends_all_children():
    body = drawn(
        chain(start(), user("A", loop=each("=[1,2,3]")), end()),
        boundary("B", "A", duration("P1D")),
        chain("B", user("X"), end("E2")),
    )
    case = Case(file(body)).complete("A").wait(days=1)
    assert case.open == ["X"]
    assert len(case.of(steps.TimerArmed)) == 1


def test_an_error_inside_of_one_child_is_caught_at_the_border_of_the_container():
    inner = sub("W", chain(start("s"), user("A"), end("e", error("bad"))), loop=each("=[1,2]"))
    body = drawn(chain(start(), inner, end()), boundary("B", "W", error("bad")), chain("B", user("X"), end("E2")))
    assert Case(file(body, errors=("bad",))).complete("A").open == ["X"]


def test_more_items_than_allowed_are_an_incident():
    task = user("A", loop=each("=for i in 1..11 return i"))
    case = Case(file(drawn(chain(start(), task, end()))), limits=process.Limits(items=10))
    assert case.of(steps.IncidentRaised)[0].code == "limit"


def test_a_cardinality_says_how_often():
    case = Case(file(drawn(chain(start(), user("A", loop=times("=n")), end()))), {"n": 3})
    assert case.open == ["A"] * 3


def test_a_loop_repeats_while_its_condition_holds_at_most_as_often_as_allowed():
    case = Case(file(drawn(chain(start(), user("A", loop=loop("=again", 3)), end()))))
    case.complete("A", again=True).complete("A", again=True).complete("A", again=True)
    assert case.status == "completed"
    assert (
        Case(file(drawn(chain(start(), user("A", loop=loop("=again", before=True)), end()))), {"again": False}).status
        == "completed"
    )
    assert (
        Case(file(drawn(chain(start(), user("A", loop=loop("=again")), end())))).complete("A", again=False).status
        == "completed"
    )


def test_state_and_time_of_a_step_do_not_grow_with_the_children_that_are_done():
    inner = sub("W", chain(start("s"), user("A"), end("e")), loop=each("=for i in 1..200 return i", sequential=True))
    case = Case(file(drawn(chain(start(), inner, end()))))
    case.complete("A")
    size = len(case.step.state)
    for _ in range(150):
        case.complete("A")
    assert len(case.step.state) <= size + 20


def test_a_loop_in_a_lap_is_entered_anew():
    body = drawn(
        chain(start(), xor("M"), user("A", loop=each("=[1,2]", into="r", of="=x")), xor("G", default="G_E"), end()),
        flow("G", "M", "=r[1] < 2"),
    )
    case = Case(file(body)).complete("A", x=1).complete("A", x=1)
    assert case.open == ["A", "A"]
    case.complete("A", x=5).complete("A", x=6)
    assert case.variables() == {"r": [5, 6]}


def test_two_loops_side_by_side_and_a_message_at_the_border_of_one():
    body = drawn(
        chain(start(), fork("F"), user("A", loop=each("=[1,2]")), fork("J"), end()),
        chain("F", user("B", loop=each("=[1,2]")), "J"),
        boundary("X", "B", message("halt")),
        chain("X", user("Y"), "J"),
    )
    case = Case(file(body, messages={"halt": ""})).complete("A").deliver("X")
    assert case.open == ["A", "Y"]
