"""Readiness criteria: conditions over the facts that must hold before a task can be completed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service import errors
from service.storage.types import Row
from service.usecases.context import locked as locks
from service.usecases.context import peeking


@dataclass(frozen=True)
class Criterion:
    """One line of the checklist; `why` is set where the condition could not be evaluated."""

    label: str
    met: bool
    why: str | None = None


def require(locked: locks.Locked, task: Row) -> None:
    """Raise CriteriaUnmet with the labels of those that do not hold (S3-9)."""
    if not task.criteria:
        return
    results = locked.live.instance.evaluate(task.ref, task.criteria, locked.world)
    missing = [label for label in task.criteria if results[label].value is not True]
    if missing:
        raise errors.CriteriaUnmet("Not met yet: " + "; ".join(missing) + ".", missing=missing)


def checklist(task: Row) -> list[Criterion]:
    """Every criterion of an open task with whether it holds now."""
    if not task.criteria or task.state != "open":
        return []
    results = peeking.evaluate(task.instance_key, task.ref, task.criteria)
    return [Criterion(label, results[label].value is True, _why(results[label])) for label in task.criteria]


def _why(result: Any) -> str | None:
    return "; ".join(warning.message for warning in result.warnings) or None
