"""Key points of a release: what somebody must hear of although no diagram draws it, and who hears of it (S2-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain import escalation, policy

BACK_OUTS = ("backout", "back-out")  # phases of these names restore what was before

RUNNING = ("manager", "coordinator")
INVOLVED = (*RUNNING, "requester")
EVERYBODY = (*INVOLVED, "stakeholders")

RECIPIENTS = (*escalation.RECIPIENTS, "requester", "deciders", *policy.ROLES)
NOBODY = "nobody"

Alerts = Mapping[str, tuple[str, ...]]  # by the event of a point: who hears of it instead


@dataclass(frozen=True)
class Point:
    """One kind of key point.

    event: its word in the alerts of a phase; empty for what does not happen inside of one. kind: of its notices, and
    of their text. recipients: who hears of it where nothing else is said. pressing: whoever did it hears of it too,
    and everybody with the role where the release has no such person.
    """

    event: str
    kind: str
    recipients: tuple[str, ...]
    pressing: bool = False


STARTED = Point("", "release.started", EVERYBODY)
ENTERED = Point("entered", "phase.entered", EVERYBODY)
LEFT = Point("left", "phase.left", ())
MILESTONE = Point("milestone", "milestone.reached", EVERYBODY)
ASKED = Point("approval-asked", "approval.asked", ("deciders",))
DECIDED = Point("approval-decided", "approval.decided", INVOLVED)
ACTED = Point("action", "action.taken", EVERYBODY)
FAILED = Point("failure", "job.failed", RUNNING, pressing=True)
STUCK = Point("incident", "incident.raised", RUNNING, pressing=True)
BACKING_OUT = Point("back-out", "back-out.begun", EVERYBODY)
BACKED_OUT = Point("back-out-ended", "back-out.ended", EVERYBODY)
MOVED = Point("date-moved", "deadline.moved", ("assignee", "candidates", "coordinator"))
HANDED = Point("", "task.assigned", ("assignee",))
WINDOW_MOVED = Point("", "window.moved", EVERYBODY)
HELD = Point("", "release.held", EVERYBODY)
RESUMED = Point("", "release.resumed", EVERYBODY)
CLOSED = Point("", "release.closed", EVERYBODY)
TERMINATED = Point("", "release.terminated", EVERYBODY)

POINTS = (
    STARTED, ENTERED, LEFT, MILESTONE, ASKED, DECIDED, ACTED, FAILED, STUCK, BACKING_OUT, BACKED_OUT, MOVED,
    HANDED, WINDOW_MOVED, HELD, RESUMED, CLOSED, TERMINATED,
)  # fmt: skip
EVENTS = tuple(point.event for point in POINTS if point.event)


def is_back_out(phase: str | None) -> bool:
    """This phase restores what was before the release."""
    return phase in BACK_OUTS


def parse_alerts(text: str) -> dict[str, tuple[str, ...]]:
    """Read the alerts of a phase: one `EVENT: recipients` a line, or between semicolons.

    Raises ValueError that names the line and says what to do.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for entry in filter(None, (part.strip() for part in line.split(";"))):
            where = f"Line {number} of the alerts"
            event, colon, rest = entry.partition(":")
            event = event.strip()
            if not colon:
                raise ValueError(f"{where}, “{entry}”, has no colon. Write “EVENT: recipients”, like “entered: board”.")
            if event not in EVENTS:
                raise ValueError(f"{where}: “{event}” is not an event. Known are {', '.join(EVENTS)}.")
            if event in found:
                raise ValueError(f"{where}: {event} is there twice; put its recipients on one line.")
            found[event] = parse_recipients(rest, where)
    if not found:
        raise ValueError("The alerts are empty. Write one entry a line, like “entered: manager board”, or remove them.")
    return found


def parse_recipients(text: str, where: str = "The recipients") -> tuple[str, ...]:
    """Read who hears of something: names separated by blanks or commas, or `nobody`. Raises ValueError."""
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    known = f"Known are {', '.join(RECIPIENTS)}, group:x, user:x and {NOBODY}."
    if not names:
        raise ValueError(f"{where}: nobody is named. {known}")
    for name in names:
        if not (name in RECIPIENTS or name == NOBODY or escalation.is_recipient(name)):
            raise ValueError(f"{where}: “{name}” is not a recipient. {known}")
    if NOBODY in names and len(names) > 1:
        raise ValueError(f"{where}: {NOBODY} stands beside others; keep one of them.")
    return () if NOBODY in names else names
