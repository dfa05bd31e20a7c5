"""Everything that is examined in the decisions of a file before they may be deployed."""

from __future__ import annotations

import re
from collections import Counter

from service.bpmnio import feel
from service.bpmnio.dmn import model as dmn
from service.bpmnio.dmn import tables, types
from service.engine import limits
from service.engine.findings import Findings, Placed

MOST_TOO_COMPLEX = 3
_ID = re.compile(r"[^\W\d][\w.\-]{0,199}")
_NAME = re.compile(r"[^\W\d]\w*( \w+)*")


def run(model: dmn.Model, found: Findings, allowed: limits.Limits) -> None:
    if size(model) > allowed.elements:
        many = f"The file has {size(model)} decisions and cells; at most {allowed.elements} are accepted"
        found.error("too-many-elements", f"{many} ({limits.setting('elements')}).", line=1)
        return
    known = {name for decision in model.decisions.values() for name in (*decision.names, *_output_names(decision))}
    for decision in model.decisions.values():
        if not _ID.fullmatch(decision.id):
            text = "cannot be an id; use letters, digits, _, - and ., not beginning with a digit."
            found.error("bad-id", f"“{decision.id[:60]}” {text}", decision)
        _circle(model, decision, found)
        if isinstance(decision.logic, dmn.Table):
            _table(decision, decision.logic, found)
        elif isinstance(decision.logic, dmn.Cell) and not decision.logic.text:
            found.error("decision-logic-missing", "This decision has no expression; write one.", decision)
    _Expressions(found, frozenset(known.union(model.inputs))).check(model)


def _output_names(decision: dmn.Decision) -> list[str]:
    return [output.name for output in decision.logic.outputs] if isinstance(decision.logic, dmn.Table) else []


def size(model: dmn.Model) -> int:
    """How many decisions and cells there are."""
    tables = [decision.logic for decision in model.decisions.values() if isinstance(decision.logic, dmn.Table)]
    cells = sum(len(rule.tests) + len(rule.outputs) for table in tables for rule in table.rules)
    return len(model.decisions) + cells


def _circle(model: dmn.Model, decision: dmn.Decision, found: Findings) -> None:
    reached, todo = set(), list(decision.required)
    while todo:
        name = todo.pop()
        if name == decision.id:
            found.error(
                "requirement-circle",
                "This decision requires itself, by way of others; remove one requirement.",
                decision,
            )
            return
        if name not in reached:
            reached.add(name)
            todo += model.decisions[name].required


def _table(decision: dmn.Decision, table: dmn.Table, found: Findings) -> None:
    _policy(decision, table, found)
    _outputs(decision, table, found)
    for column in table.inputs:
        if not column.expression.text:
            text = f"The input {column.label} has no expression; write what it looks at."
            found.error("input-missing", text, column.expression)
        _type(column.type, column.label, column.expression, found)
    for output in table.outputs:
        _type(output.type, output.label, output, found)
    for number, rule in enumerate(table.rules, 1):
        _rule(number, rule, table, found)
    if not table.rules and all(output.default is None for output in table.outputs):
        found.warning("rules-missing", "This table has no rules.", decision)
    _same_tests(decision, table, found)


def _type(type_: dmn.Type, label: str, place: Placed, found: Findings) -> None:
    if type_.name and type_.base is None and type_.name.lower() not in types.UNTYPED:
        text = f"The type {type_.name} of {label} is not known; every value is taken for one."
        found.warning("type-unknown", text, place)


