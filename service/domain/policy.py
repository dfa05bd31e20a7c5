"""Who may do what: the same functions guard the use cases, filter the lists and draw the buttons.

Each `may_*` answers None when allowed, else a sentence that says why not; `require` turns a sentence into Forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from service import errors
from service.domain import readers

ADMINISTRATOR = "administrator"
PROCESS_OWNER = "process-owner"
RELEASE_MANAGER = "release-manager"
COORDINATOR = "coordinator"
APPROVER = "approver"
STAKEHOLDER = "stakeholder"
ROLES = (ADMINISTRATOR, PROCESS_OWNER, RELEASE_MANAGER, COORDINATOR, APPROVER, STAKEHOLDER)


@dataclass(frozen=True)
class Actor:
    """Who asks: a person with roles and groups, or the product itself (`system`)."""

    name: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    key: int | None = None
    title: str = ""
    language: str = "en"
    zone: str = "UTC"
    system: bool = False

    def has(self, *roles: str) -> bool:
        return self.system or not self.roles.isdisjoint(roles)


SYSTEM = Actor(name="system", system=True, title="Tidegate")


class Task(Protocol):
    """What the rules need to know of a task."""

    assignee: str | None
    groups: Sequence[str]
    users: Sequence[str]
    gate: bool
    approval: Mapping[str, Any] | None


class HasPeople(Protocol):
    """What is run by a manager and a coordinator."""

    manager: str | None
    coordinator: str | None


class Release(HasPeople, Protocol):
    """What the rules need to know of a release."""

    requester: str


def require(refusal: str | None) -> None:
    """Raise Forbidden with this sentence, if there is one."""
    if refusal:
        raise errors.Forbidden(refusal)


def is_candidate(actor: Actor, task: Task) -> bool:
    """The actor is named by the task, personally or through a group."""
    return actor.name in task.users or not actor.groups.isdisjoint(task.groups)


def may_see_task(actor: Actor, task: Task, release: Release | None) -> str | None:
    if actor.has(ADMINISTRATOR, RELEASE_MANAGER, PROCESS_OWNER, COORDINATOR):
        return None
    if actor.name == task.assignee or is_candidate(actor, task):
        return None
    if task.approval and actor.name in task.approval.get("deciders", ()):
        return None
    if release and may_see_release(actor, release) is None:
        return None
    return "You are neither assigned to this task nor one of its candidates."


def may_claim(actor: Actor, task: Task, release: Release | None) -> str | None:
    """Candidates may take it; so may the release manager and, for gates, the release's coordinator."""
    if task.approval:
        return "An approval belongs to its deciders together; nobody takes it alone."
    if is_candidate(actor, task) or actor.name == task.assignee or actor.has(RELEASE_MANAGER):
        return None
    if not task.groups and not task.users and actor.has(COORDINATOR):
        return None
    if release and actor.name in (release.coordinator, release.manager):
        return None
    return "Only the candidates of this task may take it."


def may_complete(actor: Actor, task: Task, release: Release | None) -> str | None:
    """Who holds the task; while nobody does, who might take it."""
    if task.assignee == actor.name or actor.system:
        return None
    if task.assignee:
        return f"{task.assignee} holds this task. Ask them to hand it back or to delegate it."
    return may_claim(actor, task, release)


def may_decide(actor: Actor, task: Task, release: Release | None) -> str | None:
    """Only the deciders frozen when the approval opened (S2-38)."""
    if task.approval and actor.name in task.approval.get("deciders", ()):
        return None
    return "You are not one of the deciders of this approval."


def may_delegate(actor: Actor, task: Task, release: Release | None) -> str | None:
    """Who holds it, the release manager, or the release's own manager and coordinator (S0-22)."""
    if task.approval:
        return "An approval cannot be delegated: its deciders were fixed when it opened."
    if actor.name == task.assignee or actor.has(RELEASE_MANAGER):
        return None
    if release and actor.name in (release.manager, release.coordinator):
        return None
    return "Only the holder of the task or the release manager may delegate it."


def may_unclaim(actor: Actor, task: Task) -> str | None:
    if actor.name == task.assignee or actor.has(RELEASE_MANAGER):
        return None
    return "Only the holder of the task or the release manager may give it back."


def may_see_release(actor: Actor, release: Release, *, parts: Iterable[str] = (), involved: bool = False) -> str | None:
    """Managers and administrators see all (S1-2), coordinators and process owners too; others what is theirs."""
    if actor.has(ADMINISTRATOR, RELEASE_MANAGER, PROCESS_OWNER, COORDINATOR):
        return None
    if actor.name in (release.manager, release.coordinator, release.requester) or actor.name in parts or involved:
        return None
    return "You take no part in this release."


def may_create_release(actor: Actor) -> str | None:
    """Coordinators and release managers (S2-30)."""
    if actor.has(COORDINATOR, RELEASE_MANAGER):
        return None
    return "Only coordinators and release managers create releases."


def may_change_release(actor: Actor, release: Release) -> str | None:
    """Its record and its people: any release manager, its own manager and coordinator."""
    if actor.has(RELEASE_MANAGER) or actor.name in (release.manager, release.coordinator):
        return None
    return "Only its manager and coordinator change a release."


