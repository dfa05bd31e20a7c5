"""What a task row needs when it opens: its form, its deciders, its due moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.domain import approvals, policy
from service.engine import steps
from service.storage.queries import forms, people, waiting
from service.usecases.context import locked as locks


@dataclass(frozen=True)
class Place:
    """Where a task opens: its activation, the activity around it, and who finished the task that led to it."""

    activation_key: int
    parent_ref: str | None
    worker: str | None = None
    excluded: tuple[str, ...] = ()  # who may not decide since it opened


def form_key(locked: locks.Locked, form_id: str | None) -> int | None:
    """The version of a form that this instance uses: from its manifest, else the newest."""
    if not form_id:
        return None
    key = locked.row.manifest.get("forms", {}).get(form_id)
    return int(key) if key else forms.newest_keys([form_id]).get(form_id)


def task_row(
    locked: locks.Locked, fact: steps.TaskOpened, key: int, place: Place
) -> tuple[dict[str, Any], steps.IncidentRaised | None]:
    """The row of a new task, and an incident where an approval has too few deciders."""
    groups, users, assignee = list(fact.groups), list(fact.users), fact.assignee
    if fact.gate:
        assignee, groups, users = _gatekeepers(locked)
    row: dict[str, Any] = {
        "key": key, "instance_key": locked.row.key, "activation_key": place.activation_key, "ref": fact.ref,
        "release_number": locked.row.release_number, "element": fact.element, "name": fact.name[:255],
        "item": fact.item, "phase": fact.phase, "state": "open", "assignee": assignee, "groups": groups, "users": users,
        "form_key": form_key(locked, fact.form), "button": fact.button, "gate": fact.gate,
        "criteria": dict(fact.criteria), "approval": None, "priority": fact.priority, "due_at": fact.due_at,
        "follow_up_at": fact.follow_up_at, "opened_at": locked.now, "claimed_at": locked.now if assignee else None,
        "revision": 1,
    }  # fmt: skip
    if fact.approval is None:
        return row, None
    row["approval"] = approval(locked, fact.approval, groups, users, assignee, place)
    return row, too_few(row["approval"], fact.ref, fact.element)


def _gatekeepers(locked: locks.Locked) -> tuple[str | None, list[str], list[str]]:
    """A gate is the release's coordinator's; without one, any coordinator may take it."""
    if locked.release is not None and locked.release.coordinator:
        return locked.release.coordinator, [], []
    return None, [], sorted(people.names_with_role(policy.COORDINATOR))


def approval(
    locked: locks.Locked,
    rule: str | int,
    groups: list[str],
    users: list[str],
    assignee: str | None,
    place: Place,
) -> dict[str, Any]:
    """Rule, number needed and the deciders, frozen now (S2-38).

    Four eyes: the requester may not decide, nor who completed tasks beside the approval in the same activity.
    """
    candidates = people.names_in_groups(groups) | people.active_names([*users, *([assignee] if assignee else [])])
    requester = locked.release.requester if locked.release is not None else locked.row.started_by
    workers = waiting.who_completed_tasks_in(locked.row.key, place.parent_ref)
    excluded = {name for name in (requester, place.worker, *workers, *place.excluded) if name}
    chosen = approvals.deciders(candidates, excluded)
    return {
        "rule": rule,
        "needed": approvals.needed(rule, len(chosen)),
        "deciders": chosen,
        "excluded": sorted(excluded),
        "assignee": assignee,
    }


def too_few(approval: dict[str, Any], ref: str, element: str) -> steps.IncidentRaised | None:
    """An incident where the approval can never be given."""
    if len(approval["deciders"]) >= approval["needed"]:
        return None
    text = (
        f"{approval['needed']} deciders are needed, {len(approval['deciders'])} may decide "
        "(the requester and those whose work is approved may not). Add people to the candidate group and retry."
    )
    return steps.IncidentRaised(ref=ref, element=element, code="too-few-deciders", message=text)
