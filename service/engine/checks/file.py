"""What concerns a file as a whole: ids, its size, its executable processes, extensions that are not understood."""

from __future__ import annotations

import re

from lxml import etree

from service.engine import extensions, limits, reading, xml
from service.engine.findings import Findings

_ID = re.compile(r"[^\W\d][\w.\-]{0,199}")
UNDERSTOOD = {
    "userTask", "assignmentDefinition", "taskSchedule", "priorityDefinition", "formDefinition", "taskHeaders", "header",
    "taskDefinition", "ioMapping", "input", "output", "calledElement", "calledDecision", "script",
    "loopCharacteristics", "adHoc", "subscription", "properties", "property", "versionTag", "conditionalFilter",
}  # fmt: skip
BOX = "extensionElements"
BEARERS = reading.NODES | set(reading.GLOBAL)
WAITING = {
    "executionListeners": "Execution listeners are not run; use a service task before or after this element.",
    "taskListeners": "Task listeners are not run; use a service task, tidegate.approval or tidegate.criterion.",
}


def check(root: etree._Element, drawn: reading.Drawn, found: Findings) -> None:
    _ids(root, found)
    _extensions(root, found)
    _properties(root, found)
    _processes(drawn, found)
    _called(drawn, found)


def too_large(root: etree._Element, found: Findings, most: int, processes: int) -> bool:
    """Refuse a file of too many elements before it is read; the rest of it is not examined."""
    several = sum(1 for _ in root.iter(f"{{{xml.BPMN}}}process"))
    if several > processes:
        text = f"The file has {several} processes; at most {processes} are accepted ({limits.setting('processes')})."
        found.error("too-many-processes", text, line=1)
        return True
    kinds = [f"{{{xml.BPMN}}}{kind}" for kind in (*reading.NODES, "sequenceFlow")]
    count = sum(1 for _ in root.iter(*kinds))
    if count > most:
        process = root.find(f"{{{xml.BPMN}}}process")
        text = f"The file has {count} elements; at most {most} are accepted ({limits.setting('elements')})."
        found.error("too-many-elements", text, line=1, element=process.get("id") if process is not None else None)
    return count > most


def _ids(root: etree._Element, found: Findings) -> None:
    seen: set[str] = set()
    for node in root.iter(f"{{{xml.BPMN}}}*"):
        identity = node.get("id")
        if identity is None or node is root:
            continue
        if not _ID.fullmatch(identity):
            found.error(
                "bad-id",
                f"“{identity[:60]}” cannot be an id; use letters, digits, _, - and ., not beginning with a digit.",
                line=node.sourceline,
                element=identity[:60],
            )
        if identity in seen:
            found.error(
                "duplicate-id",
                f"The id {identity} is there twice; ids must differ.",
                line=node.sourceline,
                element=identity,
            )
        seen.add(identity)


def _extensions(root: etree._Element, found: Findings) -> None:
    for node in root.iter(f"{{{xml.ZEEBE}}}*"):
        name, owner = xml.local(node), _owner(node)
        if name in WAITING:
            found.error("listener", WAITING[name], line=node.sourceline, element=owner)
        elif name not in UNDERSTOOD and _directly(node):
            found.warning("ignored-extension", f"zeebe:{name} has no effect here.", line=node.sourceline, element=owner)
        if node.get("bindingType") == "versionTag":
            found.warning(
                "binding-ignored",
                "Versions are those of the start of an instance; a version tag chooses none.",
                line=node.sourceline,
                element=owner,
            )
        if name == "formDefinition" and not node.get("formId"):
            found.warning(
                "form-not-by-id",
                "Only forms named by formId are shown; embedded forms and external references are not.",
                line=node.sourceline,
                element=owner,
            )


def _properties(root: etree._Element, found: Findings) -> None:
    """Ours belong on flow nodes; the others are read by nobody."""
    for node in root.iter(f"{{{xml.ZEEBE}}}property"):
        name = (node.get("name") or "").strip()
        at = node.getparent()
        while (at is not None and xml.namespace(at) != xml.BPMN) or (at is not None and xml.local(at) == BOX):
            at = at.getparent()
        if at is not None and name.startswith(extensions.PREFIX) and xml.local(at) not in BEARERS:
            text = f"{name} has no effect on a {xml.local(at)}; move it to the activity or event that it is about."
            found.error("misplaced-property", text, line=node.sourceline, element=_owner(node))


def _directly(node: etree._Element) -> bool:
    """Whether it hangs on a BPMN element and not inside another extension."""
    parent = node.getparent()
    return parent is not None and xml.namespace(parent) == xml.BPMN


def _owner(node: etree._Element) -> str | None:
    at: etree._Element | None = node
    while at is not None and (xml.namespace(at) != xml.BPMN or not at.get("id")):
        at = at.getparent()
    return at.get("id") if at is not None else None


def _called(drawn: reading.Drawn, found: Findings) -> None:
    """A process of the file that is called and not executable is not there for the caller."""
    waiting = {identity for identity, _ in drawn.not_executable}
    for process in drawn.processes:
        for element in process.elements.values():
            if element.called_process in waiting:
                text = f"The process {element.called_process} is not marked executable; tick Executable to call it."
                found.warning("called-not-executable", text, element)


def _processes(drawn: reading.Drawn, found: Findings) -> None:
    for process in drawn.processes:
        if not process.id:
            found.error("id-missing", "This process has no id; give it one.", line=process.line)
    if drawn.processes or found.failed:
        return
    if not drawn.not_executable:
        found.error("no-process", "There is no process in this file.", line=1)
    for identity, line in drawn.not_executable:
        found.error(
            "not-executable", "This process is not marked executable; tick Executable in its properties.",
            line=line, element=identity or None,
        )  # fmt: skip
