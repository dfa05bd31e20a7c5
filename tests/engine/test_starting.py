"""Where instances begin, other than at a start event: receive tasks and gateways that instantiate; global tasks."""

from __future__ import annotations

import pytest

from service.engine import definitions, starting, steps
from service.errors import Conflict, NotFound
from tests.engine.diagrams import codes, diagram
from tests.engine.diagrams import flow as line
from tests.engine.drawing import (
    assigned,
    boundary,
    call,
    catch,
    chain,
    drawn,
    each,
    end,
    ext,
    file,
    flow,
    message,
    race,
    receive,
    start,
    user,
)
from tests.engine.driver import Case


def begins(node: str) -> str:
    """The same node, marked as one that starts instances."""
    return node.replace(' id="', ' instantiate="true" id="', 1)


WAITER = begins(receive("R", "order")) + chain("R", user("A"), end())
BOTH = catch("O", message("order")) + receive("Q", "query") + user("A") + user("B") + end()
RACE = begins(race("G")) + BOTH + flow("G", "O") + flow("G", "Q") + flow("O", "A") + flow("Q", "B") + flow("A", "E")
ALL = RACE.replace("<bpmn:eventBasedGateway", '<bpmn:eventBasedGateway eventGatewayType="Parallel"')
MESSAGES = {"order": "", "query": '="Q1"'}


def test_the_message_of_a_receive_task_starts_the_instance_behind_it():
    case = Case(file(drawn(WAITER), messages=MESSAGES), {"number": 7})
    assert case.story() == ["+R", "-R", "+A"]
    assert case.variables() == {"number": 7}
    assert case.of(steps.Subscribed) == []
    assert case.complete("A").status == "completed"


def test_a_receive_task_that_waits_in_the_middle_still_waits():
    body = drawn(WAITER.replace('targetRef="E"', 'targetRef="M"'), receive("M", "query"), flow("M", "E"))
    case = Case(file(body, messages=MESSAGES)).complete("A")
    assert case.open == ["M:message"]
    assert case.deliver("M").status == "completed"


def test_output_mappings_of_the_first_message_apply():
    node = begins(receive("R", "order", outputs={"kept": "=number + 1"}))
    case = Case(file(drawn(node, chain("R", user("A"))), messages=MESSAGES), {"number": 7})
    assert case.variables()["kept"] == 8


@pytest.mark.parametrize(
    ("at", "story"), [("O", ["+G", "+O", "-G", "-O", "+A"]), ("Q", ["+G", "+Q", "-G", "-Q", "+B"])]
)
def test_a_gateway_starts_with_the_first_of_its_messages_and_forgets_the_others(at, story):
    case = Case(file(drawn(RACE), messages=MESSAGES), at=at)
    assert sorted(case.story()) == sorted(story)
    assert case.story()[-1] == story[-1]
    assert case.of(steps.Subscribed) == []


def test_a_parallel_gateway_starts_with_one_message_and_is_over_after_all():
    case = Case(file(drawn(ALL), messages=MESSAGES), at="Q")
    assert sorted(case.open) == ["B", "O:message"]
    case.complete("B")
    assert case.status == "active"
    case.deliver("O").complete("A")
    assert case.status == "completed"
    assert case.path.count("Q") == case.path.count("O") == case.path.count("G") == 1


def test_beside_a_plain_start_event_what_instantiates_is_left_alone():
    body = drawn(chain(start(), user("Z"), end("E9")), WAITER)
    assert Case(file(body, messages=MESSAGES)).path == ["S", "Z"]
    assert Case(file(body, messages=MESSAGES), at="R").path == ["R", "A"]


def test_the_starts_of_a_process_are_told_with_their_messages():
    body = drawn(chain(start("S", message("go")), "A"), RACE)
    (program,) = definitions.load("t.bpmn", file(body, messages={**MESSAGES, "go": ""}))
    assert {e.id: e.event.name for e in starting.starts(program.process)} == {"S": "go", "O": "order", "Q": "query"}
    assert not program.process.starts_by_itself
    with pytest.raises(Conflict):
        Case(file(body, messages={**MESSAGES, "go": ""}))
    with pytest.raises(NotFound):
        Case(file(body, messages={**MESSAGES, "go": ""}), at="G")


INSTANTIATING = '<bpmn:receiveTask id="R" messageRef="M" instantiate="true"'


