"""The older `camunda:` dialect: the trivial is read with a warning, what would run otherwise than drawn is refused."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from service.engine import elements, xml
from service.engine.findings import Findings

PEOPLE = {"assignee": "assignee", "candidateGroups": "groups", "candidateUsers": "users"}
PLAIN = {"formRef": "form", "dueDate": "due", "followUpDate": "follow_up", "priority": "priority", "topic": "job_type"}
CODE = ("class", "delegateExpression", "expression")
# Extension elements that change what happens.
ACTING = {
    "inputOutput": "Write the mappings as zeebe:ioMapping.",
    "connector": "Give the task a job type and let a worker do it.",
    "executionListener": "Use a service task before or after this element.",
    "taskListener": "Use a service task, tidegate.approval or tidegate.criterion.",
    "in": "All variables are passed to the called process; or write zeebe:ioMapping.",
    "out": "All variables come back from the called process; or write zeebe:ioMapping.",
    "errorEventDefinition": "Let the worker report the error.",
}
_MARK = f"{{{xml.CAMUNDA}}}"
_PATH = re.compile(r"[$#]\{\s*([A-Za-z_][\w.]*)\s*\}")


def read(node: etree._Element, given: dict[str, Any], found: Findings) -> dict[str, Any]:
    """The Element fields, completed by what the older dialect says and the newer one does not."""
    if not any(name.startswith(_MARK) for name in (*node.attrib, *_extensions(node))):
        return given
    _refuse(node, found)
    filled = dict(given)
    read = []
    people = {field: _text(node, name) for name, field in PEOPLE.items()}
    if any(people.values()) and given["assignment"] == elements.Assignment():
        filled["assignment"] = elements.Assignment(**people)
        read += [name for name, field in PEOPLE.items() if people[field]]
    for name, field in PLAIN.items():
        value = _text(node, name)
        if value and not given[field]:
            filled[field] = value
            read.append(name)
    form = _form(_text(node, "formKey"))
    if form and not filled["form"]:
        filled["form"] = form
        read.append("formKey")
    if read:
        found.warning(
            "camunda-7",
            f"{', '.join(f'camunda:{name}' for name in read)} was read; save the diagram for Camunda 8 to keep it.",
            line=node.sourceline,
            element=node.get("id"),
        )
    return filled


def _extensions(node: etree._Element) -> list[str]:
    """The full names of the extension elements."""
    box = xml.child(node, "extensionElements")
    return [str(item.tag) for item in xml.children(box)] if box is not None else []


def _refuse(node: etree._Element, found: Findings) -> None:
    line, identity = node.sourceline, node.get("id")
    for name in CODE:
        if _text(node, name):
            found.error(
                "camunda-7",
                f"camunda:{name} is code, which is not run; give the task a job type.",
                line=line,
                element=identity,
            )
    box = xml.child(node, "extensionElements")
    for item in xml.children(box) if box is not None else ():
        if xml.namespace(item) == xml.CAMUNDA and xml.local(item) in ACTING:
            name = xml.local(item)
            found.error("camunda-7", f"camunda:{name} is not run. {ACTING[name]}", line=line, element=identity)


def _text(node: etree._Element, name: str) -> str | None:
    """An attribute; `${a.b}` becomes `=a.b`, other code stays as it is and is refused by the check."""
    value = (node.get(f"{{{xml.CAMUNDA}}}{name}") or "").strip()
    path = _PATH.fullmatch(value)
    return f"={path[1]}" if path else value or None


def _form(key: str | None) -> str | None:
    """`camunda-forms:deployment:forms/check.form` names the form `check`; embedded HTML forms have no counterpart."""
    if key is None or key.startswith("embedded:"):
        return None
    return key.rsplit(":", 1)[-1].rsplit("/", 1)[-1].removesuffix(".form") or None
