"""Ad-hoc sub-processes: what starts inside, one after the other or at once, and when it is enough.

A keeper stands in the flow inside for as long as that may go on. Every path that ends there tells it.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import activities, elements, nodes
from service.engine.expressions import Stuck, shown
from service.engine.tokens import Flow, Token


class AdHoc(activities.SubProcess):
    """Starts the elements that its collection names; without one, all that no flow leads to."""

    def open(self, token: Token) -> None:
        if "todo" not in token.internal_data:
            token.internal_data["todo"] = self._chosen(token)
        super().open(token)

    def _chosen(self, token: Token) -> list[str]:
        board, text = token.board, drawn(token).collection
        known = token.flow.graph.subs[self.spec].task_specs[Keeper.NAME].starts
        if text is None:
            return list(known)
        value = board.needed(board.scope_of(token), text, "The list of active elements")
        if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
            raise Stuck("wrong-type", f"A list of element ids is needed, this is {shown(value)}.", text)
        limit = board.world.limits.items
        if len(value) > limit:
            raise Stuck("limit", f"{len(value)} elements are to be started; at most {limit} are allowed.", text)
        for entry in value:
            if entry not in known:
                raise Stuck("ad-hoc-element", f"No element “{entry[:80]}” can be started here.", text)
        return list(value)

    def start(self, token: Token, flow: Flow, keeper: Keeper) -> None:
        """The first of them, or all: as the order says."""
        todo = token.internal_data["todo"]
        now, token.internal_data["todo"] = (todo[:1], todo[1:]) if drawn(token).sequential else (todo, [])
        specs = flow.spec.task_specs
        nodes.send(flow, keeper.name, [specs[keeper.starts[identity]] for identity in now])
        if not now:
            self.proceed(token)

    def proceed(self, token: Token) -> None:
        """A path inside is over: is that enough, and what comes next?"""
        data, board, ad_hoc = token.internal_data, token.board, drawn(token)
        inner = board.inside(token)
        keeper = Keeper.of(inner)
        if keeper is None or "stuck" in data:
            return
        if ad_hoc.completion_condition and "enough" not in data and self._enough(token, ad_hoc):
            data["enough"], data["todo"] = 1, []
        others = [other for other in inner.alive if other is not keeper]
        if "enough" in data and ad_hoc.cancel_remaining:
            board.clear(inner)
        elif others:
            return
        elif data["todo"]:
            self.start(token, inner, keeper.task_spec)
            return
        elif ad_hoc.completion_condition and "enough" not in data:
            raise _unfinished(ad_hoc.completion_condition)
        else:
            keeper.drop()
        board.settle_flow(inner)

    def _enough(self, token: Token, ad_hoc: elements.AdHoc) -> bool:
        return bool(token.board.condition(token.board.scope_of(token), ad_hoc.completion_condition or ""))


class Keeper(nodes.Inner):
    """Where the flow inside begins."""

    NAME = "[ad-hoc]"
    inner = False
    starts: dict[str, str]  # element id -> the name of the spec where its token arrives

    def arrive(self, token: Token) -> None:
        token._set_state(TaskState.STARTED)
        host: Any = token.flow.host
        host.task_spec.start(host, token.flow, self)

    @staticmethod
    def of(flow: Flow) -> Token | None:
        return next((token for token in flow.task_tree.children if isinstance(token.task_spec, Keeper)), None)


class PathEnd(nodes.Inner):
    """Where every path inside ends."""

    NAME = "[path]"
    inner = False

    def arrive(self, token: Token) -> None:
        host: Any = token.flow.host
        token.drop()
        if Keeper.of(token.flow) is not None:
            token.board.guard(host, "proceed")


def drawn(token: Token) -> elements.AdHoc:
    assert token.element is not None
    assert token.element.ad_hoc is not None
    return token.element.ad_hoc


def _unfinished(condition: str) -> Stuck:
    what = "Everything inside is over, but the completion condition does not hold."
    return Stuck("ad-hoc-unfinished", f"{what} Change the variables and try again, or skip this element.", condition)
