"""The facts of a release as expressions see them: one plain dict, loaded under the command's locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from service.storage.queries import releases
from service.storage.types import Row

NAMES = ("release", "changes", "package", "parent", "children", "activities", "tests", "cost", "now")

# What a release's own columns are called in expressions.
COLUMNS = {
    "number": "number", "title": "title", "type": "type", "kind": "kind", "category": "category", "service": "service",
    "reason": "reason", "class": "classification", "manager": "manager", "coordinator": "coordinator",
    "requester": "requester", "phase": "phase",
}  # fmt: skip
EDITABLE = {
    "title": "title",
    "kind": "kind",
    "service": "service",
    "reason": "reason",
    "class": "classification",
    "manager": "manager",
    "coordinator": "coordinator",
    "window.start": "window_start",
    "window.end": "window_end",
}


def empty(now: datetime) -> dict[str, Any]:
    """A valid record with nothing in it, for diagrams that run without a release."""
    release = dict.fromkeys(COLUMNS) | _defaults("minor", False)
    return {"release": release, "changes": [], "package": {}, "parent": None, "children": [], "activities": [],
            "tests": [], "cost": {}, "now": now}  # fmt: skip


def of_release(row: Row, now: datetime, recorded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The facts of one release: its columns, then what forms recorded, by dotted name."""
    found = empty(now)
    own = {name: getattr(row, column) for name, column in COLUMNS.items()}
    own |= _defaults(row.type, row.from_template)
    own["number"] = f"R-{row.number}"
    own["window"] = {"start": row.window_start, "end": row.window_end}
    found["release"] = own
    for name, value in (releases.facts(row.number) if recorded is None else recorded).items():
        place(found, name, value)
    return found


def place(facts: dict[str, Any], name: str, value: Any) -> None:
    """Put a value under its dotted name: `release.rollout`, `package.ready`, `changes`."""
    *path, last = name.split(".")
    inner = facts
    for part in path:
        if not isinstance(inner.get(part), dict):
            inner[part] = {}
        inner = inner[part]
    inner[last] = value


def is_fact(name: str, names: Iterable[str] = NAMES) -> bool:
    """The first part of a dotted name is a fact's."""
    return name.split(".", 1)[0] in names


def _defaults(type_: str, from_template: bool) -> dict[str, Any]:
    """What holds until somebody records otherwise (design section 5: approvals are on for majors from the template)."""
    return {"approval": type_ == "major" and from_template, "training": False, "scope": "standalone", "rollout": None,
            "soak": None, "risk": None, "window": {"start": None, "end": None}}  # fmt: skip
