"""Takes a release through a shipped model as people do: through the use cases, on a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.domain import clock, policy
from service.storage import db, locking
from service.storage.queries import forms, history, instances, people, releases, tasks
from service.usecases.context import criteria, facts, live
from service.usecases.releases import records
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from service.usecases.running import jobs
from tests import cast
from tests.models import answers
from tests.models.walk import TYPES


class Stored:
    """One release on its way, in the words of `Walk`. With `forgets`, nothing is kept in memory between commands."""

    def __init__(self, model: str, turn: Callable[..., Any], *, forgets: bool, **record: Any) -> None:
        self.turn, self.forgets = turn, forgets
        given = {"title": "Portal 4", "type": TYPES[model], "kind": "software", "category": "standard"}
        given |= {"service": "Portal", "model": model, "manager": "max"}
        self.number = releases_.create(given, actor=cast.actor("cora"))
        for name, value in record.items():
            self.note(name.replace("__", "."), value)
        self.work()

    @property
    def release(self) -> Any:
        return releases.get(self.number)

    @property
    def record(self) -> dict[str, Any]:
        return facts.of_release(self.release, clock.now())

    @property
    def open(self) -> list[str]:
        return [task.element for task in self._tasks()]

    @property
    def actions(self) -> dict[str, str]:
        return {found.element: found.label for found in releases.actions(self.number)}

    @property
    def phases(self) -> list[str]:
        told = history.of_release(self.number, limit=500)
        return [row.data["phase"] for row in sorted(told, key=lambda row: row.seq) if row.event == "phase.entered"]

    @property
    def milestones(self) -> list[str]:
        return [row.milestone for row in releases.milestones(self.number)]

    @property
    def end(self) -> str | None:
        return self.release.outcome

    def do(self, *names: str, **values: Any) -> Stored:
        for name in names:
            task = self.task(name)
            form = forms.by_key(task.form_key).form_id
            given = answers.BY_FORM[form] | (values if name == names[-1] else {})
            tasks_.complete(task.key, given, actor=self.person(task))
            self.work()
        return self

    def decide(self, name: str, outcome: str) -> Stored:
        task = self.task(name)
        deciders = task.approval["deciders"]
        for person in deciders[: task.approval["needed"] if outcome == "approved" else len(deciders)]:
            if self._tasks() and task.key in {found.key for found in self._tasks()}:
                tasks_.decide(task.key, outcome, "Because.", actor=cast.actor(person))
        return self.work()

    def act(self, action: str) -> Stored:
        releases_.act(self.number, self._offered(action), {"reason": "It must be."}, actor=cast.actor("max"))
        return self.work()

    def wait(self, **span: float) -> Stored:
        self.turn(**span)
        running.fire_timers(self.release.instance_key)
        return self.work()

    def pass_gate(self) -> Stored:
        (task,) = self._tasks()
        tasks_.complete(task.key, {}, actor=cast.actor("cora"))
        return self.work()

    def missing(self, name: str) -> list[str]:
        return [found.label for found in criteria.checklist(self.task(name)) if not found.met]

    def note(self, name: str, value: Any) -> Stored:
        with db.transaction() as session:
            records.write(session, locking.release(session, self.number), {name: value})
        return self

    def _tasks(self) -> list[Any]:
        return list(tasks.of_release(self.number, state="open"))

    def task(self, name: str) -> Any:
        found = [task for task in self._tasks() if task.element == f"task_{name}"]
        assert found, f"task_{name} is not open: {self.open}"
        return tasks.get(found[0].key)

    def _offered(self, action: str) -> str:
        offered: Mapping[str, str] = {
            found.element: found.id for found in releases_.actions(self.number, actor=cast.actor("max"))
        }
        return offered[f"action_{action}"]

    def person(self, task: Any) -> policy.Actor:
        return cast.actor(sorted(people.names_in_groups(task.groups))[0])

    def work(self) -> Stored:
        key = self.release.instance_key
        while waiting := instances.jobs(key, states=("open",)):
            assert jobs.run(waiting[0].key)
        assert list(instances.jobs(key)) == []
        if self.forgets:
            live.forget()
        return self
