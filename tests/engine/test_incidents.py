"""Where a diagram cannot go on: what the incident says, what goes on meanwhile, how it is mended."""

from __future__ import annotations

import builtins
import os

import pytest

from service.engine import definitions, expressions, process, steps
from service.errors import Conflict, InvalidDefinition, ScriptFailed
from tests.engine.drawing import (
    assigned,
    boundary,
    call,
    catch,
    chain,
    cycle,
    date,
    drawn,
    duration,
    each,
    end,
    file,
    flow,
    fork,
    loop,
    message,
    race,
    schedule,
    script,
    service,
    start,
    times,
    user,
    xor,
)
from tests.engine.driver import NOON, Case


def gateway(condition):
    """A gateway in one branch, and a task in the other."""
    return file(
        drawn(
            chain(start(), fork("F"), xor("G")),
            flow("G", "A", condition),
            flow("G", "C", "=false"),
            chain(user("A"), end()),
            chain(user("C"), end("E3")),
            chain("F", user("B"), end("E2")),
        )
    )


@pytest.mark.parametrize(
    ("condition", "code", "says"),
    [
        ("=missing > 1", "null-value", "missing"),
        ('="yes"', "wrong-type", "yes"),
        ('=assert(x, false, "not like this")', "expression-failed", "not like this"),
        ("=1 = 2", "no-flow-matches", "G"),
    ],
)
def test_a_condition_that_does_not_decide_stops_only_its_own_branch(condition, code, says):
    case = Case(gateway(condition), {"x": 1})
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code) == ("G", code)
    assert says in incident.message
    assert incident.expression in (condition, None)
    assert sorted(case.open) == ["B", "G:incident"]
    case.complete("B")
    assert case.status == "active"


def test_an_expression_without_end_is_stopped_and_is_an_incident():
    (program,) = definitions.load("t.bpmn", gateway("=some i in 1..10000000 satisfies i < 0"))
    _, step = process.start(program, variables={}, world=process.World(NOON))
    assert [f.code for f in step.facts if isinstance(f, steps.IncidentRaised)] == ["expression-failed"]


def test_retry_after_the_variable_was_set_goes_on():
    case = Case(gateway("=missing > 1")).retry("G")
    assert len(case.of(steps.IncidentRaised)) == 2
    case.set(missing=2).retry("G")
    assert sorted(case.open) == ["A", "B"]
    assert case.path.count("G") == 1


def test_a_stuck_gateway_is_skipped_along_its_default_flow_only():
    with pytest.raises(Conflict):
        Case(gateway("=missing > 1")).skip("G")
    body = drawn(
        chain(start(), xor("G", default="G_C")),
        flow("G", "A", "=missing"),
        flow("G", "C"),
        chain(user("A"), end()),
        chain(user("C"), end("E2")),
    )
    assert Case(file(body)).skip("G").open == ["C"]


def test_a_stuck_flow_behind_a_task_belongs_to_that_task():
    body = drawn(
        chain(start(), user("A")),
        chain(user("X"), end()),
        chain(user("Y"), end("E2")),
        flow("A", "X", "=n > 1"),
        flow("A", "Y", "=n > 2"),
    )
    case = Case(file(body)).complete("A")
    assert case.of(steps.IncidentRaised)[0].element == "A"
    assert case.open == ["A:incident"]
    case.set(n=2).retry("A")
    assert case.open == ["X"]
    case.complete("X")
    assert case.status == "completed"


def test_every_incident_belongs_to_an_activation_that_is_left_with_its_host():
    body = drawn(
        chain(start(), user("A"), user("Z"), end()),
        boundary("T", "A", duration("=missing"), False),
        chain("T", end("E2")),
    )
    case = Case(file(body))
    (incident,) = case.of(steps.IncidentRaised)
    assert incident.ref in {f.ref for f in case.of(steps.Entered)}
    case.complete("A")
    assert [f.outcome for f in case.of(steps.Left, "T")] == ["cancelled"]