def may_hold(actor: Actor, release: HasPeople) -> str | None:
    """Put a release on hold and let it go on: release managers, its own manager, administrators."""
    if actor.has(RELEASE_MANAGER, ADMINISTRATOR) or actor.name == release.manager:
        return None
    return "Only release managers put a release on hold or let it go on."


def may_follow_for(actor: Actor, release: Release, user: str | None) -> str | None:
    """Who follows its announced dates: people decide for themselves, its manager and coordinator for everybody."""
    if user == actor.name or may_change_release(actor, release) is None:
        return None
    return "Only its manager and coordinator say who else follows a release."


def may_act(actor: Actor, roles: Sequence[str], release: Release | None) -> str | None:
    """Trigger an action whose diagram names these roles and groups; none named: the release manager."""
    wanted = list(roles) or [RELEASE_MANAGER]
    for entry in wanted:
        if entry.startswith("group:") and entry.removeprefix("group:") in actor.groups:
            return None
        if actor.has(entry):
            return None
        if release and (
            (entry == RELEASE_MANAGER and actor.name == release.manager)
            or (entry == COORDINATOR and actor.name == release.coordinator)
        ):
            return None
    return f"This action is for: {', '.join(wanted)}."


def may_deploy(actor: Actor) -> str | None:
    if actor.has(PROCESS_OWNER, ADMINISTRATOR):
        return None
    return "Only process owners deploy models."


def may_migrate(actor: Actor) -> str | None:
    """Moving running releases to another version of their model."""
    if actor.has(PROCESS_OWNER, ADMINISTRATOR):
        return None
    return "Only process owners and administrators move running releases to another version."


def may_see_models(actor: Actor) -> str | None:
    if actor.has(PROCESS_OWNER, ADMINISTRATOR, RELEASE_MANAGER, COORDINATOR):
        return None
    return "Models are shown to process owners, release managers and coordinators."


def may_start_instance(actor: Actor) -> str | None:
    if actor.has(PROCESS_OWNER):
        return None
    return "Only process owners start instances without a release."


def may_repair(actor: Actor, release: Release | None = None) -> str | None:
    """Retry, skip, send back, move, cancel; send a plain message. The manager of a release may for that one."""
    if actor.has(RELEASE_MANAGER, PROCESS_OWNER, ADMINISTRATOR) or (release and actor.name == release.manager):
        return None
    return "Only release managers and process owners repair what went wrong."


def may_move_deadline(actor: Actor, release: HasPeople | None) -> str | None:
    """Release managers, process owners and administrators, and the manager and coordinator of the release."""
    if actor.has(RELEASE_MANAGER, PROCESS_OWNER, ADMINISTRATOR):
        return None
    if release is not None and actor.name in (release.manager, release.coordinator):
        return None
    return "Only release managers, process owners and the release's coordinator move due dates."


def may_write_release_policy(actor: Actor) -> str | None:
    if actor.has(PROCESS_OWNER, RELEASE_MANAGER, ADMINISTRATOR):
        return None
    return "Only process owners and release managers write the release policy."


def may_review_release_policy(actor: Actor, owner: str) -> str | None:
    """Putting a version in force, and choosing who owns the policy."""
    if actor.has(ADMINISTRATOR) or actor.name == owner:
        return None
    return "Only the owner of the release policy and administrators review it."


def may_see_reports(actor: Actor) -> str | None:
    """Reports are about all releases: for those who see them all."""
    if may_see_everything(actor):
        return None
    return "Reports are shown to release managers, coordinators, process owners and administrators."


def may_change_reports(actor: Actor, by: str) -> str | None:
    if actor.has(ADMINISTRATOR) or actor.name == by:
        return None
    return "Only who set up these reports and administrators change and end them."


def may_work_jobs(actor: Actor) -> str | None:
    if actor.has(PROCESS_OWNER, ADMINISTRATOR):
        return None
    return "Only process owners and administrators answer jobs of external workers."


def may_publish_service(actor: Actor) -> str | None:
    """A calendar of all releases of a service, by secret link."""
    if actor.has(RELEASE_MANAGER, ADMINISTRATOR):
        return None
    return "Only release managers make links to the calendar of a service."


def may_choose_for(actor: Actor, name: str) -> str | None:
    """What reaches somebody, and when they are away, is theirs to say, or an administrator's."""
    if actor.name == name or actor.has(ADMINISTRATOR):
        return None
    return "Only they themselves and administrators do this."


def may_administer(actor: Actor) -> str | None:
    if actor.has(ADMINISTRATOR):
        return None
    return "Only administrators do this."


def may_choose_chats(actor: Actor, reader: str) -> str | None:
    """See, add, try and remove the chats of a reader: everybody their own, administrators those of groups."""
    if reader == actor.name:
        return None
    return may_administer(actor) if readers.group(reader) is not None else "Everybody chooses their own chats."


def may_see_everything(actor: Actor) -> bool:
    """Lists need no filter for this actor."""
    return actor.has(ADMINISTRATOR, RELEASE_MANAGER, PROCESS_OWNER, COORDINATOR)
