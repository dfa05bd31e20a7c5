"""Everything that is examined in a diagram before it may be deployed."""

from __future__ import annotations

from lxml import etree

from service.bpmnio import bounds
from service.engine import limits, reading
from service.engine.checks import (
    compensation,
    content,
    data,
    expressions,
    file,
    kinds,
    names,
    several,
    starting,
    structure,
    vocabulary,
)
from service.engine.findings import Findings


def run(root: etree._Element, drawn: reading.Drawn, found: Findings, allowed: limits.Limits) -> None:
    """Examine a file and all its executable processes."""
    file.check(root, drawn, found)
    effort = bounds.Effort(allowed.checking_ms, "checking_ms")
    for process in drawn.processes:
        kinds.check(process, found)
        structure.check(process, found)
        compensation.check(process, found)
        for scope in structure.scopes(process).values():
            starting.check(scope, found)
        several.check(process, found)
        content.check(process, found)
        vocabulary.check(process, found)
        names.check(process, found)
        with effort:
            expressions.check(process, found)
            data.check(process, found)
