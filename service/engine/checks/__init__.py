"""Everything that is examined in a diagram before it may be deployed."""

from __future__ import annotations

from service.engine import elements
from service.engine.checks import kinds, structure
from service.engine.findings import Findings


def run(processes: tuple[elements.Process, ...], found: Findings) -> None:
    """Examine all processes of one file."""
    for process in processes:
        kinds.check(process, found)
        structure.check(process, found)
