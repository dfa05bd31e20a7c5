"""Message flows: drawings where the events say which message it is, the message itself where they do not."""

from __future__ import annotations

import pytest

from service.engine import definitions
from tests.engine.diagrams import HEAD, codes, errors, flow

MESSAGES = '<bpmn:message id="M" name="go"/><bpmn:message id="N" name="other"/>'


def pools(flows: str, *, sends: str = "", waits: str = "", kind: str = "intermediateCatchEvent") -> bytes:
    """Two pools: one sends at T, the other waits at C; `sends` and `waits` are the attributes of their messages."""
    says = f"<bpmn:messageEventDefinition {sends}/>"
    hears = f"<bpmn:messageEventDefinition {waits}/>"
    return (
        f"{HEAD}{MESSAGES}<bpmn:collaboration id='X'><bpmn:participant id='P1' processRef='A'/>"
        f"<bpmn:participant id='P2' processRef='B'/><bpmn:participant id='BB' name='Customer'/>{flows}"
        '</bpmn:collaboration><bpmn:process id="A" isExecutable="true"><bpmn:startEvent id="s"/>'
        f'<bpmn:intermediateThrowEvent id="T">{says}</bpmn:intermediateThrowEvent><bpmn:endEvent id="e"/>'
        f'{flow("s", "T")}{flow("T", "e")}</bpmn:process><bpmn:process id="B" isExecutable="true">'
        f'<bpmn:startEvent id="s2"/><bpmn:{kind} id="C">{hears}</bpmn:{kind}><bpmn:endEvent id="e2"/>'
        f"{flow('s2', 'C')}{flow('C', 'e2')}</bpmn:process></bpmn:definitions>"
    ).encode()


def between(source: str = "T", target: str = "C", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:messageFlow id="flow" sourceRef="{source}" targetRef="{target}"{more}/>'


def names(source: bytes) -> tuple[str | None, str | None]:
    """The messages that are sent at T and awaited at C."""
    found = {}
    for program in definitions.load("f.bpmn", source):
        found |= program.process.elements
    return tuple(found[each].event.name for each in ("T", "C"))


@pytest.mark.parametrize(
    ("sends", "waits", "attributes", "expected"),
    [
        ('messageRef="M"', 'messageRef="M"', {"name": "x"}, ("go", "go")),
        ('messageRef="M"', 'messageRef="N"', {"name": "x"}, ("go", "other")),
        ('messageRef="M"', "", {"name": "x"}, ("go", "go")),
        ("", 'messageRef="M"', {}, ("go", "go")),
        ("", "", {"messageRef": "M", "name": "x"}, ("go", "go")),
        ("", "", {"name": "Order placed"}, ("Order placed", "Order placed")),
        ("", "", {}, ("flow", "flow")),
    ],
)
def test_a_flow_tells_the_message_where_its_ends_do_not(sends, waits, attributes, expected):
    assert names(pools(between(**attributes), sends=sends, waits=waits)) == expected


def test_without_a_flow_an_event_without_a_message_is_refused():
    assert codes(pools("")) == ["message-missing"]
    assert {problem.element_id for problem in errors(pools(""))} == {"T", "C"}


def test_flows_from_and_to_black_boxes_name_a_message_too():
    flows = between(target="BB", name="bill") + between(source="BB", name="money").replace('"flow"', '"flow2"')
    assert names(pools(flows)) == ("bill", "money")


def test_several_flows_into_one_event_are_one_message():
    flows = between(name="order") + between(source="BB", name="money").replace('"flow"', '"flow2"')
    assert names(pools(flows)) == ("order", "order")


def test_tasks_that_send_and_receive_need_no_message_of_their_own():
    source = pools(between(name="order"), kind="receiveTask").replace(b"<bpmn:messageEventDefinition />", b"")
    source = source.replace(b"intermediateThrowEvent", b"sendTask")
    assert names(source) == ("order", "order")


def action(source: bytes) -> bool:
    (program,) = [p for p in definitions.load("f.bpmn", source) if p.process.id == "B"]
    return program.process.elements["C"].action is not None


def test_what_somebody_in_the_file_sends_is_no_action_of_people():
    said = {"sends": 'messageRef="M"', "waits": 'messageRef="M"'}
    assert not action(pools(between(), **said))
    assert not action(pools("", **said))
    assert action(pools("", sends='messageRef="N"', waits='messageRef="M"'))
    assert action(pools(between(source="BB"), sends='messageRef="N"', waits='messageRef="M"'))


def test_an_event_with_a_property_of_actions_stays_one():
    roles = (
        '<bpmn:extensionElements><zeebe:properties><zeebe:property name="tidegate.roles" value="coordinator"/>'
        "</zeebe:properties></bpmn:extensionElements><bpmn:messageEventDefinition"
    )
    source = pools(between(), sends='messageRef="N"', waits='messageRef="M"')
    head, tail = source.split(b'id="C">')
    assert action(head + b'id="C">' + tail.replace(b"<bpmn:messageEventDefinition", roles.encode(), 1))


def test_what_a_process_sends_that_does_not_run_is_expected_from_nobody():
    source = pools(between(), sends='messageRef="M"', waits='messageRef="M"')
    assert action(source.replace(b'id="A" isExecutable="true"', b'id="A" isExecutable="false"'))
