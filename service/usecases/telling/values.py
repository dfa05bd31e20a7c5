"""The values that texts have: of a deadline that people are told of, and for previews samples or those of a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock, naming, policy
from service.integrations import texts
from service.storage.queries import announcements, deadlines, history, people, releases, tasks
from service.storage.types import Row
from service.usecases.telling import keypoints, recipients
from service.usecases.worktime import forecasts

LOOKED_AT = 500  # entries of a release's history, the newest


@dataclass(frozen=True)
class Example:
    """Values for a preview. made_up: some are samples, since the release has had nothing of this kind."""

    values: Mapping[str, Any]
    made_up: bool


def of_deadline(deadline: Any, directory: recipients.Directory) -> dict[str, Any]:
    """What people are told of a deadline, without its forecast."""
    if deadline.release_number is not None:
        release = f"R-{deadline.release_number} {deadline.release_title}"
    else:
        release = f"{deadline.model_name} {deadline.instance_key}"
    return {
        "name": naming.called(deadline.name, deadline.item),
        "release": release,
        "due": deadline.due_at,
        "assignee": ", ".join(directory.holders(deadline)),
    }


def about_releases(kind: str) -> bool:
    """Texts of this kind say which release they are about."""
    shipped = texts.shipped(kind, "en")
    return "release" in texts.placeholders(f"{shipped.subject} {shipped.body}")


def example(kind: str, number: int | None, *, actor: policy.Actor) -> Example:
    """Samples, or of a release what its people were told last, or would be told now; samples where there is nothing.

    Raises NotFound where there is no such release, or it is not for this actor.
    """
    now = clock.now()
    samples = texts.samples(kind, now)
    if number is None:
        return Example(samples, True)
    release = releases.get(number)
    if release is None or not releases.may_see(actor, number):
        raise errors.NotFound(f"There is no release R-{number}.")
    own = {"release": f"R-{number} {release.title}"}
    real = _deadline(kind, number, now) or _decision(kind, number) or _announced(kind, number)
    real = real or _happened(kind, number)
    if real is not None:
        return Example({**own, **real}, False)
    recorded = {"phase": release.phase_name, "start": release.window_start, "end": release.window_end}
    return Example({**samples, **own, **{name: value for name, value in recorded.items() if value}}, True)


def _deadline(kind: str, number: int, now: datetime) -> dict[str, Any] | None:
    """The open deadline that is due next, with what is foreseen."""
    opened = deadlines.of_release(number, open_only=True)
    if kind not in ("deadline.near", "deadline.due", "deadline.overdue") or not opened:
        return None
    late = [row for row in opened if row.due_at <= now]
    row = late[0] if late and kind != "deadline.near" else next((one for one in opened if one.due_at > now), opened[0])
    foreseen = forecasts.of([row], now=now).get(row.activation_key) if row.activation_key is not None else None
    return {**of_deadline(row, recipients.Directory()), **forecasts.said(foreseen, now)}


def _decision(kind: str, number: int) -> dict[str, Any] | None:
    """The approval that was asked last."""
    asked = [row for row in tasks.of_release(number) if row.approval] if kind == "approval.asked" else []
    return {"name": naming.called(asked[-1].name, asked[-1].item), "due": asked[-1].due_at} if asked else None


def _announced(kind: str, number: int) -> dict[str, Any] | None:
    """The dates that were announced, or changed, last."""
    wanted = {"release.announced": False, "release.dates-changed": True}
    for row in announcements.of_release(number) if kind in wanted else ():
        if (row.start_before is not None) == wanted[kind]:
            before = {"start_before": row.start_before, "end_before": row.end_before}
            return {"start": row.window_start, "end": row.window_end, "message": row.message, **before}
    return None


def _happened(kind: str, number: int) -> dict[str, Any] | None:
    """What the newest entry of history of this kind tells."""
    for row in history.of_release(number, limit=LOOKED_AT):
        values = _moved(row) if kind == "deadline.moved" else keypoints.told(kind, row)
        if values is not None:
            return {"by": people.titles([row.actor]).get(row.actor, row.actor) if row.actor else "", **values}
    return None


def _moved(row: Row) -> dict[str, Any] | None:
    if row.event != "deadline.moved" or not (row.data.get("from") and row.data.get("to")):
        return None
    before, due = (datetime.fromisoformat(row.data[name]) for name in ("from", "to"))
    name = row.data.get("name") or row.element or ""
    return {"name": name, "before": before, "due": due, "reason": row.data.get("reason", "")}
