"""Pools that talk to each other in a play: messages that come early, that start, that are for one of several."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.engine.diagrams import HEAD, flow
from tests.usecases.test_play import COMPLETED, REFUSED, STUCK, played

__all__ = ["played"]

KEYED = (
    '<bpmn:message id="M" name="go"><bpmn:extensionElements><zeebe:subscription correlationKey="=order"/>'
    '</bpmn:extensionElements></bpmn:message><bpmn:message id="N" name="answer"/><bpmn:signal id="S" name="siren"/>'
)
GO = '<bpmn:messageEventDefinition messageRef="M"/>'
ANSWER = '<bpmn:messageEventDefinition messageRef="N"/>'
HOUR = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
SIREN = '<bpmn:signalEventDefinition signalRef="S"/>'


def line(*nodes: tuple[str, str, str]) -> str:
    """Nodes (type, id, content) from the first to the last."""
    drawn = "".join(f'<bpmn:{kind} id="{name}">{inside}</bpmn:{kind}>' for kind, name, inside in nodes)
    return drawn + "".join(flow(a[1], b[1]) for a, b in itertools.pairwise(nodes))


def file(**processes: str) -> bytes:
    drawn = "".join(
        f'<bpmn:process id="{name}" isExecutable="true">{p}</bpmn:process>' for name, p in processes.items()
    )
    return f"{HEAD}{KEYED}{drawn}</bpmn:definitions>".encode()


def begin(name: str, event: str = "") -> tuple[str, str, str]:
    return "startEvent", name, event


def finish(name: str, event: str = "") -> tuple[str, str, str]:
    return "endEvent", name, event


def throw(name: str, event: str) -> tuple[str, str, str]:
    return "intermediateThrowEvent", name, event


def catch(name: str, event: str) -> tuple[str, str, str]:
    return "intermediateCatchEvent", name, event


def ends(lines: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(line["element"], line["variables"]) for line in lines if line["event"] == "process.completed"]


def test_two_pools_talk_to_each_other(played):
    asks = line(begin("s1"), throw("ask", GO), catch("hear", ANSWER), finish("e1"))
    replies = line(begin("asked", GO), finish("reply", ANSWER))
    code, lines = played(file(A=asks, B=replies), auto=True, variables='{"order": 7}')
    assert code == COMPLETED
    assert [name for name, _ in ends(lines)] == ["B", "A"]


def test_a_message_that_comes_early_is_kept(played):
    speaks = line(begin("s1"), throw("tell", GO), finish("e1"))
    hears = line(begin("s2"), ("userTask", "prepare", ""), catch("hear", GO), finish("e2"))
    code, lines = played(file(A=speaks, B=hears), auto=True, variables='{"order": 7}')
    assert code == COMPLETED
    assert [name for name, _ in ends(lines)] == ["A", "B"]


def test_a_message_from_outside_is_kept_for_its_time_to_live(played):
    hears = line(begin("s"), catch("wait", HOUR), catch("hear", GO), finish("e"))
    source = file(A=hears)
    given = {"auto": True, "variables": '{"order": 7}'}
    early = {"at": "PT10M", "message": "go", "correlation_key": 7, "variables": {"by": "mail"}}
    assert played(source, events=[{**early, "ttl_seconds": 3600}], **given)[0] == COMPLETED
    assert played(source, events=[early], **given)[0] == COMPLETED
    code, lines = played(source, events=[{**early, "ttl_seconds": 60}], **given)
    assert (code, lines[-1]["element"]) == (STUCK, "hear")
    assert played(source, events=[{**early, "correlation_key": 8}], **given)[0] == STUCK


def test_a_message_is_for_who_waits_longest_and_reaches_each_process_once(played):
    twice = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    several = twice + "</bpmn:multiInstanceLoopCharacteristics>"

    def waits(name: str) -> str:
        drawn = line(begin(f"s{name}"), ("receiveTask", name, several), finish(f"e{name}"))
        return drawn.replace("<bpmn:receiveTask", '<bpmn:receiveTask messageRef="M"')

    source = file(A=waits("R"), B=waits("Q"))
    one = {"message": "go", "correlation_key": "7"}
    code, lines = played(source, auto=True, variables='{"order": 7}', events=[one])
    assert code == STUCK
    left = [
        line["element"] for line in lines if line["event"] == "element.completed" and line.get("type") == "receiveTask"
    ]
    assert sorted(left) == ["Q", "R"]  # one child of each
    assert played(source, auto=True, variables='{"order": 7}', events=[one, one])[0] == COMPLETED


def test_of_one_key_one_instance_runs_at_a_time(played):
    ordered = line(begin("ordered", GO), ("userTask", "pack", ""), finish("e"))
    one, other = ({"message": "go", "correlation_key": key} for key in (1, 2))
    code, lines = played(file(A=ordered), auto=True, events=[one, one, other])
    assert code == COMPLETED
    numbers = [line["instance"] for line in lines if line["event"] == "element.entered" and line["element"] == "pack"]
    assert numbers == [1, 2, 3]
    order = [(line["event"], line["instance"]) for line in lines if line["event"] in ("task.created", "task.completed")]
    assert order.index(("task.completed", 1)) < order.index(("task.created", 3))


def test_a_signal_is_heard_in_every_pool_and_starts_one(played):
    speaks = line(begin("s1"), ("userTask", "decide", ""), finish("tell", SIREN))
    hears = line(begin("s2"), catch("hear", SIREN), finish("e2"))
    starts = line(begin("heard", SIREN), finish("e3"))
    code, lines = played(file(A=speaks, B=hears, C=starts), auto=True)
    assert code == COMPLETED
    assert sorted(name for name, _ in ends(lines)) == ["A", "B", "C"]
    code, lines = played(file(B=hears, C=starts), auto=True, events=[{"signal": "siren", "at": "PT1M"}])
    assert (code, sorted(name for name, _ in ends(lines))) == (COMPLETED, ["B", "C"])


def test_a_message_that_an_instance_throws_triggers_no_action(played):
    roles = '<bpmn:extensionElements><zeebe:properties><zeebe:property name="tidegate.roles" value="coordinator"/>'
    acts = line(
        begin("s2"), catch("act", roles + "</zeebe:properties></bpmn:extensionElements>" + ANSWER), finish("e2")
    )
    speaks = line(begin("s1"), throw("tell", ANSWER), finish("e1"))
    code, lines = played(file(A=speaks, B=acts), auto=True)
    assert (code, lines[-1]["element"]) == (STUCK, "act")
    assert played(file(A=speaks, B=acts), auto=True, events=[{"message": "answer"}])[0] == COMPLETED


@pytest.mark.parametrize(("cycle", "count"), [("R3/PT1H", 3), ("R1/PT1H", 1), ("R/PT1H", 1), ("0 9 * * MON", 1)])
def test_a_cycle_starts_as_often_as_it_says_and_once_where_it_has_no_end(played, cycle, count):
    definition = f"<bpmn:timerEventDefinition><bpmn:timeCycle>{cycle}</bpmn:timeCycle></bpmn:timerEventDefinition>"
    code, lines = played(file(A=line(begin("s", definition), finish("e"))), auto=True)
    assert (code, len(ends(lines))) == (COMPLETED, count)


def test_a_start_timer_without_a_moment_is_told(played):
    definition = "<bpmn:timerEventDefinition><bpmn:timeDate>=when</bpmn:timeDate></bpmn:timerEventDefinition>"
    code, lines = played(file(A=line(begin("s", definition), finish("e"))), auto=True)
    assert code == STUCK
    assert "“=when” gave null" in lines[-1]["reason"]


@pytest.mark.parametrize(
    "event", [{"message": "go", "correlation_key": []}, {"message": "go", "ttl_seconds": "x"}, {"signal": 1}]
)
def test_unusable_events_are_refused(played, event):
    code, lines = played(file(A=line(begin("s"), finish("e"))), auto=True, events=[event])
    assert (code, lines[-1]["event"]) == (REFUSED, "refused")
