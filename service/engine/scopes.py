"""Variables in scopes, as in Camunda 8: instance, sub-processes, called processes, children of loops, activities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from service.engine import limits
from service.engine.expressions import Stuck

ROOT = ""
BIGGEST = 2**63


@dataclass(frozen=True)
class Change:
    """A variable was made or got another value; kind: create or update."""

    scope: str
    name: str
    kind: str


class Scopes:
    """All scopes of one instance, by name: `ROOT`, the ref of an activation, or `<ref>:called` for a called process.

    A scope without a parent is a boundary: nothing is read from or written to beyond it. Values are replaced, never
    changed in place.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Any]] = {ROOT: {}}
        self._parents: dict[str, str | None] = {ROOT: None}
        self._written: dict[str, list[str]] = {}  # of called processes: what was written since they began
        self.changes: list[Change] = []
        self.noting = False  # changes are noted only where somebody looks at them
        self.limits = limits.Limits()
        self._bytes = 0  # at least as many as all values together have as JSON

    def __contains__(self, scope: str) -> bool:
        return scope in self._values

    def open(self, scope: str, parent: str | None, values: Mapping[str, Any] | None = None) -> None:
        self._values[scope] = plain(dict(values or {}), self.limits.nesting)
        self._parents[scope] = parent
        self._bytes += size(self._values[scope])

    def open_border(self, scope: str, values: Mapping[str, Any]) -> None:
        """The outermost scope of a called process: a copy of what it may see, and a note of what it writes."""
        self.reserve(size(values))
        self.open(scope, None, values)
        self._written[scope] = []

    def written(self, scope: str) -> dict[str, Any]:
        """What a called process itself has written into its outermost scope."""
        return {key: self._values[scope][key] for key in self._written[scope]}

    def close(self, scope: str) -> None:
        self._values.pop(scope, None)
        self._parents.pop(scope, None)
        self._written.pop(scope, None)

    def local(self, scope: str) -> dict[str, Any]:
        """The variables of this scope alone."""
        return self._values[scope]

    def visible(self, scope: str) -> dict[str, Any]:
        """Everything seen from a scope; inner variables hide outer ones."""
        seen: dict[str, Any] = {}
        for values in reversed([self._values[name] for name in self.chain(scope)]):
            seen.update(values)
        return seen

    def put(self, scope: str, values: Mapping[str, Any]) -> None:
        """Write into this very scope."""
        for key, value in plain(values, self.limits.nesting).items():
            self._write(scope, key, value)

    def propagate(self, scope: str, values: Mapping[str, Any]) -> None:
        """Write each variable into the nearest scope that has it, else into the outermost one of this chain."""
        chain = list(self.chain(scope))
        for key, value in plain(values, self.limits.nesting).items():
            home = next((name for name in chain if key in self._values[name]), chain[-1])
            self._write(home, key, value)

    def saved(self) -> list[list[Any]]:
        return [[name, self._parents[name], self._written.get(name), values] for name, values in self._values.items()]

    def restore(self, saved: list[list[Any]]) -> None:
        self._values = {name: values for name, _, _, values in saved}
        self._parents = {name: parent for name, parent, _, _ in saved}
        self._written = {name: written for name, _, written, _ in saved if written is not None}
        self._bytes = size(list(self._values.values()))

    def reserve(self, more: int) -> None:
        """Raises Stuck where the instance has no room for so many bytes of variables more."""
        most = self.limits.variables_bytes
        if self._bytes + more > most:
            # Only now: what was overwritten and closed since the last count is still in the sum.
            self._bytes = size(list(self._values.values()))
        if self._bytes + more > most:
            name = limits.setting("variables_bytes")
            raise Stuck("limit", f"The variables of the instance would have more than {most} bytes ({name}).")

    def _write(self, scope: str, key: str, value: Any) -> None:
        weight = require_size(key, value, self.limits)
        self.reserve(weight)
        self._bytes += weight
        values = self._values[scope]
        if self.noting and not (key in values and _same(values[key], value)):
            self.changes.append(Change(scope, key, "update" if key in values else "create"))
        values[key] = value
        if key not in self._written.get(scope, (key,)):
            self._written[scope].append(key)

    def chain(self, scope: str) -> Iterator[str]:
        """A scope and those around it, as far as is seen from it."""
        name: str | None = scope
        while name is not None:
            yield name
            name = self._parents[name]


def _same(before: Any, value: Any) -> bool:
    return type(before) is type(value) and bool(before == value)


def size(value: Any) -> int:
    """The bytes of a plain value as JSON."""
    return len(orjson.dumps(value))


def require_size(name: str, value: Any, allowed: limits.Limits) -> int:
    """The bytes of a plain value; raises Stuck where they are too many."""
    if value is None or isinstance(value, (bool, int, float)):
        return 8
    weight = size(value)
    if weight > allowed.value_bytes:
        most = f"at most {allowed.value_bytes} are allowed ({limits.setting('value_bytes')})"
        raise Stuck("limit", f"The variable “{name}” has {weight} bytes; {most}.")
    return weight


def plain(value: Any, deepest: int = limits.Limits.nesting, depth: int = 0) -> Any:
    """The same value as the stored state can hold it, copied: moments as ISO 8601 text, tuples as lists, keys as text.

    Raises Stuck where it is nested too deeply.
    """
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return int(value) if -BIGGEST <= value < BIGGEST else float(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth >= deepest:
        raise Stuck("limit", f"The values are nested more than {deepest} levels deep ({limits.setting('nesting')}).")
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item, deepest, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, deepest, depth + 1) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():g}S"
    return str(value)


def nested(target: str, value: Any, existing: Any) -> tuple[str, Any]:
    """For `a.b` the variable `a` with its entry `b` set, other entries of what exists kept."""
    head, *rest = target.split(".")
    return head, _set(existing, rest, value) if rest else value


def _set(existing: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    before = existing if isinstance(existing, Mapping) else {}
    return {**before, path[0]: _set(before.get(path[0]), path[1:], value)}
