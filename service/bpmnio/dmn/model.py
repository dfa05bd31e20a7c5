"""What a DMN file says, decision by decision: the shape that reading, checks, evaluation and pages share. Pure data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SINGLE = ("UNIQUE", "FIRST", "ANY", "PRIORITY")
MULTIPLE = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
ORDERED = ("PRIORITY", "OUTPUT ORDER")
AGGREGATORS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}
ANYTHING = "-"


@dataclass(frozen=True)
class Cell:
    """One text of a decision and where it stands; `id` is its own, else that of what holds it."""

    text: str
    id: str
    line: int | None = None


@dataclass(frozen=True)
class Type:
    """A type as it is written, and the type of FEEL behind it; without one, every value fits."""

    name: str = ""
    base: str | None = None
    collection: bool = False
    allowed: str | None = None  # unary tests that the values of the type pass


@dataclass(frozen=True)
class Input:
    """A column of conditions: what is looked at, and which values it may have."""

    expression: Cell
    label: str
    type: Type = field(default_factory=Type)
    allowed: Cell | None = None


@dataclass(frozen=True)
class Output:
    """A column of results: its name in the result, the values it may have (the first has priority), its default."""

    id: str
    line: int | None
    name: str
    label: str
    type: Type = field(default_factory=Type)
    allowed: Cell | None = None
    default: Cell | None = None


@dataclass(frozen=True)
class Rule:
    """A row: one test for each input, one expression for each output, and what is noted beside it."""

    id: str
    line: int | None
    tests: tuple[Cell, ...]
    outputs: tuple[Cell, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A decision table. Hit policy and aggregation by their names in DMN."""

    id: str
    line: int | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    hit_policy: str = "UNIQUE"
    aggregation: str | None = None
    notes: tuple[str, ...] = ()  # the headings of what is noted beside the rules

    @property
    def mark(self) -> str:
        """The letter that stands in the corner of the table: U, F, A, P, C, C+, C<, C>, C#, R, O."""
        return self.hit_policy[:1] + AGGREGATORS.get(self.aggregation or "", "")


@dataclass(frozen=True)
class Decision:
    """One decision: its logic, and the decisions of the same file whose results it uses."""

    id: str
    name: str
    line: int | None
    logic: Table | Cell | None  # a table, a literal expression, or nothing that runs
    variable: str | None = None
    type: Type = field(default_factory=Type)
    required: tuple[str, ...] = ()
    documentation: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Under which names other decisions see its result."""
        return tuple(dict.fromkeys(name for name in (self.id, self.name, self.variable) if name))


@dataclass(frozen=True)
class Model:
    """All decisions of one file. `inputs` are the names of the input data that it draws.

    version: of the deployed decision whose file this is.
    """

    id: str
    name: str
    decisions: Mapping[str, Decision]
    inputs: tuple[str, ...] = ()
    version: int | None = None

    def needed(self, decision: str) -> tuple[Decision, ...]:
        """A decision and all that it requires, what is required first."""
        found: dict[str, Decision] = {}
        todo = [(decision, False)]
        while todo:
            name, ready = todo.pop()
            here = self.decisions[name]
            if ready:
                found.setdefault(name, here)
            elif name not in found:
                todo.append((name, True))
                todo += [(required, False) for required in reversed(here.required)]
        return tuple(found.values())


Place = tuple[str, Cell | None, bool]


def expressions(decision: Decision) -> Iterator[tuple[str, Cell, bool]]:
    """(where, what is written, whether these are unary tests) for each text of a decision that is FEEL."""
    logic = decision.logic
    if isinstance(logic, Cell):
        yield "the expression", logic, False
    if isinstance(logic, Table):
        for where, cell, unary in (*_of_columns(logic), *_of_rules(logic)):
            if cell is not None and cell.text and not (unary and cell.text == ANYTHING):
                yield where, cell, unary


def _of_columns(table: Table) -> Iterator[Place]:
    for column in table.inputs:
        yield f"the input {column.label}", column.expression, False
        yield f"the allowed values of {column.label}", column.allowed, True
    for result in table.outputs:
        yield f"the allowed values of {result.label}", result.allowed, True
        yield f"the default of {result.label}", result.default, False


def _of_rules(table: Table) -> Iterator[Place]:
    for number, rule in enumerate(table.rules, 1):
        for column, test in zip(table.inputs, rule.tests, strict=False):
            yield f"rule {number}, {column.label}", test, True
        for result, cell in zip(table.outputs, rule.outputs, strict=False):
            yield f"rule {number}, {result.label}", cell, False
