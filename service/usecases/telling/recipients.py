"""Who is meant by a ladder's recipients, at the moment a level fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.domain import policy
from service.storage.queries import inside, people, releases, templates

NOBODY, INACTIVE, DID_IT, ON_LEAVE = "nobody", "inactive", "did-it", "on-leave"
PARTS = {"stakeholders": "stakeholder", "board": "board"}
ROLES = {"manager": policy.RELEASE_MANAGER, "coordinator": policy.COORDINATOR}


@dataclass(frozen=True)
class Missed:
    """A recipient who is not told. reason: nobody (it means no one now), inactive, did-it,
    on-leave (with nobody to stand in).
    """

    recipient: str
    user: str
    reason: str


@dataclass(frozen=True)
class Meant:
    """told: names of active people with the first recipient that means them; missed: what led to nobody.

    groups: names of groups that are meant as such, with the first recipient that means them.
    """

    told: Mapping[str, str]
    missed: Sequence[Missed]
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What recipients are looked up by, where no row of a deadline says it."""

    release_number: int | None
    manager: str | None
    coordinator: str | None
    instance_key: int | None
    requester: str | None = None
    activation_key: int | None = None
    task_key: int | None = None
    assignee: str | None = None
    groups: Sequence[str] = ()
    users: Sequence[str] = ()
    deciders: Sequence[str] = ()


class Directory:
    """Looks each thing up once; for one transaction.

    `about` is a row with release_number, manager, coordinator, instance_key, activation_key, task_key, and where
    task_key is not None, assignee, groups and users; an `About` also has who else hears of key points.
    """

    def __init__(self) -> None:
        self._groups: dict[str, list[str]] = {}
        self._roles: dict[str, list[str]] = {}
        self._parts: dict[int, dict[str, list[str]]] = {}
        self._active: dict[str, bool] = {}
        self._titles: dict[str, str] = {}
        self._hearers: dict[str, Sequence[str]] | None = None
        self._inside: dict[int, Sequence[Any]] = {}

    def meet(self, abouts: Iterable[Any]) -> None:
        """Look up at once those who hold these things and run their releases, rather than one by one later."""
        rows = list(abouts)
        named = {name for row in rows for name in (row.manager, row.coordinator)}
        named |= {name for row in rows if row.task_key is not None for name in (row.assignee, *(row.users or ()))}
        wanted = {name for name in named if name}
        known = {row.name: row for row in people.called(wanted)}
        self._active |= {name: name in known and known[name].deactivated_at is None for name in wanted}
        self._titles |= {name: known[name].title if name in known else name for name in wanted}

    def hearers(self, kind: str) -> Sequence[str] | None:
        """Whom administrators name for a kind of key points instead of the usual recipients."""
        if self._hearers is None:
            self._hearers = {name: row.recipients for name, row in templates.hearers().items()}
        return self._hearers.get(kind)

    def resolve(self, wanted: Sequence[str], about: Any, *, stand_in: bool = True) -> Meant:
        """Whom these recipients mean now.

        A deadline without a task of its own means the assignees and candidates of the tasks open inside it. Where the
        release has no manager or coordinator, everyone with the role is meant, unless nobody is to stand in.
        """
        told: dict[str, str] = {}
        groups: dict[str, str] = {}
        missed = []
        means = {entry: list(self._names(entry, about, stand_in)) for entry in wanted}
        self._learn({name for names in means.values() for name in names})
        for entry, names in means.items():
            active = [name for name in names if self._active[name]]
            for name in active:
                told.setdefault(name, entry)
            missed += [Missed(entry, name, INACTIVE) for name in dict.fromkeys(names) if name not in active]
            if not names:
                missed.append(Missed(entry, "", NOBODY))
            for group in self._groups_of(entry, about):
                groups.setdefault(group, entry)
        return Meant(told, missed, groups)

    def holders(self, about: Any) -> list[str]:
        """Who has it in hand: people by their titles, else the groups and people it is offered to."""
        tasks = self._tasks(about)
        called = [self._title(task.assignee) for task in tasks if task.assignee]
        offered = [name for task in tasks if not task.assignee for name in (*(task.groups or ()), *(task.users or ()))]
        return list(dict.fromkeys([*called, *offered]))

    def _names(self, entry: str, about: Any, stand_in: bool) -> Iterable[str]:
        kind, _, name = entry.partition(":")
        if kind == "user":
            return [name]
        if kind == "group":
            return self._members(name)
        if entry == "assignee":
            return [task.assignee for task in self._tasks(about) if task.assignee]
        if entry == "candidates":
            return self._candidates(self._tasks(about))
        if entry in ROLES:
            own = getattr(about, entry)
            if own and (self._is_active(own) or not stand_in):
                return [own]
            return self._with_role(ROLES[entry]) if stand_in else []
        if entry == "requester":
            return [about.requester] if about.requester else []
        if entry == "deciders":
            return about.deciders
        if entry in PARTS:
            return self._part(about.release_number, PARTS[entry])
        return self._with_role(entry) if entry in policy.ROLES else []

    def _groups_of(self, entry: str, about: Any) -> Iterable[str]:
        """The groups that a recipient means, where it means groups."""
        kind, _, name = entry.partition(":")
        if kind == "group":
            return [name]
        if entry == "candidates":
            return [group for task in self._tasks(about) for group in task.groups or ()]
        return about.groups if entry == "deciders" else ()

    def _candidates(self, tasks: Sequence[Any]) -> list[str]:
        found = {name for task in tasks for name in task.users or ()}
        for group in {group for task in tasks for group in task.groups or ()}:
            found.update(self._members(group))
        return sorted(found)

    def _tasks(self, about: Any) -> Sequence[Any]:
        if about.task_key is not None:
            return [about]
        if about.activation_key is None:
            return []
        if about.activation_key not in self._inside:
            self._inside[about.activation_key] = inside.open_tasks(about.instance_key, about.activation_key)
        return self._inside[about.activation_key]

    def _members(self, group: str) -> list[str]:
        if group not in self._groups:
            self._groups[group] = people.group_members(group)
            self._active |= dict.fromkeys(self._groups[group], True)
        return self._groups[group]

    def _with_role(self, role: str) -> list[str]:
        if role not in self._roles:
            self._roles[role] = sorted(people.names_with_role(role))
            self._active |= dict.fromkeys(self._roles[role], True)
        return self._roles[role]

    def _part(self, number: int | None, part: str) -> list[str]:
        if number is None:
            return []
        if number not in self._parts:
            self._parts[number] = releases.people(number)
        return self._parts[number].get(part, [])

    def _is_active(self, name: str) -> bool:
        self._learn([name])
        return self._active[name]

    def _learn(self, names: Iterable[str]) -> None:
        unknown = [name for name in names if name not in self._active]
        if unknown:
            active = people.active_names(unknown)
            self._active |= {name: name in active for name in unknown}

    def _title(self, name: str) -> str:
        if name not in self._titles:
            self._titles[name] = people.titles([name]).get(name, name)
        return self._titles[name]
