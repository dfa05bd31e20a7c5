"""FEEL: evaluating and checking expressions, by feelin in the embedded JavaScript engine.

Expressions may begin with the `=` that modelers write. Values are plain Python: None, bool, int, float, str, list,
dict; an aware datetime for a date and time, date, time, and `Duration` with its ISO 8601 text. Moments go in as aware
datetimes and are UTC inside; a date and time written without a zone means UTC; zones by name (`@Europe/Berlin`) are
those of the time zone database, from 1900 to 2100. Numbers are doubles, rounded where 15 digits show a short decimal
(`0.1 + 0.2 = 0.3`); whole numbers are exact up to 2**53.
"""

from __future__ import annotations

import functools
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service import errors
from service.bpmnio import bounds, feelvalues, scripts
from service.bpmnio.feelvalues import Duration, Value, plain

__all__ = ["Duration", "Value", "plain"]

_WORD = re.compile(r"\w+")
_PATH_BEFORE = re.compile(r"[\w.`]*$")


class FeelFailed(errors.ScriptFailed):
    """A FEEL expression could not be evaluated."""


class FeelSyntaxError(FeelFailed):
    """A FEEL expression is not well-formed."""


class FeelLimit(FeelFailed):
    """A FEEL expression took too much time or memory and was stopped."""


@dataclass(frozen=True)
class Warning:
    """Why a value may be null: kind (NO_VARIABLE_FOUND, NO_CONTEXT_ENTRY_FOUND, INVALID_TYPE, ...), name, position."""

    kind: str
    name: str
    position: int
    message: str


