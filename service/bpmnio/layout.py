"""Drawing a diagram that has no drawing: bpmn.io's automatic layout, put into the diagram without touching the rest."""

from __future__ import annotations

from copy import deepcopy

import bpmn_io
from lxml import etree

from service import errors

MAX_BYTES = 2 * 1024 * 1024
MAX_ELEMENTS = 3000

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"


class LayoutFailed(errors.ServiceError):
    """The diagram could not be laid out."""


def is_drawn(xml: str | bytes) -> bool:
    """Whether every activity, event and gateway has a shape already."""
    root = _parsed(xml)
    return _nodes(root) <= _shapes(root)


def lay_out(xml: str | bytes) -> str:
    """The same diagram with all its elements drawn, replacing what was drawn before.

    Sub-processes are drawn collapsed, each on a plane of its own. Raises LayoutFailed for what is no diagram, for pools
    and for several processes, which the layout cannot place.
    """
    root = _parsed(xml)
    processes = root.findall(f"{BPMN}process")
    if len(processes) != 1 or root.find(f"{BPMN}collaboration") is not None:
        raise LayoutFailed("Only a diagram of one process without pools can be laid out; draw this one by hand.")
    try:
        drawn = _parsed(bpmn_io.layout_process(_connected(root)))
    except (bpmn_io.LayoutError, bpmn_io.ParseError, RecursionError) as error:
        raise LayoutFailed(f"The layout gave up: {error}") from None
    except (AttributeError, KeyError, TypeError, IndexError, ValueError) as error:
        # What the library does with diagrams that are broken inside; none of it says anything to a person.
        raise LayoutFailed("The diagram is broken inside: check it first.") from error
    for old in root.findall(f"{DI}BPMNDiagram"):
        root.remove(old)
    root.extend(drawn.findall(f"{DI}BPMNDiagram"))
    missing = (_nodes(root) - _shapes(root)) | (_flows(root) - _edges(root))
    if missing:
        raise LayoutFailed(f"The layout has no place for {', '.join(sorted(missing)[:5])}.", elements=sorted(missing))
    etree.cleanup_namespaces(root, keep_ns_prefixes=[prefix for prefix in root.nsmap if prefix])
    return _text(root)


def _parsed(xml: str | bytes) -> etree._Element:
    data = xml.encode() if isinstance(xml, str) else xml
    if len(data) > MAX_BYTES:
        raise LayoutFailed(f"The diagram has {len(data)} bytes; at most {MAX_BYTES} can be laid out.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LayoutFailed(f"It is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise LayoutFailed("A diagram must not have a document type definition.")
    if root.tag != f"{BPMN}definitions":
        raise LayoutFailed("It is not a BPMN diagram.")
    return root


def _connected(root: etree._Element) -> str:
    """A copy in which every element lists its flows: the layout follows those lists and not the flows themselves."""
    copy = deepcopy(root)
    by_id = {element.get("id"): element for element in copy.iterdescendants() if element.get("id")}
    for listed in [*copy.iter(f"{BPMN}incoming"), *copy.iter(f"{BPMN}outgoing")]:
        parent = listed.getparent()
        if parent is not None:
            parent.remove(listed)
    for flow in copy.iter(f"{BPMN}sequenceFlow"):
        for end, name in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            node = by_id.get(flow.get(end))
            if node is None:
                raise LayoutFailed(f"The flow {flow.get('id')} has no {end} in this diagram.")
            etree.SubElement(node, f"{BPMN}{name}").text = flow.get("id")
    return _text(copy)


def _text(root: etree._Element) -> str:
    return etree.tostring(root, encoding="utf-8").decode()


def _flows(root: etree._Element) -> set[str]:
    return {str(flow.get("id")) for flow in root.iter(f"{BPMN}sequenceFlow")}


def _edges(root: etree._Element) -> set[str]:
    return {str(edge.get("bpmnElement")).rpartition(":")[2] for edge in root.iter(f"{DI}BPMNEdge")}


def _nodes(root: etree._Element) -> set[str]:
    """The ids of what must have a shape."""
    kinds = ("Task", "task", "Event", "Gateway", "Process", "callActivity", "transaction")
    found = {
        str(element.get("id"))
        for process in root.findall(f"{BPMN}process")
        for element in process.iterdescendants()
        if isinstance(element.tag, str)
        and element.tag.startswith(BPMN)
        and element.tag.endswith(kinds)
        and element.get("id")
    }
    if len(found) > MAX_ELEMENTS:
        raise LayoutFailed(f"The diagram has {len(found)} elements; at most {MAX_ELEMENTS} can be laid out.")
    return found


def _shapes(root: etree._Element) -> set[str]:
    return {str(shape.get("bpmnElement")).rpartition(":")[2] for shape in root.iter(f"{DI}BPMNShape")}
