"""The demo on a fresh database: an organisation, the three models, a release of each type at real work."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from service import errors
from service.domain import clock, policy
from service.storage import db
from service.storage.queries import deadlines as due
from service.storage.queries import people, tasks
from service.usecases.accounts import people as accounts
from service.usecases.deadlines import rescheduling
from service.usecases.demo import demo_answers, demo_past, demo_people, demo_work
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_

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
    with db.in_haste():
        demo_past.live(_organisation)
        _reach_by_mail()
        numbers = [_release(values, until) for values, until in _RELEASES]
        missed_at = _let_one_be_missed(numbers[-1])
    titles = {name: f"{title}, {', '.join(roles)}" for name, (title, roles, _, _) in demo_people.PEOPLE.items()}
    return Seeded(numbers, titles, demo_people.PASSWORD, missed_at)


def _organisation() -> None:
    """The people, who have no address until the past is over, and the models."""
    for name, title in demo_people.GROUPS.items():
        accounts.create_group(name, title, actor=policy.SYSTEM)
    shared = accounts.hashed(demo_people.PASSWORD)
    for name, (title, roles, groups, language) in demo_people.PEOPLE.items():
        accounts.create_user(
            name,
            title=title,
            password_hash=shared,
            roles=roles,
            groups=groups,
            language=language,
            actor=policy.SYSTEM,
        )
    models.deploy(shipped_files(), actor=policy.SYSTEM)


def _reach_by_mail() -> None:
    """Only now, so that nobody gets a mail of what was long ago."""
    for name in demo_people.PEOPLE:
        accounts.edit_user(name, {"email": f"{name}@harbour-mutual.example"}, actor=policy.SYSTEM)


def shipped_files() -> list[models.File]:
    """The models, decisions and forms that come with the product."""
    bpmn, forms = ROOT / "bpmn", ROOT / "forms"
    paths = [*sorted(bpmn.glob("*.bpmn")), *sorted(bpmn.glob("*.dmn")), *sorted(forms.glob("*.form"))]
    return [(path.name, path.read_bytes()) for path in paths]


def _release(values: Mapping[str, Any], until: str | None) -> int:
    coordinator = demo_work.person("cora" if values["type"] != "minor" else "carl")
    number = releases_.create({**values, "category": "standard", "manager": "max"}, actor=coordinator)
    minor = values["type"] == "minor"
    demo_work.walk(number, until, demo_answers.MINOR_ANSWERS if minor else demo_answers.ANSWERS)
    releases_.comment(number, _COMMENTS[values["type"]], actor=coordinator)
    return number


_COMMENTS = {
    "minor": "The brokers accepted it on the first try. If nobody calls until the soak is over, we deploy.",
    "major": "The branches asked for the second Saturday in December; the window is set accordingly.",
    "emergency": "The debit run is paused until the fix is in. Finance knows.",
}


def _let_one_be_missed(number: int) -> str:
    """Move the due moment of the emergency's open task to a minute from now, so that a newcomer sees the notice."""
    when = clock.now() + MISSED_AFTER
    task = next(iter(tasks.of_release(number, state="open")))
    deadline = next(
        row for row in due.listing(policy.SYSTEM, state="open", release=number)[0] if row.task_key == task.key
    )
    rescheduling.move(deadline.key, when, reason="The bank calls in a minute.", actor=demo_work.person("max"))
    return when.isoformat(timespec="seconds")
