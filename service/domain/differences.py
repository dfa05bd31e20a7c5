"""What changed between two texts, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

SAME, ADDED, REMOVED, LEFT_OUT = "same", "added", "removed", "left-out"
AROUND = 3  # lines that stay the same are shown so far around what changed


@dataclass(frozen=True)
class Line:
    """One line: kind, its number before and after (None where it is not there), and what it says."""

    kind: str
    before: int | None
    after: int | None
    text: str = ""


def lines(before: str, after: str) -> list[Line]:
    """The changed lines with some around them; what is left out between is one line of its own kind."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    end = 0
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if group[0][1] > end:
            found.append(Line(LEFT_OUT, None, None))
        for operation in group:
            found += _lines(operation, old, new)
        end = group[-1][2]
    return [*found, Line(LEFT_OUT, None, None)] if found and end < len(old) else found


def _lines(operation: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterator[Line]:
    kind, from_old, to_old, from_new, to_new = operation
    if kind == "equal":
        yield from (
            Line(SAME, from_old + at + 1, from_new + at + 1, text) for at, text in enumerate(old[from_old:to_old])
        )
        return
    yield from (Line(REMOVED, from_old + at + 1, None, text) for at, text in enumerate(old[from_old:to_old]))
    yield from (Line(ADDED, None, from_new + at + 1, text) for at, text in enumerate(new[from_new:to_new]))