def _policy(decision: dmn.Decision, table: dmn.Table, found: Findings) -> None:
    if table.hit_policy not in (*dmn.SINGLE, *dmn.MULTIPLE):
        text = f"There is no hit policy {table.hit_policy[:40]}; choose {', '.join((*dmn.SINGLE, *dmn.MULTIPLE))}."
        found.error("hit-policy", text, decision)
    if table.aggregation is None:
        return
    if table.aggregation not in dmn.AGGREGATORS:
        text = f"There is no aggregation {table.aggregation[:40]}; choose {', '.join(dmn.AGGREGATORS)}."
        found.error("aggregation", text, decision)
    elif table.hit_policy != "COLLECT":
        found.error(
            "aggregation", "Only the hit policy COLLECT aggregates; choose it, or remove the aggregation.", decision
        )
    elif len(table.outputs) != 1:
        text = "Only a single output can be aggregated; keep one output, or remove the aggregation."
        found.error("aggregation", text, decision)


def _outputs(decision: dmn.Decision, table: dmn.Table, found: Findings) -> None:
    if not table.outputs:
        found.error("output-missing", "This table has no output; add one.", decision)
    several = len(table.outputs) > 1
    twice = {name for name, count in Counter(output.name for output in table.outputs).items() if count > 1}
    for output in table.outputs:
        if several and not output.name:
            found.error("output-name", f"Give the output {output.label} a name: it is one of several.", output)
        elif several and output.name in twice:
            found.error("output-name", f"The name {output.name} is there twice; outputs must differ.", output)
        elif output.name and not _NAME.fullmatch(output.name):
            text = (
                f"“{output.name[:60]}” is no name for an output; use letters, digits and _, not beginning with a digit."
            )
            found.error("output-name", text, output)
    if table.hit_policy in dmn.ORDERED and not any(_has_order(output) for output in table.outputs):
        found.error(
            "priority-missing",
            f"The hit policy {table.hit_policy} goes by the order of the allowed values of an output; "
            "list them, the highest first.",
            decision,
        )


def _has_order(output: dmn.Output) -> bool:
    if output.allowed is None:
        return False
    try:
        return bool(tables.priorities(output.allowed.text))
    except feel.FeelFailed:
        return False


def _rule(number: int, rule: dmn.Rule, table: dmn.Table, found: Findings) -> None:
    if len(rule.tests) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
        text = f"Rule {number} has not one cell for each column; save the table again in a modeler."
        found.error("rule-incomplete", text, rule)
        return
    for output, cell in zip(table.outputs, rule.outputs, strict=True):
        if cell.text:
            continue
        text = f"Rule {number} does not say what {output.label} is; write it, or null."
        if len(table.outputs) == 1:
            found.error("output-missing", text, cell)
        else:
            found.warning("output-missing", text, cell)


def _same_tests(decision: dmn.Decision, table: dmn.Table, found: Findings) -> None:
    """Two rules of a unique table with the very same conditions never work."""
    if table.hit_policy != "UNIQUE":
        return
    seen: dict[tuple[str, ...], int] = {}
    for number, rule in enumerate(table.rules, 1):
        tests = tuple(cell.text for cell in rule.tests)
        if tests in seen:
            found.error(
                "rules-overlap",
                f"The rules {seen[tests]} and {number} have the same conditions, where only one may match; remove one.",
                rule,
            )
        seen.setdefault(tests, number)


class _Expressions:
    """Whether FEEL reads what is written."""

    def __init__(self, found: Findings, names: frozenset[str]) -> None:
        self.found = found
        self.names = names
        self.too_complex = 0

    def check(self, model: dmn.Model) -> None:
        for decision in model.decisions.values():
            for where, cell, unary in dmn.expressions(decision):
                if cell.text and self.too_complex < MOST_TOO_COMPLEX:
                    self._check(where, cell, unary)

    def _check(self, where: str, cell: dmn.Cell, unary: bool) -> None:
        shown = cell.text if len(cell.text) <= 80 else cell.text[:77] + "..."
        for problem in feel.check(cell.text, names=self.names, unary_tests=unary).problems:
            self.too_complex += problem.code in ("TOO_COMPLEX", "TOO_LONG")
            self.found.error(
                "feel-syntax",
                f"The text of {where} is not usable: {problem.message} (character {problem.position + 1} of “{shown}”)",
                cell,
            )