@pytest.mark.parametrize(
    "body",
    [
        f'<bpmn:startEvent id="s"/>{INSTANTIATING}/>{line("s", "R")}',
        f'<bpmn:startEvent id="s"/><bpmn:subProcess id="T">{INSTANTIATING}/></bpmn:subProcess>{line("s", "T")}',
        f'{INSTANTIATING}><bpmn:standardLoopCharacteristics loopMaximum="2"/></bpmn:receiveTask>',
        f'{INSTANTIATING} startQuantity="2"/>',
        f"{INSTANTIATING}/>"
        + boundary("B", "R", "<bpmn:messageEventDefinition messageRef='M'/>")
        + line("B", "e")
        + '<bpmn:endEvent id="e"/>',
        '<bpmn:eventBasedGateway id="R" instantiate="true"/>'
        '<bpmn:intermediateCatchEvent id="a"><bpmn:signalEventDefinition signalRef="S"/></bpmn:intermediateCatchEvent>'
        f'<bpmn:receiveTask id="b" messageRef="M"/>{line("R", "a")}{line("R", "b")}',
    ],
    ids=[
        "a flow leads in",
        "in a sub-process",
        "loop",
        "several tokens",
        "boundary event",
        "signal behind the gateway",
    ],
)
def test_what_cannot_start_an_instance_is_refused(body):
    assert codes(diagram(body)) == ["instantiating-task"]


def test_a_gateway_in_the_middle_that_waits_for_all_is_refused():
    body = drawn(chain(start(), "G"), ALL.replace(' instantiate="true"', ""))
    assert codes(file(body, messages=MESSAGES)) == ["parallel-event-gateway"]


ASKED = f'<bpmn:globalUserTask id="Ask" name="Ask them">{ext(assigned(candidateGroups="crew"))}</bpmn:globalUserTask>'
COUNTED = (
    '<bpmn:globalScriptTask id="Count"><bpmn:extensionElements>'
    '<zeebe:script expression="=n + 1" resultVariable="n"/></bpmn:extensionElements></bpmn:globalScriptTask>'
)


def with_globals(*body: str) -> bytes:
    return file(ASKED, COUNTED, drawn(*body))


def test_a_global_task_is_called_like_a_process_of_its_own():
    case = Case(with_globals(chain(start(), call("C", "Ask"), user("Z"), end())), {"n": 1})
    assert case.story() == ["+S", "-S", "+C", "+Ask"]
    (opened,) = case.of(steps.TaskOpened)
    assert (opened.name, opened.groups) == ("Ask them", ("crew",))
    assert [f.process for f in case.of(steps.Entered)] == ["P", "P", "Ask"]
    case.complete("Ask", answer=42)
    assert case.open == ["Z"]
    assert case.variables() == {"n": 1, "answer": 42}


def test_a_global_task_is_called_for_each_item_and_interrupted_at_the_border_of_its_call():
    calls = call("C", "Ask", loop=each("=[1, 2]"))
    body = chain(start(), calls, end()), boundary("B", "C", message("stop")), chain("B", end("E2"))
    case = Case(file(ASKED, drawn(*body), messages={"stop": ""}))
    assert case.open.count("Ask") == 2
    assert case.complete("Ask").deliver("B").status == "completed"
    assert case.story().count("xAsk") == 1


def test_plain_bpmn_names_a_global_task_with_a_prefix():
    node = '<bpmn:callActivity id="C" calledElement="t:Count"/>'
    case = Case(file(COUNTED, drawn(chain(start(), "C", end()), node)), {"n": 1})
    assert case.status == "completed"
    assert case.variables() == {"n": 2}


def test_what_is_wrong_in_a_global_task_is_told_with_its_line():
    source = diagram('<bpmn:startEvent id="s"/>', shared='<bpmn:globalScriptTask id="Count"/>')
    (problem,) = [p for p in definitions.check("f.bpmn", source) if p.severity == "error"]
    assert (problem.element_id, problem.code, problem.line) == ("Count", "script-missing", 1)


def test_a_called_process_begins_at_its_plain_start_alone():
    inner = drawn(chain(start("S2", message("order")), user("A")), chain(start("S3"), user("B")), identity="Q")
    case = Case(file(drawn(chain(start(), call("C", "Q"), end())), inner, messages=MESSAGES))
    assert case.open == ["B"]


def test_a_called_process_without_a_start_to_choose_is_an_incident():
    inner = drawn(
        chain(start("S2", message("order")), user("A")), chain(start("S3", message("query")), user("B")), identity="Q"
    )
    case = Case(file(drawn(chain(start(), call("C", "Q"), end())), inner, messages=MESSAGES))
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code) == ("C", "no-plain-start")
