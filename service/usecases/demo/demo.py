"""The demo on a fresh database: an organisation, the three models, a release of each type at real work."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from service import errors
from service.domain import approvals, clock, policy
from service.storage.queries import deadlines as due
from service.storage.queries import forms, instances, people, tasks
from service.usecases.accounts import people as accounts
from service.usecases.deadlines import rescheduling
from service.usecases.demo import demo_answers, demo_people
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import jobs

ROOT = Path(__file__).resolve().parents[3]
MISSED_AFTER = timedelta(minutes=1)

_RELEASES: tuple[tuple[dict[str, Any], str | None], ...] = (
    (
        {"title": "Claims portal 4.0", "type": "major", "kind": "software", "service": "Claims portal"},
        "task_approve_plan",
    ),
    (
        {"title": "Broker extranet, autumn fixes", "type": "minor", "kind": "software", "service": "Broker extranet"},
        None,
    ),
    (
        {"title": "Direct debits sent twice", "type": "emergency", "kind": "software", "service": "Payments"},
        "task_test_fix",
    ),
)


@dataclasses.dataclass(frozen=True)
class Seeded:
    """What the demo made: the numbers of its releases, who may sign in, the password of all of them."""

    releases: list[int]
    people: Mapping[str, str]
    password: str
    missed_at: str


def wanted() -> bool:
    """The database is fresh: nobody is in it."""
    return not people.anybody()


def seed() -> Seeded:
    """Fill a fresh database. Raises Conflict when there are people in it already."""
    if not wanted():
        raise errors.Conflict("The demo is for a fresh database; this one has people in it.")
    for name, title in demo_people.GROUPS.items():
        accounts.create_group(name, title, actor=policy.SYSTEM)
    shared = accounts.hashed(demo_people.PASSWORD)
    for name, (title, roles, groups, language) in demo_people.PEOPLE.items():
        accounts.create_user(
            name,
            title=title,
            email=f"{name}@harbour-mutual.example",
            password_hash=shared,
            roles=roles,
            groups=groups,
            language=language,
            actor=policy.SYSTEM,
        )
    models.deploy(shipped_files(), actor=policy.SYSTEM)
    numbers = [_release(values, until) for values, until in _RELEASES]
    missed_at = _let_one_be_missed(numbers[-1])
    titles = {name: f"{title}, {', '.join(roles)}" for name, (title, roles, _, _) in demo_people.PEOPLE.items()}
    return Seeded(numbers, titles, demo_people.PASSWORD, missed_at)


def shipped_files() -> list[models.File]:
    """The models, decisions and forms that come with the product."""
    bpmn, forms = ROOT / "bpmn", ROOT / "forms"
    paths = [*sorted(bpmn.glob("*.bpmn")), *sorted(bpmn.glob("*.dmn")), *sorted(forms.glob("*.form"))]
    return [(path.name, path.read_bytes()) for path in paths]


def walk(number: int, until: str | None, answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Let the right people finish the tasks of a release, one after the other, up to the task of element `until`."""
    for _ in range(100):
        open_now = list(tasks.of_release(number, state="open"))
        todo = [task for task in open_now if task.element != until and _answer(task, answers) is not None]
        if until and any(task.element == until for task in open_now):
            return
        waiting = [job.key for job in instances.jobs(_instance(number), states=("open",))]
        if waiting:
            jobs.run(waiting[0])
        elif todo:
            _finish(todo[0], answers)
        else:
            return


def _instance(number: int) -> int:
    return int(releases_.see(number, actor=policy.SYSTEM).instance_key)


def _release(values: Mapping[str, Any], until: str | None) -> int:
    coordinator = _person("cora" if values["type"] != "minor" else "carl")
    number = releases_.create({**values, "category": "standard", "manager": "max"}, actor=coordinator)
    minor = values["type"] == "minor"
    walk(number, until, demo_answers.MINOR_ANSWERS if minor else demo_answers.ANSWERS)
    releases_.comment(number, _COMMENTS[values["type"]], actor=coordinator)
    return number


_COMMENTS = {
    "minor": "The brokers accepted it on the first try. If nobody calls until the soak is over, we deploy.",
    "major": "The branches asked for the second Saturday in December; the window is set accordingly.",
    "emergency": "The debit run is paused until the fix is in. Finance knows.",
}


def _answer(task: Any, answers: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    form = forms.by_key(task.form_key) if task.form_key else None
    return answers.get(form.form_id) if form is not None else {}


def _finish(task: Any, answers: Mapping[str, Mapping[str, Any]]) -> None:
    if task.approval:
        for name in task.approval["deciders"][: task.approval["needed"]]:
            tasks_.decide(task.key, approvals.APPROVED, "Agreed.", actor=_person(name))
        return
    names = sorted(people.names_in_groups(task.groups)) or [task.assignee]
    release = releases_.see(task.release_number, actor=policy.SYSTEM)
    actor = _person(release.coordinator if release.coordinator in names else names[0])
    tasks_.claim(task.key, actor=actor)
    tasks_.complete(task.key, _answer(task, answers) or {}, actor=actor)


def _person(name: str) -> policy.Actor:
    found = people.actor(name)
    if found is None:
        raise errors.NotFound(f"There is no person {name}.")
    return found


def _let_one_be_missed(number: int) -> str:
    """Move the due moment of the emergency's open task to a minute from now, so that a newcomer sees the notice."""
    when = clock.now() + MISSED_AFTER
    task = next(iter(tasks.of_release(number, state="open")))
    deadline = next(
        row for row in due.listing(policy.SYSTEM, state="open", release=number)[0] if row.task_key == task.key
    )
    rescheduling.move(deadline.key, when, actor=policy.SYSTEM)
    return when.isoformat(timespec="seconds")
