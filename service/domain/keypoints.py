"""Key points of a release: what somebody must hear of although no diagram draws it, and who hears of it (S2-2)."""

from __future__ import annotations

from dataclasses import dataclass

BACK_OUTS = ("backout", "back-out")  # phases of these names restore what was before

RUNNING = ("manager", "coordinator")
INVOLVED = (*RUNNING, "requester")
EVERYBODY = (*INVOLVED, "stakeholders")


@dataclass(frozen=True)
class Point:
    """One kind of key point.

    kind: of its notices, and of their text. recipients: who hears of it where nothing else is said.
    pressing: whoever did it hears of it too, and everybody with the role where the release has no such person.
    """

    kind: str
    recipients: tuple[str, ...]
    pressing: bool = False


STARTED = Point("release.started", EVERYBODY)
ENTERED = Point("phase.entered", EVERYBODY)
LEFT = Point("phase.left", ())
MILESTONE = Point("milestone.reached", EVERYBODY)
ASKED = Point("approval.asked", ("deciders",))
DECIDED = Point("approval.decided", INVOLVED)
ACTED = Point("action.taken", EVERYBODY)
FAILED = Point("job.failed", RUNNING, pressing=True)
STUCK = Point("incident.raised", RUNNING, pressing=True)
BACKING_OUT = Point("back-out.begun", EVERYBODY)
BACKED_OUT = Point("back-out.ended", EVERYBODY)
MOVED = Point("deadline.moved", ("assignee", "candidates", "coordinator"))
WINDOW_MOVED = Point("window.moved", EVERYBODY)
HELD = Point("release.held", EVERYBODY)
RESUMED = Point("release.resumed", EVERYBODY)
CLOSED = Point("release.closed", EVERYBODY)
TERMINATED = Point("release.terminated", EVERYBODY)


def is_back_out(phase: str | None) -> bool:
    """This phase restores what was before the release."""
    return phase in BACK_OUTS
