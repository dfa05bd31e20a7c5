"""The older `camunda:` dialect: what has one clear meaning is read with a warning, the rest is refused or named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lxml import etree

from service.engine import elements, juel, xml
from service.engine.findings import Findings

LISTS = {"candidateGroups": "groups", "candidateUsers": "users"}
PLAIN = {"formRef": "form", "dueDate": "due", "followUpDate": "follow_up", "priority": "priority", "topic": "job_type"}
CODE = ("class", "delegateExpression", "expression")
# Extension elements that change what happens.
ACTING = {
    "inputOutput": "Write the mappings as zeebe:ioMapping.",
    "connector": "Give the task a job type and let a worker do it.",
    "executionListener": "Use a service task before or after this element.",
    "taskListener": "Use a service task, tidegate.approval or tidegate.criterion.",
    "errorEventDefinition": "Let the worker report the error.",
}
# What changes nothing about which element comes next, or belongs to something that is refused or read by itself.
HARMLESS = {
    "historyTimeToLive", "async", "asyncBefore", "asyncAfter", "exclusive", "jobPriority", "taskPriority", "field",
    "diagramRelationId", "isStartableInTasklist", "properties", "collection", "elementVariable", "in", "out", "type",
    "resultVariable", "scriptFormat", "formRefBinding", "failedJobRetryTimeCycle", "formKey", "assignee",
    *LISTS, *PLAIN, *CODE, *ACTING,
}  # fmt: skip
# Drawings that declare one of these mean the same by `${...}`.
OLDER = {xml.CAMUNDA, "http://activiti.org/bpmn", "http://flowable.org/bpmn"}
KEPT = "write it so to keep it"
_MARK = f"{{{xml.CAMUNDA}}}"


def read(node: etree._Element, given: dict[str, Any], found: Findings) -> dict[str, Any]:
    """The Element fields, completed by what the older dialect says and the newer one does not."""
    box = xml.child(node, "extensionElements")
    own = [item for item in xml.children(box) if xml.namespace(item) == xml.CAMUNDA] if box is not None else []
    if not own and not any(name.startswith(_MARK) for name in node.attrib):
        return given
    reader = _Reader(node, own, found)
    reader.refuse()
    return {**given, **reader.fields(given)}


def collection(several: etree._Element, node: etree._Element, found: Findings) -> dict[str, str | None]:
    """What a multi-instance activity runs over: a variable by its name, or an expression."""
    reader = _Reader(several, [], found, owner=node)
    name = reader.text("collection")
    if name and not juel.is_written(name) and not name.startswith("="):
        reader.translated("collection", name, f"= {name}")
        name = f"= {name}"
    elif name:
        name = reader.feel("collection", name, juel.feel)
    return {"collection": name, "element_variable": reader.text("elementVariable")}


def translated(element: elements.Element, node: etree._Element, found: Findings) -> elements.Element:
    """The element with the expressions of standard BPMN in FEEL, where a file of the older dialect has `${...}`."""
    reader = _Reader(node, [], found)
    event, loop = element.event, element.loop
    own = _changed(reader, element, {"condition": "condition", "called_process": "called process"})
    if event is not None:
        event = _event(reader, event)
    if loop is not None:
        places = {"cardinality": "cardinality", "completion_condition": "completion condition"}
        loop = replace(loop, **_changed(reader, loop, {**places, "condition": "loop condition"}))
    return replace(element, event=event, loop=loop, **own)


def _event(reader: _Reader, event: elements.Event) -> elements.Event:
    own = _changed(reader, event, {"expression": event.timer or "condition"})
    return replace(event, parts=tuple(_event(reader, part) for part in event.parts), **own)


def _changed(reader: _Reader, at: Any, places: dict[str, str]) -> dict[str, Any]:
    written = {name: (where, getattr(at, name)) for name, where in places.items() if juel.is_written(getattr(at, name))}
    if not written or OLDER.isdisjoint(reader.node.nsmap.values()):
        return {}
    return {name: reader.feel(where, text, juel.feel) for name, (where, text) in written.items()}


class _Reader:
    """One node of the older dialect."""

    def __init__(
        self, node: etree._Element, own: list[etree._Element], found: Findings, owner: etree._Element | None = None
    ) -> None:
        self.node = node
        self.own = own
        self.found = found
        self.line = node.sourceline
        self.id = (node if owner is None else owner).get("id")

    def text(self, name: str) -> str | None:
        return (self.node.get(f"{_MARK}{name}") or "").strip() or None

    def feel(self, where: str, text: str, translate: Callable[[str], str]) -> str:
        """The text in FEEL, told with a warning; as it is where it has no counterpart, which the check refuses."""
        try:
            made = translate(text)
        except juel.Untranslatable:
            return text
        self.translated(where, text, made)
        return made

    def translated(self, where: str, text: str, made: str) -> None:
        self.warn(f"The {where}, {_short(text)}, was read as “{made}”; {KEPT}.")

    def warn(self, message: str) -> None:
        self.found.warning("camunda-7", message, line=self.line, element=self.id)

    def error(self, message: str) -> None:
        self.found.error("camunda-7", message, line=self.line, element=self.id)

    def refuse(self) -> None:
        for name in CODE:
            if self.text(name):
                self.error(f"camunda:{name} is code, which is not run; give the task a job type.")
        kind = self.text("type")
        if kind not in (None, "external"):
            self.error(f"camunda:type={kind} is not run; give the task a job type.")
        for item in self.own:
            if xml.local(item) in ACTING:
                self.error(f"camunda:{xml.local(item)} is not run. {ACTING[xml.local(item)]}")
        named = [name.removeprefix(_MARK) for name in map(str, self.node.attrib) if name.startswith(_MARK)]
        for name in sorted({*named, *map(xml.local, self.own)} - HARMLESS):
            self.found.warning(
                "ignored-extension", f"camunda:{name} has no effect here.", line=self.line, element=self.id
            )

    def fields(self, given: dict[str, Any]) -> dict[str, Any]:
        made = {**self._people(given), **self._plain(given), **self._form(given)}
        if any(xml.local(item) in ("in", "out") for item in self.own):
            made |= self._passed(given)
        return made

    def _people(self, given: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in ("assignee", *LISTS) if self.text(name)]
        if not names or given["assignment"] != elements.Assignment():
            return {}
        people: dict[str, str | None] = {}
        for name in names:
            text = self.text(name) or ""
            translate = juel.feel_list if name in LISTS else juel.feel
            people[LISTS.get(name, name)] = self.feel(name, text, translate) if juel.is_written(text) else text
        self._told(names)
        return {"assignment": elements.Assignment(**people)}

    def _plain(self, given: dict[str, Any]) -> dict[str, Any]:
        made = {}
        for name, field in PLAIN.items():
            text = self.text(name)
            if text and not given[field]:
                made[field] = self.feel(name, text, juel.feel) if juel.is_written(text) else text
                self._told([name])
        return made

    def _form(self, given: dict[str, Any]) -> dict[str, Any]:
        """`camunda-forms:deployment:forms/check.form` names the form `check`; forms of HTML have no counterpart."""
        key = self.text("formKey")
        if key is None or given["form"] or self.text("formRef"):
            return {}
        form = key.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        if key.startswith("embedded:") or form.endswith((".html", ".htm")) or juel.is_written(key):
            text = f"The form {_short(key)} is not shown; draw one in the form editor and name it by formId."
            self.found.warning("form-not-by-id", text, line=self.line, element=self.id)
            return {}
        self._told(["formKey"])
        return {"form": form.removesuffix(".form") or None}

    def _told(self, names: list[str]) -> None:
        told = ", ".join(f"camunda:{name}" for name in names)
        self.warn(f"{told} was read; save the diagram for Camunda 8 to keep it.")

    def _passed(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a call activity passes on and takes back: all variables, or those named."""
        made: dict[str, Any] = {}
        for kind, mappings, every in (("in", "inputs", "propagate_parent"), ("out", "outputs", "propagate_child")):
            items = [item for item in self.own if xml.local(item) == kind]
            all_of_them = any(item.get("variables") == "all" for item in items)
            named = tuple(mapping for item in items if (mapping := self._mapping(item)) is not None)
            if named and (all_of_them or given[mappings]):
                self.error(f"camunda:{kind} names all variables and single ones; write zeebe:ioMapping.")
            made |= {mappings: given[mappings] or named, every: all_of_them}
        self._told(["in", "out"])
        return made

    def _mapping(self, item: etree._Element) -> elements.Mapping_ | None:
        target, source, expression = item.get("target"), item.get("source"), item.get("sourceExpression")
        if item.get("local") == "true":
            self.error(f"camunda:{xml.local(item)} with local has no counterpart; write zeebe:ioMapping.")
        if not target:
            return None
        return elements.Mapping_(self.feel("mapping", expression, juel.feel) if expression else f"= {source}", target)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
