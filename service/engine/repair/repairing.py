"""What people do to a running instance that its diagram does not draw: skip, send back, move, one more item.

Each command checks first and then acts; one that is not possible raises and changes nothing.
"""

from __future__ import annotations

from typing import Any

from service.domain import keypoints
from service.engine import beside, compensation, elements, entering, gateways, loops, nodes
from service.engine.repair import places, rewinding
from service.engine.tokens import Flow, Token, around
from service.errors import Conflict, LimitExceeded, NotFound

NO_GOAL = {"boundaryEvent", "sequenceFlow"}


def skip(board: Any, token: Token) -> None:
    """Go on behind an element without its results; at a join, with those that are there."""
    if "entered" not in token.internal_data or token.task_spec.is_race:
        raise Conflict("This cannot be skipped.", ref=token.ref)
    spec = token.task_spec
    if isinstance(spec, gateways.Choosing):
        default = spec.default_flow()
        if default is None:
            raise Conflict("A gateway without a default flow cannot be skipped.", ref=token.ref)
        token.internal_data["taken"] = [default]
    if isinstance(spec, nodes.Gateway) and beside.waits_at(token, spec):
        for other in spec.others(token):
            if other.ref != token.ref:
                board.disarm(other)
                other.drop()
    board.skip(token)


def why_not_skip(board: Any, token: Token) -> str | None:
    """Why nobody may skip this: gates, approvals, steps of the back-out, and what the diagram says so of."""
    own = token.element
    for element in around(token):
        if keypoints.is_back_out(element.phase):
            return f"“{_name(own)}” is a step of the back-out: that is never skipped."
        if element.properties.get("tidegate.skip") == "no":
            return f"“{_name(own)}” is not to be skipped: the diagram says so at “{_name(element)}”."
    done = token.internal_data.get("stuck") == "leave"  # what is inside is over
    inside = () if own is None or done else enclosed(token, own)
    for element in (*((own,) if own else ()), *inside):
        if element.gate or element.approval:
            what = "gate" if element.gate else "approval"
            return f"“{_name(element)}” is {'a' if element.gate else 'an'} {what}: that is never skipped."
        if keypoints.is_back_out(element.phase) or element.properties.get("tidegate.skip") == "no":
            return f"“{_name(element)}” is inside of it and is not to be skipped."
    return None


def enclosed(token: Token, element: elements.Element) -> list[elements.Element]:
    """What an activity has inside: the elements of its sub-process, or of the process that it calls."""
    drawn = token.flow.graph.elements
    found = [each for each in drawn.values() if each.parent == element.id]
    found += [deeper for each in found for deeper in enclosed(token, each)]
    program = token.board.world.library.get(element.called_process or "") if element.called_process else None
    return found if program is None else [*found, *program.process.elements.values()]


def send_back(board: Any, element: str, within: str | None) -> None:
    """Enter an earlier activity again; what is open behind it ends, what is beside it goes on."""
    way_back(board, element, within).carry_out()


def way_back(board: Any, element: str, within: str | None) -> rewinding.Rewinding:
    """The way back to an activity. Raises NotFound, or Conflict where there is none."""
    place = places.find(board, element, within)
    drawn = place.flow.graph.elements[element]
    if drawn.type not in places.ACTIVITIES or drawn.for_compensation or place.spec is None:
        raise Conflict(f"“{_name(drawn)}” is no activity: choose a task or a phase.", element=element)
    if drawn.triggered_by_event:
        raise Conflict(f"“{_name(drawn)}” begins with its event: nobody can enter it.", element=element)
    found = rewinding.Rewinding(place)
    _ = found.ends, found.supplies
    return found


def entered_in(board: Any, token: Token) -> list[str]:
    """The refs of all activations that a token carries, its own first."""
    inner = board.inside(token)
    carried = [*token.children, *(places.tokens_of(inner) if inner is not None else ())]
    own = [token.ref] if token.element is not None and "entered" in token.internal_data else []
    return own + [ref for each in carried for ref in entered_in(board, each)]


def move(board: Any, token: Token, element: str) -> None:
    """End a stay, and enter another element of the same scope, or of a sub-process in it."""
    if token.loop is not None:
        raise Conflict("This is one of several: move the whole loop.", ref=token.ref)
    root, flow = places.root_of(token), token.flow
    if isinstance(root.task_spec, compensation.Undoing):
        raise Conflict("This undoes something: it can be skipped, not moved.", ref=token.ref)
    if "entered" not in token.internal_data or token.task_spec.is_boundary:
        raise Conflict("This cannot be moved.", ref=token.ref)
    place = places.find(board, element, flow.host.ref if flow.host is not None else None)
    if place.flow is not flow and places.root_of(_host_in(flow, place)) is root:
        place = places.Place(flow, places.path_in(flow, place.flow.graph.elements[element]))
        places.refuse_several(flow, place.path)
    _refuse_goal(place)
    board.cancel(root)
    if place.flow is flow:
        flow.gated = False
    entering.arrive_at(place.flow, place.path, root.task_spec if place.flow is flow else None)


def add_item(board: Any, token: Token, item: Any) -> int:
    """One more child of a running multi-instance activity; gives its number."""
    spec = token.task_spec
    if not isinstance(spec, loops.MultiInstance) or "total" not in token.internal_data:
        raise Conflict("Items are added to a running multi-instance activity.", ref=token.ref)
    if not token.children:
        raise Conflict("This multi-instance activity is about to end.", ref=token.ref)
    if token.internal_data["total"] >= board.world.limits.items:
        raise LimitExceeded(f"A multi-instance activity has at most {board.world.limits.items} items.")
    return spec.add(token, item)


def _host_in(flow: Flow, place: places.Place) -> Token:
    """The token of a flow that carries the place."""
    host = place.flow.host
    while host is not None and host.flow is not flow:
        host = host.flow.host
    if host is None:
        raise NotFound("This is somewhere else.")
    return host


def _refuse_goal(place: places.Place) -> None:
    drawn = place.flow.graph.elements[place.path[-1]]
    spec = place.spec
    special = drawn.gate or drawn.triggered_by_event or drawn.for_compensation
    refused = drawn.type in NO_GOAL or special or spec is None
    if refused:
        raise Conflict(f"Nothing can be moved to “{_name(drawn)}”.", element=drawn.id)


def _name(element: elements.Element | None) -> str:
    return (element.name or element.id) if element is not None else ""
