"""Joins that would wait for ever after a migration: a flow was drawn into them that begins behind the tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import graphs
from service.engine.gateways import ParallelGateway
from service.engine.migration import aligning
from service.engine.migration.aligning import Alignment
from service.engine.tokens import Flow


def newly(before: Flow, after: Flow, alignment: Alignment) -> tuple[str, set[str]] | None:
    """A join of the new version that would starve, and the elements from which nothing comes; None if there is none.

    A join that waits for ever in the old version too is not the fault of the migration.
    """
    starved = missing(before)
    known = {alignment.target(join): {alignment.target(one) for one in lacking} for join, lacking in starved.items()}
    for join, lacking in missing(after).items():
        lost = lacking - known.get(join, set())
        if lost:
            return join, lost
    return None


def missing(flow: Flow) -> dict[str, set[str]]:
    """For each parallel join that tokens will reach: the elements from which none can come any more.

    Loops back do not count: what goes round supplies all flows anew.
    """
    specs = flow.spec.task_specs
    ahead = _forward(flow.spec)
    waiting: dict[str, set[str]] = {}
    standing = set()
    for token in flow.alive:
        if token.task_spec.joins and token.has_state(TaskState.WAITING):
            waiting.setdefault(token.task_spec.name, set()).add(token.internal_data["via"])
        else:
            standing.add(token.task_spec.name)
    found: dict[str, set[str]] = {}
    for join in specs.values():
        sources = graphs.sources(join) if isinstance(join, ParallelGateway) else ()
        if len(sources) < 2:
            continue
        here = waiting.get(join.name, set())
        tokens = standing | (waiting.keys() - {join.name})
        reached = _reached(tokens, ahead, without=join.name)
        supplied = here | {name for name in sources if graphs.source_of(name) in reached}
        if supplied:
            lost = [graphs.source_of(name) for name in sources if name not in supplied]
            lacking = {aligning.owner(specs[name]) or name for name in lost}
            found[aligning.owner(join) or join.name] = lacking
    return found


def _forward(spec: Any) -> dict[str, list[str]]:
    """Where the flows lead, without those that lead back to something on the way that they come from."""
    specs = spec.task_specs
    ahead: dict[str, list[str]] = {name: [] for name in specs}
    done: set[str] = set()
    for first in (spec.start.name, *specs):
        if first not in done:
            _walk(first, specs, ahead, done)
    return ahead


def _walk(first: str, specs: Any, ahead: dict[str, list[str]], done: set[str]) -> None:
    """Depth first and without recursion: diagrams may be long."""
    way, on_the_way = [(first, iter(specs[first]._outputs))], {first}
    while way:
        name, following = way[-1]
        target = next(following, None)
        if target is None:
            way.pop()
            on_the_way.discard(name)
            done.add(name)
        elif target not in on_the_way:
            ahead[name].append(target)
            if target not in done:
                way.append((target, iter(specs[target]._outputs)))
                on_the_way.add(target)


def _reached(starts: Iterable[str], ahead: dict[str, list[str]], without: str) -> set[str]:
    found: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name not in found and name != without:
            found.add(name)
            todo += ahead[name]
    return found
