"""What SpiffWorkflow gets wrong without a word runs right here, or is refused when it is deployed.

Each test is one probe of the library, in the order of the list that was found by running it.
"""

from __future__ import annotations

import pytest

from service.engine import definitions, steps
from service.errors import InvalidDefinition
from tests.engine.drawing import (
    boundary,
    catch,
    chain,
    drawn,
    duration,
    end,
    error,
    escalation,
    file,
    flow,
    handler,
    link,
    service,
    signal,
    start,
    sub,
    throw,
    user,
    xor,
)
from tests.engine.driver import NOON, Case


def refused(source, code):
    with pytest.raises(InvalidDefinition) as refusal:
        definitions.load("t.bpmn", source)
    found = [p for p in refusal.value.problems if p.code == code]
    assert found, refusal.value.problems
    assert found[0].element_id
    assert found[0].line
    return found[0].message


def test_a_flow_without_an_id_is_followed():
    source = file(drawn(chain(start(), user("A"), end()))).replace(b'id="S_A" ', b"").replace(b'id="A_E" ', b"")
    assert Case(source).complete("A").status == "completed"


@pytest.mark.parametrize("event", [error("E1"), escalation("E1")])
@pytest.mark.parametrize("nested", [False, True])
def test_an_event_sub_process_interrupts_its_scope_and_never_starts_by_itself(event, nested):
    thrown = chain(start("s"), user("A"), end("T", event)) + handler("ES", event, user("H"))
    body = chain(start(), sub("P1", thrown), end()) if nested else thrown + chain("s", user("B"), end("e2"))
    case = Case(file(drawn(body), errors=("E1",)))
    assert "H" not in case.open
    assert case.complete("A").open == ["H"]
    assert case.complete("H").status == "completed"


def test_a_signal_end_event_sends_its_signal():
    case = Case(file(drawn(chain(start(), end("E", signal("S1")))), signals=("S1",)))
    assert [f.name for f in case.of(steps.SignalThrown)] == ["S1"]


def test_a_compensation_end_event_compensates():
    handler = user("Undo").replace('id="Undo"', 'id="Undo" isForCompensation="true"')
    attached = boundary("C", "A", "<bpmn:compensateEventDefinition/>")
    tied = '<bpmn:association id="a" sourceRef="C" targetRef="Undo"/>'
    body = chain(start(), user("A"), end("E", "<bpmn:compensateEventDefinition/>"))
    case = Case(file(drawn(body, attached, handler, tied))).complete("A")
    assert case.open == ["Undo"]
    assert case.complete("Undo").status == "completed"


def test_link_events_lead_on():
    body = drawn(chain(start(), throw("T", link("L"))), chain(catch("C", link("L")), user("U"), end()))
    assert Case(file(body)).complete("U").status == "completed"


def test_a_process_without_end_event_ends():
    assert Case(file(drawn(chain(start(), user("A"))))).complete("A").status == "completed"


def test_a_task_is_offered_four_hundred_and_fifty_times():
    body = drawn(chain(start(), xor("M"), user("A"), xor("G", default="G_E"), end()), flow("G", "M", "=n < 449"))
    case = Case(file(body))
    for lap in range(450):
        case.complete("A", n=lap)
    assert case.status == "completed"
    assert len(case.of(steps.TaskOpened)) == 450


def test_a_failing_job_names_its_element():
    case = Case(file(drawn(chain(start(), service("J"), end())))).fail("J", "E1")
    assert case.of(steps.IncidentRaised)[0].element == "J"


def test_an_error_that_does_not_exist_is_refused():
    body = drawn(chain(start(), user("A"), end()), boundary("B", "A", error("nope")), chain("B", end("E2")))
    assert "Error_nope" in refused(file(body), "missing-reference")


def test_two_flows_that_leave_a_task_reach_both_ends():
    case = Case(file(drawn(chain(start(), user("A"), end()), chain("A", end("E2"))))).complete("A")
    assert case.status == "completed"
    assert case.path == ["S", "A", "E", "E2"]


def test_a_decorative_data_store_does_no_harm():
    source = file(drawn(chain(start(), user("A"), end())))
    source = source.replace(b"<bpmn:process", b'<bpmn:dataStore id="DS" name="CMDB"/><bpmn:process')
    assert Case(source).open == ["A"]


def test_a_timer_as_modelers_write_it_waits():
    case = Case(file(drawn(chain(start(), catch("T", duration("PT1H")), end()))))
    assert case.open == ["T:timer"]
    assert (case.step.next_due - NOON).total_seconds() == 3600


def test_a_condition_that_is_no_feel_is_refused():
    body = drawn(
        chain(start(), xor("G", default="G_E")), flow("G", "E2", "${approved}"), flow("G", "E"), end(), end("E2")
    )
    with pytest.raises(InvalidDefinition) as refusal:
        definitions.load("t.bpmn", file(body))
    assert [p.element_id for p in refusal.value.problems if p.severity == "error"] == ["G_E2"]
