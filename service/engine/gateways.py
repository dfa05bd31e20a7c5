"""Gateways: which flows are taken, and when joins go on."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import graphs, nodes
from service.engine.expressions import Stuck
from service.engine.tokens import Token


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
        waiting = self.waiting(token)
        if len(waiting) == len(sources):
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
        if not self._may_still_come(token, waiting):
            self.merge(token, waiting)

    def _may_still_come(self, token: Token, waiting: dict[str, Token]) -> bool:
        ways = token.flow.graph.ways_to(self)
        for other in token.flow.alive:
            if other.task_spec is self:
                continue
            name = other.task_spec.name
            reached = {source for source, names in ways.items() if name in names}
            if reached and not reached & waiting.keys():
                return True
        return False

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

    quantity: int

    def arrive(self, token: Token) -> None:
        token._set_state(TaskState.WAITING)
        flow = token.flow
        there = [t for t in flow.task_tree.children if t.task_spec is self and t.has_state(TaskState.WAITING)]
        if len(there) == self.quantity:
            for other in there:
                other.drop()
            nodes.send(flow, self.name, self.outputs)


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
