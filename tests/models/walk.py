"""Takes a release through a shipped model: forms checked as on the server, facts recorded, jobs done, time virtual."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.bpmnio import forms
from service.engine import steps
from service.usecases.context import facts
from tests.engine.driver import NOON, Case
from tests.models import answers, drawings

TYPES = {"major_release": "major", "minor_release": "minor", "emergency_release": "emergency"}


class Walk:
    """One release on its way. Runs live and restored before every command at once, and both must agree."""

    def __init__(self, model: str, source: bytes | None = None, **record: Any) -> None:
        found = facts.empty(NOON)
        own = {"number": "R-1", "title": "Portal 4", "type": TYPES[model], "kind": "software", "service": "Portal"}
        found["release"] |= own | {"approval": model == "major_release"}
        for name, value in record.items():
            facts.place(found, name.replace("__", "."), value)
        self.case = Case(
            source or drawings.path(model).read_bytes(), facts=found, zone="Europe/Berlin", rules=drawings.rules()
        )
        self._work()

    @property
    def record(self) -> dict[str, Any]:
        return dict(self.case.world.facts)

    @property
    def open(self) -> list[str]:
        """The tasks that wait for people."""
        return [element for element, kind in self.case.tracks[0].open() if kind == "task"]

    @property
    def actions(self) -> dict[str, str]:
        """What is offered now: element -> label."""
        waiting = {element for element, kind in self.case.tracks[0].open() if kind == "message"}
        return {f.element: f.label for f in self.case.of(steps.Subscribed) if f.action and f.element in waiting}

    @property
    def phases(self) -> list[str]:
        """The phases entered so far, in order."""
        return [fact.phase for fact in self.case.of(steps.PhaseEntered)]

    @property
    def milestones(self) -> list[str]:
        return [fact.milestone for fact in self.case.of(steps.MilestoneReached)]

    @property
    def end(self) -> str | None:
        """The name of the end event that the release reached."""
        ended = self.case.of(steps.Ended)
        return ended[0].name if ended else None

    @property
    def told(self) -> list[str]:
        """The jobs done so far, by element."""
        return [fact.element for fact in self.case.of(steps.JobWanted)]

    def do(self, *tasks: str, **values: Any) -> Walk:
        """Complete tasks in turn with the usual answers of their forms; `values` go over those of the last one."""
        for task in tasks:
            self._complete(f"task_{task}", values if task == tasks[-1] else {})
        return self

    def decide(self, task: str, outcome: str) -> Walk:
        """Settle an approval."""
        element = f"task_{task}"
        opened = self._opened(element)
        assert opened.approval is not None
        self.case.complete(element, **{element: {"outcome": outcome, "by": "rita", "comment": "Because."}})
        return self._work()

    def act(self, action: str) -> Walk:
        """Trigger what is offered."""
        assert f"action_{action}" in self.actions
        self.case.deliver(f"action_{action}")
        return self._work()

    def pass_gate(self) -> Walk:
        """Complete the gate that the product adds to a phase with criteria."""
        (gate,) = self.open
        assert gate.endswith(".gate")
        self.case.complete(gate)
        return self._work()

    def wait(self, **span: float) -> Walk:
        self.case.wait(**span)
        return self._work()

    def missing(self, task: str) -> list[str]:
        """The criteria of an open task that do not hold."""
        criteria = self._opened(f"task_{task}").criteria
        found = self.case.tracks[0].instance.evaluate(
            self.case.tracks[0].find(f"task_{task}", "task", 0), criteria, self.case.world
        )
        return [label for label, result in found.items() if result.value is not True]

    def refused(self, task: str, **values: Any) -> dict[str, list[str]]:
        """What the form of an open task says to these answers."""
        return self._checked(f"task_{task}", values).errors

    def note(self, name: str, value: Any) -> Walk:
        """Somebody changes the record elsewhere."""
        return self._record({name: value})

    def _complete(self, element: str, values: Mapping[str, Any]) -> None:
        opened = self._opened(element)
        assert opened.approval is None, f"{element} is an approval"
        checked = self._checked(element, values)
        assert checked.errors == {}, (element, checked.errors)
        names = _recorded(_schema(opened.form or ""))
        self._record({name: checked.values[key] for key, name in names.items() if key in checked.values})
        assert self.missing(element.removeprefix("task_")) == []
        self.case.complete(element, **{key: v for key, v in checked.values.items() if key not in names})
        self._work()

    def _checked(self, element: str, values: Mapping[str, Any]) -> forms.Checked:
        form = self._opened(element).form or ""
        seen = self.record | self.case.variables(element)
        return forms.check(_schema(form), seen, answers.BY_FORM[form] | values, now=self.case.world.now)

    def _opened(self, element: str) -> steps.TaskOpened:
        assert element in self.open, f"{element} is not open: {self.open}"
        return self.case.of(steps.TaskOpened, element)[-1]

    def _record(self, recorded: Mapping[str, Any]) -> Walk:
        found = {name: dict(v) if isinstance(v, dict) else v for name, v in self.record.items()}
        found["release"]["window"] = dict(found["release"]["window"])
        for name, value in recorded.items():
            moment = name.startswith("release.window.")
            facts.place(found, name, datetime.fromisoformat(value).astimezone(UTC) if moment else value)
        self.case.world = replace(self.case.world, facts=found)
        return self

    def _work(self) -> Walk:
        """The worker does its jobs, until there are none."""
        while jobs := [element for element, kind in self.case.tracks[0].open() if kind == "job"]:
            self.case.finish(jobs[0])
        assert self.case.of(steps.IncidentRaised) == []
        return self


def _schema(form: str) -> dict[str, Any]:
    return json.loads(drawings.forms()[form].read_text(encoding="utf-8"))


def _recorded(schema: Mapping[str, Any]) -> dict[str, str]:
    """Key or path of a field -> the fact it records."""
    return {
        component.get("key") or component["path"]: component["properties"]["tidegate.record"]
        for component in schema["components"]
        if "tidegate.record" in component.get("properties", {})
    }
