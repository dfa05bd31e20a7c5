"""History in sentences: what each event says to people, and the colour of its mark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from service.domain import policy
from service.storage.types import Row
from service.web import problems
from service.web.pages import frame, words

TEXTS: Mapping[str, tuple[Any, str]] = {
    "release.edited": (_l("%(who)s changed the release"), ""),
    "release.held": (_l("%(who)s put the release on hold"), "warn"),
    "release.resumed": (_l("%(who)s let the release go on"), "info"),
    "release.announced": (_l("%(who)s announced the dates"), "info"),
    "release.commented": (_l("%(who)s commented"), ""),
    "instance.started": (_l("The model started"), "info"),
    "instance.ended": (_l("Ended: %(name)s"), "good"),
    "phase.entered": (_l("Phase begun: %(name)s"), "info"),
    "phase.left": (_l("Phase left: %(name)s"), "good"),
    "milestone.reached": (_l("Milestone reached: %(name)s"), "good"),
    "task.opened": (_l("Task opened: %(name)s"), ""),
    "task.claimed": (_l("%(who)s took the task %(name)s"), ""),
    "task.unclaimed": (_l("%(who)s gave back the task %(name)s"), ""),
    "task.delegated": (_l("%(who)s passed the task %(name)s on to %(to)s"), ""),
    "task.completed": (_l("%(who)s finished: %(name)s"), "good"),
    "task.cancelled": (_l("Task withdrawn: %(name)s"), "warn"),
    "task.skipped": (_l("Task skipped: %(name)s"), "warn"),
    "approval.decided": (_l("%(who)s decided on %(name)s: %(outcome)s"), "info"),
    "action.triggered": (_l("%(who)s triggered %(name)s"), "warn"),
    "release.people": (_l("%(who)s chose the people of the release"), ""),
    "message.delivered": (_l("%(who)s sent the message %(message)s"), ""),
    "message.received": (_l("%(name)s arrived"), ""),
    "signal.received": (_l("%(name)s arrived"), ""),
    "message.thrown": (_l("Message sent: %(message)s"), ""),
    "signal.delivered": (_l("%(who)s sent the signal %(signal)s"), ""),
    "signal.thrown": (_l("Signal sent: %(signal)s"), ""),
    "timer.fired": (_l("The time is up: %(name)s"), ""),
    "job.created": (_l("Work for the system: %(name)s"), ""),
    "job.done": (_l("The system finished: %(name)s"), "good"),
    "job.cancelled": (_l("Work for the system withdrawn: %(name)s"), "warn"),
    "element.result": (_l("Worked out: %(name)s"), ""),
    "element.skipped": (_l("%(who)s skipped: %(name)s"), "warn"),
    "element.sent_back": (_l("%(who)s sent the release back to %(name)s"), "warn"),
    "element.moved": (_l("%(who)s moved on from %(name)s to %(goal)s"), "warn"),
    "item.added": (_l("%(who)s added an item to %(name)s"), "warn"),
    "instance.cancelled": (_l("%(who)s cancelled the release"), "bad"),
    "deadline.moved": (_l("%(who)s moved the deadline of %(name)s to %(moment)s"), "warn"),
    "milestone.planned": (_l("%(who)s planned the milestone %(name)s"), "info"),
    "deadline.level.fired": (_l("Told of the deadline of %(name)s: %(people)s"), "warn"),
    "instance.migrated": (
        _l("%(who)s moved the release from version %(from_version)s of its model to version %(to_version)s"),
        "info",
    ),
    "instance.migration_undone": (
        _l("%(who)s brought the release back to version %(to_version)s of its model"),
        "warn",
    ),
    "incident.raised": (_l("Needs help: %(name)s"), "bad"),
    "incident.retried": (_l("%(who)s tried again: %(name)s"), "info"),
}
DECIDED = _l("Decided: %(name)s")
OUTCOMES = {"approved": _l("approved"), "denied": _l("denied")}
QUIET = frozenset(
    {
        "element.result",
        "message.thrown",
        "signal.thrown",
        "job.created",
        "job.cancelled",
        "task.claimed",
        "task.unclaimed",
        "deadline.level.fired",
    }
)


@dataclass(frozen=True)
class Told:
    """One event as a page shows it."""

    id: int
    at: datetime
    text: str
    mark: str
    element: str | None
    more: str = ""
    task: int | None = None


def told(rows: Iterable[Row], names: Mapping[str, str] | None = None, *, quiet: bool = False) -> list[Told]:
    """Events in sentences; `names`: the drawn names of elements; `quiet` leaves out what machines care for."""
    rows = [row for row in rows if not (quiet and row.event in QUIET and not row.data.get("decisions"))]
    told = [name for row in rows for name in row.data.get("told", ())]
    frame.learn_titles([row.actor for row in rows] + [row.data.get("to") for row in rows] + told)
    return [_tell(row, names or {}) for row in rows]


def _tell(row: Row, names: Mapping[str, str]) -> Told:
    text, mark = TEXTS.get(row.event, (None, ""))
    if row.event == "approval.decided" and row.data.get("outcome") == "denied":
        mark = "bad"
    if row.data.get("decisions"):
        text = DECIDED
    data = {key: value for key, value in row.data.items() if isinstance(value, str | int)}
    said = {
        **{"message": "", "signal": "", "to": "", "name": ""},
        **data,
        "who": _who(row.actor),
        "name": data.get("label") or data.get("name") or names.get(row.element or "", row.element or ""),
        "goal": names.get(str(data.get("goal")), str(data.get("goal"))),
        "to": frame.title_of(str(data.get("to") or "")),
        "moment": _moment(data.get("to")) if row.event == "deadline.moved" else "",
        "people": ", ".join(frame.title_of(name) for name in row.data.get("told", ())) or _("nobody"),
        "outcome": str(OUTCOMES.get(str(data.get("outcome")), data.get("outcome", ""))),
    }
    sentence = str(text) % said if text is not None else f"{row.event} {said['name']}".strip()
    return Told(row.id, row.at, sentence, mark, row.element, _more(row), row.data.get("task"))


def _moment(text: Any) -> str:
    return words.exact(datetime.fromisoformat(str(text)))


def _who(name: str | None) -> str:
    return _("Tidegate") if not name or name == policy.SYSTEM.name else frame.title_of(name)


def _more(row: Row) -> str:
    """What somebody wrote, or what went wrong."""
    data = row.data
    if row.event == "incident.raised":
        return problems.said(data.get("message", ""))
    for key in ("reason", "comment", "text", "message"):
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            return value
    return "; ".join(_made(one) for one in data.get("decisions", ()))


def _made(decision: Mapping[str, Any]) -> str:
    """How a decision was made: its result, the rules that matched, what they looked at."""
    result = f"{decision['name']}: {_shown(decision['result'])}"
    if decision.get("rules") is None:
        return result
    rules = ", ".join(map(str, decision["rules"]))
    by = ngettext("rule %(rules)s", "rules %(rules)s", len(decision["rules"]), rules=rules) if rules else _("no rule")
    seen = ", ".join(f"{name} = {_shown(value)}" for name, value in decision.get("inputs", {}).items())
    return f"{result} ({'; '.join(part for part in (by, seen) if part)})"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
