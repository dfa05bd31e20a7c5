"""What the product adds to a drawing before it runs: gates of phases with criteria, start events that are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from service.engine import elements, reading, starting

COORDINATORS = "coordinator"


def normalise(process: elements.Process) -> elements.Process:
    """Give the process with a gate task in every phase that has criteria, and a start event in every scope."""
    added = {element.id: element for element in _starts(process)}
    for element in process.elements.values():
        if element.criteria and element.type in reading.CONTAINERS:
            gate = _gate(element)
            added[gate.id] = gate
    return replace(process, elements={**process.elements, **added})


def _starts(process: elements.Process) -> Iterator[elements.Element]:
    """Where neither start nor end events are drawn, all that no flow leads to begins at once."""
    for container, begun in starting.implicit(process).items():
        around = process.elements[container] if container else process
        place: dict[str, Any] = {"line": around.line, "process": process.id, "parent": container, "drawn": False}
        start = f"{around.id}.start"
        yield elements.Element(id=start, type="startEvent", name="", event=elements.Event("none"), **place)
        for identity in begun:
            flow = f"{start}--{identity}"
            yield elements.Element(id=flow, type="sequenceFlow", name="", source=start, target=identity, **place)


def _gate(phase: elements.Element) -> elements.Element:
    return elements.Element(
        id=f"{phase.id}.gate",
        type="userTask",
        name=phase.name,
        line=phase.line,
        process=phase.process,
        parent=phase.id,
        assignment=elements.Assignment(groups=COORDINATORS),
        criteria=phase.criteria,
        gate=True,
        drawn=False,
    )