@dataclass(frozen=True)
class Result:
    """What an expression gave, and what feelin found odd on the way; the first unknown name explains most nulls."""

    value: Value
    warnings: tuple[Warning, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The names that the context did not have."""
        return tuple(warning.name for warning in self.warnings if warning.kind.startswith("NO_"))


@dataclass(frozen=True)
class Problem:
    """What is wrong with an expression: SYNTAX, UNKNOWN_FUNCTION or TOO_LONG, a sentence, where it starts and ends."""

    code: str
    message: str
    position: int
    end: int


@dataclass(frozen=True)
class Checked:
    """`variables` are the free names (`release`), `paths` the same with what they reach into (`release.training`)."""

    problems: tuple[Problem, ...]
    variables: frozenset[str]
    paths: frozenset[str]


def _set_up(call: Any) -> None:
    call("feel.setUp", feelvalues.MARK, json.dumps([secrets.randbits(31) for _ in range(4)]))


_bundle = scripts.Bundle("feel", ready=_set_up)


def evaluate(expression: str, context: Mapping[str, Any], *, now: datetime | None = None) -> Result:
    """Evaluate an expression over named values. `now()` gives `now`, `today()` its date in its own zone.

    A name that the context lacks is null with a warning. Raises FeelSyntaxError, FeelLimit, or FeelFailed where
    `assert()` says no or the result is no value (a function).
    """
    return _evaluate("evaluate", expression, context, now)


def unary(expression: str, value: Value, context: Mapping[str, Any], *, now: datetime | None = None) -> Result:
    """Whether a value passes unary tests, as in a cell of a decision table: `> 5`, `[1..3]`, `"a","b"`, `-`."""
    return _evaluate("unaryTest", expression, {**context, "?": value}, now)


def evaluate_many(
    calls: Iterable[tuple[str, Mapping[str, Any]]], *, now: datetime | None = None
) -> list[Result | FeelFailed]:
    """Evaluate several expressions at one moment; one that fails gives its exception in its place."""
    moment = now or datetime.now(UTC)
    return [_caught(expression, context, moment) for expression, context in calls]


def check(expression: str, *, names: Iterable[str] = (), unary_tests: bool = False, in_form: bool = False) -> Checked:
    """What is wrong with an expression, and which names it needs, without evaluating it.

    `names` are variables of more than one word, which only a parser that knows them can read. An expression of a form
    also runs in the browser, where only the functions of the FEEL standard are known.
    """
    try:
        return _checked(expression, frozenset(names), unary_tests, in_form, bounds.current())
    except scripts.ScriptLimit as limit:
        return _refused("TOO_COMPLEX", f"The expression is too complex. {_which(limit)}", expression)
    except bounds.TooMuchEffort as exhausted:
        return _refused("TOO_COMPLEX", exhausted.detail, expression)
    except RecursionError:
        return _refused("TOO_COMPLEX", "The expression is nested too deeply.", expression)


@functools.lru_cache(maxsize=4096)
def _checked(
    expression: str, names: frozenset[str], unary_tests: bool, in_form: bool, allowed: bounds.Bounds
) -> Checked:
    text, offset = _bare(expression)
    if len(text) > allowed.expression_length:
        return _refused("TOO_LONG", _too_long(text), text)
    answer = bounds.measured(lambda: _asked("feel.check", text, json.dumps(sorted(names)), unary_tests, in_form))
    problems = (Problem(p["code"], p["message"], p["from"] + offset, p["to"] + offset) for p in answer["problems"])
    return Checked(tuple(problems), frozenset(answer["variables"]), frozenset(answer["paths"]))


def _asked(function: str, *args: str | float | bool) -> Any:
    allowed = bounds.current()
    most = allowed.value_bytes if function == "feel.evaluate" else None
    return _bundle.ask(function, *args, seconds=allowed.feel_ms / 1000, most=most)


def _too_long(text: str) -> str:
    most = bounds.current().expression_length
    return f"It has {len(text)} characters; at most {most} are allowed ({bounds.setting('expression_length')})."


def _which(limit: scripts.ScriptLimit) -> str:
    """The limit that was hit, with its setting."""
    allowed = bounds.current()
    if limit.facts.get("limit") == "time":
        return f"It took longer than {allowed.feel_ms} ms ({bounds.setting('feel_ms')})."
    if limit.facts.get("limit") == "memory":
        return f"It needed more than {allowed.expression_bytes} bytes ({bounds.setting('expression_bytes')})."
    if limit.facts.get("limit") == "result":
        return f"Its result has more than {allowed.value_bytes} characters ({bounds.setting('value_bytes')})."
    return limit.detail


def _refused(code: str, message: str, text: str) -> Checked:
    return Checked((Problem(code, message, 0, len(text)),), frozenset(), frozenset())


def _bare(expression: str) -> tuple[str, int]:
    """The expression without its `=` and how many characters went."""
    text = expression.lstrip().removeprefix("=")
    return text, len(expression) - len(text)


def _caught(expression: str, context: Mapping[str, Any], now: datetime) -> Result | FeelFailed:
    try:
        return evaluate(expression, context, now=now)
    except FeelFailed as failure:
        return failure


def _evaluate(kind: str, expression: str, context: Mapping[str, Any], now: datetime | None) -> Result:
    text, offset = _bare(expression) if kind == "evaluate" else (expression, 0)
    if len(text) > bounds.current().expression_length:
        raise _failed(FeelLimit, expression, _too_long(text))
    moment = now or datetime.now(UTC)
    try:
        return bounds.measured(lambda: _answered(kind, expression, text, offset, context, moment))
    except scripts.ScriptLimit as limit:
        raise _failed(FeelLimit, expression, _which(limit)) from None
    except bounds.TooMuchEffort as exhausted:
        raise _failed(FeelLimit, expression, exhausted.detail) from None
    except RecursionError:
        raise _failed(FeelLimit, expression, "The result is nested too deeply.") from None
    except scripts.ScriptBroken as broken:
        raise _failed(FeelFailed, expression, broken.detail) from None


def _answered(
    kind: str, expression: str, text: str, offset: int, context: Mapping[str, Any], moment: datetime
) -> Result:
    """What the engine says. Large variables take time on their way in and out as well."""
    try:
        encoded = feelvalues.encode(_needed(expression, context), text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _failed(FeelFailed, expression, f"A value cannot be used in FEEL: {error}") from None
    at = (moment.timestamp() * 1000, moment.date().isoformat())
    answer = _asked("feel.evaluate", kind, text, encoded.text, encoded.marked, encoded.plain, *at)
    if "problem" in answer:
        failure = FeelSyntaxError if answer.get("syntax") else FeelFailed
        raise _failed(failure, expression, answer["problem"], answer.get("from", -offset) + offset)
    return _result(expression, text, offset, answer)


def _needed(expression: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the expression may name, and names of several words, on which its very reading depends."""
    words = frozenset(_WORD.findall(expression))
    return {
        name: context[name]
        for name in context
        if (name in words if name.isidentifier() else feelvalues.may_name(expression, name))
    }


def _result(expression: str, text: str, offset: int, answer: dict[str, Any]) -> Result:
    value = answer["value"]
    if answer["marked"]:
        try:
            value = feelvalues.decode(value)
        except (ValueError, OverflowError) as error:
            raise _failed(FeelFailed, expression, f"The result is out of range: {error}") from None
    return Result(value, tuple(_warning(text, offset, *each) for each in answer["warnings"]))


def _warning(text: str, offset: int, kind: str, message: str, start: int, end: int) -> Warning:
    before = _PATH_BEFORE.search(text[:start])
    name = (before.group() if before else "") + text[start:end]
    return Warning(kind, name, start + offset, message)


def _failed(failure: type[FeelFailed], expression: str, message: str, position: int = 0) -> FeelFailed:
    shown = expression if len(expression) <= 200 else expression[:200] + "..."
    return failure(f"{shown}: {message}", expression=expression, position=position, message=message)


def functions() -> Sequence[str]:
    """The names of all built-in functions."""
    return _bundle.ask("feel.functions", seconds=bounds.current().feel_ms / 1000)
