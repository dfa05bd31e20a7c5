"""The diagrams that are measured: twelve tasks with two ways back, four tasks at once, a busy lap, a timer."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

GROUP = "bench"
CHAIN, PARALLEL, BUSY, TIMER = "bench_chain", "bench_parallel", "bench_busy", "bench_timer"
TASKS = 12
LAP = 11  # tasks before the second way back
BUSY_LAP = 5  # tasks in a lap of the busy one
TIMER_SECONDS = 2

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  id="bench" targetNamespace="http://tidegate.example/bench">
"""

_THREE = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=[1, 2, 3]" inputElement="item"/>'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)

Flow = tuple[str, str, str]  # source, target, condition or ""


def chain() -> bytes:
    """t1 to t12 in a row; after t4 back to t2 while `rework` is 1, after t11 back to t1 while `rollback` is 1."""
    tasks = [f"t{number}" for number in range(1, TASKS + 1)]
    row = ["start", *tasks[:4], "again", *tasks[4:LAP], "back", tasks[LAP], "end"]
    flows = [(one, other, "") for one, other in itertools.pairwise(row)]
    flows += [("again", "t2", "=rework = 1"), ("back", "t1", "=rollback = 1")]
    nodes = [_node("startEvent", "start"), *map(_task, tasks), _node("endEvent", "end")]
    nodes += [
        _node("exclusiveGateway", "again", default="again-t5"),
        _node("exclusiveGateway", "back", default="back-t12"),
    ]
    return _file(CHAIN, nodes, flows)


def parallel() -> bytes:
    """Four tasks open at once, then one more."""
    parts = [f"part{number}" for number in range(1, 5)]
    flows = [("start", "fork", ""), *(("fork", part, "") for part in parts), *((part, "join", "") for part in parts)]
    flows += [("join", "last", ""), ("last", "end", "")]
    nodes = [_node("startEvent", "start"), _node("parallelGateway", "fork"), _node("parallelGateway", "join")]
    nodes += [*map(_task, [*parts, "last"]), _node("endEvent", "end")]
    return _file(PARALLEL, nodes, flows)


def busy() -> bytes:
    """A sub-process with a timer at its border, a fork and join, a task for each of three; again while `again` is 1."""
    flows = [("begin", "fork", ""), ("fork", "left", ""), ("fork", "right", ""), ("left", "join", "")]
    flows += [("right", "join", ""), ("join", "each", ""), ("each", "done", "")]
    nodes = [_node("startEvent", "begin"), _node("endEvent", "done"), _task("left"), _task("right")]
    nodes += [_node("parallelGateway", "fork"), _node("parallelGateway", "join"), _task("each", _THREE)]
    inside = "\n".join([*nodes, *_drawn(flows)])
    late = "<bpmn:timerEventDefinition><bpmn:timeDuration>P30D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    outer = [
        _node("startEvent", "start"),
        _node("subProcess", "lap", inside),
        _node("boundaryEvent", "late", late, attachedToRef="lap"),
        _node("exclusiveGateway", "more", default="more-end"),
        _node("endEvent", "end"),
        _node("endEvent", "missed"),
    ]
    ways = [("start", "lap", ""), ("lap", "more", ""), ("more", "lap", "=again = 1"), ("more", "end", "")]
    return _file(BUSY, outer, [*ways, ("late", "missed", "")])


def timer() -> bytes:
    """A timer, then a task: when it opens, the timer has fired."""
    duration = f'<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT{TIMER_SECONDS}S</bpmn:timeDuration>'
    wait = f"<bpmn:timerEventDefinition>{duration}</bpmn:timerEventDefinition>"
    nodes = [
        _node("startEvent", "start"),
        _node("intermediateCatchEvent", "wait", inner=wait),
        _task("after"),
        _node("endEvent", "end"),
    ]
    return _file(TIMER, nodes, [("start", "wait", ""), ("wait", "after", ""), ("after", "end", "")])


def files() -> list[tuple[str, bytes]]:
    """All of them, ready to be deployed."""
    drawn = {CHAIN: chain, PARALLEL: parallel, BUSY: busy, TIMER: timer}
    return [(f"{name}.bpmn", draw()) for name, draw in drawn.items()]


def _node(tag: str, ident: str, inner: str = "", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{tag} id="{ident}" name="{ident}"{more}>{inner}</bpmn:{tag}>'


def _task(ident: str, loop: str = "") -> str:
    who = f'<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="{GROUP}"/>'
    return _node("userTask", ident, f"<bpmn:extensionElements>{who}</bpmn:extensionElements>{loop}")


def _file(process: str, nodes: Iterable[str], flows: Iterable[Flow]) -> bytes:
    body = "\n".join([*nodes, *_drawn(flows)])
    whole = f'<bpmn:process id="{process}" isExecutable="true">\n{body}\n</bpmn:process>'
    return f"{_HEAD}{whole}\n</bpmn:definitions>".encode()


def _drawn(flows: Iterable[Flow]) -> Iterator[str]:
    for source, target, condition in flows:
        inner = ""
        if condition:
            inner = (
                f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
            )
        yield _node("sequenceFlow", f"{source}-{target}", inner, sourceRef=source, targetRef=target)
