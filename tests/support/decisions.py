"""Small decisions written as DMN: enough of a file around a table or an expression to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

DMN_1_3 = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def dmn(*parts: str, namespace: str = DMN_1_3, attributes: str = "") -> bytes:
    """A file with these decisions, inputs and types."""
    inner = "\n".join(parts)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="{namespace}" id="d" name="Rules" '
        f'namespace="t" {attributes}>\n{inner}\n</definitions>'
    ).encode()


def decision(identity: str, logic: str, *, name: str = "", requires: Sequence[str] = (), variable: str = "") -> str:
    """One decision; `requires` names decisions, or inputs as `in:<id>`."""
    needed = "".join(
        f"<informationRequirement><{_kind(one)} href={quoteattr('#' + one.removeprefix('in:'))}/>"
        "</informationRequirement>"
        for one in requires
    )
    own = f"<variable {variable}/>" if variable else ""
    return f'<decision id="{identity}" name={quoteattr(name or identity)}>{own}{needed}{logic}</decision>'


def _kind(required: str) -> str:
    return "requiredInput" if required.startswith("in:") else "requiredDecision"


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table(
    inputs: Sequence[str],
    outputs: Sequence[str],
    *rows: Sequence[str],
    policy: str = "UNIQUE",
    aggregation: str = "",
    types: Mapping[str, str] | None = None,
    allowed: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> str:
    """A decision table. A row has a cell for each input, then one for each output."""
    types, allowed, defaults = types or {}, allowed or {}, defaults or {}
    drawn = "".join(
        f"<input label={quoteattr(name)}><inputExpression{_attribute('typeRef', types.get(name))}>{_text(name)}"
        f"</inputExpression>{_wrapped('inputValues', allowed.get(name))}</input>"
        for name in inputs
    )
    drawn += "".join(
        f"<output name={quoteattr(name)}{_attribute('typeRef', types.get(name))}>"
        f"{_wrapped('outputValues', allowed.get(name))}{_wrapped('defaultOutputEntry', defaults.get(name))}</output>"
        for name in outputs
    )
    for number, row in enumerate(rows, 1):
        cells = "".join(
            _wrapped("inputEntry" if at < len(inputs) else "outputEntry", cell, always=True)
            for at, cell in enumerate(row)
        )
        drawn += f'\n<rule id="rule_{number}">{cells}</rule>'
    mark = _attribute("aggregation", aggregation)
    return f'<decisionTable hitPolicy="{policy}"{mark}>{drawn}</decisionTable>'


def _attribute(name: str, value: str | None) -> str:
    return f" {name}={quoteattr(value)}" if value else ""


def _text(text: str) -> str:
    return f"<text>{escape(text)}</text>"


def _wrapped(tag: str, text: str | None, *, always: bool = False) -> str:
    return f"<{tag}>{_text(text or '')}</{tag}>" if text or always else ""


def only(*args: Any, **more: Any) -> bytes:
    """A file with one decision `d1` that is this table."""
    return dmn(decision("d1", table(*args, **more)))
