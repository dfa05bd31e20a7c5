"""Key points of a release that somebody must hear of although no diagram draws it (S2-2).

Those who run the release and its stakeholders hear of its start, phases, actions and end; who asked for it of
decisions; who runs it of incidents; deciders that they are asked. Whoever did it is not told. What else people should
be told, a diagram says with `tidegate.notify`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from service.domain import naming, policy
from service.storage.history import Entry
from service.storage.queries import people, releases
from service.storage.types import Row
from service.usecases import notices

Values = dict[str, Any]

RUNNING = ("manager", "coordinator")
INVOLVED = (*RUNNING, "requester")
EVERYBODY = (*INVOLVED, "stakeholders")


def tellings(
    release: Row,
    entries: Sequence[Entry],
    opened: Sequence[Mapping[str, Any]],
    *,
    instance_key: int,
    revision: int,
    actor: policy.Actor,
    step: str = "step",
) -> list[notices.Telling]:
    """What to tell whom after one step of a release's instance: from its history entries and the tasks it opened.

    step: what `revision` counts, so that no two steps are taken for one: the run's own steps, or holds of its release.
    """
    label = f"R-{release.number} {release.title}"
    found = []
    for number, entry in enumerate(entries):
        kind, parts, values = _POINTS.get(entry.event, _NOTHING)(entry)
        told = _people(release, parts, actor, missing=entry.event == "incident.raised")
        if told:
            found.append(
                notices.Telling(
                    cause=f"{step}:{instance_key}:{revision}:{number}",
                    recipients=told,
                    kind=kind,
                    values={"release": label, "by": actor.title or actor.name, **values},
                    link=f"/releases/R-{release.number}",
                    release_number=release.number,
                    instance_key=instance_key,
                    urgent=kind == "incident.raised",
                )
            )
    return found + [asked(release, row) for row in opened if row["approval"]]


def asked(release: Row, task: Mapping[str, Any]) -> notices.Telling:
    """Deciders hear that they are asked; those who were told before are not told again."""
    label = f"R-{release.number} {release.title}"
    return notices.Telling(
        cause=f"asked:{task['key']}",
        recipients=dict.fromkeys(task["approval"]["deciders"], "decider"),
        kind="approval.asked",
        values={"release": label, "name": naming.called(task["name"], task["item"]), "due": task["due_at"]},
        link=f"/tasks/{task['key']}",
        release_number=release.number,
        instance_key=task["instance_key"],
        task_key=task["key"],
    )


def _people(release: Row, parts: Iterable[str], actor: policy.Actor, *, missing: bool) -> dict[str, str]:
    """Names with their part; for what cannot wait, everybody with the role where the release has no manager."""
    found: dict[str, str] = {}
    for part in parts:
        for name in _named(release, part):
            if name and (missing or name != actor.name):
                found.setdefault(name, part)
    if missing and not release.manager:
        found |= {name: "manager" for name in people.names_with_role(policy.RELEASE_MANAGER) if name not in found}
    return found


def _named(release: Row, part: str) -> Sequence[str | None]:
    if part == "stakeholders":
        return releases.people(release.number).get("stakeholder", [])
    return [getattr(release, part)]


def _nothing(_: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "", (), {}


def _started(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "release.started", EVERYBODY, {"name": entry.data["name"]}


def _phase(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "phase.entered", EVERYBODY, {"phase": entry.data["name"] or entry.data["phase"]}


def _decided(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    values = {"name": entry.data["name"], "outcome": entry.data["outcome"], "comment": entry.data["comment"]}
    return "approval.decided", INVOLVED, values


def _acted(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    label = entry.data.get("label") or entry.data.get("action") or entry.element
    return "action.taken", EVERYBODY, {"name": label, "reason": entry.data.get("reason")}


def _stuck(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "incident.raised", RUNNING, {"name": entry.data.get("name") or entry.element, "error": entry.data["message"]}


def _ended(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "release.closed", EVERYBODY, {"outcome": entry.data["name"] or entry.data["outcome"]}


def _held(entry: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "release.held", EVERYBODY, {"reason": entry.data["reason"]}


def _resumed(_: Entry) -> tuple[str, tuple[str, ...], Values]:
    return "release.resumed", EVERYBODY, {}


_NOTHING: Callable[[Entry], tuple[str, tuple[str, ...], Values]] = _nothing
_POINTS: Mapping[str, Callable[[Entry], tuple[str, tuple[str, ...], Values]]] = {
    "instance.started": _started,
    "phase.entered": _phase,
    "approval.decided": _decided,
    "action.triggered": _acted,
    "incident.raised": _stuck,
    "instance.ended": _ended,
    "release.held": _held,
    "release.resumed": _resumed,
}
