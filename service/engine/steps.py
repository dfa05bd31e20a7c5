"""What one command made the engine do, as plain facts in the order in which they happened.

An activation is one stay of a token in one element. Inside the engine its identity is `ref` (text, unique in the
instance, stable over saving and restoring); storage gives it a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.domain import escalation, keypoints


@dataclass(frozen=True)
class Fact:
    """Something that happened to one activation of one element."""

    ref: str
    element: str


@dataclass(frozen=True)
class Heard(Fact):
    """A fact that people may hear of; `alerts`: who does instead of the usual, as the phase around it says."""

    alerts: keypoints.Alerts = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Entered(Fact):
    """A token came into an element."""

    type: str = ""
    name: str = ""
    path: str = ""  # call path: refs of the enclosing sub-process and call activations, outermost first, joined by '/'
    parent: str | None = None  # ref of the enclosing activation
    loop_index: int | None = None  # 1-based position of a multi-instance child
    process: str = ""


@dataclass(frozen=True)
class Left(Fact):
    """A token left: outcome completed, cancelled (interrupted, terminated) or skipped; result of scripts and decisions.

    decisions: how the called decision and those that it requires were made: {decision, name, result, inputs?, rules?}.
    """

    outcome: str = "completed"
    result: Any = None
    decisions: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class TaskOpened(Heard):
    """A person's task is open. Lists are resolved; moments are aware UTC."""

    name: str = ""
    form: str | None = None
    assignee: str | None = None
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    due_at: datetime | None = None  # from zeebe:taskSchedule; where there is a deadline, DeadlineSet follows instead
    follow_up_at: datetime | None = None
    priority: int = 50
    approval: str | int | None = None  # resolved rule: 'any', 'all' or a number
    criteria: Mapping[str, str] = field(default_factory=dict)
    gate: bool = False
    button: str | None = None
    phase: str | None = None  # the innermost enclosing phase
    inputs: Mapping[str, Any] = field(default_factory=dict)  # local variables of the task
    item: str | None = None  # which one of several alike: the items of the loops around it, outermost first


@dataclass(frozen=True)
class TaskClosed(Heard):
    """A person's task is over: completed, cancelled or skipped."""

    outcome: str = "completed"


@dataclass(frozen=True)
class DeadlineSet(Fact):
    """An activity must be done by `due_at`. `duration` is kept as drawn; `ladder` None means the default ladder."""

    name: str = ""
    due_at: datetime | None = None
    started_at: datetime | None = None
    as_drawn: str = ""
    clock: str = "elapsed"
    ladder: tuple[escalation.Rung, ...] | None = None
    phase: str | None = None


@dataclass(frozen=True)
class TimerArmed(Fact):
    """A timer event waits until `due_at`; the same ref armed again means a later moment (cycles)."""

    due_at: datetime | None = None
    attached_to: str | None = None


@dataclass(frozen=True)
class TimerDisarmed(Fact):
    """A timer no longer waits; `fired` tells why."""

    fired: bool = False


@dataclass(frozen=True)
class Subscribed(Fact):
    """The instance waits for a message or a signal of this name. `action` is set where people trigger it."""

    message: str = ""
    kind: str = "message"  # or signal
    process: str = ""  # in which the event is drawn: that of the instance, or one that it called
    correlation: str | None = None
    attached_to: str | None = None  # ref of the activity it interrupts or accompanies
    interrupting: bool = True
    action: bool = False
    label: str = ""
    roles: tuple[str, ...] = ()
    reason_required: bool = False
    form: str | None = None
    phase: str | None = None


@dataclass(frozen=True)
class Unsubscribed(Heard):
    """It no longer waits for it; `received` tells why."""

    received: bool = False
    kind: str = "message"


@dataclass(frozen=True)
class JobWanted(Fact):
    """A service task waits for a worker."""

    type: str = ""
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)  # what the task sees: its inputs, or the scope chain
    name: str = ""


@dataclass(frozen=True)
class JobGone(Fact):
    """The service task was completed, interrupted or skipped; its job is no longer wanted."""

    outcome: str = "completed"


@dataclass(frozen=True)
class MessageThrown(Fact):
    """A send task, message throw or message end event spoke."""

    name: str = ""
    correlation: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SignalThrown(Fact):
    """A signal throw or end event spoke; those who wait inside of the instance have heard it already."""

    name: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PhaseEntered(Heard):
    """The release is in a phase now."""

    phase: str = ""
    name: str = ""
    change_status: str | None = None


@dataclass(frozen=True)
class PhaseLeft(Heard):
    """The release left a phase; outcome as in Left."""

    phase: str = ""
    name: str = ""
    outcome: str = "completed"


@dataclass(frozen=True)
class MilestoneReached(Heard):
    """A throw event with a milestone was passed."""

    milestone: str = ""
    name: str = ""


@dataclass(frozen=True)
class IncidentRaised(Heard):
    """The engine cannot go on here until somebody helps."""

    code: str = ""  # expression-failed, null-value, no-flow-matches, too-few-deciders, job-failed, limit, ...
    message: str = ""
    expression: str | None = None


@dataclass(frozen=True)
class Moved(Fact):
    """The same activation in another version: its element there, and what an open task of it shows."""

    before: str = ""  # the element in the version before
    name: str = ""
    form: str | None = None
    button: str | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended(Fact):
    """The whole instance is over. `element` is the end event reached last; outcome completed or cancelled.

    status: what the drawing says that the release is then, if it says so.
    """

    outcome: str = "completed"
    name: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    status: str | None = None


@dataclass(frozen=True)
class Step:
    """The answer of every engine command.

    state: bytes to store for the instance (opaque; `snapshots.py` made them).
    facts: what happened, in order.
    status: 'active', 'completed' or 'cancelled'.
    next_due: the earliest armed timer, or None.
    """

    state: bytes
    facts: tuple[Fact, ...]
    status: str
    next_due: datetime | None = None
