"""What the standard says and drawings rely on: names and starts that are left out, references, prefixes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.usecases.play import play
from tests.engine.drawing import (
    boundary,
    call,
    catch,
    chain,
    cycle,
    drawn,
    duration,
    each,
    end,
    error,
    escalation,
    file,
    flow,
    fork,
    handler,
    loop,
    message,
    signal,
    start,
    sub,
    throw,
    xor,
)
from tests.engine.drawing import script as scripted
from tests.usecases.test_play_patterns import played, step, times_left


def thrown(catches: str, throws: str) -> str:
    """A sub-process that ends with an event, and what is at its border."""
    inside = chain(start("s"), step("A"), end("e", throws))
    border = boundary("X", "P1", catches) + chain("X", step("B"), end("E2"))
    return drawn(chain(start(), sub("P1", inside), end()), border)


NAMELESS = {
    "signals without names": '<bpmn:signal id="Signal_a"/><bpmn:signal id="Signal_b"/>',
    "errors without codes": '<bpmn:error id="Error_a" name="failed"/><bpmn:error id="Error_b" name="failed"/>',
    "escalations without codes": '<bpmn:escalation id="Escalation_a"/><bpmn:escalation id="Escalation_b"/>',
}
EVENTS = dict(zip(NAMELESS, (signal, error, escalation), strict=True))


@pytest.mark.parametrize("name", NAMELESS)
def test_what_has_no_name_is_told_apart_by_its_id(tmp_path, name):
    event = EVENTS[name]
    source = file(NAMELESS[name], thrown(event("a"), event("a")))
    assert times_left(played(tmp_path, source)[1]) == {"A": 1, "B": 1}
    source = file(NAMELESS[name], thrown(event("b"), event("a")))
    assert times_left(played(tmp_path, source)[1]) == {"A": 1}


def test_a_message_without_a_name_goes_by_its_id(tmp_path):
    body = chain(start(), fork("F"), catch("C", message("m")), step("A")) + chain("F", throw("T", message("m")))
    code, lines = played(tmp_path, file('<bpmn:message id="Message_m"/>', drawn(body)))
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 1})
    assert [line["message"] for line in lines if line["event"] == "message.thrown"] == ["Message_m"]


@pytest.mark.parametrize("prefix", ["", "tns:"])
def test_an_event_may_refer_to_a_definition_of_the_file(tmp_path, prefix):
    ref = f"<bpmn:eventDefinitionRef>{prefix}D</bpmn:eventDefinitionRef>"
    root = '<bpmn:errorEventDefinition id="D" errorRef="Error_E1"/>'
    assert times_left(played(tmp_path, file(root, thrown(ref, ref), errors=("E1",)))[1]) == {"A": 1, "B": 1}


def test_links_without_names_belong_together_by_reference(tmp_path):
    to = '<bpmn:linkEventDefinition id="out"><bpmn:target>in</bpmn:target></bpmn:linkEventDefinition>'
    back = '<bpmn:linkEventDefinition id="in"><bpmn:source>out</bpmn:source></bpmn:linkEventDefinition>'
    body = chain(start(), step("A"), throw("T", to)) + chain(catch("C", back), step("B"), end())
    code, lines = played(tmp_path, file(drawn(body)))
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 1, "B": 1})


def test_a_catch_event_passes_at_the_first_turn_of_its_cycle(tmp_path):
    body = chain(start(), catch("C", cycle("R3/PT10M")), step("A"), end())
    code, lines = played(tmp_path, file(drawn(body)))
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 1})
    assert [line["element"] for line in lines if line["event"] == "timer.fired"] == ["C"]


@pytest.mark.parametrize(
    ("turns", "fired"),
    [("R3/PT10M", 3), ("R/PT10M", 5), ("R/PT10M/{:%Y-%m-%dT%H:%M:%SZ}", 2), ("R9/PT10M/2000-01-01T00:00:00Z", 0)],
)
def test_a_cycle_at_a_border_repeats_as_often_and_as_long_as_it_says(tmp_path, turns, fired):
    inside = chain(start("s"), catch("W", duration("PT55M")), end("e"))
    border = boundary("X", "P1", cycle(turns.format(datetime.now(UTC) + timedelta(minutes=25))), interrupting=False)
    source = file(drawn(chain(start(), sub("P1", inside), end()), border, chain("X", step("A"))))
    code, lines = played(tmp_path, source)
    if fired:
        assert (code, times_left(lines)) == (play.COMPLETED, {"A": fired})
    else:
        assert [line["code"] for line in lines if line["event"] == "incident"] == ["wrong-type"]


UNSTARTED = {
    "a process": (drawn(chain(step("A"), step("B")), step("C")), {"A": 1, "B": 1, "C": 1}),
    "a sub-process": (
        drawn(chain(start(), sub("P1", chain(step("A"), step("B")), step("C")), step("D"), end())),
        {"A": 1, "B": 1, "C": 1, "D": 1},
    ),
    "each child of a sub-process": (
        drawn(chain(start(), sub("P1", chain(step("A"), step("B")), loop=each("=[1, 2]")), end())),
        {"A": 2, "B": 2},
    ),
    "a process with what happens beside it": (
        drawn(chain(step("A"), throw("T", signal("s")), step("B")), handler("H", signal("s"), step("C"))),
        {"A": 1, "C": 1},
    ),
    "a called process": (
        drawn(chain(start(), call("K", "Q"), step("B"), end())) + drawn(chain(step("A"), xor("G")), identity="Q"),
        {"A": 1, "B": 1},
    ),
}


@pytest.mark.parametrize("name", UNSTARTED)
def test_without_start_and_end_events_all_begins_that_no_flow_leads_to(tmp_path, name):
    processes, expected = UNSTARTED[name]
    code, lines = played(tmp_path, file(processes, signals=("s",)))
    assert (code, times_left(lines)) == (play.COMPLETED, expected)


def test_with_an_end_event_a_start_event_is_needed(tmp_path):
    code, lines = played(tmp_path, file(drawn(chain(step("A"), end()))))
    assert code == play.REFUSED
    assert ("no-start", "P") in {(line["code"], line["element_id"]) for line in lines}


COUNTED = chain(start(), scripted("A", "=n - 1", "n"), xor("G", default="G_Z"), call("C", "{}"), step("Z"), end())
COUNTED += flow("G", "Z")


def test_a_process_that_calls_itself_begins_by_itself(tmp_path):
    body = COUNTED.format("P").replace(flow("G", "C"), flow("G", "C", "=n > 0"))
    code, lines = played(tmp_path, file(drawn(body)), n=3)
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 3, "Z": 3})


def test_of_processes_that_call_each_other_the_first_one_begins(tmp_path):
    first = COUNTED.format("Q").replace(flow("G", "C"), flow("G", "C", "=n > 0"))
    second = chain(start("QS"), call("QC", "P"), end("QE"))
    code, lines = played(tmp_path, file(drawn(first), drawn(second, identity="Q")), n=2)
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 2, "Z": 2})


def test_where_no_flow_of_an_activity_holds_the_activity_is_named(tmp_path):
    body = chain(start(), step("A"), step("B")).replace(flow("A", "B"), flow("A", "B", "=1 = 2"))
    code, lines = played(tmp_path, file(drawn(body)))
    (incident,) = [line for line in lines if line["event"] == "incident"]
    assert (code, incident["element"]) == (play.STUCK, "A")
    assert incident["message"] == "No condition of “A” holds, and there is no default flow."


LOOPED = chain(start(), fork("F"), catch("W", duration("PT1H")), step("A"), end()) + chain(
    "F", scripted("B", "=1", "n", loop=loop("=loopCounter < 2"))
)


@pytest.mark.parametrize("prefix", ["", "bpmn2:", "semantic:"])
def test_a_diagram_runs_alike_whatever_its_prefix(tmp_path, prefix):
    source = file(drawn(LOOPED)).decode().replace("xmlns:bpmn=", f"xmlns:{prefix[:-1]}=" if prefix else "xmlns=")
    code, lines = played(tmp_path, source.replace("bpmn:", prefix).encode())
    assert (code, times_left(lines)) == (play.COMPLETED, {"A": 1, "B": 2})
