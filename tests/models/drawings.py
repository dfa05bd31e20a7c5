"""The shipped diagrams as tests see them: elements by id, planes with shapes, edges and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[2]
MODELS = ("major_release", "minor_release", "emergency_release")
NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "zeebe": "http://camunda.org/schema/zeebe/1.0",
}
BPMN = f"{{{NS['bpmn']}}}"
NODES = (
    *("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent"),
    *("userTask", "serviceTask", "scriptTask", "businessRuleTask", "subProcess", "callActivity"),
    *("exclusiveGateway", "parallelGateway"),
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle of a drawing."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: Box, gap: float = 0) -> bool:
        return (
            self.x < other.right + gap
            and other.x < self.right + gap
            and self.y < other.bottom + gap
            and other.y < self.bottom + gap
        )

    def contains(self, other: Box) -> bool:
        return self.x <= other.x and self.y <= other.y and self.right >= other.right and self.bottom >= other.bottom

    def touches(self, point: Point) -> bool:
        """The point lies on the border."""
        x, y = point
        inside = self.x <= x <= self.right and self.y <= y <= self.bottom
        return inside and (x in (self.x, self.right) or y in (self.y, self.bottom))

    def shrunk(self, by: float) -> Box:
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)

    def crossed_by(self, start: Point, end: Point) -> bool:
        """A horizontal or vertical line runs through the inside."""
        low_x, high_x = sorted((start[0], end[0]))
        low_y, high_y = sorted((start[1], end[1]))
        return low_x < self.right and high_x > self.x and low_y < self.bottom and high_y > self.y


@dataclass
class Plane:
    """One plane: what is drawn when its sub-process (or the process) is opened."""

    of: str
    shapes: dict[str, Box] = field(default_factory=dict)
    expanded: set[str] = field(default_factory=set)
    edges: dict[str, list[Point]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)


def path(model: str) -> Path:
    return ROOT / "bpmn" / f"{model}.bpmn"


def rules() -> bytes:
    """The decision that gives the risk class."""
    return (ROOT / "bpmn" / "release_risk.dmn").read_bytes()


def root(model: str) -> etree._Element:
    return etree.parse(str(path(model))).getroot()


def tag(node: etree._Element) -> str:
    return etree.QName(node).localname


def nodes(model: str) -> dict[str, etree._Element]:
    """Flow nodes by id, nested ones included."""
    return {n.get("id"): n for name in NODES for n in root(model).iter(BPMN + name)}


def flows(model: str) -> dict[str, etree._Element]:
    return {n.get("id"): n for n in root(model).iter(BPMN + "sequenceFlow")}


def properties(node: etree._Element) -> dict[str, str]:
    found = node.findall("bpmn:extensionElements/zeebe:properties/zeebe:property", NS)
    return {item.get("name"): item.get("value") for item in found}


def forms() -> dict[str, Path]:
    return {found.stem: found for found in sorted((ROOT / "forms").glob("*.form"))}


def planes(model: str) -> list[Plane]:
    return [_plane(node) for node in root(model).iter(f"{{{NS['bpmndi']}}}BPMNPlane")]


def ancestors(node: etree._Element) -> Iterator[etree._Element]:
    parent = node.getparent()
    while parent is not None and tag(parent) in ("subProcess", "process"):
        yield parent
        parent = parent.getparent()


def _plane(node: etree._Element) -> Plane:
    made = Plane(node.get("bpmnElement"))
    for shape in node.findall("bpmndi:BPMNShape", NS):
        drawn = shape.get("bpmnElement")
        made.shapes[drawn] = _box(shape.find("dc:Bounds", NS))
        if shape.get("isExpanded") == "true":
            made.expanded.add(drawn)
        _label(made, drawn, shape)
    for edge in node.findall("bpmndi:BPMNEdge", NS):
        drawn = edge.get("bpmnElement")
        made.edges[drawn] = [(float(p.get("x")), float(p.get("y"))) for p in edge.findall("di:waypoint", NS)]
        _label(made, drawn, edge)
    return made


def _label(plane: Plane, drawn: str, node: etree._Element) -> None:
    bounds = node.find("bpmndi:BPMNLabel/dc:Bounds", NS)
    if bounds is not None:
        plane.labels[drawn] = _box(bounds)


def _box(node: etree._Element) -> Box:
    return Box(*(float(node.get(name)) for name in ("x", "y", "width", "height")))
