"""Playing a diagram in memory: what is printed, how it is answered, and how it ends."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.usecases.play import play
from tests.engine.diagrams import around, diagram, extended, flow, props

COMPLETED, REFUSED, STUCK = 0, 1, 3
SHIPPED = Path(__file__).parents[2] / "bpmn"


@pytest.fixture
def played(tmp_path):
    """Play a diagram; keywords that are paths of JSON in Options take plain values here."""

    def run(source: bytes, **options: Any) -> tuple[int, list[dict[str, Any]]]:
        file = tmp_path / "f.bpmn"
        file.write_bytes(source)
        for name in ("values", "jobs", "facts", "events"):
            if name in options:
                path = tmp_path / f"{name}.json"
                path.write_text(json.dumps(options[name]))
                options[name] = str(path)
        out = io.StringIO()
        code = play.run(play.Options(str(file), **options), out)
        return code, [json.loads(line) for line in out.getvalue().splitlines()]

    return run


def told(lines: list[dict[str, Any]], *events: str) -> list[tuple[str, str]]:
    return [(line["event"], line["element"]) for line in lines if not events or line["event"] in events]


def timer(identity: str, duration: str) -> str:
    definition = (
        f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    return f'<bpmn:intermediateCatchEvent id="{identity}">{definition}</bpmn:intermediateCatchEvent>'


def boundary(identity: str, host: str, definition: str, after: str, interrupting: bool = True) -> str:
    stops = "true" if interrupting else "false"
    drawn = f'id="{identity}" attachedToRef="{host}" cancelActivity="{stops}"'
    event = f"<bpmn:boundaryEvent {drawn}>{definition}</bpmn:boundaryEvent>"
    return f'{event}<bpmn:endEvent id="{after}"/>{flow(identity, after)}'


MESSAGE = '<bpmn:messageEventDefinition messageRef="M"/>'
USER = '<bpmn:userTask id="T" name="Look"/>'
SERVICE = extended("serviceTask", '<zeebe:taskDefinition type="mail"/>')


def test_lines_say_when_what_and_where(played):
    code, lines = played(diagram(around(USER)), auto=True)
    assert code == COMPLETED
    assert told(lines) == [
        ("element.entered", "s"), ("element.completed", "s"), ("element.entered", "T"), ("task.created", "T"),
        ("task.completed", "T"), ("element.completed", "T"), ("element.entered", "e"), ("element.completed", "e"),
        ("process.completed", "P"),
    ]  # fmt: skip
    assert {"at", "event", "element", "type", "name", "process"} <= lines[2].keys()
    assert (lines[2]["type"], lines[2]["name"]) == ("userTask", "Look")
    assert datetime.fromisoformat(lines[0]["at"]).tzinfo is not None


def test_results_of_scripts_are_shown_and_variables_at_the_end(played):
    script = extended("scriptTask", '<zeebe:script expression="=2 * given" resultVariable="twice"/>')
    code, lines = played(diagram(around(script)), variables='{"given": 21}')
    assert code == COMPLETED
    assert [line["result"] for line in lines if "result" in line] == [42]
    assert lines[-1]["event"] == "process.completed"
    assert lines[-1]["variables"] == {"given": 21, "twice": 42}


def test_without_auto_it_stops_at_the_first_wait_and_says_where(played):
    code, lines = played(diagram(around(USER)))
    assert code == STUCK
    assert (lines[-1]["event"], lines[-1]["element"]) == ("stuck", "T")
    assert lines[-1]["reason"] == "A person's task is open."


def test_values_answer_tasks_visit_by_visit(played):
    again = '<bpmn:exclusiveGateway id="G" default="no"/>' + flow("T", "G") + flow("G", "T", '=answer = "again"')
    body = (
        f'<bpmn:startEvent id="s"/>{USER}{again}<bpmn:endEvent id="e"/>{flow("s", "T")}{flow("G", "e", identity="no")}'
    )
    answers = {"T": [{"answer": "again"}, {"answer": "again"}, {"answer": "done"}]}
    code, lines = played(diagram(body), auto=True, values=answers)
    assert code == COMPLETED
    assert len(told(lines, "task.completed")) == 3
    assert lines[-1]["variables"] == {"answer": "done"}


def test_jobs_are_answered_by_element_or_type(played):
    for key in ("T", "mail"):
        code, lines = played(diagram(around(SERVICE)), auto=True, jobs={key: {"variables": {"sent": True}}})
        assert code == COMPLETED
        assert told(lines, "job.created") == [("job.created", "T")]
        assert lines[-1]["variables"] == {"sent": True}


def test_a_job_may_give_an_error_that_a_boundary_event_catches(played):
    caught = boundary("B", "T", '<bpmn:errorEventDefinition errorRef="E"/>', "caught")
    code, lines = played(diagram(around(SERVICE, more=caught)), auto=True, jobs={"mail": {"error": "BAD"}})
    assert code == COMPLETED
    assert ("element.completed", "caught") in told(lines)
    assert ("element.completed", "T") not in told(lines)


def test_a_job_that_fails_is_an_incident_and_the_play_is_stuck(played):
    code, lines = played(diagram(around(SERVICE)), auto=True, jobs={"T": {"fail": "no server"}})
    assert code == STUCK
    (incident,) = [line for line in lines if line["event"] == "incident"]
    assert (incident["element"], incident["code"], incident["message"]) == ("T", "job-failed", "no server")
    assert (lines[-1]["element"], lines[-1]["reason"]) == ("T", "no server")


def test_time_passes_by_itself_with_auto_only(played):
    source = diagram(around(timer("T", "P30D")))
    code, lines = played(source, auto=True)
    assert code == COMPLETED
    assert told(lines, "timer.fired") == [("timer.fired", "T")]
    first, last = (datetime.fromisoformat(lines[n]["at"]) for n in (0, -1))
    assert last - first == timedelta(days=30)
    code, lines = played(source)
    assert (code, lines[-1]["element"]) == (STUCK, "T")


def test_boundary_timers_lose_to_a_completion_that_is_there_at_once(played):
    late = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition>"
    code, lines = played(diagram(around(USER, more=boundary("B", "T", late, "late"))), auto=True)
    assert code == COMPLETED
    assert told(lines, "timer.fired") == []


def test_boundary_timers_win_where_nobody_answers(played):
    late = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition>"
    wait = '<bpmn:receiveTask id="T" messageRef="M"/>'
    code, lines = played(diagram(around(wait, more=boundary("B", "T", late, "late"))), auto=True)
    assert code == COMPLETED
    assert ("element.completed", "late") in told(lines)


def test_a_message_comes_after_an_element(played):
    body = (
        f'<bpmn:startEvent id="s"/>{USER}<bpmn:receiveTask id="R" messageRef="M"/><bpmn:endEvent id="e"/>'
        + flow("s", "T") + flow("T", "R") + flow("R", "e")
    )  # fmt: skip
    event = {"after_element": "T", "message": "go", "variables": {"by": "mail"}}
    code, lines = played(diagram(body), auto=True, events=[event])
    assert (code, lines[-1]["variables"]) == (COMPLETED, {"by": "mail"})
    assert played(diagram(body), auto=True)[0] == STUCK


def test_a_message_to_the_border_of_an_element_comes_while_that_is_open(played):
    stop = boundary("B", "T", MESSAGE, "stopped")
    code, lines = played(diagram(around(USER, more=stop)), auto=True, events=[{"after_element": "T", "message": "go"}])
    assert code == COMPLETED
    assert ("element.completed", "stopped") in told(lines)
    assert told(lines, "task.completed") == []


def test_the_second_message_after_an_element_waits_for_its_second_end(played):
    inner = f'<bpmn:startEvent id="i"/><bpmn:userTask id="T"/><bpmn:userTask id="U"/>{flow("i", "T")}{flow("T", "U")}'
    rework = f'<bpmn:boundaryEvent id="B" attachedToRef="S1">{MESSAGE}</bpmn:boundaryEvent>'
    body = (
        f'<bpmn:startEvent id="s"/><bpmn:subProcess id="S1">{inner}</bpmn:subProcess>{rework}<bpmn:endEvent id="e"/>'
        + flow("s", "S1") + flow("S1", "e") + flow("B", "S1")
    )  # fmt: skip
    events = [{"after_element": "T", "message": "go"}, {"after_element": "T", "message": "go"}]
    code, lines = played(diagram(body), auto=True, events=events)
    assert code == COMPLETED
    assert len([1 for event in told(lines) if event == ("task.completed", "T")]) == 3
    assert len([1 for event in told(lines) if event == ("task.completed", "U")]) == 1


@pytest.mark.parametrize("at", ["PT2H", "2030-01-01T02:00:00Z"])
def test_a_message_comes_at_a_moment(played, at):
    wait = '<bpmn:receiveTask id="T" messageRef="M"/>'
    facts = {"now": "2030-01-01T00:00:00Z"}
    code, lines = played(diagram(around(wait)), auto=True, facts=facts, events=[{"at": at, "message": "go"}])
    assert code == COMPLETED
    assert lines[-1]["at"] == "2030-01-01T02:00:00+00:00"


OTHER = '</bpmn:process><bpmn:process id="Q" isExecutable="true">'


def test_messages_of_one_process_reach_the_others_early_or_late(played):
    sender = f'<bpmn:startEvent id="s"/><bpmn:sendTask id="T" messageRef="M"/>{flow("s", "T")}'
    receiver = f'<bpmn:startEvent id="q"/>{timer("W", "PT1H")}<bpmn:receiveTask id="R" messageRef="M"/>'
    receiver += flow("q", "W") + flow("W", "R")
    code, lines = played(diagram(sender + OTHER + receiver), auto=True)
    assert code == COMPLETED
    assert told(lines, "message.thrown", "process.completed") == [
        ("message.thrown", "T"), ("process.completed", "P"), ("process.completed", "Q"),
    ]  # fmt: skip
    assert lines[-1]["process"] == "Q"


def test_a_message_starts_the_process_that_waits_for_it(played):
    sender = f'<bpmn:startEvent id="s"/><bpmn:sendTask id="T" messageRef="M"/>{flow("s", "T")}'
    started = f'<bpmn:startEvent id="q">{MESSAGE}</bpmn:startEvent><bpmn:userTask id="U"/>{flow("q", "U")}'
    code, lines = played(diagram(sender + OTHER + started), auto=True)
    assert code == COMPLETED
    assert ("process.completed", "Q") in told(lines)


def test_signals_reach_all_others(played):
    signal = '<bpmn:signalEventDefinition signalRef="S"/>'
    catch = f'<bpmn:intermediateCatchEvent id="T">{signal}</bpmn:intermediateCatchEvent>'
    waits = f'<bpmn:startEvent id="s"/>{catch}{flow("s", "T")}'
    throws = f'<bpmn:startEvent id="q"/><bpmn:endEvent id="e">{signal}</bpmn:endEvent>{flow("q", "e")}'
    code, lines = played(diagram(waits + OTHER + throws), auto=True)
    assert code == COMPLETED
    assert {("process.completed", "P"), ("process.completed", "Q")} <= set(told(lines))


def test_a_called_process_runs_when_it_is_called_and_not_by_itself(played):
    caller = f'<bpmn:startEvent id="s"/><bpmn:callActivity id="T" calledElement="Q"/>{flow("s", "T")}'
    called = f'<bpmn:startEvent id="q"/><bpmn:userTask id="U"/>{flow("q", "U")}'
    code, lines = played(diagram(caller + OTHER + called), auto=True)
    assert code == COMPLETED
    assert told(lines, "process.completed") == [("process.completed", "P")]
    assert {line["process"] for line in lines if line["element"] == "U"} == {"Q"}


def test_one_process_may_be_named(played):
    source = diagram(around(USER) + OTHER + '<bpmn:startEvent id="q"/>')
    code, lines = played(source, auto=True, process="Q")
    assert (code, told(lines, "process.completed")) == (COMPLETED, [("process.completed", "Q")])
    code, lines = played(source, auto=True, process="nope")
    assert code == REFUSED
    assert "only P, Q" in lines[0]["message"]


def test_approvals_are_approved_or_answered(played):
    board = '<zeebe:assignmentDefinition candidateGroups="board"/>' + props(approval="any")
    body = around(extended("userTask", board))
    code, lines = played(diagram(body), auto=True)
    assert (code, lines[-1]["variables"]["T"]["outcome"]) == (COMPLETED, "approved")
    code, lines = played(diagram(body), auto=True, values={"T": {"outcome": "denied"}})
    assert (code, lines[-1]["variables"]["T"]["outcome"]) == (COMPLETED, "denied")


def test_criteria_hold_a_task_until_the_facts_meet_them(played):
    body = diagram(around(extended("userTask", props(criterion__Packed="=package.ready"))))
    code, lines = played(body, auto=True)
    assert (code, lines[-1]["element"], lines[-1]["reason"]) == (STUCK, "T", "Criteria not met: Packed.")
    assert played(body, auto=True, facts={"package": {"ready": True}})[0] == COMPLETED


def test_values_named_like_facts_change_the_record(played):
    body = (
        f'<bpmn:startEvent id="s"/>{USER}<bpmn:exclusiveGateway id="G" default="no"/>'
        '<bpmn:endEvent id="yes"/><bpmn:endEvent id="e"/>'
        + flow("s", "T") + flow("T", "G") + flow("G", "yes", "=release.training") + flow("G", "e", identity="no")
    )  # fmt: skip
    code, lines = played(diagram(body), auto=True, values={"T": {"release.training": True}})
    assert code == COMPLETED
    assert ("element.completed", "yes") in told(lines)
    assert lines[-1]["variables"] == {}


def test_a_bad_diagram_is_refused_with_every_problem(played):
    code, lines = played(diagram(around('<bpmn:task id="T" startQuantity="0"/>')), auto=True)
    assert code == REFUSED
    assert [(line["event"], line["element_id"], line["line"]) for line in lines] == [("refused", "T", 3)]


@pytest.mark.parametrize(
    "options",
    [{"variables": "[1]"}, {"variables": "{"}, {"values": [1]}, {"events": {}}, {"events": [{}]}, {"jobs": 1},
     {"events": [{"message": "go", "at": "soon"}]}],
)  # fmt: skip
def test_unusable_options_are_refused(played, options):
    code, lines = played(diagram(around(USER)), auto=True, **options)
    assert (code, lines[-1]["event"]) == (REFUSED, "refused")


def test_a_missing_file_is_refused():
    out = io.StringIO()
    assert play.run(play.Options("/nowhere/x.bpmn"), out) == REFUSED
    assert "cannot be read" in out.getvalue()


def test_an_endless_loop_ends_at_max_steps(played):
    body = f'<bpmn:startEvent id="s"/>{USER}{flow("s", "T")}{flow("T", "T")}'
    code, lines = played(diagram(body), auto=True, max_steps=20)
    assert code == STUCK
    assert lines[-1]["reason"] == "It is not over after 20 steps."
    assert lines[-1]["element"] == "T"


def test_an_endless_loop_without_a_wait_ends_too(played):
    body = f'<bpmn:startEvent id="s"/><bpmn:task id="T"/>{flow("s", "T")}{flow("T", "T")}'
    code, lines = played(diagram(body), auto=True, max_steps=50)
    assert code == STUCK
    assert any(line["event"] == "incident" for line in lines)


def test_incidents_say_what_is_wrong(played):
    body = around('<bpmn:exclusiveGateway id="T"/>').replace(flow("T", "e"), flow("T", "e", "=missing &gt; 1"))
    code, lines = played(diagram(body), auto=True)
    assert code == STUCK
    (incident,) = [line for line in lines if line["event"] == "incident"]
    assert (incident["element"], incident["expression"]) == ("T", "=missing > 1")
    assert lines[-1]["element"] == "T"


def test_nothing_that_starts_by_itself_is_said(played):
    code, lines = played(diagram(f'<bpmn:startEvent id="s">{MESSAGE}</bpmn:startEvent>'), auto=True)
    assert (code, lines[-1]["reason"]) == (STUCK, "Nothing in this file starts by itself.")


def test_a_timer_start_event_starts_when_its_time_comes(played):
    timed = "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    code, lines = played(
        diagram(f'<bpmn:startEvent id="s">{timed}</bpmn:startEvent>'), auto=True, facts={"now": "2030-01-01T00:00:00Z"}
    )
    assert code == COMPLETED
    assert lines[0]["at"] == "2030-01-02T00:00:00+00:00"


def test_multi_instance_children_are_told_from_what_carries_them(played):
    loop = "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
    several = f"<bpmn:multiInstanceLoopCharacteristics>{loop}</bpmn:multiInstanceLoopCharacteristics>"
    _, lines = played(diagram(around(f'<bpmn:userTask id="T">{several}</bpmn:userTask>')), auto=True)
    entered = [(line["type"], line.get("loop_index")) for line in lines if line["event"] == "element.entered"]
    assert entered == [
        ("startEvent", None),
        ("multiInstanceBody", None),
        ("userTask", 1),
        ("userTask", 2),
        ("endEvent", None),
    ]


@pytest.mark.parametrize("model", ["major_release", "minor_release", "emergency_release"])
def test_the_shipped_models_play_up_to_their_first_unmet_criterion(played, model):
    rules = (str(SHIPPED / "release_risk.dmn"),)
    code, lines = played((SHIPPED / f"{model}.bpmn").read_bytes(), auto=True, decisions=rules)
    assert code == STUCK
    assert lines[-1]["reason"].startswith("Criteria not met")
    assert not [line for line in lines if line["event"] == "incident"]
