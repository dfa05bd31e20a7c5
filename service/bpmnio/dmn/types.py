"""Types of DMN: whether a value is of one, and texts of moments turned into moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from service.bpmnio import feel
from service.bpmnio.dmn.failing import DecisionFailed
from service.bpmnio.dmn.model import Cell, Type

# As DMN, FEEL and the modelers of several years write them.
BASES = {
    "string": "string", "boolean": "boolean", "number": "number", "integer": "number", "long": "number",
    "double": "number", "date": "date", "time": "time", "datetime": "date and time", "date and time": "date and time",
    "daytimeduration": "duration", "days and time duration": "duration", "yearmonthduration": "duration",
    "years and months duration": "duration", "context": "context",
}  # fmt: skip
UNTYPED = ("", "any")
_NUMBERS = (int, float)
_FITS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, _NUMBERS) and not isinstance(value, bool),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "time": lambda value: isinstance(value, time),
    "date and time": lambda value: isinstance(value, datetime),
    "duration": lambda value: isinstance(value, feel.Duration),
    "context": lambda value: isinstance(value, dict),
}
# Variables are JSON: moments are texts in them.
_FROM_TEXT = {"date": "date", "time": "time", "date and time": "date and time", "duration": "duration"}


def base(name: str) -> str | None:
    """The type of FEEL behind a written name, without the prefix that DMN 1.1 wrote; None for what is not known."""
    return BASES.get(name.rpartition(":")[2].strip().lower())


def fitted(value: Any, type_: Type, what: str, allowed: Cell | None = None) -> Any:
    """The value as one of its type; null always is. Raises DecisionFailed for one of another type or not allowed."""
    if value is None:
        return None
    if type_.collection:
        return [_single(entry, type_, what, allowed) for entry in (value if isinstance(value, list) else [value])]
    return _single(value, type_, what, allowed)


def _single(value: Any, type_: Type, what: str, allowed: Cell | None) -> Any:
    value = _of(value, type_, what)
    for tests in (type_.allowed, allowed.text if allowed else None):
        if tests and value is not None and feel.unary(tests, value, {}).value is not True:
            raise DecisionFailed(
                "value-not-allowed", f"{what} is {_shown(value)}, which is not among the allowed values {tests}.", tests
            )
    return value


def _of(value: Any, type_: Type, what: str) -> Any:
    if type_.base is None or value is None or _FITS[type_.base](value):
        return value
    if type_.base in _FROM_TEXT and isinstance(value, (str, date)):
        made = feel.evaluate(f"{_FROM_TEXT[type_.base]}(value)", {"value": value}).value
        if made is not None and _FITS[type_.base](made):
            return made
    raise DecisionFailed("wrong-type", f"{what} must be of the type {type_.name}, this is {_shown(value)}.")


def _shown(value: Any) -> str:
    text = repr(feel.plain(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
