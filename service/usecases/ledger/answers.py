"""The lines of the ledger, each with the level it belongs to and with what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.domain import policy
from service.storage.queries import ledger
from service.storage.types import Row

DONE = ("task.completed", "task.skipped", "task.cancelled", "approval.decided", "task.delegated")
TAKEN = "task.claimed"


@dataclass(frozen=True)
class Answer:
    """What came of a notice. what: completed, skipped, cancelled, decided, delegated, claimed; else how it ended."""

    what: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True)
class Line:
    """One line: a row of `ledger.lines`, the level that was its cause (a row of `ledger.levels`), and the answer."""

    row: Row
    level: Row | None = None
    answered: Answer | None = None


def lines(*, actor: policy.Actor, **wanted: Any) -> tuple[list[Line], str | None]:
    """Lines of the ledger that the actor may see, newest first; keywords as in `ledger.lines`."""
    rows, cursor = ledger.lines(actor, **wanted)
    levels = ledger.levels({int(key) for kind, _, key in (row.cause.partition(":") for row in rows) if kind == "level"})
    happened = _happened(rows)
    found = []
    for row in rows:
        kind, _, key = row.cause.partition(":")
        level = levels.get(int(key)) if kind == "level" else None
        found.append(Line(row, level, _answer(row, level, happened.get(row.task_key, ()))))
    return found, cursor


def _happened(rows: Sequence[Row]) -> Mapping[int | None, Sequence[Row]]:
    """Events by task, of the tasks that these rows are about."""
    about = [row for row in rows if row.task_key is not None and row.instance_key is not None]
    found: dict[int | None, list[Row]] = defaultdict(list)
    if about:
        runs, since = {row.instance_key for row in about}, min(row.at for row in about)
        for event in ledger.answers(runs, (*DONE, TAKEN), since):
            found[event.data.get("task")].append(event)
    return found


def _answer(row: Row, level: Row | None, happened: Iterable[Row]) -> Answer | None:
    """The first that was done about it: the person's own decision before others', doing before taking."""
    later = [event for event in happened if event.at >= row.at]
    own = [event for event in later if event.event == "approval.decided" and event.actor == row.reader]
    done = [event for event in later if event.event in DONE]
    for event in (*own, *done, *later):
        return Answer(event.event.partition(".")[2], event.at, event.actor)
    if row.task_key is None and level is not None and level.ended_at is not None:
        return Answer(level.state, level.ended_at)
    return None
