"""The shipped diagrams read well: everything is drawn, nothing overlaps, every plane fits a laptop screen."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from lxml import etree

from tests.models import drawings
from tests.models.drawings import Plane

WIDTH, HEIGHT = 1440, 900
PLANES = [(model, plane) for model in drawings.MODELS for plane in drawings.planes(model)]
each_plane = pytest.mark.parametrize(("model", "plane"), PLANES, ids=[f"{m}-{p.of}" for m, p in PLANES])


def _home(node: etree._Element, collapsed: set[str]) -> str:
    return next(
        a.get("id") for a in drawings.ancestors(node) if drawings.tag(a) == "process" or a.get("id") in collapsed
    )


@pytest.mark.parametrize("model", drawings.MODELS)
def test_every_element_is_drawn_once_and_in_its_plane(model: str) -> None:
    planes = drawings.planes(model)
    collapsed = {plane.of for plane in planes}
    nodes, flows = drawings.nodes(model), drawings.flows(model)
    wanted = {name: _home(node, collapsed) for name, node in (nodes | flows).items()}
    drawn = [(name, plane.of) for plane in planes for name in (*plane.shapes, *plane.edges)]
    assert len(drawn) == len(set(drawn))
    assert dict(drawn) == wanted
    for plane in planes:
        assert set(plane.shapes) <= set(nodes)
        assert set(plane.edges) <= set(flows)


@pytest.mark.parametrize("model", drawings.MODELS)
def test_every_phase_opens_in_a_plane_of_its_own(model: str) -> None:
    phases = {name for name, node in drawings.nodes(model).items() if "tidegate.phase" in drawings.properties(node)}
    assert phases
    assert phases <= {plane.of for plane in drawings.planes(model)}


@each_plane
def test_a_plane_fits_a_laptop_screen(model: str, plane: Plane) -> None:
    boxes = [*plane.shapes.values(), *plane.labels.values()]
    points = [point for line in plane.edges.values() for point in line]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max([box.right for box in boxes] + [x for x, _ in points])
    bottom = max([box.bottom for box in boxes] + [y for _, y in points])
    assert left >= 0
    assert top >= 0
    assert right <= WIDTH
    assert bottom <= HEIGHT


@each_plane
def test_shapes_keep_their_distance(model: str, plane: Plane) -> None:
    hosts = _hosts(model)
    for one, other in combinations(plane.shapes, 2):
        a, b = plane.shapes[one], plane.shapes[other]
        if (one in plane.expanded and a.contains(b)) or (other in plane.expanded and b.contains(a)):
            continue
        if other in (hosts.get(one), *plane.expanded) and one in hosts:
            continue
        if one in (hosts.get(other), *plane.expanded) and other in hosts:
            continue
        assert not a.overlaps(b, gap=15), f"{one} is too close to {other}"


@each_plane
def test_boundary_events_sit_on_the_border_of_their_activity(model: str, plane: Plane) -> None:
    for name, host in _hosts(model).items():
        if name in plane.shapes:
            box = plane.shapes[name]
            assert plane.shapes[host].touches((box.x + box.width / 2, box.y + box.height / 2))


@each_plane
def test_labels_cover_nothing(model: str, plane: Plane) -> None:
    nodes = drawings.nodes(model)
    solid = {name: box for name, box in plane.shapes.items() if name not in plane.expanded}
    for name, label in plane.labels.items():
        for shape, box in solid.items():
            # an expanded sub-process is see-through, a gateway is a diamond: its corners are empty
            inner = box.shrunk(12) if drawings.tag(nodes[shape]).endswith("Gateway") else box
            assert not label.overlaps(inner), f"the label of {name} covers {shape}"
        for edge, line in plane.edges.items():
            for start, end in pairwise(line):
                assert not label.shrunk(2).crossed_by(start, end), f"{edge} runs through the label of {name}"
    for (one, a), (other, b) in combinations(plane.labels.items(), 2):
        assert not a.overlaps(b), f"the labels of {one} and {other} overlap"


@each_plane
def test_everything_that_has_a_name_shows_it(model: str, plane: Plane) -> None:
    elements = drawings.nodes(model) | drawings.flows(model)
    for name in (*plane.shapes, *plane.edges):
        kind = drawings.tag(elements[name])
        if elements[name].get("name") and (kind.endswith(("Event", "Gateway")) or kind == "sequenceFlow"):
            assert name in plane.labels


@each_plane
def test_edges_lead_from_border_to_border_in_right_angles(model: str, plane: Plane) -> None:
    flows = drawings.flows(model)
    for name, line in plane.edges.items():
        assert plane.shapes[flows[name].get("sourceRef")].touches(line[0]), name
        assert plane.shapes[flows[name].get("targetRef")].touches(line[-1]), name
        for start, end in pairwise(line):
            assert (start[0] == end[0]) != (start[1] == end[1]), name


@each_plane
def test_edges_run_through_no_shape(model: str, plane: Plane) -> None:
    flows, hosts = drawings.flows(model), _hosts(model)
    for name, line in plane.edges.items():
        ends = {flows[name].get("sourceRef"), flows[name].get("targetRef")}
        for shape, box in plane.shapes.items():
            if shape in plane.expanded and _inside(plane, shape, ends, hosts):
                continue
            for start, end in pairwise(line):
                assert not box.shrunk(1).crossed_by(start, end), f"{name} runs through {shape}"


@each_plane
def test_the_sentence_goes_from_left_to_right(model: str, plane: Plane) -> None:
    """The start is the leftmost element, and a flow goes back only by way of a gateway."""
    nodes, flows = drawings.nodes(model), drawings.flows(model)
    start = next(n for n in plane.shapes if drawings.tag(nodes[n]) == "startEvent" and not _nested(plane, n))
    assert all(
        plane.shapes[start].x <= box.x for name, box in plane.shapes.items() if box.y < plane.shapes[start].bottom
    )
    for name, line in plane.edges.items():
        if line[-1][0] < line[0][0] and abs(line[-1][1] - line[0][1]) < 150:
            target = nodes[flows[name].get("targetRef")]
            source = nodes[flows[name].get("sourceRef")]
            kinds = {drawings.tag(source), drawings.tag(target)}
            assert kinds & {"exclusiveGateway", "boundaryEvent"}, name


def _hosts(model: str) -> dict[str, str]:
    found = drawings.nodes(model)
    return {name: node.get("attachedToRef") for name, node in found.items() if node.get("attachedToRef")}


def _inside(plane: Plane, shape: str, ends: set[str], hosts: dict[str, str]) -> bool:
    return shape in ends or all(plane.shapes[shape].contains(plane.shapes[end]) for end in ends)


def _nested(plane: Plane, name: str) -> bool:
    return any(plane.shapes[box].contains(plane.shapes[name]) for box in plane.expanded if box != name)
