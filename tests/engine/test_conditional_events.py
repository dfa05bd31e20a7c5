"""Conditional events: they happen when their condition over variables becomes true, each where it waits."""

from __future__ import annotations

import pytest

from service.engine import process, steps
from service.errors import Conflict, InvalidInput
from tests.engine.diagrams import around, codes, diagram
from tests.engine.drawing import (
    boundary,
    call,
    catch,
    chain,
    condition,
    drawn,
    duration,
    each,
    end,
    file,
    files,
    fork,
    handler,
    message,
    race,
    script,
    service,
    signal,
    start,
    sub,
    user,
)
from tests.engine.driver import NOON, Case

SHARED = {"messages": {"stop": ""}, "signals": ("siren",), "errors": ("BAD",)}


def attached(text, *, interrupting=True, host=None, names="", events="", **given):
    """A task A with a conditional event B at its border, which leads to X; a task C beside it."""
    event = condition(text, names=names, events=events)
    body = chain(start(), fork("F"), host or user("A"), user("Z"), end()) + chain("F", user("C"), end("E1"))
    return file(drawn(body, boundary("B", "A", event, interrupting, **given), chain("B", user("X"), end("E2"))))


def waits(text, *, names="", events=""):
    """A task C, then an event that waits for the condition, beside a task A."""
    event = catch("W", condition(text, names=names, events=events))
    return file(drawn(chain(start(), fork("F"), event, user("X"), end()), chain("F", user("A"), end("E2"))))


CHANGES = {
    "a person": lambda case: case.complete("C", x=5),
    "an order from outside": lambda case: case.set(x=5),
    "inside of another activity": lambda case: case.set("C", x=5),
}


@pytest.mark.parametrize("who", CHANGES)
def test_it_happens_when_a_variable_changes_whoever_writes_it(who):
    case = Case(attached("=x > 3"))
    assert sorted(case.open) == ["A", "B:condition", "C"]
    CHANGES[who](case)
    assert "X" in case.open
    assert {"A", "B:condition"}.isdisjoint(case.open)
    assert {"xA", "+B", "-B", "+X"} <= set(case.story(case.facts))


def test_jobs_scripts_messages_and_signals_change_variables_too():
    for node, happens in (
        (service("C"), lambda case: case.finish("C", x=5)),
        (catch("C", message("stop")), lambda case: case.deliver("C", x=5)),
        (catch("C", signal("siren")), lambda case: case.signal("siren", x=5)),
        (user("C", outputs={"x": "=5"}), lambda case: case.complete("C")),
    ):
        body = chain(start(), fork("F"), node, user("Z"), end()) + chain("F", catch("W", condition("=x = 5")), end("e"))
        case = Case(file(drawn(body), **SHARED))
        assert "W:condition" in case.open
        assert "-W" in happens(case).story()


def test_a_value_that_holds_between_two_scripts_is_seen():
    way = chain(start(), fork("F"), user("A"), script("J", "=5", "x"), script("K", "=6", "x"), end())
    body = way + chain("F", catch("W", condition("=x = 5")), user("X"), end("e"))
    assert Case(file(drawn(body))).complete("A").open == ["X"]


def test_what_is_not_there_yet_is_not_true_yet():
    case = Case(waits("=order.total > 3 and approved"))
    case.set(order={"total": 7})
    assert "W:condition" in case.open
    assert not case.of(steps.IncidentRaised)
    assert "X" in case.set(approved=True).open


def test_what_holds_already_happens_at_once():
    assert sorted(Case(waits("=x > 3"), {"x": 4}).open) == ["A", "X"]


def test_a_task_whose_condition_to_leave_holds_already_never_opens():
    case = Case(attached("=x > 3"), {"x": 4})
    assert sorted(case.open) == ["C", "X"]
    assert [f.element for f in case.of(steps.TaskOpened)] == ["X", "C"]
    assert {"+A", "xA", "+B", "-B"} <= set(case.story())


def test_a_phase_that_is_left_at_once_is_never_entered():
    inner = sub("A", chain(start("s"), user("I"), end("e")), phase="build")
    case = Case(attached("=x > 3", host=inner), {"x": 4})
    assert not case.of(steps.PhaseEntered)
    assert sorted(case.open) == ["C", "X"]


