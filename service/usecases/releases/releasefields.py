"""The fields of a release's own record: what each may hold, whichever door it comes through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service import errors
from service.storage.queries import people

TYPES = ("major", "minor", "emergency")
KINDS = ("software", "hardware", "both")
TEXTS = ("title", "type", "kind", "category", "service")
OPTIONAL = ("reason", "classification", "manager", "coordinator", "model")
MOMENTS = ("window_start", "window_end")
LONGEST = {"title": 255, "service": 120, "category": 80, "reason": 20_000, "classification": 40, "model": 255}


def valid(given: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """The values, trimmed; raises InvalidInput naming each field that is unknown, missing or unusable.

    partial: only what is given is looked at.
    """
    known = {*TEXTS, *OPTIONAL, *MOMENTS}
    found = {name: ["is not a field of a release"] for name in given if name not in known}
    for name in TEXTS:
        if name in given or not partial:
            value = given.get(name)
            if not isinstance(value, str) or not value.strip():
                found[name] = ["is needed"]
    found |= {name: text for name, text in _too_long(given).items() if name not in found}
    for name, choices in (("type", TYPES), ("kind", KINDS)):
        if name not in found and name in given and given[name] not in choices:
            found[name] = [f"choose among {', '.join(choices)}"]
    for name in ("manager", "coordinator"):
        if given.get(name) and people.actor(given[name]) is None:
            found[name] = [f"there is no active person {given[name]}"]
    for name in MOMENTS:
        moment = given.get(name)
        if moment is not None and not (isinstance(moment, datetime) and moment.tzinfo):
            found[name] = ["must be a date and time with its zone"]
    if found:
        raise errors.InvalidInput(found)
    check_window(given.get("window_start"), given.get("window_end"))
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


def _too_long(given: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [f"use at most {longest} characters"]
        for name, longest in LONGEST.items()
        if len(str(given.get(name) or "")) > longest
    }


def check_window(start: datetime | None, end: datetime | None) -> None:
    """Raise InvalidInput where a window ends before it starts."""
    if start and end and end <= start:
        raise errors.InvalidInput({"window_end": ["must be after the start"]})
