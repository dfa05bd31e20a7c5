"""Expressions of a diagram: FEEL where they begin with `=`, static text otherwise. Python is never evaluated.

A value that is missing or of the wrong kind raises Stuck, which the board turns into an incident.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine

from service.bpmnio import feel
from service.bpmnio.dmn import evaluation
from service.bpmnio.dmn.model import Model
from service.domain import durations
from service.errors import ScriptFailed

LONGEST_NAME = 255
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Stuck(Exception):
    """A token cannot go on here: why, in which expression, under which stable code."""

    def __init__(self, code: str, message: str, expression: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.expression = expression


class NoPython(BasePythonScriptEngineEnvironment):
    """What SpiffWorkflow may evaluate by itself: nothing."""

    def evaluate(self, expression: str, *_context: Any, **_more: Any) -> Any:
        raise ScriptFailed("Python expressions are never evaluated.", expression=expression)

    def execute(self, script: str, *_context: Any, **_more: Any) -> Any:
        raise ScriptFailed("Python scripts are never run.", expression=script)

    def call_service(self, *_context: Any, **_more: Any) -> Any:
        raise ScriptFailed("Services are called by workers, never by the engine.")


def engine() -> PythonScriptEngine:
    """The script engine of every instance; SpiffWorkflow would install its own, which evaluates Python."""
    return PythonScriptEngine(NoPython())


def is_feel(text: str | None) -> bool:
    return text is not None and text.startswith("=")


def evaluate(text: str, context: Mapping[str, Any], now: datetime) -> Any:
    """The value of a FEEL expression; raises Stuck where it cannot be evaluated."""
    try:
        return feel.evaluate(text, context, now=now).value
    except ScriptFailed as failure:
        raise Stuck("expression-failed", failure.facts.get("message") or failure.detail, text) from None


def decide(model: Model, decision: str, context: Mapping[str, Any], now: datetime) -> evaluation.Outcome:
    """The outcome of a decision; raises Stuck where it cannot be made."""
    try:
        return evaluation.evaluate(model, decision, context, now=now)
    except ScriptFailed as failure:
        code, message = failure.facts.get("code"), failure.facts.get("message")
        raise Stuck(code or "expression-failed", message or failure.detail, failure.facts.get("expression")) from None


def why_null(text: str, context: Mapping[str, Any], now: datetime) -> str:
    """Which variables of an expression that gave null are missing or null, else what the evaluator says."""
    told = [f"{path} is null" if _present(path, context) else f"{path} is missing" for path in lacking(text, context)]
    if not told:
        warnings = feel.evaluate(text, context, now=now).warnings
        told = list(dict.fromkeys(warning.message for warning in warnings))
    return f" ({'; '.join(told)})" if told else ""


def lacking(text: str, context: Mapping[str, Any]) -> list[str]:
    """What the expression names and the context does not have, or has as null: `order.owner`."""
    return sorted({path for each in feel.check(text).paths if (path := _first_null(each, context))})


def missing(text: str, context: Mapping[str, Any]) -> list[str]:
    """What the expression names and the context does not have at all; none where it reckons with null itself."""
    if "null" in text:
        return []
    return [path for path in lacking(text, context) if not _present(path, context)]


def _first_null(path: str, context: Any) -> str | None:
    """The part of a path up to where there is nothing; None where there is something at its end."""
    names: list[str] = []
    for name in path.split("."):
        names.append(name)
        if isinstance(context, (list, tuple)):
            return None  # of every entry
        context = context.get(name) if isinstance(context, Mapping) else None
        if context is None:
            return ".".join(names)
    return None


def _present(path: str, context: Any) -> bool:
    """Whether the last name of a path is there, be it null."""
    *heads, last = path.split(".")
    for name in heads:
        context = context.get(name) if isinstance(context, Mapping) else None
    return isinstance(context, Mapping) and last in context


def inferred(text: str) -> Any:
    """A static value as Camunda reads it: null, true, false and numbers are themselves, anything else is text."""
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def named(value: str, what: str, text: str) -> str:
    """The same value, which others find it by; raises Stuck where it is too long for that."""
    if len(value) > LONGEST_NAME:
        raise Stuck(
            "limit", f"{what} has at most {LONGEST_NAME} characters, this has {len(value)}.", text[:LONGEST_NAME]
        )
    return value


def split(text: str) -> tuple[str, ...]:
    """The entries of a static list, separated by commas."""
    return tuple(entry for entry in (part.strip() for part in text.split(",")) if entry)


def names(value: Any, text: str) -> tuple[str, ...]:
    """A list of names: null is empty; a single text is refused as in Camunda 8."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
        raise Stuck("wrong-type", f"A list of texts is needed, this is {shown(value)}.", text)
    return tuple(value)


def moment(value: Any, text: str, now: datetime, zone: str) -> datetime:
    """A moment in UTC from a date-time, or from a duration counted from now."""
    if isinstance(value, feel.Duration):
        value = value.iso
    try:
        if isinstance(value, datetime):
            return durations.parse_moment(value.isoformat(), zone)
        if isinstance(value, date):
            return durations.parse_moment(value.isoformat(), zone)
        if isinstance(value, str) and durations.is_duration(value):
            return durations.add(now, durations.parse(value), zone)
        if isinstance(value, str):
            return durations.parse_moment(_bare(value), zone)
    except (ValueError, OverflowError) as error:
        raise Stuck("wrong-type", str(error), text) from None
    raise Stuck("wrong-type", f"A moment or a duration is needed, this is {shown(value)}.", text)


def _bare(value: str) -> str:
    """FEEL writes the zone behind the offset: 2026-03-31T17:00:00+02:00@Europe/Berlin."""
    return value.split("@", 1)[0]


def iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
