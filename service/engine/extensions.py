"""What a modeler's panel wrote into an element: `zeebe:` extensions and `tidegate.*` properties, as Element fields."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from service.domain import deadlines, escalation, keypoints
from service.engine import elements, xml
from service.engine.findings import Findings

PREFIX = "tidegate."
CRITERION = "tidegate.criterion."
# Name -> where it stands, what it does.
PROPERTIES = {
    "tidegate.phase": ("sub-process, call activity", "A phase of the release, by this name."),
    "tidegate.changeStatus": ("phase", "The status that linked changes get when the phase is entered."),
    "tidegate.alerts": ("phase", "Who hears of what happens inside of it, one `EVENT: recipients` a line."),
    "tidegate.deadline": ("any activity", "Due moment or duration from its start, FEEL or ISO 8601."),
    "tidegate.clock": (
        "beside a deadline",
        "`elapsed` (default), `working`: in the calendar of the service, or `assignee`: of who holds the task.",
    ),
    "tidegate.escalation": ("beside a deadline", "The ladder, one `MOMENT: recipients [repeat DURATION xN]` a line."),
    "tidegate.approval": ("user task", "`any`, `all`, a number, or FEEL that gives one of these."),
    "tidegate.milestone": ("throw or end event", "The milestone that is reached here."),
    "tidegate.status": ("end event", "What the release is then: `closed` (default), `terminated` or `backed-out`."),
    "tidegate.roles": ("action", "Who is offered the action: roles and `group:x`; absent: the release manager."),
    "tidegate.label": ("action", "What its button says; absent: the name of the event."),
    "tidegate.reason": ("action", "`required` or `optional` (default)."),
    "tidegate.form": ("action", "The id of a form that is asked with it."),
    "tidegate.action": ("message event", "`no`: nobody is offered it, it comes from outside though it has no key."),
    "tidegate.skip": ("any activity", "`no`: it is never skipped, nor what is inside of it, though it has failed."),
    "tidegate.button": ("user task", "What the button that completes it says."),
    "tidegate.binding": (
        "user task, call activity, business rule task",
        "`live`: follow new versions; absent: those of the start stay.",
    ),
}
JOB_TYPES = {
    "tidegate.notify": "Tells people something.",
    "tidegate.cmdb.apply": "Writes what was installed, or restored, into the configuration items.",
}
CRITERION_PLACE = ("user task, phase", "FEEL condition; while it does not hold, the task or phase cannot be completed.")
STATUSES = ("closed", "terminated", "backed-out")
CLOCKS = deadlines.CLOCKS
REASONS = ("required", "optional")


@dataclass(frozen=True)
class Extensions:
    """The extension elements of one element, sorted by name."""

    zeebe: Mapping[str, etree._Element] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, attribute: str) -> str | None:
        """An attribute of a zeebe element; None where it is absent or blank."""
        found = self.zeebe.get(name)
        value = found.get(attribute) if found is not None else None
        return value.strip() or None if value is not None else None


def read(node: etree._Element, found: Findings) -> Extensions:
    """Collect the extensions of `node`; a property named twice is an error."""
    box = xml.child(node, "extensionElements")
    zeebe: dict[str, etree._Element] = {}
    properties: dict[str, str] = {}
    for item in xml.children(box) if box is not None else ():
        if xml.namespace(item) == xml.ZEEBE:
            zeebe.setdefault(xml.local(item), item)
        if xml.local(item) == "properties":
            _collect(item, node, properties, found)
    return Extensions(zeebe, properties)


def _collect(box: etree._Element, node: etree._Element, properties: dict[str, str], found: Findings) -> None:
    for item in xml.children(box):
        name, value = (item.get("name") or "").strip(), (item.get("value") or "").strip()
        if name in properties:
            found.error(
                "property-twice",
                f"The property {name} is there twice; keep one.",
                line=item.sourceline,
                element=node.get("id"),
            )
        properties[name] = value


def fields(ext: Extensions, node: etree._Element, found: Findings) -> dict[str, Any]:
    """The Element fields that the extensions give."""
    return {**_zeebe_fields(ext), **_tidegate_fields(ext, node, found), "properties": dict(ext.properties)}


def _zeebe_fields(ext: Extensions) -> dict[str, Any]:
    return {
        "form": ext.get("formDefinition", "formId"),
        "assignment": elements.Assignment(
            assignee=ext.get("assignmentDefinition", "assignee"),
            groups=ext.get("assignmentDefinition", "candidateGroups"),
            users=ext.get("assignmentDefinition", "candidateUsers"),
        ),
        "due": ext.get("taskSchedule", "dueDate"),
        "follow_up": ext.get("taskSchedule", "followUpDate"),
        "priority": ext.get("priorityDefinition", "priority"),
        "job_type": ext.get("taskDefinition", "type"),
        "retries": ext.get("taskDefinition", "retries"),
        "headers": _headers(ext),
        "inputs": _mappings(ext, "input"),
        "outputs": _mappings(ext, "output"),
        "script": ext.get("script", "expression"),
        "result_variable": ext.get("script", "resultVariable") or ext.get("calledDecision", "resultVariable"),
        "called_process": ext.get("calledElement", "processId") or ext.get("calledElement", "processIdExpression"),
        "propagate_parent": ext.get("calledElement", "propagateAllParentVariables") != "false",
        "propagate_child": ext.get("calledElement", "propagateAllChildVariables") != "false",
        "called_decision": ext.get("calledDecision", "decisionId"),
    }


def _headers(ext: Extensions) -> dict[str, str]:
    box = ext.zeebe.get("taskHeaders")
    if box is None:
        return {}
    return {h.get("key", ""): h.get("value", "") for h in xml.children(box) if h.get("key") and h.get("value")}


def _mappings(ext: Extensions, kind: str) -> tuple[elements.Mapping_, ...]:
    box = ext.zeebe.get("ioMapping")
    if box is None:
        return ()
    return tuple(
        elements.Mapping_(source=(m.get("source") or "").strip(), target=(m.get("target") or "").strip())
        for m in xml.children(box)
        if xml.local(m) == kind
    )


def _tidegate_fields(ext: Extensions, node: etree._Element, found: Findings) -> dict[str, Any]:
    props = ext.properties
    refuse_unknown(props, node, found)
    return {
        "phase": props.get("tidegate.phase") or None,
        "change_status": props.get("tidegate.changeStatus") or None,
        "alerts": _alerts(props.get("tidegate.alerts"), node, found),
        "deadline": props.get("tidegate.deadline") or None,
        "clock": props.get("tidegate.clock") or "elapsed",
        "ladder": _ladder(props.get("tidegate.escalation"), node, found),
        "approval": elements.Approval(props["tidegate.approval"]) if props.get("tidegate.approval") else None,
        "criteria": {
            name.removeprefix(CRITERION).strip(): value for name, value in props.items() if name.startswith(CRITERION)
        },
        "milestone": props.get("tidegate.milestone") or None,
        "button": props.get("tidegate.button") or None,
        "status": _status(props.get("tidegate.status"), node, found),
        "binding": props.get("tidegate.binding") or "version",
    }


def _status(text: str | None, node: etree._Element, found: Findings) -> str | None:
    if text and text not in STATUSES:
        advice = f"The status “{text}” is unknown. Choose among {', '.join(STATUSES)}."
        found.error("status", advice, line=node.sourceline, element=node.get("id"))
    return text or None


def _ladder(text: str | None, node: etree._Element, found: Findings) -> tuple[escalation.Rung, ...] | None:
    if not text:
        return None
    try:
        return escalation.parse(text)
    except ValueError as error:
        found.error("escalation", str(error), line=node.sourceline, element=node.get("id"))
        return None


def _alerts(text: str | None, node: etree._Element, found: Findings) -> keypoints.Alerts:
    if not text:
        return {}
    try:
        return keypoints.parse_alerts(text)
    except ValueError as error:
        found.error("alerts", str(error), line=node.sourceline, element=node.get("id"))
        return {}


def refuse_unknown(props: Mapping[str, str], node: etree._Element, found: Findings) -> None:
    for name in props:
        if found.full:
            return
        if name in PROPERTIES or (name.startswith(CRITERION) and name != CRITERION):
            continue
        ours = name.lower().startswith(PREFIX)
        # A name that is all but one of ours is meant to be it: tidgate.deadline, tidegate:phase.
        cutoff = 0.5 if ours else 0.88
        near = difflib.get_close_matches(name, [*PROPERTIES, CRITERION + "<label>"], n=1, cutoff=cutoff)
        if not (ours or near):
            continue
        advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(PROPERTIES)}, {CRITERION}<label>."
        found.error(
            "unknown-property", f"There is no property {name}; {advice}", line=node.sourceline, element=node.get("id")
        )


def action(ext: Extensions, element: elements.Element, *, expected: bool = False) -> elements.Action | None:
    """The action that people may trigger where an event waits for a message.

    A message with a correlation key comes from outside, one that is `expected` from elsewhere in the file; these are no
    actions, unless a property of actions says so.
    """
    props = ext.properties
    messages = [event for event in element.event.each if event.kind == "message"] if element.event else []
    if not messages:
        return None
    event = next((event for event in messages if not event.correlation), messages[0])
    asked = any(props.get(f"tidegate.{name}") for name in ("roles", "label", "reason", "form"))
    if props.get("tidegate.action") == "no" or ((event.correlation or expected) and not asked):
        return None
    return elements.Action(
        message=event.name or "",
        label=props.get("tidegate.label") or element.name or event.name or element.id,
        roles=listed(props.get("tidegate.roles")),
        reason_required=props.get("tidegate.reason") == "required",
        form=props.get("tidegate.form") or element.form,
    )


def listed(text: str | None) -> tuple[str, ...]:
    """Names separated by commas: for `tidegate.roles` role names and `group:x`."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
