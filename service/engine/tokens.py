"""Tokens and the flows they move in: SpiffWorkflow's tasks and workflows, without prediction, data and log records.

The tree of a flow holds only what is alive: its root, tokens below the root, and below a token that carries others
(a host of boundary events, a loop, an event-based gateway) those others. What is done is gone at once, so that neither
the size nor the depth of an instance grows with what it has done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from service.domain import keypoints
from service.engine import elements, expressions
from service.engine.graphs import Graph


class Token(Task):
    """A task of SpiffWorkflow that carries no data; `ref` names the activation."""

    def __init__(
        self, flow: Flow, spec: Any, parent: Token | None, state: int = TaskState.FUTURE, id: UUID | None = None
    ) -> None:
        super().__init__(flow, spec, parent, state, id)
        self.ref = str(self.id)
        self.board: Any = flow.board
        self.serial = 0  # the order in which tokens came into being
        if parent is not None:
            self.board.born(self)
            if spec.is_watch or parent.ref in flow.watchers:
                flow.watchers[self.ref] = self

    @property
    def flow(self) -> Flow:
        return self.workflow

    @property
    def element(self) -> elements.Element | None:
        """What is drawn; None for inner machinery."""
        drawn = self.task_spec.extensions.get("element")
        return None if drawn is None else self.workflow.graph.elements.get(drawn)

    @property
    def event(self) -> elements.Event | None:
        """What this token waits for: a part of it where several are drawn and each waits by itself."""
        event = self.element.event if self.element else None
        part = self.internal_data.get("part")
        return event if event is None or part is None else event.parts[part]

    @property
    def alive(self) -> bool:
        return self.board.tokens.get(self.ref) is self

    @property
    def loop(self) -> Token | None:
        """The loop that this token is a child of."""
        parent = self.parent
        return parent if parent is not None and parent.task_spec.is_loop else None

    @property
    def path(self) -> str:
        """Refs of the activations around this one, outermost first, joined by `/`."""
        loop = self.loop
        return "/".join(ref for ref in (self.workflow.path, loop.ref if loop else "") if ref)

    def _set_state(self, value: int) -> None:
        self._state = value

    def _inherit_data(self) -> None:
        """Variables live in scopes."""

    def _add_child(self, task_spec: Any, state: int = TaskState.FUTURE) -> Token:
        return Token(self.workflow, task_spec, self, state)

    def cancel(self) -> None:
        self.board.cancel(self)

    def move_below(self, parent: Token) -> None:
        """Hang this token under another one."""
        self.parent._children.remove(self.id)
        self._parent = parent.id
        parent._children.append(self.id)

    def drop(self) -> None:
        """Out of the tree."""
        self.parent._children.remove(self.id)
        del self.workflow.tasks[self.id]
        del self.board.tokens[self.ref]
        self.workflow.watchers.pop(self.ref, None)
        self.board.held.pop(self.ref, None)


class Flow:
    """What the flow of the process and those of its sub-processes have in common."""

    graph: Graph
    board: Any
    host: Token | None  # the activity that this flow is inside of
    scope: str
    path: str
    phase: str | None
    gated: bool  # the gate at the end was opened
    ended_at: str  # the end event reached last
    done: list[Any]  # what is completed and can be compensated, see `undoable.py`
    top_workflow: Any
    depth: int
    task_tree: Token
    tasks: dict[UUID, Token]
    watchers: dict[str, Token]  # by ref: what waits for the event sub-processes of this scope
    spec: Any
    completed: bool

    def _plant(self) -> None:
        self.task_tree = Token(self, self.spec.start, None, TaskState.COMPLETED)
        self.gated = False
        self.ended_at = ""
        self.watchers = {}
        self.done = []

    def begin(self, only: str | None = None) -> None:
        """Send the first tokens: to the start event, or to the one that is named."""
        self.spec.start.begin(self, only)

    @property
    def alive(self) -> list[Token]:
        """All tokens that keep the flow alive: not the root, and not those that wait for event sub-processes."""
        idle = self.watchers
        return [token for token in self.tasks.values() if token is not self.task_tree and token.ref not in idle]

    @property
    def busy(self) -> bool:
        """Whether a token is left; those that wait for event sub-processes do not keep a scope alive."""
        return len(self.tasks) > 1 + len(self.watchers)

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        return dct or {}


class TopFlow(Flow, BpmnWorkflow):
    """The flow of the process that was started."""

    def __init__(self, graph: Graph, board: Any) -> None:
        self.graph, self.board, self.host = graph, board, None
        self.scope, self.path, self.phase = "", "", None
        BpmnWorkflow.__init__(self, graph.spec, graph.subs, script_engine=expressions.engine(), deserializing=True)
        self._plant()


class SubFlow(Flow, BpmnSubWorkflow):
    """The flow inside a sub-process or of a called process."""

    def __init__(self, spec: Any, graph: Graph, host: Token, scope: str) -> None:
        self.graph, self.board, self.host, self.scope = graph, host.board, host, scope
        outer = host.flow
        self.path = "/".join(ref for ref in (host.path, host.ref) if ref)
        self.phase = (host.element.phase if host.element else None) or outer.phase
        top = outer.top_workflow
        BpmnSubWorkflow.__init__(self, spec, host.id, top, deserializing=True)
        top.subprocesses[host.id] = self
        self._plant()

    def _calculate_depth(self) -> int:
        """From the host: SpiffWorkflow would search all flows for it."""
        assert self.host is not None
        depth: int = self.host.flow.depth
        return depth + 1

    def discard(self) -> None:
        """Forget this flow; its tokens are gone already."""
        del self.top_workflow.subprocesses[self.parent_task_id]


def around(token: Token) -> Iterator[elements.Element]:
    """The element of a token and those that enclose it, innermost first, out of called processes too."""
    at: Token | None = token
    while at is not None:
        drawn = at.element
        while drawn is not None:
            yield drawn
            drawn = at.flow.graph.elements.get(drawn.parent or "")
        flow: Flow = at.flow
        while flow.host is not None and "called" not in flow.host.internal_data:
            flow = flow.host.flow
        at = flow.host


def alerts(token: Token) -> keypoints.Alerts:
    """Who hears of what happens here, as the innermost phase says; an event at its border is inside of it."""
    own = token.element
    attached = own.event.attached_to if own is not None and own.event is not None else None
    host = token.flow.graph.elements.get(attached or "")
    around_it = around(token) if host is None else itertools.chain([host], around(token))
    return next((element.alerts for element in around_it if element.phase), {})
