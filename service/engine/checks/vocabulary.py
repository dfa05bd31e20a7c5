"""The `zeebe:` and `tidegate.*` vocabulary: whether each thing stands where it means something."""

from __future__ import annotations

import difflib

from service.domain import deadlines, policy
from service.engine import elements, extensions, reading
from service.engine.findings import Findings

ACTION_PROPERTIES = ("tidegate.roles", "tidegate.label", "tidegate.reason", "tidegate.form", "tidegate.action")
BINDINGS = ("version", "live")
PHASES = (*reading.CONTAINERS, "callActivity")
BOUND = ("userTask", "callActivity", "businessRuleTask")


def check(process: elements.Process, found: Findings) -> None:
    for element in process.elements.values():
        if element.type == "sequenceFlow":
            continue
        _phase(element, process, found)
        _deadline(element, found)
        _approval(element, found)
        _criteria(element, process, found)
        _action(element, process, found)
        _places(element, found)
        _user_task(element, found)
        _job(element, found)


def _phase(element: elements.Element, process: elements.Process, found: Findings) -> None:
    if element.phase is None:
        if element.change_status:
            found.error("misplaced-property", "tidegate.changeStatus needs tidegate.phase beside it.", element)
        if element.properties.get("tidegate.alerts"):
            found.error("misplaced-property", "tidegate.alerts needs tidegate.phase beside it.", element)
        return
    if element.type not in PHASES or element.triggered_by_event:
        found.error("misplaced-property", "A phase is a sub-process or a call activity; move tidegate.phase.", element)
    if element.loop is not None:
        found.error("phase-several-times", "A phase cannot be multi-instance; put the loop inside the phase.", element)
    outer = element.parent
    while outer is not None:
        around = process.elements[outer]
        if around.phase:
            found.error(
                "phase-in-phase", f"This phase lies inside the phase {around.id}; phases follow one another.", element
            )
            return
        outer = around.parent


def _deadline(element: elements.Element, found: Findings) -> None:
    timed = element.deadline is not None or element.due is not None
    if element.deadline and element.due:
        found.error(
            "deadline-twice",
            "There are both tidegate.deadline and a due date; keep tidegate.deadline and remove the due date.",
            element,
        )
    if element.deadline and element.type not in reading.ACTIVITIES:
        found.error("misplaced-property", "tidegate.deadline belongs on a task, sub-process or call activity.", element)
    if element.clock not in extensions.CLOCKS:
        found.error(
            "unknown-value", f"tidegate.clock is {' or '.join(extensions.CLOCKS)}, not {element.clock}.", element
        )
    if element.clock == deadlines.ASSIGNEE and timed and (element.type != "userTask" or not element.deadline):
        found.error(
            "misplaced-property",
            "The clock assignee counts for who holds a task: put it beside tidegate.deadline on a user task.",
            element,
        )
    for name in ("tidegate.clock", "tidegate.escalation"):
        if element.properties.get(name) and not timed:
            found.error(
                "misplaced-property", f"{name} has no effect without a deadline; add tidegate.deadline.", element
            )


def _approval(element: elements.Element, found: Findings) -> None:
    if element.approval is None:
        return
    if element.type != "userTask":
        found.error("misplaced-property", "tidegate.approval belongs on a user task.", element)
        return
    given = element.assignment
    if not (given.groups or given.users):
        found.error(
            "approval-without-candidates", "Name the deciders of this approval as candidate groups or users.", element
        )


def _criteria(element: elements.Element, process: elements.Process, found: Findings) -> None:
    if not element.criteria:
        return
    if element.type == "callActivity" and element.phase:
        found.error(
            "misplaced-property",
            "Criteria are checked inside a phase; put this call activity into a sub-process that is the phase.",
            element,
        )
    elif element.type in reading.CONTAINERS:
        if not element.phase:
            found.error("misplaced-property", "Criteria on a sub-process need tidegate.phase beside them.", element)
        if f"{element.id}.gate" in process.elements:
            found.error("reserved-id", f"The id {element.id}.gate is needed for the gate of this phase.", element)
    elif element.type != "userTask":
        found.error("misplaced-property", "Criteria belong on a user task or on a phase.", element)
    if any(not text for text in element.criteria.values()):
        found.error(
            "empty-property", "A criterion without condition is never met; write one that begins with =.", element
        )


def _action(element: elements.Element, process: elements.Process, found: Findings) -> None:
    given = [name for name in ACTION_PROPERTIES if element.properties.get(name)]
    around = process.elements.get(element.parent or "")
    awaited = element.type == "startEvent" and around is not None and around.triggered_by_event
    waits = awaited or element.type in ("boundaryEvent", "intermediateCatchEvent")
    if given and not (waits and element.event is not None and element.event.has("message")):
        found.error(
            "misplaced-property",
            f"{given[0]} belongs on a message boundary or catch event, or message start of an event sub-process.",
            element,
        )
    reason = element.properties.get("tidegate.reason")
    if reason and reason not in extensions.REASONS:
        found.error("unknown-value", f"tidegate.reason is {' or '.join(extensions.REASONS)}, not {reason}.", element)
    for name in ("tidegate.action", "tidegate.skip"):
        if element.properties.get(name) not in (None, "", "yes", "no"):
            found.error("unknown-value", f"{name} is yes or no.", element)
    if element.action and not (element.name or element.properties.get("tidegate.label")):
        found.warning("action-unnamed", "Name this event: people are offered it as an action by its name.", element)
    for role in element.action.roles if element.action else ():
        if role not in policy.ROLES and not (role.startswith("group:") and role.removeprefix("group:").strip()):
            found.error(
                "unknown-role", f"There is no role {role}; known are {', '.join(policy.ROLES)}, and group:x.", element
            )


def _job(element: elements.Element, found: Findings) -> None:
    kind = element.job_type or ""
    if kind.startswith("=") or kind in extensions.JOB_TYPES:
        return
    ours = kind.lower().startswith(extensions.PREFIX)
    near = difflib.get_close_matches(kind, extensions.JOB_TYPES, n=1, cutoff=0.75 if ours else 0.88)
    if ours or near:
        known = f"did you mean {near[0]}?" if near else f"known are {', '.join(extensions.JOB_TYPES)}."
        found.error("unknown-job-type", f"There is no job of the type {kind}; {known}", element)


def _places(element: elements.Element, found: Findings) -> None:
    if element.milestone and element.type not in ("intermediateThrowEvent", "endEvent"):
        found.error("misplaced-property", "tidegate.milestone belongs on a throw event.", element)
    if element.button and element.type != "userTask":
        found.error("misplaced-property", "tidegate.button belongs on a user task.", element)
    if element.binding not in BINDINGS:
        found.error("unknown-value", f"tidegate.binding is {' or '.join(BINDINGS)}, not {element.binding}.", element)
    if element.properties.get("tidegate.binding") and element.type not in BOUND:
        found.error(
            "misplaced-property",
            "tidegate.binding belongs on a user task, call activity or business rule task.",
            element,
        )


def _user_task(element: elements.Element, found: Findings) -> None:
    if element.type != "userTask":
        return
    if element.form is None and element.approval is None:
        found.warning("form-missing", "This user task has no form; people can only confirm that it is done.", element)
    given = element.assignment
    if not (given.assignee or given.groups or given.users):
        found.warning("nobody-assigned", "Nobody is named for this user task; name an assignee or candidates.", element)