def test_an_event_behind_a_gateway_that_cannot_wait_leaves_the_others_waiting():
    body = drawn(
        chain(start(), race("G"), catch("M", message("go")), user("A"), end()),
        chain("G", catch("T", duration("=missing")), end("E2")),
    )
    case = Case(file(body, messages={"go": ""}))
    assert sorted(case.open) == ["M:message", "T:incident"]
    assert case.deliver("M").open == ["A"]


def test_a_script_may_give_null_and_a_failing_one_is_mended():
    case = Case(file(drawn(chain(start(), script("X", "=missing", "x"), script("Y", "=assert(y, y = 1)", "z"), end()))))
    assert case.variables() == {"x": None}
    assert case.open == ["Y:incident"]
    assert case.set(y=1).retry("Y").status == "completed"


PYTHON = "__import__('os').environ.__setitem__('TIDEGATE_PWNED', '1')"
PLACES = {
    "condition": lambda e: drawn(
        chain(start(), xor("G", default="G_E")), flow("G", "E2", e), flow("G", "E"), end(), end("E2")
    ),
    "script": lambda e: drawn(chain(start(), script("X", e), end())),
    "duration": lambda e: drawn(chain(start(), catch("T", duration(e)), end())),
    "date": lambda e: drawn(chain(start(), catch("T", date(e)), end())),
    "cycle": lambda e: drawn(
        chain(start(), user("A"), end()), boundary("T", "A", cycle(e), False), chain("T", end("E2"))
    ),
    "collection": lambda e: drawn(chain(start(), user("A", loop=each(e)), end())),
    "output element": lambda e: drawn(chain(start(), service("A", loop=each("=[1]", into="r", of=e)), end())),
    "completion": lambda e: drawn(chain(start(), service("A", loop=each("=[1]", until=e)), end())),
    "cardinality": lambda e: drawn(chain(start(), user("A", loop=times(e)), end())),
    "loop": lambda e: drawn(chain(start(), service("A", loop=loop(e, before=True)), end())),
    "called process": lambda e: drawn(chain(start(), call("C", e), end())),
    "job type": lambda e: drawn(chain(start(), service("A", e), end())),
    "input": lambda e: drawn(chain(start(), user("A", inputs={"x": e}), end())),
    "output": lambda e: drawn(chain(start(), service("A", outputs={"x": e}), end())),
    "assignee": lambda e: drawn(chain(start(), user("A", assigned(assignee=e)), end())),
    "groups": lambda e: drawn(chain(start(), user("A", assigned(candidateGroups=e)), end())),
    "due": lambda e: drawn(chain(start(), user("A", schedule(dueDate=e)), end())),
    "deadline": lambda e: drawn(chain(start(), user("A", deadline=e), end())),
    "approval": lambda e: drawn(chain(start(), user("A", assigned(candidateGroups="g"), approval=e), end())),
    "correlation": lambda e: drawn(chain(start(), catch("M", message("m")), end())),
}


@pytest.mark.parametrize("feel", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_python_in_any_place_is_never_run(place, feel, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("Python was evaluated")

    text = f"={PYTHON}" if feel else PYTHON
    source = file(PLACES[place](text), messages={"m": text if place == "correlation" else ""})
    try:
        definitions.load("t.bpmn", source)
    except InvalidDefinition:
        return
    monkeypatch.setattr(builtins, "eval", never)
    monkeypatch.setattr(builtins, "exec", never)
    case = Case(source)
    for element in [name.split(":")[0] for name in case.open if name.endswith(":job")]:
        case.finish(element)
    assert "TIDEGATE_PWNED" not in os.environ


def test_the_script_engine_of_an_instance_refuses_everything():
    engine = expressions.engine()
    with pytest.raises(ScriptFailed):
        engine.environment.evaluate("1 + 1", {})
    with pytest.raises(ScriptFailed):
        engine.environment.execute("x = 1", {})
    with pytest.raises(ScriptFailed):
        engine.environment.call_service({})
    (program,) = definitions.load("t.bpmn", gateway("=true"))
    instance, _ = process.start(program, variables={}, world=Case(gateway("=true")).world)
    assert isinstance(instance._board.flow.script_engine.environment, expressions.NoPython)
