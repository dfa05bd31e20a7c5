"""Beginning a flow in its middle, where somebody sent the run: what a join ahead cannot get counts as done.

A stand-in is a token that waits at a join for a branch that is done already. It never goes on by itself, and it ends
where no other token is at its join and none can come any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.engine import beside, graphs
from service.engine.tokens import Flow


def begin_at(flow: Flow, path: Sequence[str]) -> None:
    """Begin an open flow at one of its elements, and inside of that at the next one of the path."""
    _enter(flow, _entry(flow, path), path)


def arrive_at(flow: Flow, path: Sequence[str], origin: Any) -> None:
    """The same for what comes from somewhere in the flow: a join takes it as one that came along a flow from there.

    An activity that takes several tokens waits for those that can still come.
    """
    spec = _entry(flow, path)
    gathering = next((before for before in spec.inputs if before.gathers), None)
    if gathering is not None and len(path) == 1:
        gathering.stand_in(flow, ())
        spec = gathering
    _enter(flow, spec, path, origin)


def begin_anew(flow: Flow, path: Sequence[str]) -> None:
    """Begin a flow that was over, or never began, at one of its elements: what stands beside that counts as done."""
    flow.spec.start.watch(flow)
    if flow.spec.start.is_taken_over(flow):
        return
    spec = _entry(flow, path)
    for join in graphs.joins_of(flow.spec):
        own = {graphs.sources(join)[0]} if join is spec else beside.ways(flow, spec, join)
        if own:
            join.stand_in(flow, [source for source in graphs.sources(join) if source not in own])
    begin_at(flow, path)


def _entry(flow: Flow, path: Sequence[str]) -> Any:
    spec = graphs.entry(flow.spec, path[0])
    assert spec is not None
    return spec


def _enter(flow: Flow, spec: Any, path: Sequence[str], origin: Any = None) -> None:
    token = flow.task_tree._add_child(spec)
    if len(path) > 1:
        token.internal_data["aim"] = list(path[1:])
    if (spec.joins or spec.gathers) and graphs.sources(spec):
        token.internal_data["via"] = _free(flow, spec, origin)
    token.task_spec._update(token)


def _free(flow: Flow, join: Any, origin: Any) -> str:
    """A flow along which nothing waits at a join yet; rather one that leads there from the origin."""
    sources, along = graphs.sources(join), beside.ways(flow, origin, join) if origin is not None else ()
    wanted = [*(source for source in sources if source in along), *sources]
    taken = {token.internal_data.get("via") for token in flow.task_tree.children if token.task_spec is join}
    return next((source for source in wanted if source not in taken), wanted[0])
