"""What pages tell about a diagram in words: its phases in drawn order, and its outline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.engine import elements
from service.usecases.definitions import programs

WORK = frozenset({
    "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "task",
    "subProcess", "callActivity", "adHocSubProcess", "transaction", "intermediateCatchEvent", "intermediateThrowEvent",
    "startEvent", "endEvent", "boundaryEvent", "exclusiveGateway", "inclusiveGateway", "eventBasedGateway",
})  # fmt: skip
TOLD = WORK - {"startEvent", "exclusiveGateway", "inclusiveGateway", "eventBasedGateway"}


@dataclass(frozen=True)
class Node:
    """One element of the outline; what is inside it and what hangs on it follow in the order of the flow."""

    id: str
    type: str
    name: str
    phase: str | None = None
    event: str | None = None
    action: bool = False
    milestone: bool = False
    parent: str | None = None
    attached_to: str | None = None
    documentation: str | None = None
    as_drawn: str | None = None
    optional: bool = False  # a phase that the way to the last one may leave out
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A definition in words: `phases` outermost first in the order of the flow, `nodes` the whole tree."""

    process_id: str
    name: str
    phases: tuple[Node, ...] = ()
    nodes: tuple[Node, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@programs.kept(64)
def outline(definition_key: int) -> Outline:
    """The outline of one deployed version. Raises NotFound."""
    process = programs.program(definition_key).process
    drawn = [element for element in process.elements.values() if element.drawn or element.gate]
    tree = _level(drawn, None)
    phases = _phases(tree)
    optional = _optional([node.id for node in phases if node.parent is None], [e for e in drawn if e.parent is None])
    names = {element.id: element.name or element.id for element in drawn}
    return Outline(
        process.id, process.name, tuple(replace(node, optional=node.id in optional) for node in phases), tree, names
    )


def _level(drawn: Sequence[elements.Element], parent: str | None) -> tuple[Node, ...]:
    here = [element for element in drawn if element.parent == parent]
    nodes = {element.id: element for element in here if element.type in WORK}
    order = [nodes[name] for name in _in_order(nodes, here) if _told(nodes[name])]
    hosts = {element.id for element in order}
    return tuple(_node(element, drawn, order) for element in order if _host(element) not in hosts)


def _told(element: elements.Element) -> bool:
    named = bool(element.name or element.type in ("userTask", "subProcess", "callActivity"))
    return named and (element.type in TOLD or element.action is not None)


def _host(element: elements.Element) -> str | None:
    """What a boundary event hangs on: the outline tells it there."""
    return element.event.attached_to if element.event else None


def _node(element: elements.Element, drawn: Sequence[elements.Element], beside: Sequence[elements.Element]) -> Node:
    return Node(
        id=element.id,
        type=element.type,
        name=element.name or element.id,
        phase=element.phase,
        event=element.event.kind if element.event else None,
        action=element.action is not None,
        milestone=bool(element.milestone),
        parent=element.parent,
        attached_to=element.event.attached_to if element.event else None,
        documentation=element.documentation,
        as_drawn=element.deadline,
        nodes=_level(drawn, element.id) + tuple(_node(one, drawn, ()) for one in beside if _host(one) == element.id),
    )


def _in_order(nodes: Mapping[str, elements.Element], here: Iterable[elements.Element]) -> list[str]:
    """Ids from the start events along the flows: depth first backwards, so that every end comes after its way there."""
    after: dict[str, list[str]] = {name: [] for name in nodes}
    entered = set()
    for flow in here:
        if flow.type == "sequenceFlow" and flow.source in after and flow.target in after:
            after[flow.source].append(flow.target)
            entered.add(flow.target)
    for element in nodes.values():
        if element.event and element.event.attached_to in after:
            after[element.event.attached_to].append(element.id)
            entered.add(element.id)
    starts = [name for name in nodes if name not in entered] or list(nodes)[:1]
    main = [name for name in starts if nodes[name].type == "startEvent"]
    seen: set[str] = set()
    order: list[str] = []
    for name in [*main, *(start for start in starts if start not in main)]:
        order += _finish(name, after, seen)
    rest = [name for name in nodes if name not in seen]
    return [*order, *rest]


def _finish(start: str, after: Mapping[str, list[str]], seen: set[str]) -> list[str]:
    """Reverse post-order from one start, without recursion: diagrams may be long."""
    finished: list[str] = []
    stack: list[tuple[str, int]] = [(start, 0)] if start not in seen else []
    seen.add(start)
    while stack:
        name, at = stack.pop()
        if at < len(after[name]):
            stack.append((name, at + 1))
            following = after[name][len(after[name]) - 1 - at]  # the flow drawn first stays first
            if following not in seen:
                seen.add(following)
                stack.append((following, 0))
        else:
            finished.append(name)
    return finished[::-1]


def _phases(nodes: Iterable[Node]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if node.phase:
            found.append(node)
        else:
            found.extend(_phases(node.nodes))
    return found


def _optional(phases: list[str], here: Iterable[elements.Element]) -> set[str]:
    """Phases that a release may pass by. Of two that stand in for each other, the one drawn first counts as the way."""
    after: dict[str, list[str]] = {}
    entered: set[str] = set()
    for flow in here:
        if flow.type == "sequenceFlow" and flow.source and flow.target:
            after.setdefault(flow.source, []).append(flow.target)
            entered.add(flow.target)
    starts = [name for name in after if name not in entered]
    starts = [e.id for e in here if e.id in starts and e.type == "startEvent"] or starts
    if len(phases) < 2:
        return set()

    def passes(without: set[str]) -> bool:
        seen, waiting = set(starts), list(starts)
        while waiting:
            for name in after.get(waiting.pop(), ()):
                if name not in seen and name not in without:
                    seen.add(name)
                    waiting.append(name)
        return phases[-1] in seen

    open_ones = {name for name in phases[:-1] if passes({name})}
    found: set[str] = set()
    for at in range(len(phases) - 2, -1, -1):
        later = {name for name in phases[at + 1 :] if name in open_ones}
        if phases[at] in open_ones and passes({phases[at]} | later):
            found.add(phases[at])
        else:
            open_ones.discard(phases[at])
    return found


@dataclass(frozen=True)
class Change:
    """An element that one version has and another has not, or has differently. kind: added, removed, changed."""

    kind: str
    element: str
    name: str
    type: str


@programs.kept(64)
def _changes(before_key: int, after_key: int) -> tuple[Change, ...]:
    before, after = (programs.program(key).process.elements for key in (before_key, after_key))
    pairs = [(name, before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])]
    found = []
    for name, old, new in pairs:
        one = new or old
        kind = "added" if old is None else "removed" if new is None else "changed"
        if one is not None and _meaning(old) != _meaning(new):
            found.append(Change(kind, name, one.name, one.type))
    return tuple(sorted(found, key=lambda change: ("added", "changed", "removed").index(change.kind)))


def _meaning(element: elements.Element | None) -> object:
    """What counts as a difference: of a flow only its condition, since the elements at its ends tell the rest."""
    if element is None or element.type == "sequenceFlow":
        return element.condition if element else None
    return replace(element, line=None)


def changes(before_key: int, after_key: int) -> list[Change]:
    """What is different between two deployed versions."""
    if before_key == after_key:
        return []
    return list(_changes(before_key, after_key))
