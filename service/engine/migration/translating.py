"""The stored state of an instance in the words of another version: tokens at the specs where its elements are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState

from service.engine import compensation, graphs, undoable
from service.engine.adhoc import Keeper
from service.engine.board import Board
from service.engine.graphs import Graph
from service.engine.migration import aligning
from service.engine.migration.aligning import Alignment, Misfit
from service.engine.tokens import Flow, Token


class Translation:
    """From the version that a board runs to the graphs that `graph_of` knows by process id."""

    def __init__(self, board: Board, graph_of: Callable[[str], Graph | None], mapping: Mapping[str, str]) -> None:
        self.board, self.graph_of, self.mapping = board, graph_of, mapping
        self._alignments: dict[str, Alignment] = {}

    def missing(self, flow: Flow) -> bool:
        """Whether the process of a flow is not among the new ones."""
        return self.graph_of(flow.graph.process.id) is None

    def alignment(self, flow: Flow) -> Alignment:
        name = flow.graph.process.id
        if name not in self._alignments:
            graph = self.graph_of(name)
            assert graph is not None
            self._alignments[name] = Alignment(flow.graph, graph, self.mapping)
        return self._alignments[name]

    def scope(self, flow: Flow) -> Any | None:
        """The spec in which the flow goes on; None where it has no place."""
        return None if self.missing(flow) else self.alignment(flow).container(flow.spec)

    def spec(self, token: Token) -> Any | None:
        """The spec to which a token moves; None for what is no longer awaited."""
        scope, alignment = self.scope(token.flow), self.alignment(token.flow)
        spec = alignment.spec(token.task_spec, scope)
        if token.task_spec.is_part:
            return spec if self.spec(token.parent) is not None else None
        if token.task_spec.is_watch:
            return spec if spec is not None and self._same(token, spec, alignment) else None
        if token.parent.task_spec.is_host and token.task_spec.is_boundary:
            return spec if self._still(token, spec, alignment) else None
        if token.parent.task_spec.is_race:
            gateway = alignment.spec(token.parent.task_spec, scope)
            behind = spec is not None and gateway is not None and spec in gateway.outputs
            return spec if behind and self._same(token, spec, alignment) else None
        return spec

    def _still(self, token: Token, spec: Any | None, alignment: Alignment) -> bool:
        """Whether a boundary event stays: drawn at the same activity, waiting for the same kind of thing."""
        if spec is None or not spec.is_boundary or not self._same(token, spec, alignment):
            return False
        event = alignment.new.elements[aligning.owner(spec) or ""].event
        return event is not None and event.attached_to == alignment.target(aligning.owner(token.parent.task_spec))

    def _same(self, token: Token, spec: Any, alignment: Alignment) -> bool:
        assert token.element is not None
        return aligning.same_event(token.element, alignment.new.elements[aligning.owner(spec) or ""])

    def via(self, token: Token, scope: Any) -> str | None:
        """The name of the flow along which a token came to the join where it waits; None where that flow is gone."""
        return self._way(token, token.internal_data["via"], scope)

    def _way(self, token: Token, name: str, scope: Any) -> str | None:
        alignment = self.alignment(token.flow)
        join = alignment.spec(token.task_spec, scope)
        source = token.flow.spec.task_specs.get(graphs.source_of(name))
        if join is None or source is None:
            return None
        sources = graphs.sources(join)
        exact = alignment.spec(source, scope)
        for same in (f"{exact.name}{name.removeprefix(source.name)}", exact.name) if exact is not None else ():
            if same in sources:
                return str(same)
        wanted = alignment.target(aligning.owner(source))
        found = (way for way in sources if aligning.owner(scope.task_specs[graphs.source_of(way)]) == wanted)
        return next(found, None)

    def _had(self, token: Token, scope: Any) -> list[str]:
        """The flows of which a complex gateway has had tokens, as far as they are still there."""
        ways = (self._way(token, name, scope) for name in token.internal_data["had"])
        return sorted({way for way in ways if way is not None})

    def misfit(self, token: Token, scope: Any) -> Misfit | None:
        """What else stands in the way of a token that has its element: flows to joins, events behind a gateway."""
        if isinstance(token.parent.task_spec, compensation.Undoing) and self.spec(token.parent) is None:
            return Misfit("flow-changed", "This undoes an activity, and in the new version nothing is undone there.")
        if token.task_spec.joins and token.has_state(TaskState.WAITING) and self.via(token, scope) is None:
            return Misfit(
                "flow-changed", "A token waits here that came along a flow which the new version does not have."
            )
        join = self.alignment(token.flow).spec(token.task_spec, scope)
        if token.has_state(TaskState.WAITING) and token.task_spec.joins and len(graphs.sources(join)) < 2:
            return Misfit("flow-changed", "A token waits here, and in the new version nothing joins it.")
        if "todo" in token.internal_data and self._unstartable(token, join):
            return Misfit("flow-changed", "What it has still to start is not there in the new version.")
        if token.task_spec.is_race and not any(self.spec(child) for child in token.children):
            return Misfit("flow-changed", "None of the events that are awaited here is there in the new version.")
        return None

    def _unstartable(self, token: Token, ad_hoc: Any) -> bool:
        starts = self.alignment(token.flow).new.subs[ad_hoc.spec].task_specs[Keeper.NAME].starts
        return any(identity not in starts for identity in self._todo(token))

    def _todo(self, token: Token) -> list[str | None]:
        return [self.alignment(token.flow).target(identity) for identity in token.internal_data["todo"]]

    # The state

    def told(self, saved: list[Any]) -> list[Any]:
        """The saved state in the words of the new version."""
        made = [*saved]
        flows = [self.board.flow, *self.board.flow.subprocesses.values()]
        made[4] = [self._flow(entry, flow, made) for entry, flow in zip(saved[4], flows, strict=True)]
        kept = {token[0] for entry in made[4] for token in entry[7]}
        dropped = self.board.tokens.keys() - kept
        made[3] = [scope for scope in saved[3] if scope[0] not in dropped]
        return made

    def _flow(self, entry: list[Any], flow: Flow, state: list[Any]) -> list[Any]:
        scope, alignment, made = self.scope(flow), self.alignment(flow), [*entry]
        assert scope is not None
        made[2] = scope.name
        made[5] = alignment.target(entry[5]) or ""
        made[8:] = [undoable.renamed(records, alignment.target) for records in entry[8:]]
        made[7] = [told for token in entry[7] for told in self._token(token, scope, state)]
        return made

    def _undoable(self, token: Token) -> dict[str, Any]:
        """What a token has still to undo, and what can be undone of the loop or sub-process that it is."""
        data, target = token.internal_data, self.alignment(token.flow).target
        made = {"undo": undoable.renamed(data["undo"], target)} if "undo" in data else {}
        if "plan" not in data:
            return made
        if isinstance(token.task_spec, compensation.Undoing):
            return {**made, "plan": undoable.renamed(data["plan"], target)}
        return {**made, "plan": [[place, undoable.renamed(records, target)] for place, records in data["plan"]]}

    def _token(self, entry: list[Any], scope: Any, state: list[Any]) -> list[list[Any]]:
        """One token; with the host that the new version puts around it, and without one that it no longer has."""
        token, made = self.board.tokens[entry[0]], [*entry]
        if token.task_spec.is_host:
            return []
        spec = self.spec(token)
        if spec is None:
            return []
        made[1] = spec.name
        made[5] = {**entry[5], **self._data(token, scope)}
        if token.parent.task_spec.is_race or token.task_spec.is_boundary or token.task_spec.is_part:
            return [made]
        return self._hosted(token, made, spec, state)

    def _data(self, token: Token, scope: Any) -> dict[str, Any]:
        """What the data of a token say in names of elements and specs."""
        data, told = token.internal_data, {}
        if "via" in data:
            told["via"] = self.via(token, scope) or data["via"]
        if "todo" in data:
            told["todo"] = self._todo(token)
        if "had" in data:
            told["had"] = self._had(token, scope)
        if "plan" in data or "undo" in data:
            told |= self._undoable(token)
        return told

    def _hosted(self, token: Token, made: list[Any], spec: Any, state: list[Any]) -> list[list[Any]]:
        before = token.parent if token.parent.task_spec.is_host else None
        host = next((one for one in spec.inputs if one.is_host), None)
        above = made[3] if before is None else ("" if before.parent is token.flow.task_tree else before.parent.ref)
        if host is None:
            made[3] = above
            return [made]
        if before is not None:
            return [[before.ref, host.name, int(before._state), above, before.serial, before.internal_data], made]
        state[2] += 1
        made[3] = str(uuid4())
        return [[made[3], host.name, int(TaskState.STARTED), above, state[2], {}], made]
