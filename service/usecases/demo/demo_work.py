"""How the people of the demo work: the right one takes each task, answers its form, decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service import errors
from service.domain import approvals, policy
from service.storage.queries import forms, instances, people, tasks
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import jobs

Answers = Mapping[str, Mapping[str, Any]]  # by form id


def walk(number: int, until: str | None, answers: Answers) -> None:
    """Let the right people finish the tasks of a release, one after the other, up to the task of element `until`."""
    instance = instance_of(number)
    for _ in range(100):
        open_now = list(tasks.of_release(number, state="open"))
        todo = [task for task in open_now if task.element != until and answer(task, answers) is not None]
        if until and any(task.element == until for task in open_now):
            return
        if work_of_the_system(instance):
            continue
        if not todo:
            return
        finish(todo[0], answers)


def instance_of(number: int) -> int:
    """The run of a release."""
    return int(releases_.see(number, actor=policy.SYSTEM).instance_key)


def work_of_the_system(instance: int) -> bool:
    """Do one service task of a run that is open; False where there is none."""
    waiting = [job.key for job in instances.jobs(instance, states=("open",))]
    if waiting:
        jobs.run(waiting[0])
    return bool(waiting)


def answer(task: Any, answers: Answers) -> Mapping[str, Any] | None:
    """What is written into the form of a task; None where nobody knows."""
    form = forms.by_key(task.form_key) if task.form_key else None
    return answers.get(form.form_id) if form is not None else {}


def finish(task: Any, answers: Answers) -> None:
    """Let whoever may finish a task, or decide on it, do so."""
    if task.approval:
        for name in task.approval["deciders"][: task.approval["needed"]]:
            tasks_.decide(task.key, approvals.APPROVED, "Agreed.", actor=person(name))
        return
    names = sorted(people.names_in_groups(task.groups)) or [task.assignee]
    release = releases_.see(task.release_number, actor=policy.SYSTEM)
    actor = person(release.coordinator if release.coordinator in names else names[0])
    tasks_.claim(task.key, actor=actor)
    tasks_.complete(task.key, answer(task, answers) or {}, actor=actor)


def person(name: str) -> policy.Actor:
    """Somebody of the demo, as who they act."""
    found = people.actor(name)
    if found is None:
        raise errors.NotFound(f"There is no person {name}.")
    return found
