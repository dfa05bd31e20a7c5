"""Sub-processes as phases, and called processes."""

from __future__ import annotations

from service.engine import process, steps
from tests.engine.drawing import (
    boundary,
    call,
    chain,
    drawn,
    duration,
    end,
    error,
    file,
    files,
    message,
    script,
    start,
    sub,
    user,
)
from tests.engine.driver import Case


def test_entering_and_leaving_a_phase_is_told_in_order():
    inner = sub("P1", chain(start("s"), user("I"), end("e")), phase="build", changeStatus="building")
    case = Case(file(drawn(chain(start(), inner, end()))))
    (entered,) = case.of(steps.PhaseEntered)
    assert (entered.phase, entered.name, entered.change_status) == ("build", "P1", "building")
    assert case.of(steps.TaskOpened)[0].phase == "build"
    case.complete("I")
    assert [type(f).__name__ for f in case.facts if f.element == "P1"] == ["PhaseLeft", "Left"]
    assert [f.outcome for f in case.of(steps.PhaseLeft)] == ["completed"]


def test_a_phase_with_criteria_ends_with_a_gate_for_the_coordinator():
    inner = sub("P1", chain(start("s"), user("I"), end("e")), phase="build", criterion_Ready="=release.ready")
    case = Case(file(drawn(chain(start(), inner, end()))), facts={"release": {"ready": False}})
    case.complete("I")
    assert case.open == ["P1.gate"]
    gate = case.of(steps.TaskOpened)[1]
    assert (gate.gate, gate.groups, dict(gate.criteria), gate.phase) == (
        True,
        ("coordinator",),
        {"Ready": "=release.ready"},
        "build",
    )
    assert case.complete("P1.gate").status == "completed"


def test_a_called_process_gets_all_variables_and_gives_all_back():
    body = [
        drawn(chain(start(), call("C", "Q"), user("Z"), end())),
        drawn(chain(start(), user("U"), end()), identity="Q"),
    ]
    case = Case(files(*body), {"n": 1})
    assert case.variables("U") == {"n": 1}
    entered = case.of(steps.Entered, "U")[0]
    assert (entered.process, entered.path, entered.parent) == ("Q", "#2", "#2")
    case.complete("U", n=2, m=3)
    assert case.variables() == {"n": 2, "m": 3}
    assert case.open == ["Z"]


def test_a_called_process_is_behind_a_border():
    body = [
        drawn(chain(start(), call("C", "Q", parent=False, child=False, inputs={"a": "=n"}), end())),
        drawn(chain(start(), user("U"), user("V"), end()), identity="Q"),
    ]
    case = Case(files(*body), {"n": 1, "secret": 1})
    assert case.variables("U") == {"a": 1}
    case.complete("U", n=5, secret=5)
    assert case.variables("V") == {"a": 1, "n": 5, "secret": 5}
    case.complete("V")
    assert case.variables() == {"n": 1, "secret": 1}


def test_outputs_of_a_call_read_what_the_called_process_left():
    body = [
        drawn(chain(start(), call("C", "Q", child=False, outputs={"found": "=x + 1"}), end())),
        drawn(chain(start(), script("X", "=41", "x"), end()), identity="Q"),
    ]
    assert Case(files(*body)).variables() == {"found": 42}


def test_the_called_process_is_chosen_when_it_is_reached():
    body = [
        drawn(chain(start(), user("A"), call("C", "=plan"), end())),
        drawn(chain(start(), user("U"), end()), identity="Q"),
        drawn(chain(start(), user("V"), end()), identity="R"),
    ]
    assert Case(files(*body)).complete("A", plan="R").open == ["V"]
    stuck = Case(files(*body)).complete("A", plan="nowhere")
    assert stuck.of(steps.IncidentRaised)[0].code == "called-process-missing"
    assert stuck.set(plan="Q").retry("C").open == ["U"]
    assert Case(files(*body)).complete("A").of(steps.IncidentRaised)[0].code == "null-value"


def test_a_process_that_calls_itself_for_ever_is_stopped():
    body = drawn(chain(start(), call("C", "P"), end()))
    case = Case(file(body), limits=process.Limits(calls=5))
    assert case.of(steps.IncidentRaised)[0].code == "limit"
    assert case.of(steps.IncidentRaised)[0].element == "C"


def test_errors_and_events_cross_the_border_of_a_call():
    body = [
        drawn(
            chain(start(), call("C", "Q"), end()),
            boundary("B", "C", error("bad")),
            chain("B", user("X"), end("E2")),
            boundary("T", "C", duration("P1D")),
            chain("T", user("Y"), end("E3")),
        ),
        drawn(chain(start(), user("U"), end("E", error("bad"))), identity="Q"),
    ]
    assert Case(files(*body, errors=("bad",))).complete("U").open == ["X"]
    assert Case(files(*body, errors=("bad",))).wait(days=1).open == ["Y"]


def test_ids_that_occur_in_both_processes_do_not_mix():
    body = [
        drawn(chain(start(), user("A"), call("C", "Q"), end())),
        drawn(chain(start(), user("A", button="Theirs"), end()), identity="Q"),
    ]
    case = Case(files(*body)).complete("A")
    assert [f.button for f in case.of(steps.TaskOpened)] == [None, "Theirs"]
    assert case.complete("A").status == "completed"


def test_a_phase_can_be_skipped_with_all_that_is_in_it():
    inner = sub("P1", chain(start("s"), user("I"), end("e")), phase="training")
    body = drawn(chain(start(), inner, user("Z"), end()), boundary("B", "P1", message("stop")), chain("B", end("E2")))
    case = Case(file(body, messages={"stop": ""})).skip("P1", "inside")
    assert case.open == ["Z"]
    assert [f.outcome for f in case.of(steps.PhaseLeft)] == ["skipped"]
    assert case.story(case.facts) == ["xI", "~P1", "+Z"]
