"""Everything that is examined in a diagram before it may be deployed."""

from __future__ import annotations

from lxml import etree

from service.engine import reading
from service.engine.checks import attributes, content, expressions, file, kinds, names, starting, structure, vocabulary
from service.engine.findings import Findings


def run(root: etree._Element, drawn: reading.Drawn, found: Findings) -> None:
    """Examine a file and all its executable processes."""
    if not file.check(root, drawn, found):
        return
    attributes.check(root, found)
    for process in drawn.processes:
        kinds.check(process, found)
        structure.check(process, found)
        for scope in structure.scopes(process).values():
            starting.check(scope, found)
        content.check(process, found)
        vocabulary.check(process, found)
        names.check(process, found)
        expressions.check(process, found)
