"""How far a diagram may go: beyond each limit there is an incident or a refusal that names it and its setting."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import timedelta

import pytest

from service.bpmnio import bounds
from service.engine import definitions, process, steps
from service.engine.limits import Limits, setting
from service.errors import InvalidInput
from tests.engine.drawing import (
    call,
    catch,
    chain,
    drawn,
    duration,
    each,
    either,
    end,
    file,
    flow,
    fork,
    script,
    service,
    start,
    sub,
    times,
    user,
    xor,
)
from tests.engine.driver import NOON, Case


def one(*nodes) -> bytes:
    return file(drawn(chain(start(), *nodes, end())))


def incident(case: Case) -> steps.IncidentRaised:
    (found,) = case.of(steps.IncidentRaised)
    return found


def names(found: steps.IncidentRaised, limit: str, number: int) -> bool:
    return setting(limit) in found.message and str(number) in found.message


def test_a_loop_without_a_wait_stops_at_the_steps():
    body = drawn(chain(start(), xor("M"), script("A", "=1"), "M"))
    case = Case(file(body), limits=Limits(steps=50))
    assert incident(case).code == "limit"
    assert names(incident(case), "steps", 50)


def test_a_loop_of_450_laps_without_a_wait_ends():
    body = drawn(
        chain(start(), xor("M"), script("A", "=n + 1", "n"), xor("G", default="G_E"), end()),
        flow("G", "M", "=n &lt; 450".replace("&lt;", "<")),
    )
    case = Case(file(body), {"n": 0})
    assert (case.status, case.variables()) == ("completed", {"n": 450})


def test_a_rework_loop_of_450_laps_runs_and_its_state_does_not_grow():
    body = drawn(
        chain(start(), xor("M"), user("Build"), user("Test"), xor("G", default="G_E"), end()),
        flow("G", "M", '=verdict = "again"'),
    )
    (program,) = definitions.load("t.bpmn", file(body))
    world = process.World(NOON)
    _, step = process.start(program, variables={}, world=world)
    sizes = []
    for lap in range(450):
        for values in ({}, {"verdict": "again" if lap < 449 else "ok"}):
            instance = process.restore(step.state, program)
            (waiting,) = [each for each in instance.open_refs() if each.kind == "task"]
            step = instance.complete(waiting.ref, values, world)
        sizes.append(len(step.state))
    assert step.status == "completed"
    assert max(sizes[1:-1]) - min(sizes[1:-1]) < 10


@pytest.mark.parametrize(
    "number", ["11", "=11", "=10 * 10000000000", "999999999", "=99999999999999999999999", "=1e300 * 1e300"]
)
def test_too_many_instances_of_an_activity_are_never_made(number):
    case = Case(one(user("A", loop=times(number))), limits=Limits(items=10))
    assert incident(case).element == "A"
    assert incident(case).code in ("limit", "wrong-type", "null-value")


def test_a_collection_of_a_million_entries_is_an_incident():
    case = Case(one(user("A", loop=each("=for i in 1..20000 return i"))))
    assert names(incident(case), "items", 1000)
    assert incident(case).expression == "=for i in 1..20000 return i"


def test_loops_in_loops_stop_at_the_tokens():
    inner = sub("P1", chain(start("s"), user("I", loop=times("10")), end("e")), loop=times("10"))
    case = Case(one(inner), limits=Limits(tokens=60))
    assert {found.element for found in case.of(steps.IncidentRaised)} <= {"I", "s"}
    assert all(names(found, "tokens", 60) for found in case.of(steps.IncidentRaised))
    assert len(case.open) <= 70


def test_forks_in_a_circle_stop_at_the_tokens():
    body = drawn(chain(start(), xor("M"), fork("F"), "M"), *[chain("F", user(f"U{n}")) for n in range(9)])
    case = Case(file(body), limits=Limits(tokens=50))
    assert names(incident(case), "tokens", 50)


def circles(number: int) -> bytes:
    """So many scripts at once, each of which runs again and again without a wait while `on` is true."""
    made = []
    for circle in range(number):
        merge, work, choice = f"M{circle}", f"W{circle}", f"G{circle}"
        made.append(chain("F", xor(merge), script(work, "=1", f"v{circle}"), xor(choice, default=f"{choice}_E")))
        made.append(flow(choice, merge, "=on") + flow(choice, "E"))
    return file(drawn(chain(start(), user("A"), fork("F")), end(), *made))


def test_one_token_says_that_the_steps_ran_out_and_the_others_wait_for_it():
    case = Case(circles(3), {"on": True}, limits=Limits(steps=50)).complete("A")
    assert len(case.of(steps.IncidentRaised)) == 1
    (stuck,) = case.open
    element = stuck.removesuffix(":incident")
    case.retry(element)
    assert len(case.of(steps.IncidentRaised)) == 2
    case.set(on=False)
    assert len(case.open) == 1
    case.retry(case.open[0].removesuffix(":incident"))
    assert case.status == "completed"
    assert len(case.of(steps.IncidentRaised)) == 2


def test_whoever_ends_the_one_that_said_so_lets_the_others_go_on():
    case = Case(circles(3), {"on": True}, limits=Limits(steps=50)).complete("A").set(on=False)
    case.skip(case.open[0].removesuffix(":incident"), "incident")
    assert case.status == "completed"


def test_processes_that_call_each_other_stop_at_the_calls():
    case = Case(one(call("C", "P")), limits=Limits(calls=3))
    assert names(incident(case), "calls", 3)


def test_a_value_that_is_too_large_is_refused_from_outside_and_an_incident_from_inside():
    small = Limits(value_bytes=1000)
    case = Case(one(user("A"), script("X", '=for i in 1..30 return text + text + "0123456789"', "x")), limits=small)
    with pytest.raises(InvalidInput, match="TIDEGATE_MAX_VALUE_BYTES"):
        case.tracks[0].instance.complete(case.tracks[0].find("A", "task", 0), {"text": "x" * 1000}, case.world)
    case.complete("A", text="x" * 40)
    assert names(incident(case), "value_bytes", 1000)
    assert "“x”" in incident(case).message
    assert case.set(text="").retry("X").status == "completed"


def test_all_variables_together_have_a_limit():
    small = Limits(variables_bytes=1000)
    with pytest.raises(InvalidInput, match="TIDEGATE_MAX_VARIABLES_BYTES"):
        Case(one(user("A")), {"a": "x" * 600, "b": "x" * 600}, limits=small)
    case = Case(one(user("A"), script("X", "=a + a", "b"), user("Z")), {"a": "x" * 400}, limits=small).complete("A")
    assert names(incident(case), "variables_bytes", 1000)
    case.set(a="y").retry("X")
    assert case.open == ["Z"]


def test_what_is_overwritten_counts_no_more():
    case = Case(one(user("A"), user("Z")), limits=Limits(variables_bytes=1000))
    for _ in range(20):
        case.set(a="x" * 300)
    assert case.complete("A", a="y" * 300).open == ["Z"]


def test_copies_for_called_processes_count_too():
    many = call("C", "Q", loop=times("10"))
    inside = drawn(chain(start(), user("I"), end()), identity="Q")
    case = Case([one(many), file(inside)], {"a": "x" * 300}, limits=Limits(variables_bytes=1500))
    assert case.of(steps.IncidentRaised)
    assert all(names(found, "variables_bytes", 1500) for found in case.of(steps.IncidentRaised))


def test_a_result_that_is_nested_too_deeply_is_an_incident():
    deep = "=" + "[" * 150 + "1" + "]" * 150
    case = Case(one(script("X", deep, "x")))
    assert incident(case).element == "X"
    assert incident(case).code in ("limit", "expression-failed")


def test_all_expressions_of_a_command_share_their_time():
    slow = "=count(for i in 1..3000 return i) > 0"
    body = drawn(chain(start(), xor("M"), script("A", slow, "x"), "M"))
    (program,) = definitions.load("t.bpmn", file(body))
    _, step = process.start(program, variables={}, world=process.World(NOON, limits=Limits(expressions_ms=100)))
    (found,) = [fact for fact in step.facts if isinstance(fact, steps.IncidentRaised)]
    assert "100 ms (TIDEGATE_MAX_EXPRESSIONS_MS)" in found.message
    assert found.expression == slow


def test_large_variables_count_on_their_way_to_an_expression():
    """A list of a million digits costs more to hand over than the expression takes to look at it."""
    body = drawn(chain(start(), script("A", "=large[item]", "x", loop=times("400")), end()))
    (program,) = definitions.load("t.bpmn", file(body))
    began = time.thread_time()
    _, step = process.start(program, variables={"large": [1] * 300_000}, world=process.World(NOON))
    assert time.thread_time() - began < 4
    assert any("TIDEGATE_MAX_EXPRESSIONS_MS" in f.message for f in step.facts if isinstance(f, steps.IncidentRaised))


def test_all_of_a_step_shares_its_time():
    body = drawn(chain(start(), xor("M"), script("A", "=1", "x"), "M"))
    (program,) = definitions.load("t.bpmn", file(body))
    instance, step = process.start(program, variables={}, world=process.World(NOON, limits=Limits(step_ms=30)))
    (found,) = [fact for fact in step.facts if isinstance(fact, steps.IncidentRaised)]
    assert (found.code, "30 ms of processor time (TIDEGATE_MAX_STEP_MS)" in found.message) == ("limit", True)
    again = instance.retry(found.ref, process.World(NOON, limits=Limits(step_ms=30)))
    assert any(isinstance(fact, steps.Left) for fact in again.facts)


def test_tokens_that_wait_for_each_other_in_masses_are_looked_at_in_time():
    body = drawn(
        chain(start(), script("M", "=1"), either("J"), script("F", "=1")),
        flow("M", "M", identity="again"),
        flow("M", "J", identity="other"),
    )
    (program,) = definitions.load("t.bpmn", file(body))
    began = time.thread_time()
    _, step = process.start(program, variables={}, world=process.World(NOON))
    assert time.thread_time() - began < 5
    assert any(fact.code == "limit" for fact in step.facts if isinstance(fact, steps.IncidentRaised))


def test_many_timers_that_are_due_fire_in_several_steps_without_an_incident():
    slow = "=count(for i in 1..1500 return i) > 0"
    branches = [chain("G", catch(f"T{n}", duration("PT1H")), script(f"A{n}", slow, "x")) for n in range(30)]
    (program,) = definitions.load("t.bpmn", file(drawn(chain(start(), fork("G")), *branches)))
    limits = Limits(expressions_ms=60)
    instance, step = process.start(program, variables={}, world=process.World(NOON, limits=limits))
    rounds, fired = 0, 0
    while step.next_due is not None:
        step = instance.tick(process.World(NOON + timedelta(hours=1), limits=limits))
        assert not [fact for fact in step.facts if isinstance(fact, steps.IncidentRaised)]
        fired += sum(isinstance(fact, steps.TimerDisarmed) for fact in step.facts)
        rounds += 1
    assert (instance.status, fired) == ("completed", 30)
    assert rounds > 1


def test_an_expression_that_takes_too_long_names_its_setting():
    _, step = process.start(
        definitions.load(
            "t.bpmn", one(service("J", "=string(some i in 1..2000 satisfies some j in 1..2000 satisfies i + j < 0)"))
        )[0],
        variables={},
        world=process.World(NOON),
    )
    (found,) = [fact for fact in step.facts if isinstance(fact, steps.IncidentRaised)]
    assert "250 ms (TIDEGATE_FEEL_MS)" in found.message


@pytest.mark.parametrize(
    ("allowed", "code", "name"),
    [
        (Limits(file_bytes=100), "file-too-large", "TIDEGATE_MAX_FILE_BYTES"),
        (Limits(processes=0), "too-many-processes", "TIDEGATE_MAX_PROCESSES"),
        (Limits(elements=2), "too-many-elements", "TIDEGATE_MAX_ELEMENTS"),
        (Limits(checking_ms=1), "feel-syntax", "TIDEGATE_MAX_CHECKING_MS"),
    ],
)
def test_the_check_of_a_file_keeps_to_its_limits(allowed, code, name):
    heavy = "=[n" + ", n" * 200 + "]"
    scripts = [script(f"X{n}", f"{heavy}[{n}]", "x") for n in range(8)]
    (problem, *_) = definitions.check("t.bpmn", one(*scripts), allowed)
    assert problem.code == code
    assert problem.line == 1
    assert name in problem.message


def test_what_is_deployed_is_read_whatever_is_allowed_now():
    source = one(user("A"), script("X", "=frobnicate(1)", "x"))
    assert definitions.check("t.bpmn", source)
    (program,) = definitions.deployed("t.bpmn", source)
    assert "X" in program.process.elements


def test_every_bound_of_an_expression_has_a_setting_of_its_own():
    named = [bounds.setting(field.name) for field in fields(bounds.Bounds)]
    assert len(set(named)) == len(named)
    assert all(name.startswith("TIDEGATE_") for name in named)
