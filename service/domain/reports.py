"""A report: sections of figures, the same on the page, as a table file and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Section:
    """A table: the first column says what, the others are figures or words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""  # what is said without rows


@dataclass(frozen=True)
class Report:
    """All of it, in one language. period: from when to when, in words of the reader's zone."""

    title: str
    period: str
    made: str
    made_at: datetime
    sections: Sequence[Section]
