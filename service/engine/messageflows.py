"""What message flows say: which message goes along one where the events do not, and what is sent within the file.

The message that an event or task refers to is what counts, and flows are drawings. Only where an end of a flow refers
to none, the flow tells: the other end's message, else the flow's own, else one by the name of the flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from service.engine import xml

SPEAKING = {"sendTask", "endEvent", "intermediateThrowEvent"}
HEARING = {"receiveTask", "startEvent", "intermediateCatchEvent", "boundaryEvent"}
TASKS = {"sendTask", "receiveTask"}


@dataclass(frozen=True)
class Flows:
    """By the id of an element: the message it gets from a flow, or the name of one that is declared nowhere.

    expected: the elements whose message somebody in this file sends, so that nobody needs to trigger them.
    """

    refs: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()

    def tell_of(self, element: str | None) -> bool:
        """Whether a flow says which message this is."""
        return element in self.refs or element in self.names


@dataclass(frozen=True)
class _End:
    """A task or event that sends or awaits a message."""

    id: str
    ref: str | None
    speaks: bool
    runs: bool  # in a process that is executable


def read(root: etree._Element) -> Flows:
    """Look at all message flows of a file."""
    ends = {end.id: end for end in _ends(root)}
    refs: dict[str, str] = {}
    names: dict[str, str] = {}
    expected: set[str] = set()
    for flow in root.iter(f"{{{xml.BPMN}}}messageFlow"):
        source, target = ends.get(_plain(flow.get("sourceRef"))), ends.get(_plain(flow.get("targetRef")))
        if source is not None and target is not None and source.speaks and source.runs:
            expected.add(target.id)
        linked = [end for end in (target, source) if end is not None]
        said = [*(end.ref for end in linked), *(refs.get(end.id) for end in linked), _plain(flow.get("messageRef"))]
        ref = next((one for one in said if one), None)
        called = next((names[end.id] for end in linked if end.id in names), (flow.get("name") or "").strip())
        for end in linked:
            if ref is None:
                names.setdefault(end.id, called or flow.get("id") or end.id)
            elif end.ref is None:
                refs.setdefault(end.id, ref)
    spoken = {end.ref for end in ends.values() if end.speaks and end.runs}
    expected |= {end.id for end in ends.values() if end.ref and not end.speaks and end.ref in spoken}
    return Flows(refs, names, frozenset(expected))


def _ends(root: etree._Element) -> Iterator[_End]:
    shared = {item.get("id"): item for item in xml.children(root)}
    for process in root.iterchildren(f"{{{xml.BPMN}}}process"):
        runs = (process.get("isExecutable") or "").strip() in ("true", "1")
        for node in process.iter(*(f"{{{xml.BPMN}}}{kind}" for kind in (*SPEAKING, *HEARING))):
            speaks = xml.local(node) in SPEAKING
            said = node if xml.local(node) in TASKS else _definition(node, shared)
            if said is not None and node.get("id"):
                yield _End(node.get("id") or "", _plain(said.get("messageRef")) or None, speaks, runs)


def _definition(node: etree._Element, shared: Mapping[str | None, etree._Element]) -> etree._Element | None:
    """The message event definition of an event, its own or one of the file that it refers to."""
    own = xml.child(node, "messageEventDefinition")
    if own is not None:
        return own
    referred = (shared.get(_plain(xml.text(ref))) for ref in node.iterchildren(f"{{{xml.BPMN}}}eventDefinitionRef"))
    return next((one for one in referred if one is not None and xml.local(one) == "messageEventDefinition"), None)


def _plain(ref: str | None) -> str:
    """References are QNames; the prefix has no meaning inside one file."""
    return (ref or "").rsplit(":", 1)[-1].strip()
