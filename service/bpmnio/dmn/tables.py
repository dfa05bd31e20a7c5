"""Decision tables: which rules match, and what the hit policy makes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.bpmnio import feel
from service.bpmnio.dmn import types
from service.bpmnio.dmn.failing import DecisionFailed
from service.bpmnio.dmn.model import ANYTHING, ORDERED, SINGLE, Cell, Input, Rule, Table

# A column with such a cell is made for values that are missing.
_EXPECTS_NULL = re.compile(r"\bnull\b|\bdefined\b")
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
_FUNCTIONS = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}


@dataclass(frozen=True)
class Found:
    """The result of a table, the values of its inputs in their order, and the numbers of the rules that made it."""

    value: Any
    inputs: tuple[Any, ...]
    rules: tuple[int, ...]


def evaluate(table: Table, name: str, context: Mapping[str, Any], now: datetime) -> Found:
    """What a table says. Raises DecisionFailed."""
    return _Looking(table, name, context, now).found()


class _Looking:
    """One look into a table."""

    def __init__(self, table: Table, name: str, context: Mapping[str, Any], now: datetime) -> None:
        self.table, self.name, self.context, self.now = table, name, context, now
        self.passed: dict[tuple[int, str], bool] = {}

    def found(self) -> Found:
        values = tuple(self._value(column, at) for at, column in enumerate(self.table.inputs))
        matching = []
        for number, rule in enumerate(self.table.rules, 1):
            if self._matches(number, rule, values):
                matching.append(number)
                if self.table.hit_policy == "FIRST":
                    break
        if len(matching) > 1 and self.table.hit_policy == "UNIQUE":
            raise DecisionFailed(
                "several-rules-match",
                f"The rules {_listed(matching)} of the decision “{self.name}” match all at once, "
                f"where its hit policy allows one{self._seen(values)}.",
            )
        if not matching:
            return Found(self._nothing(values), values, ())
        return self._hit(values, matching, [self._outputs(number) for number in matching])

    def _value(self, column: Input, at: int) -> Any:
        text = column.expression.text
        what = f"The input “{column.label}” of the decision “{self.name}”"
        result = self._evaluate(text, what)
        if result.value is None and self._is_needed(at):
            why = "; ".join(dict.fromkeys(warning.message for warning in result.warnings))
            told = f" ({why})" if why else ""
            raise DecisionFailed("null-value", f"{what} is needed, but “{text}” gave null{told}.", text)
        return types.fitted(result.value, column.type, what, column.allowed)

    def _is_needed(self, at: int) -> bool:
        """Some rule looks at the column, and none of them expects that there may be nothing."""
        tests = [_TEXTS.sub("", rule.tests[at].text) for rule in self.table.rules]
        return any(test != ANYTHING for test in tests) and not any(_EXPECTS_NULL.search(test) for test in tests)

    def _matches(self, number: int, rule: Rule, values: Sequence[Any]) -> bool:
        return all(self._passes(number, at, cell, values[at]) for at, cell in enumerate(rule.tests))

    def _passes(self, number: int, at: int, cell: Cell, value: Any) -> bool:
        """Many rules say the same of an input: each test is made once."""
        if cell.text == ANYTHING:
            return True
        known = self.passed.get((at, cell.text))
        if known is None:
            what = f"Rule {number} of the decision “{self.name}”, {self.table.inputs[at].label}"
            known = self.passed[at, cell.text] = self._test(cell.text, value, what)
        return known

    def _test(self, text: str, value: Any, what: str) -> bool:
        try:
            result = feel.unary(text, value, self.context, now=self.now)
        except feel.FeelFailed as failure:
            raise failed(what, text, failure) from None
        unknown = [warning.name for warning in result.warnings if warning.kind == "NO_VARIABLE_FOUND"]
        if unknown:
            raise DecisionFailed("null-value", f"{what}: there is no variable “{unknown[0]}” for “{text}”.", text)
        return result.value is True

    def _outputs(self, number: int) -> dict[str, Any]:
        made = {}
        rule = self.table.rules[number - 1]
        for output, cell in zip(self.table.outputs, rule.outputs, strict=True):
            what = f"Rule {number} of the decision “{self.name}”, {output.label}"
            value = needed(self._evaluate(cell.text, what), cell.text, what) if cell.text else None
            made[output.name] = types.fitted(value, output.type, what, output.allowed)
        return made

    def _evaluate(self, text: str, what: str) -> feel.Result:
        try:
            return feel.evaluate(text, self.context, now=self.now)
        except feel.FeelFailed as failure:
            raise failed(what, text, failure) from None

    def _nothing(self, values: Sequence[Any]) -> Any:
        """No rule matches: the defaults, else an empty list or a count of none, else somebody must look."""
        if any(output.default is not None for output in self.table.outputs):
            made = {
                output.name: self._evaluate(output.default.text, f"The default of “{output.label}”").value
                if output.default is not None
                else None
                for output in self.table.outputs
            }
            return self._shaped(made)
        if self.table.aggregation == "COUNT":
            return 0
        if self.table.hit_policy in SINGLE or self.table.aggregation:
            raise DecisionFailed(
                "no-rule-matches",
                f"No rule of the decision “{self.name}” matches{self._seen(values)}. "
                "Add the rule that is missing, or a default output.",
            )
        return []

    def _hit(self, values: tuple[Any, ...], matching: list[int], outputs: list[dict[str, Any]]) -> Found:
        policy = self.table.hit_policy
        if policy in ORDERED:
            order = sorted(range(len(outputs)), key=lambda at: self._priority(outputs[at]))
            matching, outputs = [matching[at] for at in order], [outputs[at] for at in order]
        if policy == "ANY" and len({_written(output) for output in outputs}) > 1:
            raise DecisionFailed(
                "rules-disagree",
                f"The rules {_listed(matching)} of the decision “{self.name}” match with different results, "
                f"where its hit policy allows one result{self._seen(values)}.",
            )
        if policy in SINGLE:
            rules = matching if policy == "ANY" else matching[:1]
            return Found(self._shaped(outputs[0]), values, tuple(rules))
        found = [self._shaped(output) for output in outputs]
        return Found(self._aggregated(found), values, tuple(matching))

    def _priority(self, output: Mapping[str, Any]) -> list[int]:
        """The positions of the results among the allowed values, those of the first output counting most."""
        places = []
        for column in self.table.outputs:
            if column.allowed is not None:
                known = [_written(value) for value in priorities(column.allowed.text)]
                mine = _written(output[column.name])
                places.append(known.index(mine) if mine in known else len(known))
        return places

    def _aggregated(self, found: list[Any]) -> Any:
        if self.table.aggregation is None:
            return found
        function = _FUNCTIONS[self.table.aggregation]
        value = feel.evaluate(f"{function}(found)", {"found": found}).value
        if value is None:
            raise DecisionFailed(
                "wrong-type", f"The results of the decision “{self.name}” have no {function}: {found}."
            )
        return value

    def _shaped(self, output: Mapping[str, Any]) -> Any:
        """One output is its value, several are a context."""
        return dict(output) if len(self.table.outputs) > 1 else next(iter(output.values()))

    def _seen(self, values: Sequence[Any]) -> str:
        seen = [
            f"{column.label} = {_written(value)[:80]}" for column, value in zip(self.table.inputs, values, strict=True)
        ]
        return f" ({', '.join(seen)})" if seen else ""


def needed(result: feel.Result, text: str, what: str) -> Any:
    """The value, which may be null if that is what is written, but not for want of a variable."""
    unknown = [warning.name for warning in result.warnings if warning.kind == "NO_VARIABLE_FOUND"]
    if result.value is None and unknown:
        raise DecisionFailed("null-value", f"{what}: there is no variable “{unknown[0]}” for “{text}”.", text)
    return result.value


def priorities(text: str) -> list[Any]:
    """The allowed values of an output in their order; empty where they are no plain values."""
    value = feel.evaluate(f"[{text}]", {}).value
    return value if isinstance(value, list) else []


def failed(what: str, text: str, failure: feel.FeelFailed) -> DecisionFailed:
    message = failure.facts.get("message") or failure.detail
    return DecisionFailed("expression-failed", f"{what}: {message}", text)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _written(value: Any) -> str:
    return json.dumps(feel.plain(value), sort_keys=True, ensure_ascii=False, default=str)
