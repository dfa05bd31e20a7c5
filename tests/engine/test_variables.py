"""Variables in scopes: who sees what, and where results go."""

from __future__ import annotations

import pytest

from service.engine import scopes, steps
from service.errors import InvalidInput
from tests.engine.drawing import (
    boundary,
    chain,
    drawn,
    end,
    file,
    flow,
    fork,
    message,
    script,
    service,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import Case


def test_a_result_goes_to_the_first_scope_that_has_the_variable_else_to_the_instance():
    inner = sub("P1", chain(start("s"), user("I"), user("K"), end("e")), inputs={"local": "=1"})
    case = Case(file(drawn(chain(start(), inner, user("Z"), end()))))
    case.complete("I", local=2, new=3)
    assert case.variables("K") == {"local": 2, "new": 3}
    assert case.variables() == {"new": 3}
    case.complete("K")
    assert case.variables() == {"new": 3}


def test_input_mappings_make_local_variables_in_order_and_hide_outer_ones():
    task = user("A", inputs={"x": "=x + 1", "y": "=x * 10", "text": "1", "deep.er": "=y"})
    case = Case(file(drawn(chain(start(), task, end()))), {"x": 1})
    assert case.of(steps.TaskOpened)[0].inputs == {"x": 2, "y": 20, "text": "1", "deep": {"er": 20}}
    case.complete("A", x=99, other=1)
    assert case.variables() == {"x": 1, "other": 1}


def test_with_one_output_mapping_nothing_else_leaves():
    task = user("A", outputs={"sum": "=a + b", "kept.here": "=sum", "flag": "true"})
    case = Case(file(drawn(chain(start(), task, end()))), {"kept": {"before": 1}}).complete("A", a=1, b=2)
    assert case.variables() == {"sum": 3, "kept": {"before": 1, "here": 3}, "flag": True}


def test_an_output_mapping_that_fails_closes_the_task_and_keeps_its_values_for_the_retry():
    task = user("A", outputs={"y": "=assert(x, x > 0)"})
    case = Case(file(drawn(chain(start(), task, end())))).complete("A", x=-1)
    assert [type(f).__name__ for f in case.facts] == ["TaskClosed", "IncidentRaised"]
    assert case.facts[1].expression == "=assert(x, x > 0)"
    case.set("A", x=5).retry("A")
    assert case.status == "completed"
    assert case.variables() == {"y": 5}


def test_parallel_branches_write_only_what_they_return():
    body = drawn(chain(start(), fork("F"), user("A"), fork("J"), end()), chain("F", user("B"), user("C"), "J"))
    case = Case(file(body), {"n": 0}).complete("B", n=1).complete("A", m=1).complete("C")
    assert case.variables() == {"n": 1, "m": 1}


def test_facts_are_seen_from_everywhere_and_may_be_moments():
    body = drawn(chain(start(), script("X", "=release.title + string(n)", "told"), user("A"), end()))
    case = Case(file(body), {"n": 1}, facts={"release": {"title": "R"}})
    assert case.variables() == {"n": 1, "told": "R1"}
    assert case.evaluate("A", ok='=release.title = "R" and n = 1', missing="=nothing.there", broken="=1 +") == {
        "ok": True,
        "missing": None,
        "broken": None,
    }


@pytest.mark.parametrize("name", ["release", "changes", "own"])
def test_nobody_hides_a_fact_behind_a_variable(name):
    source = file(drawn(chain(start(), user("A"), end())))
    facts = {"own": 1}
    case = Case(source, facts=facts)
    ref = case.tracks[0].find("A", "task", 0)
    instance = case.tracks[0].instance
    for command in (
        lambda: Case(source, {name: 1}, facts=facts),
        lambda: instance.complete(ref, {name: 1}, case.world),
        lambda: instance.set_variables(None, {name: 1}, case.world),
        lambda: instance.signal("x", {name: 1}, case.world),
    ):
        with pytest.raises(InvalidInput) as refused:
            command()
        assert list(refused.value.errors) == [name]


def test_what_an_interrupted_activity_wrote_remains_and_its_own_variables_do_not():
    inner = sub("P1", chain(start("s"), user("I"), user("K"), end("e")), inputs={"mine": "=0"})
    body = drawn(chain(start(), inner, end()), boundary("B", "P1", message("stop")), chain("B", user("X"), end("E2")))
    case = Case(file(body, messages={"stop": ""})).complete("I", found="it", mine=7).deliver("B")
    assert case.variables() == {"found": "it"}
    assert len(case.step.state) < 300


def test_a_second_lap_overwrites_the_answers_of_the_first():
    body = drawn(
        chain(start(), xor("M"), user("A"), xor("G", default="G_E"), end()), flow("G", "M", '=verdict = "again"')
    )
    case = Case(file(body)).complete("A", verdict="again", note="first").complete("A", verdict="ok", note="second")
    assert case.of(steps.Ended)[0].variables == {"verdict": "ok", "note": "second"}


def test_a_job_sees_its_inputs_or_everything():
    body = drawn(chain(start(), service("J", inputs={"x": "=n * 2"}, headers={"k": "v"}), service("K", "=kind"), end()))
    case = Case(file(body), {"n": 2, "kind": "tidegate.notify"})
    (first,) = case.of(steps.JobWanted)
    assert (first.type, first.headers, first.variables, first.retries) == ("work", {"k": "v"}, {"x": 4}, 3)
    case.finish("J", done=True)
    second = case.of(steps.JobWanted)[1]
    assert (second.type, second.variables) == ("tidegate.notify", {"n": 2, "kind": "tidegate.notify", "done": True})


def test_values_are_kept_as_json_and_never_shared_with_the_caller():
    given = {"list": [1, {"a": 1}]}
    case = Case(
        file(drawn(chain(start(), script("X", '=date("2026-03-01") + duration("P1D")', "day"), user("A"), end()))),
        given,
    )
    given["list"][1]["a"] = 2
    assert case.variables() == {"list": [1, {"a": 1}], "day": "2026-03-02"}


def test_a_dotted_target_keeps_the_other_entries():
    assert scopes.nested("a.b.c", 1, {"b": {"x": 2}, "y": 3}) == ("a", {"b": {"x": 2, "c": 1}, "y": 3})
    assert scopes.nested("a", 1, {"b": 2}) == ("a", 1)


def test_values_that_json_cannot_hold_are_brought_into_its_terms():
    odd = {
        "big": 2**70,
        "small": -(2**70),
        "nan": float("nan"),
        "far": float("inf"),
        "half": "a\ud800b",
        "t": (1, {2: 3}),
    }
    case = Case(file(drawn(chain(start(), user("A"), end()))), odd)
    assert case.variables() == {
        "big": 2.0**70,
        "small": -(2.0**70),
        "nan": None,
        "far": None,
        "half": "a?b",
        "t": [1, {"2": 3}],
    }


def test_values_that_are_nested_without_end_are_refused():
    deep: list = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(InvalidInput):
        Case(file(drawn(chain(start(), user("A"), end()))), {"deep": deep})
