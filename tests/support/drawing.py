"""Small diagrams written as text: enough BPMN around a body to be deployed."""

from __future__ import annotations

import itertools
from xml.sax.saxutils import quoteattr

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def diagram(body: str, *, process: str = "p", name: str = "Process", outside: str = "") -> bytes:
    """One executable process with this body; `outside` holds messages and errors."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions {NAMESPACES} id="d" targetNamespace="t">\n'
        f'<bpmn:process id="{process}" name={quoteattr(name)} isExecutable="true">\n{body}\n</bpmn:process>\n'
        f"{outside}\n</bpmn:definitions>"
    ).encode()


def chain(*ids: str) -> str:
    """Sequence flows from each to the next."""
    return "".join(flow(a, b) for a, b in itertools.pairwise(ids))


def flow(source: str, target: str, condition: str | None = None, ident: str | None = None) -> str:
    inner = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{_text(condition)}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    ident = ident or f"flow_{source}_{target}"
    return f'<bpmn:sequenceFlow id="{ident}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>\n'


def user(
    ident: str,
    *,
    name: str | None = None,
    groups: str = "",
    users: str = "",
    assignee: str = "",
    form: str = "",
    **tidegate: str,
) -> str:
    """A user task; keywords are `tidegate.` properties, e.g. deadline="P1D"."""
    who = "".join(
        f" {attribute}={quoteattr(value)}"
        for attribute, value in (("candidateGroups", groups), ("candidateUsers", users), ("assignee", assignee))
        if value
    )
    inner = "<zeebe:userTask/>" + (f'<zeebe:formDefinition formId="{form}"/>' if form else "")
    inner += f"<zeebe:assignmentDefinition{who}/>" if who else ""
    return element("userTask", ident, inner + properties(tidegate), name=name)


def element(
    tag: str, ident: str, extension: str = "", inner: str = "", *, name: str | None = None, **attributes: str
) -> str:
    """Any flow node with extension elements and content."""
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    box = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
    return f"<bpmn:{tag} id={quoteattr(ident)} name={quoteattr(name or ident)}{given}>{box}{inner}</bpmn:{tag}>\n"


def properties(tidegate: dict[str, str], **named: str) -> str:
    """zeebe:properties in our namespace; criteria come as `criterion_<n>="label: expression"`."""
    lines = []
    for key, value in {**tidegate, **named}.items():
        if key.startswith("criterion"):
            label, value = value.split(": ", 1)
            key = f"criterion.{label}"
        lines.append(f"<zeebe:property name={quoteattr('tidegate.' + key)} value={quoteattr(value)}/>")
    return f"<zeebe:properties>{''.join(lines)}</zeebe:properties>" if lines else ""


def start(ident: str = "start") -> str:
    return element("startEvent", ident)


def end(ident: str = "end", **more: str) -> str:
    return element("endEvent", ident, **more)


def message_boundary(
    ident: str, attached: str, message: str, *, label: str, interrupting: bool = True, **tidegate: str
) -> str:
    return element(
        "boundaryEvent",
        ident,
        properties(tidegate),
        f'<bpmn:messageEventDefinition messageRef="message_{message}"/>',
        name=label,
        attachedToRef=attached,
        cancelActivity="true" if interrupting else "false",
    )


def message(name: str, correlation: str | None = None) -> str:
    key = f"<zeebe:subscription correlationKey={quoteattr(correlation or '')}/>"
    inner = f"<bpmn:extensionElements>{key}</bpmn:extensionElements>" if correlation else ""
    return f'<bpmn:message id="message_{name}" name="{name}">{inner}</bpmn:message>'


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;")