def test_what_does_not_interrupt_happens_again_when_it_was_false_in_between():
    case = Case(attached("=x > 3", interrupting=False))
    for value, times in ((4, 1), (5, 1), (6, 1), (1, 1), (2, 1), (9, 2), (9, 2)):
        case.set(x=value)
        assert case.open.count("X") == times
    case.set(x=None).set(x=4)
    assert case.open.count("X") == 3
    assert "B:condition" in case.open


def test_what_does_not_interrupt_and_holds_already_happens_once():
    case = Case(attached("=x > 3", interrupting=False), {"x": 4}).set(x=5)
    assert case.open.count("X") == 1
    assert "A" in case.open


def test_an_activity_that_is_left_wins_over_what_its_own_result_makes_true():
    case = Case(attached("=x > 3")).complete("A", x=9)
    assert sorted(case.open) == ["C", "Z"]


def test_only_variables_that_are_seen_from_its_scope_count():
    inner = lambda n: sub(f"P{n}", chain(start(f"s{n}"), user(f"I{n}"), end(f"e{n}")), inputs={"x": "=0"})  # noqa: E731
    body = chain(start(), fork("F"), inner(1), end()) + chain("F", inner(2), end("E2"))
    body += boundary("B", "P1", condition("=x > 3")) + chain("B", user("X"), end("E3"))
    case = Case(file(drawn(body))).set("I2", x=9)
    assert sorted(case.open) == ["B:condition", "I1", "I2"]
    assert sorted(case.set("I1", x=9).open) == ["I2", "X"]


def test_each_child_of_a_loop_waits_for_its_own():
    event = catch("W", condition("=done"))
    inner = sub("P1", chain(start("s"), fork("F"), event, user("X"), end("e")), chain("F", user("I"), end("e2")),
                loop=each("=[1,2]"), inputs={"done": "=false"})  # fmt: skip
    case = Case(file(drawn(chain(start(), inner, end()))))
    assert case.open.count("W:condition") == 2
    case.complete("I", 1, done=True)
    assert (case.open.count("W:condition"), case.open.count("X")) == (1, 1)
    assert case.variables("X")["item"] == 2


def test_a_called_process_sees_its_own_variables_only():
    caller = drawn(chain(start(), fork("F"), call("K", "Q"), end()), chain("F", user("A"), end("E2")))
    way = chain(start("s"), fork("G"), catch("W", condition("=x = 1")), end("e"))
    called = drawn(way, chain("G", user("I"), end("f")), identity="Q")
    case = Case(files(caller, called)).complete("A", x=1)
    assert "W:condition" in case.open
    assert "W:condition" not in case.complete("I", x=1).open


def test_behind_a_gateway_the_first_of_the_events_wins():
    ways = chain("G", catch("W", condition("=x > 3")), user("X"), end())
    ways += chain("G", catch("T", duration("PT1H")), user("Y"), end("E2"))
    source = file(drawn(chain(start(), fork("F"), race("G")), chain("F", user("A"), end("E3")), ways))
    case = Case(source)
    assert sorted(case.open) == ["A", "T:timer", "W:condition"]
    assert case.complete("A", x=4).open == ["X"]
    assert case.step.next_due is None
    assert Case(source).wait(hours=1).complete("A", x=4).open == ["Y"]
    at_once = Case(source, {"x": 4})
    assert sorted(at_once.open) == ["A", "X"]


@pytest.mark.parametrize("interrupting", [True, False])
def test_it_starts_event_sub_processes(interrupting):
    body = drawn(chain(start(), user("A"), user("B"), end()),
                 handler("H", condition("=x > 3"), user("R"), interrupting=interrupting))  # fmt: skip
    case = Case(file(body))
    assert case.open == ["sH:condition", "A"]
    case.complete("A", x=4)
    assert sorted(case.open) == (["R"] if interrupting else ["B", "R", "sH:condition"])
    if not interrupting:
        case.set(x=1).set(x=5)
        assert case.open.count("R") == 2


def test_an_event_sub_process_that_holds_already_starts_in_place_of_the_rest():
    rest = handler("H", condition("=x > 3"), user("R"))
    inner = sub("P1", chain(start("s"), user("I"), end("e")), rest)
    case = Case(file(drawn(chain(start(), inner, user("Z"), end()))), {"x": 4})
    assert case.open == ["R"]
    assert not case.of(steps.TaskOpened, "I")
    assert case.complete("R").open == ["Z"]
    beside = handler("H", condition("=x > 3"), user("R"), interrupting=False)
    case = Case(file(drawn(chain(start(), user("A"), end()), beside)), {"x": 4})
    assert sorted(case.open) == ["A", "R", "sH:condition"]


