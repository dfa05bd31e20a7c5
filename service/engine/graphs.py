"""A program made ready to run in this process: its specs with our behaviour, shared read-only by all its instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.engine import elements


@dataclass(frozen=True, eq=False)
class Graph:
    """The specs of one process, and what is drawn. `ways` remembers from where a join can be reached."""

    process: elements.Process
    spec: Any
    subs: Mapping[str, Any]
    elements: Mapping[str, elements.Element]
    ways: dict[tuple[str, str], dict[str, frozenset[str]]] = field(default_factory=dict)

    def ways_to(self, join: Any) -> dict[str, frozenset[str]]:
        """For each element in front of a join: all specs from which it can be reached, the join left out."""
        key = (join._wf_spec.name, join.name)
        if key not in self.ways:
            self.ways[key] = {name: _sources(join, name) for name in sources(join)}
        return self.ways[key]


def sources(join: Any) -> tuple[str, ...]:
    """A name for each flow that leads to a join: that of the spec it comes from, counted where there are several."""
    return tuple(via(name, turn) for name, count in join.ways_in.items() for turn in range(count))


def via(source: str, turn: int) -> str:
    """The name of one of the flows from a spec to a join."""
    return f"{source}#{turn + 1}" if turn else source


def source_of(via: str) -> str:
    """The name of the spec that such a flow comes from."""
    return via.partition("#")[0]


def _sources(join: Any, name: str) -> frozenset[str]:
    specs, found, todo = join._wf_spec.task_specs, set(), [source_of(name)]
    while todo:
        at = todo.pop()
        if at not in found and at != join.name:
            found.add(at)
            todo += specs[at]._inputs
    return frozenset(found)
