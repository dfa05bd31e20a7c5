"""Key points of a release that somebody must hear of although no diagram draws it (S2-2).

What happened is in the entries for history; here each becomes a telling, to those whom `domain/keypoints.py` names.
Whoever did it is not told, unless it is pressing. What else people should be told, a diagram says with
`tidegate.notify`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from service.domain import keypoints, naming, policy
from service.storage.history import Entry
from service.storage.types import Row
from service.usecases.telling import notices, recipients

JOB_FAILED = "job-failed"
_WINDOW = {"window_start": "start", "window_end": "end"}


@dataclass(frozen=True)
class Reached:
    """A key point that was reached, with the values of its text."""

    point: keypoints.Point
    values: Mapping[str, Any] = field(default_factory=dict)


def tellings(
    release: Row,
    entries: Sequence[Entry],
    opened: Sequence[Mapping[str, Any]],
    *,
    instance_key: int,
    revision: int,
    actor: policy.Actor,
    step: str = "step",
    alerts: Mapping[int | str, keypoints.Alerts] | None = None,
) -> list[notices.Telling]:
    """What to tell whom after one step of a release's instance: from its history entries and the tasks it opened.

    step: what `revision` counts, so that no two steps are taken for one: the run's own steps, or others of its release.
    alerts: by activation and by element, who hears of what happens there because its phase says so (S2-10).
    """
    drawn = alerts or {}
    found, directory = [], recipients.Directory()
    for number, (entry, reached) in enumerate(_reached(entries)):
        if reached is None:
            continue
        about = _about(release, instance_key, entry.activation_key)
        said = drawn.get(entry.activation_key or 0) or drawn.get(entry.element or "") or {}
        meant = _hearers(directory, reached.point, about, actor, said)
        cause = f"{step}:{instance_key}:{revision}:{number}"
        found.append(_telling(release, reached, meant, cause, actor, instance_key))
    approvals = [row for row in opened if row["approval"]]
    return found + [asked(release, row, drawn.get(row["activation_key"], {})) for row in approvals]


def told(kind: str, row: Row) -> Mapping[str, Any] | None:
    """The values of what an entry of history told as this kind; None where it told something else."""
    ((_entry, reached),) = _reached([Entry(row.event, row.element, row.activation_key, row.data)])
    return reached.values if reached is not None and reached.point.kind == kind else None


def asked(release: Row, task: Mapping[str, Any], alerts: keypoints.Alerts) -> notices.Telling:
    """Deciders hear that they are asked; those who were told before are not told again."""
    about = replace(
        _about(release, task["instance_key"], None),
        task_key=task["key"],
        assignee=task["assignee"],
        groups=task["groups"],
        users=task["users"],
        deciders=task["approval"]["deciders"],
    )
    reached = Reached(keypoints.ASKED, {"name": naming.called(task["name"], task["item"]), "due": task["due_at"]})
    meant = _hearers(recipients.Directory(), reached.point, about, policy.SYSTEM, alerts)
    telling = _telling(release, reached, meant, f"asked:{task['key']}", policy.SYSTEM, task["instance_key"])
    return replace(telling, **_place(task["key"]))


def moved(
    row: Row,
    release: Row | None,
    due_at: datetime,
    reason: str,
    *,
    cause: str,
    actor: policy.Actor,
    alerts: keypoints.Alerts,
) -> notices.Telling:
    """Who works on something and who coordinates the release hear that it is due at another moment.

    row: the task, or the deadline of a phase, as it was before.
    """
    task_key = task_of(row)
    about = replace(
        _about(release, row.instance_key, row.activation_key),
        task_key=task_key,
        assignee=row.assignee,
        groups=row.groups or (),
        users=row.users or (),
    )
    values = {"name": naming.called(row.name, row.item), "before": row.due_at, "due": due_at, "reason": reason}
    reached = Reached(keypoints.MOVED, values)
    meant = _hearers(recipients.Directory(), reached.point, about, actor, alerts)
    return replace(_telling(release, reached, meant, cause, actor, row.instance_key), **_place(task_key))


def handed(task: Row, release: Row | None, to: str, *, cause: str, actor: policy.Actor) -> notices.Telling:
    """Who is given a task by somebody else hears of it; who gave it to themselves knows."""
    about = replace(_about(release, task.instance_key, task.activation_key), task_key=task.key, assignee=to)
    values = {"name": naming.called(task.name, task.item), "due": task.due_at}
    reached = Reached(keypoints.HANDED, values)
    meant = _hearers(recipients.Directory(), reached.point, about, actor, {})
    return replace(_telling(release, reached, meant, cause, actor, task.instance_key), **_place(task.key))


def task_of(row: Row) -> int | None:
    """The key of the task that a row is or belongs to; None for the deadline of a phase."""
    key: int | None = row.task_key if "task_key" in row._fields else row.key
    return key


def stuck(release: Row, instance_key: int, name: str, problem: str, *, cause: str) -> notices.Telling:
    """Who runs a release hears that it stands still, where no step of its own tells it."""
    reached = Reached(keypoints.STUCK, {"name": name, "error": problem})
    meant = _hearers(recipients.Directory(), reached.point, _about(release, instance_key, None), policy.SYSTEM, {})
    return _telling(release, reached, meant, cause, policy.SYSTEM, instance_key)


def _telling(
    release: Row | None,
    reached: Reached,
    meant: recipients.Meant,
    cause: str,
    actor: policy.Actor,
    instance_key: int,
) -> notices.Telling:
    label = f"R-{release.number} {release.title}" if release is not None else ""
    return notices.Telling(
        cause=cause,
        recipients=meant.told,
        groups=meant.groups,
        missed=meant.missed,
        kind=reached.point.kind,
        values={"release": label, "by": actor.title or actor.name, **reached.values},
        link=f"/releases/R-{release.number}" if release is not None else "",
        release_number=release.number if release is not None else None,
        instance_key=instance_key,
        urgent=reached.point.pressing,
    )


def _place(task_key: int | None) -> dict[str, Any]:
    return {"link": f"/tasks/{task_key}", "task_key": task_key} if task_key is not None else {}


def _about(release: Row | None, instance_key: int, activation_key: int | None) -> recipients.About:
    if release is None:
        return recipients.About(None, None, None, instance_key, activation_key=activation_key)
    people = (release.manager, release.coordinator, instance_key, release.requester)
    return recipients.About(release.number, *people, activation_key=activation_key)


def _hearers(
    directory: recipients.Directory,
    point: keypoints.Point,
    about: recipients.About,
    actor: policy.Actor,
    alerts: keypoints.Alerts,
) -> recipients.Meant:
    """Who hears of it. What is pressing reaches whoever did it too, and others with the role of nobody.

    A recipient that means nobody, like the stakeholders of a release without any, is missed only where nobody is left.
    """
    wanted: Sequence[str] | None = alerts.get(point.event)
    if wanted is None:
        wanted = directory.hearers(point.kind)
    wanted = point.recipients if wanted is None else wanted
    meant = directory.resolve(wanted, about, stand_in=point.pressing)
    told = {name: part for name, part in meant.told.items() if point.pressing or name != actor.name}
    missed = [one for one in meant.missed if one.reason != recipients.NOBODY or not meant.told]
    if len(told) < len(meant.told):
        missed.append(recipients.Missed(meant.told[actor.name], actor.name, recipients.DID_IT))
    return recipients.Meant(told, missed, meant.groups)


def _reached(entries: Sequence[Entry]) -> list[tuple[Entry, Reached | None]]:
    """Each entry with what it is for people. What somebody gave as the reason of a step is that of all it led to."""
    reason = next((str(entry.data["reason"]) for entry in entries if entry.data.get("reason")), "")
    found = []
    for entry in entries:
        reached = _POINTS[entry.event](entry) if entry.event in _POINTS else None
        if reached is not None and reason:
            reached = replace(reached, values={"reason": reason, **reached.values})
        found.append((entry, reached))
    return found


def _started(entry: Entry) -> Reached:
    return Reached(keypoints.STARTED, {"name": entry.data["name"]})


def _entered(entry: Entry) -> Reached:
    point = keypoints.BACKING_OUT if keypoints.is_back_out(entry.data["phase"]) else keypoints.ENTERED
    return Reached(point, {"phase": entry.data["name"] or entry.data["phase"]})


def _left(entry: Entry) -> Reached:
    over = keypoints.is_back_out(entry.data["phase"]) and entry.data["outcome"] == "completed"
    values = {"phase": entry.data["name"] or entry.data["phase"], "outcome": entry.data["outcome"]}
    return Reached(keypoints.BACKED_OUT if over else keypoints.LEFT, values)


def _milestone(entry: Entry) -> Reached:
    return Reached(keypoints.MILESTONE, {"name": entry.data["name"] or entry.data["milestone"]})


def _decided(entry: Entry) -> Reached:
    values = {name: entry.data[name] for name in ("name", "outcome", "comment")}
    return Reached(keypoints.DECIDED, values)


def _acted(entry: Entry) -> Reached:
    label = entry.data.get("label") or entry.data.get("action") or entry.element
    return Reached(keypoints.ACTED, {"name": label})


def _raised(entry: Entry) -> Reached:
    point = keypoints.FAILED if entry.data["code"] == JOB_FAILED else keypoints.STUCK
    return Reached(point, {"name": entry.data.get("name") or entry.element, "error": entry.data["message"]})


def _ended(entry: Entry) -> Reached:
    point = keypoints.TERMINATED if entry.data["status"] == "terminated" else keypoints.CLOSED
    return Reached(point, {"outcome": entry.data["name"] or entry.data["outcome"]})


def _edited(entry: Entry) -> Reached | None:
    """Dates that were set before and are others now."""
    changes = entry.data["changes"]
    values: dict[str, datetime] = {}
    for column, name in _WINDOW.items():
        before, after = changes.get(column, (None, None))
        if before and after:
            values |= {f"{name}_before": datetime.fromisoformat(before), name: datetime.fromisoformat(after)}
    return Reached(keypoints.WINDOW_MOVED, values) if values else None


def _held(_: Entry) -> Reached:
    return Reached(keypoints.HELD)


def _resumed(_: Entry) -> Reached:
    return Reached(keypoints.RESUMED)


_POINTS: Mapping[str, Callable[[Entry], Reached | None]] = {
    "instance.started": _started,
    "phase.entered": _entered,
    "phase.left": _left,
    "milestone.reached": _milestone,
    "approval.decided": _decided,
    "action.triggered": _acted,
    "incident.raised": _raised,
    "instance.ended": _ended,
    "release.edited": _edited,
    "release.held": _held,
    "release.resumed": _resumed,
}
