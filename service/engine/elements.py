"""What a diagram says, element by element: the shape that checks, runtime, pages and tests share. Pure data.

`reading.py` makes these from XML, `normalise.py` adds what runs and is not drawn, `building.py` makes the specs that
SpiffWorkflow runs, `definitions.py` ties them together.
Expressions are kept as written (with their leading `=` when they are FEEL).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.domain import escalation, keypoints


@dataclass(frozen=True)
class Assignment:
    """Who may do a user task; each value static text (lists as CSV) or `=FEEL`."""

    assignee: str | None = None
    groups: str | None = None
    users: str | None = None


@dataclass(frozen=True)
class Mapping_:
    """One zeebe:input or zeebe:output."""

    source: str
    target: str


@dataclass(frozen=True)
class Move:
    """What a data association carries out of an element: a FEEL expression, and the variable that it goes to.

    name: of the data output that is carried as it is; where the element did not produce it nothing is carried.
    """

    source: str
    target: str
    name: str = ""


@dataclass(frozen=True)
class Throw:
    """An event that a multi-instance activity throws when one of its instances completes.

    For each of them, for the `first` alone, or where a `condition` holds, which ends the other instances too.
    """

    event: Event | None
    first: bool = False
    condition: str | None = None


@dataclass(frozen=True)
class Loop:
    """Multi-instance, or the standard loop of BPMN.

    Collection and outputs are FEEL; `cardinality` (a number or FEEL) only from standard BPMN.
    A standard loop has `standard=True` and goes on while `condition` holds, at most `maximum` times.
    """

    sequential: bool
    collection: str | None
    element_variable: str | None
    output_collection: str | None = None
    output_element: str | None = None
    completion_condition: str | None = None
    cardinality: str | None = None
    standard: bool = False
    condition: str | None = None
    maximum: int | None = None
    test_before: bool = False
    throws: tuple[Throw, ...] = ()  # what a multi-instance activity throws as its instances complete


@dataclass(frozen=True)
class AdHoc:
    """What an ad-hoc sub-process starts, and when it is over. The collection gives ids of elements; None: all."""

    collection: str | None = None
    completion_condition: str | None = None
    sequential: bool = False
    cancel_remaining: bool = True


@dataclass(frozen=True)
class Event:
    """The event definition of a start, end, catch, throw or boundary event, or of a receive/send task.

    kind: none message timer signal error escalation terminate conditional compensation cancel link; or multiple: one of
    its `parts` must happen, or with `needs_all` each of them; what is thrown throws all of them.
    timer: 'date' 'duration' 'cycle' with `expression`; message: name and correlation key as written. conditional:
    `expression`, looked at when one of the variables has one of the events create and update; none named: any.
    """

    kind: str
    name: str | None = None
    code: str | None = None
    correlation: str | None = None
    timer: str | None = None
    expression: str | None = None
    interrupting: bool = True
    handler: str | None = None  # of a compensation boundary event: the id of the activity that undoes
    activity: str | None = None  # of a compensation throw event: the id of the activity to compensate; None: all
    waits: bool = True  # of a compensation throw event: for the end of what it asked for
    attached_to: str | None = None
    variable_names: tuple[str, ...] = ()
    variable_events: tuple[str, ...] = ()
    parts: tuple[Event, ...] = ()
    needs_all: bool = False

    @property
    def each(self) -> tuple[Event, ...]:
        """The definitions of this event: its parts, or itself."""
        return self.parts or (self,)

    def has(self, *kinds: str) -> bool:
        return any(part.kind in kinds for part in self.each)


@dataclass(frozen=True)
class Approval:
    """`tidegate.approval`: any, all, a number, or `=FEEL` that gives one of these."""

    rule: str


@dataclass(frozen=True)
class Action:
    """A message boundary or catch event that people trigger: offered exactly while the engine waits for it."""

    message: str
    label: str
    roles: tuple[str, ...]  # role names and group:x; empty: the release manager
    reason_required: bool
    form: str | None

    def awaits(self, event: Event | None) -> bool:
        """Whether this event is what the action triggers: of several definitions only one is."""
        return event is not None and event.name == self.message


@dataclass(frozen=True)
class Element:
    """One flow node or sequence flow as drawn."""

    id: str
    type: str  # BPMN local name: userTask, subProcess, boundaryEvent, ...
    name: str
    line: int | None
    process: str
    parent: str | None = None  # id of the enclosing sub-process; None on the process level
    documentation: str | None = None
    form: str | None = None
    assignment: Assignment = field(default_factory=Assignment)
    due: str | None = None  # zeebe:taskSchedule dueDate
    follow_up: str | None = None
    priority: str | None = None
    job_type: str | None = None
    retries: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Mapping_, ...] = ()
    outputs: tuple[Mapping_, ...] = ()
    moves: tuple[Move, ...] = ()  # what data associations carry out of it
    local: frozenset[str] = frozenset()  # names of results that do not leave it by themselves
    declares: tuple[str, ...] = ()  # of a sub-process: the variables that it has for itself
    script: str | None = None
    result_variable: str | None = None
    called_process: str | None = None
    propagate_parent: bool = True
    propagate_child: bool = True
    called_decision: str | None = None
    loop: Loop | None = None
    ad_hoc: AdHoc | None = None
    event: Event | None = None
    lane: str | None = None
    phase: str | None = None
    change_status: str | None = None
    alerts: keypoints.Alerts = field(default_factory=dict)  # of a phase: who hears of what happens inside
    deadline: str | None = None
    clock: str = "elapsed"
    ladder: tuple[escalation.Rung, ...] | None = None  # None: the default ladder
    approval: Approval | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)  # label -> FEEL condition
    milestone: str | None = None
    action: Action | None = None
    status: str | None = None  # of an end event: what the release is then
    button: str | None = None  # tidegate.button: what the primary button says
    gate: bool = False  # a gate task that the normaliser added for a phase with criteria
    condition: str | None = None  # of a sequence flow
    source: str | None = None
    target: str | None = None
    default_flow: str | None = None  # of a gateway or activity: the flow that is taken when no condition holds
    triggered_by_event: bool = False  # of a sub-process
    for_compensation: bool = False  # of an activity: it undoes another one
    instantiate: bool = False  # of a receive task or event-based gateway: its message starts the instance
    needs_all: bool = False  # of an event-based gateway that starts instances: all its events must happen
    activation: str | None = None  # of a complex gateway: when it goes on
    start_quantity: int = 1  # of an activity: how many tokens it takes to begin
    completion_quantity: int = 1  # and how many it sends down each flow
    start_form: str | None = None  # of a start event
    drawn: bool = True  # False: the normaliser added it (gates, flow ids, implicit parts)
    binding: str = "version"  # 'live': follow new versions of the form or called process (tidegate.binding)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Process:
    """One executable process of a file with all its elements, nested ones included."""

    id: str
    name: str
    version_tag: str | None
    elements: Mapping[str, Element]
    line: int | None = None
    documentation: str | None = None
    facts: frozenset[str] = frozenset()  # names of facts that its expressions mention
    forms: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()  # static process ids of call activities
    decisions: frozenset[str] = frozenset()  # static ids of called decisions
    starts_by_itself: bool = True
    global_task: bool = False  # one task that call activities call: nothing else is in it
    declares: tuple[str, ...] = ()  # names of its data objects and properties
    properties: Mapping[str, Any] = field(default_factory=dict)
