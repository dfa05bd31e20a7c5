"""Sending back: what ends, what goes on, and what joins get again that took it already.

Nothing that is done is kept, so this looks at the drawing alone. A token is *beside* the target where some join needs
both: the target comes to it along other flows than the token. Such a token goes on. All others behind the target end.
A join that one of them has passed has used up the tokens of the branches beside the target; where no token is left that
brings one, it gets one that waits there already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import gateways, graphs, nodes
from service.engine.repair import places
from service.engine.tokens import Token
from service.errors import Conflict


@dataclass(frozen=True)
class Rewinding:
    """One way back to a place, worked out before anything moves."""

    place: places.Place

    def carry_out(self) -> None:
        """End what is behind the target, give joins what they need, and enter it."""
        flow, supplies = self.place.flow, self.supplies
        for token in reversed(self.ends):
            if token.alive:
                token.board.cancel(token)
        flow.gated = False
        if self._instead:
            flow.spec.start.watch(flow)
        for join, source in supplies:
            token = flow.task_tree._add_child(join)
            token.internal_data["via"] = source
            token._set_state(TaskState.WAITING)
        nodes.begin_at(flow, self.place.path)

    @cached_property
    def ends(self) -> list[Token]:
        """The tokens at or behind the target, the oldest first. Raises Conflict where there are none."""
        behind = [t for t in self._tokens if t.task_spec.name in self._reached and not any(self._between(t))]
        found = behind or self._instead
        if not found:
            name = self.place.path[-1]
            raise Conflict(f"Nothing that is open comes after “{name}”: there is nothing to send back.", element=name)
        return found

    @cached_property
    def supplies(self) -> list[tuple[Any, str]]:
        """Joins, each with a flow along which it gets a token that waits."""
        return [
            (join, source)
            for join in self._joins
            if isinstance(join, gateways.ParallelGateway) and self._flows(join) and self._passed(join)
            for source in graphs.sources(join)
            if source not in self._flows(join) and not self._brought(join, source)
        ]

    @cached_property
    def _tokens(self) -> list[Token]:
        return places.tokens_of(self.place.flow)

    @cached_property
    def _instead(self) -> list[Token]:
        """An event sub-process that has ended everything else in the scope."""
        return [token for token in self._tokens if _took_over(token)]

    @cached_property
    def _joins(self) -> list[Any]:
        return graphs.joins_of(self.place.flow.spec)

    @cached_property
    def _reached(self) -> set[str]:
        target = self.place.spec
        return {target.name, *self.place.flow.graph.reached_from(target)}

    def _flows(self, join: Any, token: Token | None = None) -> set[str]:
        """Along which flows the target, or a token, first comes to a join."""
        if token is not None and waits_at(token, join):
            return {token.internal_data["via"]}
        name = token.task_spec.name if token is not None else self.place.spec.name
        return {source for source, names in self.place.flow.graph.ways_to(join).items() if name in names}

    def _between(self, token: Token) -> Iterator[Any]:
        """The joins that need both the target and this token."""
        for join in self._joins:
            own, other = self._flows(join), self._flows(join, token)
            if own and other and own.isdisjoint(other):
                yield join

    def _passed(self, join: Any) -> bool:
        """Something that ends has gone through the join before."""
        after = self.place.flow.graph.reached_from(join)
        return any(
            token.task_spec.name in after or (token.task_spec is join and not waits_at(token, join))
            for token in self.ends
        )

    def _brought(self, join: Any, source: str) -> bool:
        """A token that goes on is there already, or comes without the target."""
        ending = {token.ref for token in self.ends}
        for token in self._tokens:
            if token.ref in ending:
                continue
            if waits_at(token, join):
                if token.internal_data["via"] == source:
                    return True
                continue
            barred = {join.name, *(between.name for between in self._between(token))}
            if token.task_spec.name in graphs.behind(join._wf_spec, source, barred):
                return True
        return False


def _took_over(token: Token) -> bool:
    handler = token.element
    if handler is None or not handler.triggered_by_event:
        return False
    inside = [each for each in token.flow.graph.elements.values() if each.parent == handler.id]
    return any(each.type == "startEvent" and each.event is not None and each.event.interrupting for each in inside)


def waits_at(token: Token, join: Any) -> bool:
    """The token waits at a join for others."""
    return token.task_spec is join and token.has_state(TaskState.WAITING)
