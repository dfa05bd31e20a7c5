"""What the product adds to a drawing before it runs: gates before the end of phases with criteria."""

from __future__ import annotations

from dataclasses import replace

from service.engine import elements, reading

COORDINATORS = "coordinator"


def normalise(process: elements.Process) -> elements.Process:
    """Give the process with a gate task in every phase that has criteria."""
    gates = {}
    for element in process.elements.values():
        if element.criteria and element.type in reading.CONTAINERS:
            gate = _gate(element)
            gates[gate.id] = gate
    return replace(process, elements={**process.elements, **gates})


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
