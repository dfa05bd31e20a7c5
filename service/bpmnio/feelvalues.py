"""Values on their way into FEEL and back: JSON, and marked strings for moments, dates, times and durations."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

Value = Any
"""None, bool, int, float, str, list, dict, aware datetime, date, time or Duration."""

MARK = f"\0{secrets.token_hex(8)}:"
"""Begins every marked string. Nobody can guess it, so no value from outside is taken for a moment."""

TESTED = "?"
"""The name of the value that unary tests look at; a parser knows it without being told."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ODD_KEY = re.compile(r'"(\w*[^\w"][^"]*)":')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Duration:
    """A FEEL duration as ISO 8601: whole months (`P1Y2M`), or days, hours, minutes and seconds (`P1DT2H`)."""

    iso: str

    def __str__(self) -> str:
        return self.iso


@dataclass(frozen=True)
class Encoded:
    """A context as JSON text; `plain` says that no key of several words matters to the expression, so that the parse is
    the same for every context."""

    text: str
    marked: bool
    plain: bool


def may_name(expression: str, key: str) -> bool:
    """Whether a key of several words (`due date`, `a-b`) can be meant in an expression: all its words are in it."""
    words = _WORD.findall(key)
    return all(word in expression for word in words)


def encode(context: Mapping[str, Any], expression: str) -> Encoded:
    """Raises TypeError or ValueError for what is no value of FEEL: naive moments, NaN, unknown classes."""
    marked = False

    def marked_text(value: Any) -> Any:
        nonlocal marked
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, (set, frozenset)):
            return sorted(value)
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, Enum):
            return value.value
        marked = True
        return MARK + _written(value)

    text = json.dumps(context, default=marked_text, allow_nan=False, separators=(",", ":"))
    odd = [key for key in _ODD_KEY.findall(text) if key != TESTED and may_name(expression, key)]
    return Encoded(text, marked, plain=not odd)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("A moment without a zone is no value of FEEL.")
        return f"T{(value - _EPOCH) // _MILLISECOND}"
    if isinstance(value, date):
        return f"D{(value.toordinal() - _EPOCH.toordinal()) * 86_400_000}"
    if isinstance(value, time):
        return "t" + value.isoformat(timespec="milliseconds")
    if isinstance(value, timedelta):
        return f"P{_span(value)}"
    if isinstance(value, Duration):
        return f"P{value.iso}"
    raise TypeError(f"{type(value).__name__} is no value of FEEL.")


def _span(value: timedelta) -> str:
    """A timedelta counts days of 24 hours."""
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{size.days}DT{hours}H{minutes}M{seconds}.{size.microseconds // 1000:03}S"
    return ("-P" if value < timedelta() else "P") + text


def decode(value: Any) -> Value:
    """A parsed answer with its marked strings turned into values. Raises ValueError beyond the year 9999."""
    if isinstance(value, str):
        return _read(value) if value.startswith(MARK) else value
    if isinstance(value, list):
        return [decode(each) for each in value]
    if isinstance(value, dict):
        return {key: decode(each) for key, each in value.items()}
    return value


def _read(text: str) -> Value:
    kind, body = text[len(MARK)], text[len(MARK) + 1 :]
    if kind == "P":
        return Duration(body)
    if kind == "D":
        return date.fromisoformat(body)
    body, _, zone = body.partition("@")
    if kind == "t":
        return time.fromisoformat(body)
    moment = datetime.fromisoformat(body)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(zone)) if zone else moment


def plain(value: Value) -> Any:
    """The same value as JSON can hold it: moments, dates, times and durations become ISO 8601 texts."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Duration):
        return value.iso
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value
