"""The problems found in one file, collected while it is read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from service.errors import Problem


class Placed(Protocol):
    """Anything with an id and a line: an Element or a Process."""

    @property
    def id(self) -> str: ...

    @property
    def line(self) -> int | None: ...


class Findings:
    """Collects problems; the same one is kept once, and of very many only the first."""

    MOST = 1000

    def __init__(self, file: str) -> None:
        self.file = file
        self.failed = False  # whether one of them is an error
        self._refused: set[tuple[str, str | None]] = set()
        self._problems: dict[tuple[str, str | None, str], Problem] = {}

    def error(self, code: str, message: str, at: Placed | None = None, **place: int | str | None) -> None:
        self._add("error", code, message, at, place)

    def warning(self, code: str, message: str, at: Placed | None = None, **place: int | str | None) -> None:
        self._add("warning", code, message, at, place)

    def _add(
        self, severity: str, code: str, message: str, at: Placed | None, place: Mapping[str, int | str | None]
    ) -> None:
        line = at.line if at is not None else place.get("line")
        element = at.id if at is not None else place.get("element")
        problem = Problem(
            file=self.file,
            line=line if isinstance(line, int) else None,
            element_id=str(element) if element is not None else None,
            code=code,
            message=message,
            severity=severity,
        )
        if len(self._problems) >= self.MOST and (severity != "error" or self.failed):
            return
        self._problems.setdefault((code, problem.element_id, message), problem)
        self.failed |= severity == "error"
        if severity == "error":
            self._refused.add((code, problem.element_id))

    def refused(self, code: str, element: str) -> bool:
        """Whether an element is refused with this code already."""
        return (code, element) in self._refused

    @property
    def full(self) -> bool:
        """Whether nothing more is told: the file is refused, with more problems than anybody reads at once."""
        return self.failed and len(self._problems) >= self.MOST

    def problems(self) -> list[Problem]:
        """All of them by line, errors first on a line."""
        return sorted(self._problems.values(), key=lambda p: (p.line or 0, p.severity, p.code, p.element_id or ""))
