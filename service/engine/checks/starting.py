"""Receive tasks and event-based gateways that start instances: where they may stand, and what is behind them."""

from __future__ import annotations

from service.engine import elements, starting
from service.engine.checks.structure import Scope
from service.engine.findings import Findings

CODE = "instantiating-task"


def check(scope: Scope, found: Findings) -> None:
    for node in scope.nodes.values():
        if node.type == "eventBasedGateway" and node.needs_all and not node.instantiate:
            found.error(
                "parallel-event-gateway",
                "Only a gateway that starts instances can wait for all of its events; use a parallel gateway.",
                node,
            )
        if node.instantiate and node.type in ("receiveTask", "eventBasedGateway"):
            _place(scope, node, found)
            _what_waits(scope, node, found)


def _place(scope: Scope, node: elements.Element, found: Findings) -> None:
    if isinstance(scope.container, elements.Element):
        found.error(CODE, "Only on the level of the process can this start instances; untick instantiate.", node)
    elif scope.incoming[node.id]:
        found.error(CODE, "No flow leads into what starts instances; remove the flow, or untick instantiate.", node)


def _what_waits(scope: Scope, node: elements.Element, found: Findings) -> None:
    if not starting.is_gate(node):
        attached = any(n.event and n.event.attached_to == node.id for n in scope.nodes.values())
        if node.loop is not None or attached or node.start_quantity > 1:
            found.error(CODE, "What starts instances cannot repeat, have boundary events or need several tokens.", node)
        return
    for flow in scope.outgoing[node.id]:
        target = scope.nodes.get(flow.target or "")
        if target is None:
            continue
        if target.type == "intermediateCatchEvent" and (target.event is None or target.event.kind != "message"):
            found.error(CODE, "Only messages start an instance behind this gateway; use a message event.", target)
        if len(scope.incoming[target.id]) > 1:
            found.error(CODE, "Only the gateway leads to an event that starts instances; remove other flows.", target)
