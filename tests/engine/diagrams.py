"""Diagrams written out as XML, for tests that look at lines and ids."""

from __future__ import annotations

from service.engine import definitions
from service.errors import Problem

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="D" targetNamespace="t">'
)
SHARED = (
    '<bpmn:message id="M" name="go"/><bpmn:message id="MK" name="order"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=number"/></bpmn:extensionElements></bpmn:message>'
    '<bpmn:message id="M0"/><bpmn:signal id="S" name="siren"/><bpmn:signal id="S0"/>'
    '<bpmn:error id="E" name="bad" errorCode="BAD"/><bpmn:error id="E0" name="none"/>'
    '<bpmn:escalation id="X" name="up" escalationCode="UP"/>'
)


def diagram(body: str, *, process: str = 'id="P" isExecutable="true"', shared: str = SHARED) -> bytes:
    """A file with one process; its body begins on line 2."""
    return f"{HEAD}{shared}<bpmn:process {process}>\n{body}\n</bpmn:process></bpmn:definitions>".encode()


def flow(source: str, target: str, condition: str = "", identity: str | None = None) -> str:
    name = identity or f"{source}_{target}"
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</bpmn:sequenceFlow>'


def around(node: str, identity: str = "T", more: str = "") -> str:
    """Start, the node, end, each on a line: the node stands on line 3."""
    return (
        f'<bpmn:startEvent id="s"/>\n{node}\n<bpmn:endEvent id="e"/>\n{flow("s", identity)}{flow(identity, "e")}{more}'
    )


def extended(tag: str, inside: str, attributes: str = "", content: str = "") -> str:
    """A node T with extension elements."""
    box = f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"
    return f'<bpmn:{tag} id="T" name="Thing" {attributes}>{box}{content}</bpmn:{tag}>'


def props(**values: str) -> str:
    """`tidegate.` properties; `criterion__Label` is `tidegate.criterion.Label`."""
    listed = "".join(
        f'<zeebe:property name="tidegate.{name.replace("__", ".")}" value="{value}"/>' for name, value in values.items()
    )
    return f"<zeebe:properties>{listed}</zeebe:properties>"


def errors(source: bytes) -> list[Problem]:
    return [problem for problem in definitions.check("f.bpmn", source) if problem.severity == "error"]


def codes(source: bytes) -> list[str]:
    return sorted({problem.code for problem in errors(source)})
