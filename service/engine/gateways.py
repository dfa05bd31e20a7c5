"""Gateways: which flows are taken, and when joins go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import adhoc, beside, graphs, nodes
from service.engine.expressions import Stuck
from service.engine.tokens import Flow, Token


class Choosing(nodes.Node):
    """Decides by conditions which flows are taken."""

    cond_task_specs: list[tuple[Any, str]]

    def run(self, token: Token) -> None:
        token.internal_data["taken"] = self.choose(token)
        token.board.finish(token)

    def choose(self, token: Token) -> list[str]:
        raise NotImplementedError

    def write(self, token: Token) -> None:
        """It has no results."""

    def holds(self, token: Token, condition: Any) -> bool:
        drawn = token.flow.graph.elements[condition.args[0].removeprefix("condition:")]
        return bool(token.board.condition(token.board.scope_of(token), drawn.condition or ""))

    def holding(self, token: Token) -> list[str]:
        """The flows whose condition holds, as drawn."""
        given = [(condition, name) for condition, name in self.cond_task_specs if condition is not None]
        return [name for condition, name in given if self.holds(token, condition)]

    def default_flow(self) -> str | None:
        return next((name for condition, name in self.cond_task_specs if condition is None), None)

    def _on_complete(self, my_task: Token) -> None:
        my_task.drop()
        specs = self._wf_spec.task_specs
        nodes.send(my_task.flow, self.name, [specs[name] for name in my_task.internal_data["taken"]])
        my_task.board.settle_flow(my_task.flow)

    def stranded(self) -> Stuck:
        name = self.bpmn_name or self.bpmn_id or self.name
        return Stuck("no-flow-matches", f"No condition of “{name}” holds, and there is no default flow.")


class ExclusiveGateway(Choosing):
    """The first flow whose condition holds, in the order as drawn; else the default one."""

    def choose(self, token: Token) -> list[str]:
        for condition, name in self.cond_task_specs:
            if condition is not None and self.holds(token, condition):
                return [name]
        default = self.default_flow()
        if default is None:
            raise self.stranded()
        return [default]


class ConditionalSplit(Choosing):
    """The conditional flows that leave an activity. It is entered, as that activity, only where it gets stuck."""

    default: str | None

    def arrive(self, token: Token) -> None:
        token.board.ready(token)

    def default_flow(self) -> str | None:
        return self.default

    def choose(self, token: Token) -> list[str]:
        taken = self.holding(token)
        if not taken and self.default is not None:
            return [self.default]
        if not taken and not self.may_end:
            raise self.stranded()
        return taken


class ParallelGateway(nodes.Gateway):
    """Waits for one token along each flow; more of them wait for the next time."""

    joins = True

    def arrive(self, token: Token) -> None:
        sources = graphs.sources(self)
        if len(sources) < 2:
            self.enter(token)
            token.board.ready(token)
            return
        token._set_state(TaskState.WAITING)
        self.look(token)

    def look(self, token: Token) -> None:
        """Go on once there is a token of each flow."""
        if self.is_outlived(token):
            end_here(token)
            return
        waiting = self.waiting(token)
        if len(waiting) == len(graphs.sources(self)):
            self.merge(token, waiting)


class InclusiveGateway(nodes.Gateway, Choosing):
    """Waits while another token may still come along a flow that has none; then takes every flow that holds."""

    joins = True

    def arrive(self, token: Token) -> None:
        if len(graphs.sources(self)) < 2:
            self.enter(token)
            token.board.ready(token)
            return
        token._set_state(TaskState.WAITING)
        token.board.await_(token, "joins")

    def look(self, token: Token) -> None:
        """Asked when nothing else moves: BPMN 2.0.2, 13.4.3."""
        waiting = self.waiting(token)
        if not self.may_still_come(token, waiting.keys()):
            self.merge(token, waiting)

    def choose(self, token: Token) -> list[str]:
        taken = self.holding(token)
        if taken:
            return taken
        default = self.default_flow()
        if default is None:
            raise self.stranded()
        return [default]


class Gathering(nodes.Gateway):
    """As many tokens as the activity behind it takes to begin, whatever flow they came along, become one."""

    gathers = True
    quantity: int

    def arrive(self, token: Token) -> None:
        token._set_state(TaskState.WAITING)
        there = [other for other in self.here(token.flow) if not beside.is_stand_in(other)]
        if len(there) == self.quantity:
            self._start(token.flow, there)

    def look(self, token: Token) -> None:
        """It does so whenever one arrives. Stand-ins fill up what is lacking once nothing else can come."""
        if not beside.is_stand_in(token) or self.may_come(token.flow):
            return
        flow, here = token.flow, self.here(token.flow)
        if self.is_outlived(token):
            end_here(token)
        else:
            self._start(flow, here)

    def _start(self, flow: Flow, gathered: list[Token]) -> None:
        for other in gathered:
            other.board.let_go(other, "completed")
            other.drop()
        nodes.send(flow, self.name, self.outputs)

    def others(self, token: Token) -> list[Token]:
        return self.here(token.flow)

    def stand_in(self, flow: Flow, sources: Iterable[str]) -> None:
        """As many as are enough together with a single one that comes."""
        ways = graphs.sources(self)
        super().stand_in(flow, [ways[0] for _ in range(self.quantity - 1)] if ways else ())

    def go_on(self, flow: Flow) -> None:
        """Somebody decided that those that are there will do."""
        nodes.send(flow, self.name, self.outputs)
        flow.board.settle_flow(flow)


class ComplexGateway(nodes.Gateway, Choosing):
    """Goes on when its condition holds, with one token of each flow that has one; then it waits to be reset.

    BPMN 2.0.2, 13.4.5. It is reset when no token can come any more along the flows that had none: one of each that came
    meanwhile is taken, and flows with conditions are taken anew, which can ask for `waitingForStart`. Flows without
    condition are taken when it starts, not when it is reset. Until then a token of its own remembers what had come.
    """

    joins = True
    always: list[str]
    default: str | None

    def arrive(self, token: Token) -> None:
        if len(graphs.sources(self)) < 2 and nodes.drawn(token).activation is None:
            self.enter(token)
            token.board.ready(token)
            return
        token._set_state(TaskState.WAITING)
        token.board.await_(token, "joins")
        self._ask(token.flow)

    def _ask(self, flow: Flow) -> None:
        """The oldest of the tokens that wait looks, on behalf of all of them."""
        waiting = self.here(flow)
        if waiting and "stuck" not in waiting[0].internal_data:
            flow.board.guard(waiting[0], "look")

    def look(self, token: Token) -> None:
        if self.is_outlived(token):
            end_here(token)
            return
        memory = next((t for t in token.flow.task_tree.children if t.task_spec is self and self._remembers(t)), None)
        waiting = self.waiting(token)
        if memory is None:
            if token is min(waiting.values(), key=lambda other: other.serial) and self._is_enough(token, waiting):
                self._start(token, waiting)
        elif token is memory:
            self._reset(memory, {name: other for name, other in waiting.items() if name not in self._had(memory)})

    def _is_enough(self, token: Token, waiting: dict[str, Token]) -> bool:
        """Stand-ins count as far as it takes them: they need not, and alone they are not enough."""
        text, most = nodes.drawn(token).activation or "", len(waiting)
        came = sum(not beside.is_stand_in(other) for other in waiting.values())
        counts = range(came, most + 1) if came else ()
        return any(token.board.condition(token.flow.scope, text, {"activationCount": count}) for count in counts)

    def _start(self, token: Token, waiting: dict[str, Token]) -> None:
        memory = token.flow.task_tree._add_child(self)
        memory._set_state(TaskState.STARTED)
        memory.internal_data["had"] = sorted(waiting)
        memory.board.await_(memory, "joins")
        self.merge(token, waiting)

    def _reset(self, memory: Token, late: dict[str, Token]) -> None:
        came = {*self._had(memory), *late}
        if came != set(graphs.sources(self)) and self.may_still_come(memory, came):
            return
        board = memory.board
        board.disarm(memory)
        for token in late.values():
            board.disarm(token)
            token.drop()
        memory.internal_data.pop("had")
        memory.internal_data["reset"] = 1
        board.ready(memory)

    def run(self, token: Token) -> None:
        taken = self.choose(token)
        if taken or "reset" not in token.internal_data or "entered" in token.internal_data:
            self.enter(token)
            token.internal_data["taken"] = taken
            token.board.finish(token)
        else:
            end_here(token)
        self._ask(token.flow)

    def choose(self, token: Token) -> list[str]:
        taken = self.holding(token)
        if "reset" in token.internal_data:
            return taken
        if not taken and not self.always and self.default is None:
            raise self.stranded()
        return [*self.always, *taken] or [self.default or ""]

    def holds(self, token: Token, condition: Any) -> bool:
        flow = token.flow.graph.elements[condition.args[0].removeprefix("condition:")]
        starting = {"waitingForStart": "reset" not in token.internal_data}
        return bool(token.board.condition(token.board.scope_of(token), flow.condition or "", starting))

    def default_flow(self) -> str | None:
        return self.default

    def is_spent(self, token: Token) -> bool:
        """What it remembers brings nothing about where no flow has a condition."""
        spent = self._remembers(token) and all(condition is None for condition, _ in self.cond_task_specs)
        return spent or super().is_spent(token)

    def _remembers(self, token: Token) -> bool:
        return "had" in token.internal_data

    def _had(self, memory: Token) -> list[str]:
        had: list[str] = memory.internal_data["had"]
        return had


def end_here(token: Token) -> None:
    """A token that is of no use any more ends, as at an end of its scope."""
    flow, spec = token.flow, token.task_spec
    token.board.disarm(token)
    token.drop()
    ends = flow.spec.task_specs.get(adhoc.PathEnd.NAME)
    nodes.send(flow, spec.name, [ends] if ends else [])
    flow.board.settle_flow(flow)


class EventGateway(nodes.Node):
    """All events behind it wait; the first one to happen ends the waiting of the others."""

    is_race = True

    def arrive(self, token: Token) -> None:
        self.enter(token)
        happened = token.internal_data.pop("happened", None)
        if happened and self.needs_all(token):
            self._let_all_wait(token, happened)
            return
        token._set_state(TaskState.STARTED)
        racing = [token._add_child(spec) for spec in self.outputs if not happened or spec.leads_to(happened)]
        for event in racing:
            if happened:
                event.internal_data["happened"] = happened
            token.board.guard(event, "arm")

    def leads_to(self, element: str) -> bool:
        return any(spec.leads_to(element) for spec in self.outputs)

    def needs_all(self, token: Token) -> bool:
        return token.element is not None and token.element.needs_all

    def _let_all_wait(self, token: Token, happened: str) -> None:
        """The first event has started the instance; it is over when all the others have happened too."""
        flow = token.flow
        token.board.let_go(token, "completed")
        token.drop()
        nodes.send(flow, self.name, self.outputs, happened=happened)

    def won(self, token: Token, event: Token) -> None:
        """This event happened: the others are forgotten, the gateway is left."""
        event.move_below(token.flow.task_tree)
        for other in token.children:
            token.board.cancel(other)
        token.board.let_go(token, "completed")
        token._set_state(TaskState.COMPLETED)
        token.drop()
