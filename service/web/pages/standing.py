"""Where a release stands: its phases, what is open, what waits, what is late. Assembled from queries for the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from service.domain import clock, forecasting, policy
from service.storage.queries import deadlines, instances, tasks
from service.storage.types import Row
from service.usecases.context import criteria
from service.usecases.definitions import diagrams
from service.usecases.worktime import forecasts

DONE, NOW, NEXT, OPTIONAL, LEFT, NEVER, PASSED = "done", "now", "next", "optional", "left", "never", "passed"


@dataclass(frozen=True)
class Phase:
    """One step of the strip."""

    id: str
    name: str
    state: str
    due_at: datetime | None = None
    since: datetime | None = None
    left_at: datetime | None = None
    forecast: forecasting.Forecast | None = None
    late: bool = False


@dataclass(frozen=True)
class Mark:
    """What the diagram shows on one element."""

    state: str  # done, now
    tokens: int = 0
    late: bool = False
    failed: bool = False
    due_at: datetime | None = None
    inside: str = ""  # late or failed: something that it encloses


@dataclass(frozen=True)
class Standing:
    """Everything a release's page says about the present."""

    outline: diagrams.Outline | None = None
    phases: Sequence[Phase] = ()
    tasks: Sequence[Row] = ()
    unmet: Sequence[tuple[Row, Sequence[criteria.Criterion]]] = ()
    waits: Sequence[Mapping[str, Any]] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)
    forecasts: Mapping[int, forecasting.Forecast] = field(default_factory=dict)  # by activation key
    version: int | None = None


def of(instance_key: int | None, *, active: bool, held_at: datetime | None = None) -> Standing:
    """The standing of the release that this instance runs; while it is on hold, nothing becomes late."""
    now = held_at or clock.now()
    instance = instances.get(instance_key) if instance_key is not None else None
    if instance is None:
        return Standing()
    outline = diagrams.outline(instance.definition_key)
    activations = [row for row in instances.activations(instance.key) if row.process in ("", outline.process_id)]
    due = {row.activation_key: row for row in _deadlines(instance)}
    opened = list(tasks.open_of_instance(instance.key))
    failed = _failed(instance)
    foreseen = forecasts.of([*due.values(), *(task for task in opened if task.activation_key not in due)])
    return Standing(
        outline=outline,
        phases=_phases(outline, activations, due, foreseen, active=active, moment=now),
        tasks=opened,
        unmet=_unmet(opened),
        waits=_waits(activations, outline, due, instances.timers(instance.key)),
        marks=_marks(activations, due, failed, now),
        forecasts=foreseen,
    )


def _deadlines(instance: Row) -> Iterable[Row]:
    if instance.release_number is None:
        return ()
    return deadlines.of_release(instance.release_number, open_only=True)


def _failed(instance: Row) -> set[str]:
    rows, _cursor = instances.incidents(policy.SYSTEM, instance=instance.key, limit=200)
    return {row.element for row in rows}


def _phases(
    outline: diagrams.Outline,
    activations: Sequence[Row],
    due: Mapping[int, Row],
    foreseen: Mapping[int, forecasting.Forecast],
    *,
    active: bool,
    moment: datetime,
) -> list[Phase]:
    last = {row.element: row for row in activations}  # in the order of entering: the latest stay wins
    now = [at for at, node in enumerate(outline.phases) if node.id in last and last[node.id].left_at is None]
    since = min((last[outline.phases[at].id].entered_at for at in now), default=None)
    found = []
    for at, node in enumerate(outline.phases):
        row = last.get(node.id)
        again = row is not None and now and at > now[-1] and since is not None and row.left_at and row.left_at <= since
        if row is None or again:
            state = (OPTIONAL if node.optional else NEXT) if active else NEVER
            state = PASSED if now and at < now[0] and not again else state
            found.append(Phase(node.id, node.name, state))
            continue
        state = NOW if row.left_at is None else DONE if row.outcome == "completed" else LEFT
        deadline = due.get(row.key)
        found.append(
            Phase(
                node.id,
                node.name,
                state,
                deadline.due_at if deadline is not None else None,
                row.entered_at,
                row.left_at,
                foreseen.get(row.key),
                late=state == NOW and deadline is not None and deadline.due_at < moment,
            )
        )
    return [
        phase
        for phase in found
        if not (phase.state == NEVER and phase.id in {n.id for n in outline.phases if n.optional})
    ]


def _unmet(opened: Iterable[Row]) -> list[tuple[Row, list[criteria.Criterion]]]:
    found = []
    for task in opened:
        if task.criteria:
            missing = [one for one in criteria.checklist(task) if not one.met]
            if missing:
                found.append((task, missing))
    return found


def _waits(
    activations: Iterable[Row], outline: diagrams.Outline, due: Mapping[int, Row], timers: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    """What is open without being a person's: timers, jobs, messages; a timer with the moment until which it waits."""
    kinds = {"intermediateCatchEvent", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"}
    return [
        {
            "row": row,
            "name": row.name or outline.names.get(row.element, row.element),
            "deadline": due.get(row.key),
            "until": timers.get(row.ref),
        }
        for row in activations
        if row.left_at is None and row.type in kinds
    ]


def _marks(activations: Sequence[Row], due: Mapping[int, Row], failed: set[str], now: datetime) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    for row in activations:
        before = found.get(row.element)
        if row.left_at is None:
            deadline = due.get(row.key)
            found[row.element] = Mark(
                "now",
                (before.tokens if before else 0) + 1,
                bool((before and before.late) or (deadline and deadline.due_at < now)),
                row.element in failed,
                deadline.due_at if deadline else before.due_at if before else None,
            )
        elif before is None and row.outcome == "completed":
            found[row.element] = Mark("done")
    return _with_insides(found, activations)


def _with_insides(found: dict[str, Mark], activations: Iterable[Row]) -> dict[str, Mark]:
    """A collapsed phase tells that something in it is late or failed."""
    by_ref = {row.ref: row for row in activations if row.left_at is None}
    for row in by_ref.values():
        mark = found[row.element]
        trouble = "failed" if mark.failed else "late" if mark.late else ""
        outer = by_ref.get(row.parent_ref or "")
        while trouble and outer is not None:
            found[outer.element] = replace(found[outer.element], inside=trouble)
            outer = by_ref.get(outer.parent_ref or "")
    return found
