"""Kinds of elements that do not run here are refused, as the table of supported elements says."""

from __future__ import annotations

from service.engine import elements, supported
from service.engine.findings import Findings


def check(process: elements.Process, found: Findings) -> None:
    for element in process.elements.values():
        if element.type == "sequenceFlow":
            continue
        entry = supported.entry(element)
        if entry.status == supported.REFUSED:
            found.error(entry.code, f"{entry.name}: {entry.remark} {entry.advice}", element)
