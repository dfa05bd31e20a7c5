"""The lines that `play` prints, and what an instance waits for, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from service.bpmnio import feel
from service.engine import elements, process, steps
from service.engine.definitions import Program


class Lines:
    """Prints one JSON object a line."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def write(self, line: Mapping[str, Any]) -> None:
        self.out.write(json.dumps(line, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    made = feel.plain(value)
    return str(value) if made is value else made


@dataclass
class Run:
    """One instance, and what is open in it."""

    number: int
    program: Program
    instance: process.Instance
    due: datetime | None = None
    status: str = "active"
    entered: dict[str, steps.Entered] = field(default_factory=dict)
    tasks: dict[str, steps.TaskOpened] = field(default_factory=dict)
    jobs: dict[str, steps.JobWanted] = field(default_factory=dict)
    key: str | None = None  # of the message that began it
    troubles: dict[str, str] = field(default_factory=dict)  # ref -> why it does not go on


def waiting(run: Run) -> Iterator[dict[str, Any]]:
    """What an instance waits for, in words."""
    for wait in run.instance.open_refs():
        if wait.kind == "inside":
            continue
        entered = run.entered.get(wait.ref)
        trouble = run.troubles.get(wait.ref)
        drawn = run.program.process.elements.get(wait.element)
        yield {
            "process": entered.process if entered else run.program.process.id,
            "element": wait.element,
            "type": _type(entered, drawn),
            "name": entered.name if entered else drawn.name if drawn else None,
            "kind": "incident" if trouble else wait.kind,
            "why": trouble or _WHY[wait.kind],
        }


URGENCY = ("incident", "task", "job", "timer", "message", "signal", "condition", "join")
_WHY = {
    "task": "A person's task is open.",
    "job": "A job waits for its worker.",
    "timer": "A timer has not fired.",
    "message": "A message has not come.",
    "signal": "A signal has not come.",
    "condition": "Its condition is not true yet.",
    "join": "Other tokens are still missing.",
    "incident": "It cannot go on here.",
}


def line(library: Mapping[str, Program], run: Run, fact: steps.Fact) -> dict[str, Any] | None:
    """One fact as a line, or None where play does not tell it."""
    entered = run.entered.get(fact.ref)
    program = library[entered.process] if entered else run.program
    drawn = program.process.elements.get(fact.element)
    told: dict[str, Any] = {
        "event": "",
        "element": fact.element,
        "type": _type(entered, drawn),
        "name": entered.name if entered else drawn.name if drawn else None,
        "process": program.process.id,
    }
    more = _more(run, fact, drawn)
    return told | more if more else None


def _type(entered: steps.Entered | None, drawn: elements.Element | None) -> str | None:
    """The BPMN name; what carries the children of a loop is told apart from them, as Camunda does."""
    if drawn is None:
        return entered.type if entered else None
    if drawn.loop is not None and (entered is None or entered.loop_index is None):
        return "loopBody" if drawn.loop.standard else "multiInstanceBody"
    return drawn.type


def _gives_result(run: Run, fact: steps.Left, drawn: elements.Element | None) -> bool:
    """Whether it is a script or decision that was made: null is a result, too."""
    if drawn is None or drawn.job_type or fact.outcome != "completed":
        return False
    return _type(run.entered.get(fact.ref), drawn) in ("scriptTask", "businessRuleTask")


def _more(run: Run, fact: steps.Fact, drawn: elements.Element | None) -> dict[str, Any] | None:
    match fact:
        case steps.Entered():
            index = {} if fact.loop_index is None else {"loop_index": fact.loop_index}
            return {"event": "element.entered", **index}
        case steps.Left():
            result = {"result": fact.result} if fact.result is not None or _gives_result(run, fact, drawn) else {}
            made = {"decisions": fact.decisions} if fact.decisions else {}
            return {"event": f"element.{fact.outcome}", **result, **made}
        case steps.TaskOpened():
            return {
                "event": "task.created", "form": fact.form, "assignee": fact.assignee, "groups": list(fact.groups),
                "users": list(fact.users), "due_at": fact.due_at, "approval": fact.approval, "gate": fact.gate,
            }  # fmt: skip
        case steps.TaskClosed():
            return {"event": "task.completed"} if fact.outcome == "completed" else None
        case steps.TimerDisarmed():
            return {"event": "timer.fired"} if fact.fired else None
        case steps.JobWanted():
            return {"event": "job.created", "job": fact.type, "headers": fact.headers, "variables": fact.variables}
        case steps.Ended():
            return {
                "event": f"process.{fact.outcome}", "element": run.program.process.id, "type": "process",
                "name": run.program.process.name, "end": fact.element, "variables": fact.variables,
            }  # fmt: skip
        case _:
            return _told(fact)


def _told(fact: steps.Fact) -> dict[str, Any] | None:
    match fact:
        case steps.MessageThrown():
            return {
                "event": "message.thrown", "message": fact.name, "correlation_key": fact.correlation,
                "variables": fact.variables,
            }  # fmt: skip
        case steps.SignalThrown():
            return {"event": "signal.thrown", "signal": fact.name, "variables": fact.variables}
        case steps.IncidentRaised():
            return {"event": "incident", "code": fact.code, "message": fact.message, "expression": fact.expression}
        case steps.PhaseEntered():
            return {"event": "phase.entered", "phase": fact.phase}
        case steps.PhaseLeft():
            return {"event": "phase.left", "phase": fact.phase, "outcome": fact.outcome}
        case steps.MilestoneReached():
            return {"event": "milestone.reached", "milestone": fact.milestone}
        case _:
            return None
