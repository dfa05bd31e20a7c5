"""Compensation: what was completed is undone by its handlers, one after the other, the latest first.

In the flow where things were done an `Undoing` carries the handlers. The event that asked for it waits until that is
over. A sub-process that was completed is revived for the time being, with the variables that it had at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState

from service.engine import activities, nodes, undoable
from service.engine.expressions import Stuck
from service.engine.tokens import Flow, SubFlow, Token


def undo(flow: Flow, records: list[undoable.Record], thrower: Token | None) -> None:
    """Compensate what these records tell, in their flow; then the thrower goes on."""
    token = flow.task_tree._add_child(flow.spec.task_specs[Undoing.NAME])
    token._set_state(TaskState.STARTED)
    token.internal_data["plan"] = records
    if thrower is not None:
        token.internal_data["for"] = thrower.ref
    token.task_spec.proceed(token)


class Undoing(nodes.Inner):
    """Carries one handler after the other. `plan` in its data are the records to come, the next one last."""

    NAME = "[compensation]"
    inner = False
    keeps = True
    undoes: Mapping[str, str]  # id of an activity -> the name of the spec that compensates it
    by: str | None  # the name of the compensation event sub-process of this scope

    def proceed(self, token: Token) -> None:
        plan = token.internal_data["plan"]
        while plan and plan[-1][0] not in self.undoes:  # in this version nothing undoes it
            plan.pop()
        if plan:
            self.add(token, self.undoes[plan[-1][0]])
            return
        flow, thrower = token.flow, token.board.tokens.get(token.internal_data.get("for"))
        token.drop()
        if thrower is not None:
            token.board.ready(thrower)
        else:
            self.go_on(flow)

    def child_left(self, token: Token, child: Token) -> None:
        plan = token.internal_data["plan"]
        if isinstance(child.task_spec, Boundary):
            self.add(token, child.task_spec.handler, plan[-1][1])
            return
        if plan:
            plan.pop()
        self.proceed(token)

    def add(self, token: Token, name: str, variables: Mapping[str, Any] | None = None, **data: Any) -> None:
        flow = token.flow
        child = token._add_child(flow.spec.task_specs[name])
        child.internal_data.update(data)
        if variables:
            token.board.scopes.open(child.ref, flow.scope, variables)
        child.task_spec._update(child)


class Boundary(nodes.Node):
    """A compensation boundary event: passed on the way to the handler, which no flow leads to."""

    handler: str


class Revival(activities.SubProcess):
    """A completed sub-process while what was done inside is compensated."""

    revives = True

    def arrive(self, token: Token) -> None:
        self.enter(token)
        record = token.parent.internal_data["plan"][-1]
        (_, variables, inside), record[1:] = record, [{}, []]  # they are here from now on
        graph = token.flow.graph
        token.board.scopes.open(token.ref, token.flow.scope, variables)
        token._set_state(TaskState.STARTED)
        flow = SubFlow(graph.subs[self.spec], graph, token, token.ref)
        flow.gated = True
        by = flow.spec.task_specs[Undoing.NAME].by
        if by is None:
            undo(flow, inside, None)
        else:
            flow.done = inside
            begin(flow, by)

    def leave(self, token: Token) -> None:
        """Its output mappings have been applied when it was completed."""
        token.board.depart(token)


def begin(flow: Flow, name: str) -> None:
    """The compensation event sub-process of a scope; what was done there is compensated by what it throws."""
    handler = flow.task_tree._add_child(flow.spec.task_specs[name])
    handler.internal_data["cause"] = [str(uuid4()), {}]
    handler.task_spec._update(handler)


class Throw(nodes.ThrowEvent):
    """Asks for compensation: of one activity, or of everything that was completed in its scope."""

    def run(self, token: Token) -> None:
        event = token.element.event if token.element else None
        plan = self.plan(token)
        if event is not None and not event.waits:
            for place, records in reversed(plan):
                undo(_flow(token, place), records, None)
            plan.clear()
        if plan:
            place, records = plan.pop()
            token._set_state(TaskState.STARTED)
            undo(_flow(token, place), records, token)
        else:
            self.over(token)

    def plan(self, token: Token) -> list[list[Any]]:
        """`[ref of the activity around a flow or null, records of that flow]`, the next one last; made once."""
        data = token.internal_data
        if "plan" not in data:
            event = token.element.event if token.element else None
            taken = self.take(token, event.activity if event else None)
            data["plan"] = [[_place(flow), records] for flow, records in reversed(taken) if records]
        plan: list[list[Any]] = data["plan"]
        return plan

    def take(self, token: Token, activity: str | None) -> list[tuple[Flow, list[undoable.Record]]]:
        """What is to be undone: in its own scope; out of an event sub-process also in the one around it."""
        flow = token.flow
        taken = [(flow, undoable.take(flow, activity))]
        while flow.host is not None and flow.host.element is not None and flow.host.element.triggered_by_event:
            flow = flow.host.flow
            taken.append((flow, undoable.take(flow, activity)))
        return taken

    def over(self, token: Token) -> None:
        token.board.finish(token)


class End(Throw, nodes.EndEvent):
    """Asks for compensation, and ends when that is done."""


class CancelEnd(End):
    """Ends all else in the transaction, compensates what was completed there, and leaves by the cancel boundary."""

    def run(self, token: Token) -> None:
        self.catcher(token)
        first = self._first(token)
        if first is None:
            super().run(token)
        else:
            self._leave_to(first, token)

    def _first(self, token: Token) -> Token | None:
        """The event of another child of the loop that cancelled it before, and is not through with undoing."""
        board, transaction = token.board, token.flow.host
        if transaction is None or transaction.loop is None or "plan" in token.internal_data:
            return None
        flows = [board.inside(sibling) for sibling in transaction.loop.children]
        others = [other for flow in flows if flow is not None for other in flow.task_tree.children]
        found = (other for other in others if isinstance(other.task_spec, CancelEnd) and "plan" in other.internal_data)
        return next(found, None)

    def _leave_to(self, first: Token, token: Token) -> None:
        """What was completed here is undone next by the one that cancelled before."""
        board, flow = token.board, token.flow
        for other in reversed(flow.task_tree.children):
            if other.alive and other is not token:
                board.cancel(other)
        records = undoable.take(flow, None)
        if records:
            first.internal_data["plan"].append([_place(flow), records])
        board.let_go(token, "completed")
        token.drop()

    def take(self, token: Token, activity: str | None) -> list[tuple[Flow, list[undoable.Record]]]:
        """What was completed in the transaction; where that is a loop, in all its children: the boundary ends them."""
        board, flow, transaction = token.board, token.flow, token.flow.host
        assert transaction is not None
        for other in reversed(flow.task_tree.children):
            if other.alive and other is not token:
                board.cancel(other)
        taken = [(flow, undoable.take(flow, None))]
        loop = transaction.loop
        for sibling in reversed(loop.children) if loop is not None else ():
            inner = board.inside(sibling)
            if inner is not None and inner is not flow:
                board.clear(inner)
                taken.append((inner, undoable.take(inner, None)))
        if loop is not None:
            taken.append((loop.flow, loop.internal_data.pop("undo", [])))
        return taken

    def over(self, token: Token) -> None:
        nodes.hand_over(token, self.catcher(token), {})

    def catcher(self, token: Token) -> Token:
        found = nodes.catching(token, "cancel", None)
        if found is None:
            raise Stuck("uncaught-cancel", "The transaction has no cancel boundary event.")
        return found


def _place(flow: Flow) -> str | None:
    return flow.host.ref if flow.host is not None else None


def _flow(token: Token, place: str | None) -> Flow:
    board = token.board
    flow: Flow = board.flow if place is None else board.inside(board.tokens[place])
    return flow
