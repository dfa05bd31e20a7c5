"""Data objects of a sub-process that somebody outside of it reads: what is written inside is not seen there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from service.bpmnio import feel
from service.engine import elements, facts
from service.engine.findings import Findings


def check(process: elements.Process, found: Findings) -> None:
    homes: dict[str, set[str | None]] = defaultdict(set)  # the sub-processes that have a variable of this name
    for element in process.elements.values():
        for name in element.declares:
            homes[name].add(element.id)
    for name in process.declares:
        homes[name].add(None)
    if any(home is not None for at in homes.values() for home in at):
        for element in process.elements.values():
            _reads(element, process, homes, found)


def _reads(
    element: elements.Element, process: elements.Process, homes: dict[str, set[str | None]], found: Findings
) -> None:
    texts = [text for _, text in facts.expressions(element) if text.startswith("=")]
    around = set(_around(element, process))
    for name in sorted({name for text in texts for name in feel.check(text).variables if name in homes}):
        if homes[name].isdisjoint(around):
            home = min(filter(None, homes[name]))
            found.warning(
                "data-object-outside",
                f"{name} is data of {home}: what is written there is not seen here. Draw it one level up to share it.",
                element,
            )


def _around(element: elements.Element, process: elements.Process) -> Iterator[str | None]:
    """The element, the sub-processes around it, and the process."""
    at: elements.Element | None = element
    while at is not None:
        yield at.id
        at = process.elements.get(at.parent or "")
    yield None