# Filters


def test_a_filter_names_the_variables_that_count():
    case = Case(waits("=x > 3 or y > 3", names="y, z")).set(x=9)
    assert "W:condition" in case.open
    assert "X" in case.set(z=1).open


def test_a_filter_names_what_must_have_happened_to_them():
    case = Case(waits("=x > 3", events="update")).set(x=9)
    assert "W:condition" in case.open
    assert "X" in case.set(x=10).open
    case = Case(waits("=x > 3", events="create"), {"x": 1}).set(x=9)
    assert "W:condition" in case.open
    assert "X" in case.set(new=1).open


def test_a_value_that_stays_as_it_is_is_no_change():
    case = Case(waits("=x > 3 and y", names="x"), {"x": 4}).set(y=True).set(x=4)
    assert "W:condition" in case.open
    assert "X" in case.set(x=5).open


def test_no_filter_holds_back_what_holds_already():
    assert "X" in Case(waits("=x > 3", names="y", events="update"), {"x": 4}).open


# What goes wrong


def test_a_condition_that_is_neither_true_nor_false_is_an_incident_until_somebody_helps():
    case = Case(waits("=x")).set(x="yes")
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("W", "wrong-type", "=x")
    assert "W:incident" in case.open
    case.set(x=True).retry("W")
    assert "X" in case.open


def test_an_incident_at_a_border_leaves_the_activity_alone():
    case = Case(attached("=x", interrupting=False)).set(x=1)
    assert sorted(case.open) == ["A", "B:incident", "C"]
    case.set(x=False).retry("B")
    assert sorted(case.open) == ["A", "B:condition", "C"]
    assert case.set(x=True).open.count("X") == 1
    assert sorted(case.complete("A").open) == ["C", "X", "Z"]


def test_two_that_make_each_other_true_meet_the_limit():
    body = chain(start(), user("A"), end())
    body += boundary("B", "A", condition("=x"), False, outputs={"x": "=false", "y": "=true"}) + chain("B", end("e1"))
    body += boundary("D", "A", condition("=y"), False, outputs={"x": "=true", "y": "=false"}) + chain("D", end("e2"))
    case = Case(file(drawn(body)), limits=process.Limits(steps=50)).set(x=True)
    assert {f.code for f in case.of(steps.IncidentRaised)} == {"limit"}


def test_facts_of_the_record_are_not_seen_and_a_diagram_that_names_them_is_refused():
    assert codes(attached("=release.kind = 1 and now > x")) == ["condition-over-facts"]
    source = attached("=number > 1")
    _, step = process.start(_program(source), variables={}, world=process.World(NOON, facts={"number": 2}))
    assert "B" not in [f.element for f in step.facts]


def _program(source):
    return Case(source).tracks[0].program


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("<bpmn:conditionalEventDefinition/>", "condition-missing"),
        (condition("x > 3"), "not-feel"),
        (condition("=x >"), "feel-syntax"),
        (condition("=x", events="create, delete"), "unknown-value"),
    ],
)
def test_what_has_no_meaning_is_refused(event, code):
    assert codes(diagram(around(f'<bpmn:intermediateCatchEvent id="T">{event}</bpmn:intermediateCatchEvent>'))) == [
        code
    ]


def test_a_process_starts_where_a_condition_holds_for_its_variables():
    body = chain(start("S", condition("=x > 3")), user("A"), end()) + chain(start("T", condition("=y")), user("B"), "E")
    source = file(drawn(body))
    assert Case(source, {"x": 4}).open == ["A"]
    assert Case(source, {"y": True}).open == ["B"]
    assert Case(source, {"x": 4, "y": True}, at="T").open == ["B"]
    for variables, at in (({}, None), ({"x": 3}, None), ({"x": 4}, "T")):
        with pytest.raises(Conflict, match="No condition"):
            Case(source, variables, at=at)
    with pytest.raises(InvalidInput) as refused:
        Case(source, {"y": 7})
    assert "“T”" in refused.value.errors["variables"][0]


def test_steps_without_conditions_note_no_changes():
    case = Case(waits("=x"))
    plain = Case(file(drawn(chain(start(), user("A"), end())))).complete("A", x=1)
    assert case.tracks[0].instance._board.scopes.noting
    assert not plain.tracks[0].instance._board.scopes.noting
    assert plain.tracks[0].instance._board.scopes.changes == []
