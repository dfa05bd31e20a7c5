"""Null where a value is needed is an incident that names element, expression and variable, at every place."""

from __future__ import annotations

import pytest

from service.engine import steps
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
    either,
    end,
    error,
    file,
    flow,
    loop,
    message,
    receive,
    schedule,
    script,
    send,
    service,
    signal,
    start,
    throw,
    times,
    user,
    xor,
)
from tests.engine.driver import Case


def around(node, *more: str) -> str:
    return drawn(chain(start(), node, end()), *more)


def chosen(gateway) -> str:
    ways = flow("A", "E2", "=gone") + flow("A", "E", identity="d")
    return drawn(chain(start(), gateway), ways, end(), end("E2"))


# What stands at the place, and what needs the value.
NEEDED = {
    "condition": chosen(xor("A", default="d")),
    "inclusive condition": chosen(either("A", default="d")),
    "condition behind a task": drawn(chain(start(), service("A", "x"), end()), flow("A", "E2", "=gone"), end("E2")),
    "duration": around(catch("A", duration("=gone"))),
    "date": around(catch("A", date("=gone"))),
    "cycle": around(user("U"), boundary("A", "U", cycle("=gone"), False), chain("A", end("E2"))),
    "boundary timer": around(user("U"), boundary("A", "U", duration("=gone")), chain("A", end("E2"))),
    "collection": around(user("A", loop=each("=gone"))),
    "sequential collection": around(user("A", loop=each("=gone", sequential=True))),
    "cardinality": around(user("A", loop=times("=gone"))),
    "completion condition": around(service("A", "x", loop=each("=[1]", until="=gone"))),
    "loop condition": around(service("A", "x", loop=loop("=gone", before=True))),
    "correlation key": around(catch("A", message("keyed"))),
    "correlation key of a receive task": around(receive("A", "keyed")),
    "correlation key that is sent": around(send("A", "keyed")),
    "correlation key that is thrown": around(throw("A", message("keyed"))),
    "message name": around(catch("A", message("named"))),
    "signal name": around(throw("A", signal("named"))),
    "error code": drawn(chain(start(), end("A", error("named")))),
    "called process": around(call("A", "=gone")),
    "job type": around(service("A", "=gone")),
    "deadline": around(user("A", deadline="=gone")),
    "approval": around(user("A", assigned(candidateGroups="g"), approval="=gone")),
}
# Null means none here; a variable that is not there is a mistake.
WANTED = {
    "assignee": around(user("A", assigned(assignee="=gone"))),
    "candidate groups": around(user("A", assigned(candidateGroups="=gone"))),
    "candidate users": around(user("A", assigned(candidateUsers="=gone"))),
    "due date": around(user("A", schedule(dueDate="=gone"))),
    "follow-up date": around(user("A", schedule(followUpDate="=gone"))),
    "priority": around(user("A", '<zeebe:priorityDefinition priority="=gone"/>')),
}


def run(body: str, **variables) -> Case:
    source = file(body, messages={"keyed": "=gone", "named": ""}, signals=("named",), errors=("named",))
    for attribute in (b"name", b"errorCode"):
        source = source.replace(attribute + b'="named"', attribute + b'="=gone"')
    case = Case(source, variables)
    for element in [name.split(":")[0] for name in case.open if name.endswith(":job")]:
        case.finish(element)
    return case


def incident(case: Case) -> steps.IncidentRaised:
    (found,) = case.of(steps.IncidentRaised)
    return found


@pytest.mark.parametrize("place", {**NEEDED, **WANTED})
def test_a_missing_variable_is_an_incident(place):
    found = incident(run({**NEEDED, **WANTED}[place]))
    assert (found.code, found.element, found.expression) == ("null-value", "A", "=gone")
    assert "“=gone” gave null (gone is missing)" in found.message


@pytest.mark.parametrize("place", NEEDED)
def test_null_where_a_value_is_needed_is_an_incident(place):
    found = incident(run(NEEDED[place], gone=None))
    assert (found.code, found.element, found.expression) == ("null-value", "A", "=gone")
    assert "“=gone” gave null (gone is null)" in found.message


@pytest.mark.parametrize("place", WANTED)
def test_null_where_none_is_meant_is_none(place):
    case = run(WANTED[place], gone=None)
    assert case.of(steps.IncidentRaised) == []
    assert case.open == ["A"]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("=order.owner", "order.owner is missing"),
        ("=order.lines.first", "order.lines is null"),
        ("=(a + b) > 1", "a is missing; b is null"),
        ('=get value({x: null}, "x")', ""),
    ],
)
def test_the_incident_names_what_is_missing_and_what_is_null(expression, says):
    body = around(call("A", expression))
    found = incident(run(body, order={"lines": None}, b=None))
    assert says in found.message


def test_an_expression_that_reckons_with_null_may_give_it():
    case = run(around(user("A", assigned(assignee="=if gone = null then null else gone"))))
    assert case.open == ["A"]
    assert case.of(steps.TaskOpened)[0].assignee is None


@pytest.mark.parametrize("place", {**NEEDED, **WANTED})
def test_it_goes_on_once_the_variable_is_there(place):
    good = {
        "duration": "PT1H", "date": "PT1H", "cycle": "R/PT1H", "boundary timer": "PT1H", "collection": [1],
        "sequential collection": [1], "cardinality": 1, "approval": "any", "deadline": "P1D", "due date": "P1D",
        "follow-up date": "P1D", "candidate groups": ["g"], "candidate users": ["u"], "priority": 3, "assignee": "kim",
        "condition": True, "inclusive condition": True, "condition behind a task": True, "completion condition": True,
        "loop condition": False,
    }  # fmt: skip
    case = run({**NEEDED, **WANTED}[place])
    case.set(gone=good.get(place, "text")).retry("A", "task" if place == "deadline" else "incident")
    left = [found.code for found in case.of(steps.IncidentRaised)[1:]]
    assert "null-value" not in left


def test_a_script_and_a_mapping_may_give_null():
    case = run(around(script("A", "=gone", "x", outputs={"y": "=gone"})))
    assert (case.status, case.variables()) == ("completed", {"y": None})
