"""Sending back: what ends, what goes on, and what joins get again that took it already.

Nothing that is done is kept, so this looks at the drawing alone. A token is *beside* the target where some join needs
both: the target comes to it along other flows than the token. Such a token goes on. All others behind the target end.
A join that one of them has passed has used up the tokens of the branches beside the target; where no token is left that
brings one, it gets a stand-in, see `entering.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from service.engine import beside, entering, graphs
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
            if flow.spec.start.is_taken_over(flow):
                return
        for join, sources in supplies:
            join.stand_in(flow, sources)
        entering.begin_at(flow, self.place.path)

    @cached_property
    def ends(self) -> list[Token]:
        """The tokens at or behind the target, the oldest first.

        There are none where all that came after it is over; the target is then entered beside what is still open.
        Raises Conflict where something open has still to come to the target.
        """
        target = self.place.spec
        behind = [t for t in self._tokens if t.task_spec.name in self._reached and not any(beside.between(t, target))]
        found = behind or self._instead
        nothing = all(token.task_spec.is_spent(token) for token in found)
        over = self.place.flow.board.status != "active" or self.place.flow.completed
        if nothing and (over or any(self._comes(token) for token in self._tokens)):
            name = self.place.path[-1]
            raise Conflict(f"Nothing that is open comes after “{name}”: there is nothing to send back.", element=name)
        return found

    @cached_property
    def supplies(self) -> list[tuple[Any, list[str]]]:
        """Joins that the target comes to, each with the flows along which it gets a stand-in."""
        joins = [join for join in self._joins if self._ways(join) and (join.gathers or self._passed(join))]
        return [(join, [source for source in graphs.sources(join) if self._lacks(join, source)]) for join in joins]

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

    def _comes(self, token: Token) -> bool:
        """The token may still come to the target."""
        reached = self.place.flow.graph.reached_from(token.task_spec)
        return self.place.spec.name in reached and not token.task_spec.is_spent(token)

    def _ways(self, join: Any) -> set[str]:
        return beside.ways(self.place.flow, self.place.spec, join)

    def _passed(self, join: Any) -> bool:
        """What ends has gone through the join before, or nothing is left that could go there where the target comes."""
        after = self.place.flow.graph.reached_from(join)
        for token in self.ends:
            through = token.task_spec is join and not beside.waits_at(token, join)
            if not beside.is_stand_in(token) and (through or token.task_spec.name in after):
                return True
        return not any(self._comes_along(token, join, self._ways(join)) for token in self._tokens)

    def _comes_along(self, token: Token, join: Any, sources: set[str]) -> bool:
        """The token may come to a join along one of these flows; what a complex gateway has let on, it swallows."""
        if token.task_spec.is_spent(token):
            return False
        if beside.waits_at(token, join):
            return bool(sources & beside.ways_of(token, join))
        barred = {join.name, *beside.swallowing(token.flow)}
        return any(token.task_spec.name in graphs.behind(join._wf_spec, source, barred) for source in sources)

    def _lacks(self, join: Any, source: str) -> bool:
        return source not in self._ways(join) and not self._brought(join, source)

    def _brought(self, join: Any, source: str) -> bool:
        """A token that goes on is there already, or comes without the target."""
        ending = {token.ref for token in self.ends}
        for token in self._tokens:
            if token.ref in ending:
                continue
            if beside.waits_at(token, join):
                if source in beside.ways_of(token, join):
                    return True
            elif beside.can_come(token, join, source, self.place.spec):
                return True
        return False


def _took_over(token: Token) -> bool:
    handler = token.element
    if handler is None or not handler.triggered_by_event:
        return False
    inside = [each for each in token.flow.graph.elements.values() if each.parent == handler.id]
    return any(each.type == "startEvent" and each.event is not None and each.event.interrupting for each in inside)
