"""Where in a running instance an element is: the flow that is open around it, and the way from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.engine import elements, graphs
from service.engine.building import spec_name
from service.engine.tokens import Flow, Token
from service.errors import Conflict, NotFound

ACTIVITIES = frozenset({
    "task", "manualTask", "userTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask",
    "subProcess", "transaction", "adHocSubProcess", "callActivity",
})  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An element to enter in an open flow; where it is a sub-process, the elements to begin with inside of it."""

    flow: Flow
    path: tuple[str, ...]

    @property
    def spec(self) -> Any:
        return graphs.entry(self.flow.spec, self.path[0])


def find(board: Any, element: str, within: str | None) -> Place:
    """The innermost open flow around an element, seen from the activity `within`, else from the process.

    Raises NotFound where there is no such element, Conflict where it is in something that runs several times.
    """
    flow = _flow(board, within)
    drawn = flow.graph.elements.get(element)
    if drawn is None or drawn.type == "sequenceFlow":
        raise NotFound(f"There is no element “{element}” in the process “{flow.graph.process.id}”.", element=element)
    path = path_in(flow, drawn)
    while len(path) > 1 and (inner := _open_flow(flow, path[0])) is not None:
        flow, path = inner, path[1:]
    refuse_several(flow, path)
    return Place(flow, path)


def tokens_of(flow: Flow) -> list[Token]:
    """The tokens that move in this flow, the oldest first; what they carry goes with them."""
    found = [token for token in flow.task_tree.children if token.alive and token.ref not in flow.watchers]
    return sorted(found, key=lambda token: token.serial)


def root_of(token: Token) -> Token:
    """The token that carries this one through its flow."""
    while token.parent is not token.flow.task_tree:
        token = token.parent
    return token


def _flow(board: Any, within: str | None) -> Flow:
    if within is None:
        flow: Flow = board.flow
        return flow
    host = board.tokens.get(within)
    inner = board.inside(host) if host is not None else None
    if inner is None:
        raise NotFound("Nothing is going on under this ref.", ref=within)
    found: Flow = inner
    return found


def path_in(flow: Flow, drawn: elements.Element) -> tuple[str, ...]:
    """The sub-processes between a flow and an element, outermost first, and the element."""
    process, path = flow.graph.process.id, [drawn.id]
    while spec_name(process, drawn.parent) != flow.spec.name:
        if drawn.parent is None:
            raise NotFound(f"“{path[-1]}” is not inside of this activity.", element=path[-1])
        drawn = flow.graph.elements[drawn.parent]
        path.insert(0, drawn.id)
    return tuple(path)


def _open_flow(flow: Flow, element: str) -> Flow | None:
    """The flow that runs inside of a sub-process now."""
    found = [
        inner
        for inner in flow.top_workflow.subprocesses.values()
        if inner.host.flow is flow
        and not (inner.completed or inner.host.task_spec.revives)
        and inner.host.task_spec.extensions.get("element") == element
    ]
    if len(found) > 1:
        raise Conflict(f"“{element}” runs several times now: say in which of them.", element=element)
    return found[0] if found else None


def refuse_several(flow: Flow, path: tuple[str, ...]) -> None:
    for name in path[:-1]:
        around = flow.graph.elements[name]
        if around.triggered_by_event:
            raise Conflict(f"“{path[-1]}” is inside of “{name}”, which begins with its event.", element=name)
        if around.loop is not None or around.type == "adHocSubProcess":
            raise Conflict(f"“{path[-1]}” is inside of “{name}”, which is not running: choose “{name}”.", element=name)
