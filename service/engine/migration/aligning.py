"""Where elements of one version of a process are in another one: the specs that tokens move to, what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.engine import building, elements, gateways
from service.engine.graphs import Graph

SUGGESTED = 5
LOOP_PARTS = ("sequential", "standard", "element_variable", "output_collection", "output_element")


@dataclass(frozen=True)
class Misfit:
    """Why a token cannot stand where it should: `mapping` where naming another element would help."""

    code: str
    message: str
    mapping: bool = False
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alignment:
    """Two versions of one process, and which element became which; what is not named kept its id."""

    old: Graph
    new: Graph
    mapping: Mapping[str, str] = field(default_factory=dict)
    _parts: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def target(self, element: str | None) -> str | None:
        """The id in the new version, whether or not it exists there; the gate of a phase follows its phase."""
        if element is None:
            return None
        drawn = self.old.elements.get(element)
        if drawn is not None and drawn.gate and element not in self.mapping:
            return f"{self.target(drawn.parent)}{element.removeprefix(drawn.parent or '')}"
        return self.mapping.get(element, element)

    def container(self, spec: Any) -> Any | None:
        """The new spec of a whole flow: of the process, or of one of its sub-processes."""
        if spec.name == self.old.spec.name:
            return self.new.spec
        inside = next(e.id for e in self.old.elements.values() if self._spec_name(self.old, e.id) == spec.name)
        return self.new.subs.get(self._spec_name(self.new, self.target(inside)))

    def _spec_name(self, graph: Graph, container: str | None) -> str:
        return building.spec_name(graph.process.id, container)

    def spec(self, old_spec: Any, scope: Any) -> Any | None:
        """The spec that plays in the new scope the part of the old one; not always one that a token can move to."""
        element = owner(old_spec)
        if element is None:
            return scope.task_specs.get(old_spec.name)
        if scope.name not in self._parts:
            self._parts[scope.name] = {(owner(spec), part(spec)): spec for spec in scope.task_specs.values()}
        return self._parts[scope.name].get((self.target(element), part(old_spec)))

    def misfit(self, old_spec: Any, scope: Any) -> Misfit | None:
        """Why a token at the old spec cannot go on in the new scope; None where it can."""
        element = self.old.elements[owner(old_spec) or ""]
        wanted = self.new.elements.get(self.target(element.id) or "")
        if wanted is None:
            return self._gone(element)
        told = _words(element, wanted)
        if wanted.parent != self.target(element.parent):
            return Misfit("scope-changed", f"{told} is in another sub-process in the new version.")
        if wanted.type != element.type:
            text = f"{told} is a {wanted.type} in the new version, it was a {element.type}."
            return Misfit("type-changed", text, suggestions=self.suggestions(element))
        if _loop_changed(element.loop, wanted.loop):
            return Misfit("loop-changed", f"{told} is running and repeats in another way in the new version.")
        if wanted.for_compensation != element.for_compensation:
            return Misfit("type-changed", f"Only in one of the versions {told} undoes another activity.")
        if _kind(element) != _kind(wanted):
            text = f"{told} waits for {_kind(wanted)} in the new version, it waited for {_kind(element)}."
            return Misfit("type-changed", text, suggestions=self.suggestions(element))
        spec = self.spec(old_spec, scope)
        if spec is None:
            return Misfit("flow-changed", f"A token waits before or behind {told}, where the new version has no wait.")
        if type(spec) is not type(old_spec):
            return Misfit("type-changed", f"{told} works in another way in the new version.")
        return None

    def lost(self, element: str) -> Misfit | None:
        """Why what is completed could not be undone any more: its element is gone. None where it is there."""
        drawn = self.old.elements.get(element)
        if drawn is None or self.target(element) in self.new.elements:
            return None
        text = f"{_named(drawn)} is completed and can still be undone, but is not in the new version."
        return Misfit("element-gone", f"{text} Say which element takes its place.", True, self.suggestions(drawn))

    def _gone(self, element: elements.Element) -> Misfit:
        if element.gate:
            return Misfit("gate-gone", f"The gate of “{element.name}” is open, and the new version has none there.")
        if element.id in self.mapping:
            text = f"{_named(element)} shall become {self.mapping[element.id]}, which is not in the new version."
            return Misfit("target-missing", text, True, self.suggestions(element))
        text = f"{_named(element)} is not in the new version. Say which element takes its place."
        return Misfit("element-gone", text, True, self.suggestions(element))

    def suggestions(self, element: elements.Element) -> tuple[str, ...]:
        """What may have become of an element: of its type in its scope; rather new ones, rather of its name."""
        parent = self.target(element.parent)
        like = [
            one
            for one in self.new.elements.values()
            if one.type == element.type
            and one.parent == parent
            and one.drawn
            and _kind(one) == _kind(element)
            and not _loop_changed(element.loop, one.loop)
        ]
        new = [one for one in like if one.id not in self.old.elements]
        named = [one for one in new if one.name and one.name.casefold() == element.name.casefold()]
        return tuple(one.id for one in (named or new or like)[:SUGGESTED])


def owner(spec: Any) -> str | None:
    """The id of the element that a spec stands for or belongs to."""
    if spec.extensions.get("element"):
        found: str = spec.extensions["element"]
        return found
    if part(spec) in ("host", "tokens"):
        return owner(next(one for one in spec.outputs if not one.is_boundary))
    return None


def part(spec: Any) -> str:
    """What of its element a spec is: itself, a child of its loop, the host of its events, what is around it."""
    if spec.is_host:
        return "host"
    if spec.is_part:
        return "definitions"
    if spec.is_watch:
        return "watch"
    if spec.revives:
        return "undone"
    if isinstance(spec, gateways.Gathering):
        return "tokens"
    if isinstance(spec, gateways.ConditionalSplit):
        return "flows"
    return "child" if any(one.is_loop for one in spec.inputs) and spec.name.endswith(" [child]") else "itself"


def same_event(old: elements.Element, new: elements.Element) -> bool:
    """Whether one that waits for the old event may go on waiting for the new one."""
    return old.type == new.type and _kind(old) == _kind(new) and _cycles(old) == _cycles(new)


def _cycles(element: elements.Element) -> list[bool]:
    return [event.timer == "cycle" for event in element.event.each] if element.event else []


def _kind(element: elements.Element) -> str:
    """What it waits for, in words."""
    if element.event is None:
        return "none"
    return (" and " if element.event.needs_all else " or ").join(event.kind for event in element.event.each)


def _loop_changed(old: elements.Loop | None, new: elements.Loop | None) -> bool:
    if old is None or new is None:
        return old is not new
    return any(getattr(old, part) != getattr(new, part) for part in LOOP_PARTS)


def _named(element: elements.Element) -> str:
    return f"“{element.name}” ({element.id})" if element.name else element.id


def _words(element: elements.Element, wanted: elements.Element) -> str:
    return _named(element) if element.id == wanted.id else f"{_named(element)}, now {_named(wanted)},"
