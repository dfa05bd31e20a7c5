"""Joins that nothing can complete any more: they wait for help, never in silence.

A token can move while it waits for anything but others, and so can one with an incident. A join is hopeful while tokens
that can move may bring what it lacks. One that is not gets an incident, and counts as one that can move from then on.
"""

from __future__ import annotations

from typing import Any

from service.engine import beside, gateways, graphs
from service.engine.expressions import Stuck
from service.engine.repair import places
from service.engine.tokens import Flow, Token

CODE = "nothing-comes"
LOOKING = (gateways.InclusiveGateway, gateways.ComplexGateway)  # they look again whenever something has moved
KNOWN = (gateways.ParallelGateway, *LOOKING, gateways.Gathering)


def refuse_silence(board: Any) -> None:
    """An incident for each join that waits in vain, and for an instance in which nothing waits at all."""
    if board.status != "active":
        return
    waiting = [token for token in board.tokens.values() if _waits_for_others(token)]
    for flow in {id(token.flow): token.flow for token in waiting}.values():
        _look_at(flow)
    if not any(_waits(token) for token in board.tokens.values()):
        _tell_of_silence(board)


def _look_at(flow: Flow) -> None:
    tokens = places.tokens_of(flow)
    hopeful = [token for token in tokens if not _waits_for_others(token)]
    rest = [token for token in tokens if _waits_for_others(token) and not _is_help(token)]
    while rest:
        one_of_each = {token.task_spec.name: token for token in rest}  # all that wait at a join have the same hope
        names = {name for name, token in one_of_each.items() if _may_go_on(token, tokens, hopeful)}
        if not names:
            names = {_tell(rest[0]).task_spec.name}
        hopeful += [token for token in rest if token.task_spec.name in names]
        rest = [token for token in rest if token.task_spec.name not in names]


def _waits_for_others(token: Token) -> bool:
    spec = token.task_spec
    return isinstance(spec, KNOWN) and beside.waits_at(token, spec)


def _is_help(token: Token) -> bool:
    """Nobody need be told of a stand-in: it helps others, and ends where there is nobody to help."""
    return beside.is_stand_in(token) and "stuck" not in token.internal_data


def _may_go_on(token: Token, tokens: list[Token], hopeful: list[Token]) -> bool:
    join = token.task_spec
    here = [other for other in tokens if beside.waits_at(other, join)]
    if any("stuck" in other.internal_data for other in here):
        return True  # somebody has been told already
    if isinstance(join, gateways.Gathering):
        leading = graphs.behind(join._wf_spec, join.name, set())
        return any(other.task_spec.name in leading for other in hopeful)
    there = {other.internal_data["via"] for other in here}
    ways = token.flow.graph.ways_to(join)
    coming = {source for source, names in ways.items() if any(other.task_spec.name in names for other in hopeful)}
    if isinstance(join, LOOKING):
        return bool(coming)
    return ways.keys() - there <= coming


def _tell(token: Token) -> Token:
    join = token.task_spec
    here = {t.internal_data.get("via") for t in places.tokens_of(token.flow) if beside.waits_at(t, join)}
    missing = [_name(token, source) for source in graphs.sources(join) if source not in here]
    which = f" from {', '.join(missing)}" if missing and not isinstance(join, gateways.Gathering) else ""
    place = token.element
    text = (
        f"“{(place.name or place.id) if place else join.name}” waits for a token{which}, but none can come any more. "
        "Skip it to go on with those that are there, or send the run back."
    )
    token.board.stick(token, "look", Stuck(CODE, text))
    return token


def _name(token: Token, source: str) -> str:
    spec = token.flow.spec.task_specs[graphs.source_of(source)]
    drawn = token.flow.graph.elements.get(spec.extensions.get("element", ""))
    return f"“{(drawn.name or drawn.id) if drawn else source}”"


def _waits(token: Token) -> bool:
    data = token.internal_data
    return bool(data.keys() & {"stuck", "undated", "open"}) or data.get("waits", "joins") != "joins"


def _tell_of_silence(board: Any) -> None:
    """A net below all others: whatever is open, somebody hears that nothing goes on by itself."""
    tokens = sorted((token for token in board.tokens.values() if token.element is not None), key=lambda t: t.serial)
    if tokens:
        board.stick(tokens[-1], "run", Stuck(CODE, "Nothing is open here, and nothing can come. Send the run back."))
