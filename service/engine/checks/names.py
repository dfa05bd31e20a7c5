"""Names of variables: readable in FEEL, and never those of the facts of the record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.engine import elements, facts
from service.engine.findings import Findings

_NAME = re.compile(r"[^\W\d]\w*( \w+)*")
_PATH = re.compile(rf"{_NAME.pattern}(\.{_NAME.pattern})*")


def check(process: elements.Process, found: Findings) -> None:
    for element in process.elements.values():
        for where, name in _written(element):
            if name.split(".", 1)[0] in facts.FACTS:
                found.error(
                    "named-like-fact",
                    f"The {where} is called {name} like a fact of the record, which cannot be written; choose another.",
                    element,
                )
            elif not (_PATH if where in ("input", "output") else _NAME).fullmatch(name):
                found.error(
                    "variable-name",
                    f"“{name[:60]}” is no name for the {where}; use letters, digits and _, not beginning with a digit.",
                    element,
                )


def _written(element: elements.Element) -> Iterator[tuple[str, str]]:
    if element.result_variable:
        yield "result variable", element.result_variable
    for mapping in element.inputs:
        yield "input", mapping.target
    for mapping in element.outputs:
        yield "output", mapping.target
    for move in element.moves:
        yield "output", move.target
    if element.loop is not None:
        if element.loop.element_variable:
            yield "element variable", element.loop.element_variable
        if element.loop.output_collection:
            yield "output collection", element.loop.output_collection
    if element.approval is not None:
        yield "approval (its id is the variable of its result)", element.id
