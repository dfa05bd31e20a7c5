"""Making a decision: those that it requires first, then its own logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.bpmnio import feel
from service.bpmnio.dmn import tables, types
from service.bpmnio.dmn.failing import DecisionFailed
from service.bpmnio.dmn.model import Cell, Decision, Model, Table


@dataclass(frozen=True)
class Made:
    """How one decision was made: its inputs by their labels, the numbers of the rules that matched, its result."""

    decision: str
    name: str
    value: Any
    inputs: Mapping[str, Any]
    rules: tuple[int, ...] | None  # None: it is no table

    def told(self) -> dict[str, Any]:
        """The same as history keeps it."""
        own: dict[str, Any] = {"decision": self.decision, "name": self.name, "result": feel.plain(self.value)}
        if self.rules is not None:
            own |= {"inputs": feel.plain(dict(self.inputs)), "rules": list(self.rules)}
        return own


@dataclass(frozen=True)
class Outcome:
    """The result of a decision, and how it and those that it requires were made, the latter first."""

    value: Any
    made: tuple[Made, ...]


def evaluate(model: Model, decision: str, context: Mapping[str, Any], *, now: datetime | None = None) -> Outcome:
    """Make a decision over named values. Raises DecisionFailed with a stable code: expression-failed, null-value,
    wrong-type, value-not-allowed, no-rule-matches, several-rules-match, rules-disagree.
    """
    moment = now or datetime.now(UTC)
    made: dict[str, Made] = {}
    for each in model.needed(decision):
        known: dict[str, Any] = {}
        for required in each.required:
            known |= _results(model.decisions[required], made[required].value)
        made[each.id] = _make(each, {**context, **known}, moment)
    return Outcome(made[decision].value, tuple(made.values()))


def _results(decision: Decision, value: Any) -> dict[str, Any]:
    """A result under all its names: those of the decision, and of the outputs of its table as Camunda 7 had it."""
    found = {}
    outputs = decision.logic.outputs if isinstance(decision.logic, Table) else ()
    for name in (output.name for output in outputs if output.name):
        found[name] = value if len(outputs) == 1 else _part(value, name)
    return found | dict.fromkeys(decision.names, value)


def _part(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_part(each, name) for each in value]
    return value.get(name) if isinstance(value, dict) else None


def _make(decision: Decision, context: Mapping[str, Any], now: datetime) -> Made:
    logic = decision.logic
    if isinstance(logic, Table):
        found = tables.evaluate(logic, decision.id, context, now)
        labels = [column.label for column in logic.inputs]
        return Made(decision.id, decision.name, found.value, dict(zip(labels, found.inputs, strict=True)), found.rules)
    if not isinstance(logic, Cell):
        raise DecisionFailed("decision-logic-missing", f"The decision “{decision.id}” has no logic that runs.")
    what = f"The decision “{decision.id}”"
    try:
        result = feel.evaluate(logic.text, context, now=now)
    except feel.FeelFailed as failure:
        raise tables.failed(what, logic.text, failure) from None
    value = types.fitted(tables.needed(result, logic.text, what), decision.type, what)
    return Made(decision.id, decision.name, value, {}, None)
