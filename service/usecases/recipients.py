"""Who is meant by a ladder's recipients, at the moment a level fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.domain import policy
from service.storage.queries import inside, people, releases

PARTS = {"stakeholders": "stakeholder", "board": "board"}
ROLES = {"manager": policy.RELEASE_MANAGER, "coordinator": policy.COORDINATOR}


def resolve(wanted: Sequence[str], about: Any) -> dict[str, str]:
    """Names of active people, each with the first recipient of the list that means them.

    about: a row with release_number, manager, coordinator, instance_key, activation_key, task_key, assignee, groups and
    users. A deadline without a task of its own means the assignees and candidates of the tasks open inside it. Where
    the release has no manager or coordinator, everyone with the role is meant.
    """
    open_tasks = tasks(about) if {"assignee", "candidates"} & set(wanted) else []
    found: dict[str, str] = {}
    for entry in wanted:
        for name in _names(entry, about, open_tasks):
            found.setdefault(name, entry)
    active = people.active_names(found)
    return {name: entry for name, entry in found.items() if name in active}


def _names(entry: str, about: Any, tasks: Sequence[Any]) -> Iterable[str]:
    kind, _, name = entry.partition(":")
    if kind == "user":
        return [name]
    if kind == "group":
        return sorted(people.names_in_groups([name]))
    if entry == "assignee":
        return [task.assignee for task in tasks if task.assignee]
    if entry == "candidates":
        return _candidates(tasks)
    if entry in ROLES:
        own = getattr(about, entry)
        return [own] if own and people.active_names([own]) else sorted(people.names_with_role(ROLES[entry]))
    if entry in PARTS and about.release_number is not None:
        return _part(about.release_number, PARTS[entry])
    if entry in policy.ROLES:
        return sorted(people.names_with_role(entry))
    return []


def _candidates(tasks: Sequence[Any]) -> list[str]:
    groups = {group for task in tasks for group in task.groups or ()}
    users = {user for task in tasks for user in task.users or ()}
    return sorted(people.names_in_groups(groups) | users)


def tasks(about: Any) -> Sequence[Any]:
    """The task a deadline is for, else those open inside of its phase: rows with assignee, groups and users."""
    if about.task_key is not None:
        return [about]
    return inside.open_tasks(about.instance_key, about.activation_key)


def _part(number: int, part: str) -> list[str]:
    found: Mapping[str, list[str]] = releases.people(number)
    return found.get(part, [])
