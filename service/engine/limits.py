"""How far a diagram may go: what the check of a file and a command of an instance keep to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Each field `x` is the setting `TIDEGATE_MAX_X`; whoever exceeds it is told its name.

    In a command: `steps` elements passed without a wait, `items` children of one multi-instance activity, `tokens` that
    are open at once, `undoable` completions remembered for compensation, `calls` nested, `nesting` levels and
    `value_bytes` of one value, `variables_bytes` of an instance, `step_ms` of processor time for all of it,
    `expressions_ms` for all its expressions. In the check of files: `file_bytes`, `elements`, `processes`, and
    `checking_ms` of processor time for all expressions.
    """

    steps: int = 5000
    items: int = 1000
    tokens: int = 5000
    undoable: int = 5000
    calls: int = 30
    nesting: int = 100
    value_bytes: int = 1024 * 1024
    variables_bytes: int = 8 * 1024 * 1024
    file_bytes: int = 4 * 1024 * 1024
    elements: int = 5000
    processes: int = 200
    step_ms: int = 1500
    expressions_ms: int = 1000
    checking_ms: int = 2000


def setting(name: str) -> str:
    """The setting behind a limit."""
    return f"TIDEGATE_MAX_{name.upper()}"
