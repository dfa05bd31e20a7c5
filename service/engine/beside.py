"""What stands beside what: joins that need both of two tokens, and whether anything can still come to a join."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import graphs
from service.engine.tokens import Flow, Token


def waits_at(token: Token, join: Any) -> bool:
    """The token waits at a join for others."""
    return token.task_spec is join and token.has_state(TaskState.WAITING)


def is_stand_in(token: Token) -> bool:
    """It waits for the sake of others, see `entering.py`."""
    return "stands_in" in token.internal_data


def ways(flow: Flow, spec: Any, join: Any) -> set[str]:
    """Along which flows what is at an element first comes to a join."""
    return {source for source, names in flow.graph.ways_to(join).items() if spec.name in names}


def ways_of(token: Token, join: Any) -> set[str]:
    """Along which flows a token first comes to a join, or came there."""
    if waits_at(token, join):
        return {token.internal_data["via"]} if "via" in token.internal_data else set(graphs.sources(join))
    return ways(token.flow, token.task_spec, join)


def between(token: Token, spec: Any) -> Iterator[Any]:
    """The joins that need this token and what comes from an element of its flow, too: the two go on side by side."""
    for join in graphs.joins_of(token.flow.spec):
        own, other = ways(token.flow, spec, join), ways_of(token, join)
        if own and other and own.isdisjoint(other):
            yield join


def can_come(token: Token, join: Any, source: str, spec: Any) -> bool:
    """A token can come to a join along this flow without what is, or comes, at an element."""
    barred = {join.name, *swallowing(token.flow), *(each.name for each in between(token, spec))}
    return token.task_spec.name in graphs.behind(join._wf_spec, source, barred)


def swallowing(flow: Flow) -> set[str]:
    """The complex gateways that have gone on and wait for those that come late."""
    return {token.task_spec.name for token in flow.task_tree.children if "had" in token.internal_data}
