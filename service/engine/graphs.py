"""A program made ready to run in this process: its specs with our behaviour, shared read-only by all its instances."""

from __future__ import annotations

from collections.abc import Mapping, Set
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
    reaches: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def ways_to(self, join: Any) -> dict[str, frozenset[str]]:
        """For each element in front of a join: all specs from which it can be reached, the join left out."""
        key = (join._wf_spec.name, join.name)
        if key not in self.ways:
            self.ways[key] = {name: _sources(join, name) for name in sources(join)}
        return self.ways[key]

    def reached_from(self, spec: Any) -> frozenset[str]:
        """All specs that a token may come to when it leaves this one."""
        key = (spec._wf_spec.name, spec.name)
        if key not in self.reaches:
            self.reaches[key] = _targets(spec)
        return self.reaches[key]


def entry(spec: Any, element: str) -> Any | None:
    """Where a token enters a drawn element: its host of boundary events, its loop, or itself."""
    drawn = [each for each in spec.task_specs.values() if getattr(each, "bpmn_id", None) == element]
    outer = next((each for each in drawn if each.is_loop), drawn[0] if drawn else None)
    if outer is None:
        return None
    return next((before for before in outer.inputs if before.is_host), outer)


def joins_of(spec: Any) -> list[Any]:
    """Where several flows come together and tokens wait for each other, or several tokens become one."""
    return [each for each in spec.task_specs.values() if (each.joins and len(sources(each)) > 1) or each.gathers]


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
    return behind(join._wf_spec, name, {join.name})


def behind(spec: Any, name: str, barred: Set[str]) -> frozenset[str]:
    """All specs from which this one can be reached without passing a barred one."""
    specs, found, todo = spec.task_specs, set(), [source_of(name)]
    while todo:
        at = todo.pop()
        if at not in found and at not in barred:
            found.add(at)
            todo += specs[at]._inputs
    return frozenset(found)


def _targets(spec: Any) -> frozenset[str]:
    specs, todo = spec._wf_spec.task_specs, list(spec._outputs)
    found: set[str] = set()
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += specs[at]._outputs
    return frozenset(found)
