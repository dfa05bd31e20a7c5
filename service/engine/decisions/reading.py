"""From the XML of a DMN file to its decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from service.bpmnio.dmn import types
from service.bpmnio.dmn.model import ANYTHING, Cell, Decision, Input, Model, Output, Rule, Table, Type
from service.engine import xml
from service.engine.findings import Findings

# DMN 1.1 to 1.5; what is read here means the same in all of them.
NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
}  # fmt: skip
BOXED = {
    "context", "invocation", "functionDefinition", "relation", "list", "conditional", "iterator", "for", "every",
    "some", "filter",
}  # fmt: skip


@dataclass(frozen=True)
class _File:
    """What is needed everywhere while a file is read."""

    namespace: str
    found: Findings
    types: dict[str, Type] = field(default_factory=dict)  # those that the file defines

    def child(self, node: etree._Element, name: str) -> etree._Element | None:
        return node.find(f"{{{self.namespace}}}{name}")

    def children(self, node: etree._Element, name: str) -> Iterator[etree._Element]:
        return node.iterchildren(f"{{{self.namespace}}}{name}")

    def text(self, node: etree._Element | None) -> str:
        """The text of the element `text` inside of a node."""
        inner = self.child(node, "text") if node is not None else None
        return xml.text(inner) or ""


def read(root: etree._Element, found: Findings) -> Model | None:
    """All decisions below `definitions`; None where this is no DMN."""
    namespace = xml.namespace(root)
    if xml.local(root) != "definitions" or namespace not in NAMESPACES:
        found.error("not-dmn", "This is no DMN 1.1 to 1.5: the outermost element must be its definitions.", line=1)
        return None
    file = _File(namespace or "", found)
    _refuse_language(root, file, root.get("id"))
    for item in file.children(root, "itemDefinition"):
        file.types[item.get("name") or ""] = _defined(item, file)
    inputs = {node.get("id") or "": node.get("name") or "" for node in file.children(root, "inputData")}
    nodes = list(file.children(root, "decision"))
    ids = {node.get("id") for node in nodes}
    decisions: dict[str, Decision] = {}
    for node in nodes:
        decision = _decision(node, file, ids, inputs)
        if not decision.id:
            found.error("id-missing", f"The decision “{decision.name}” has no id; give it one.", line=node.sourceline)
        elif decision.id in decisions:
            found.error("duplicate-id", f"The id {decision.id} is there twice; ids must differ.", decision)
        decisions[decision.id] = decision
    if not decisions:
        found.error("no-decision", "There is no decision in this file; draw one.", line=1)
    names = tuple(dict.fromkeys(name for name in inputs.values() if name))
    return Model(root.get("id") or "", root.get("name") or "", decisions, names)


def _defined(item: etree._Element, file: _File) -> Type:
    """A type of the file's own: what it is made of, and which values are allowed."""
    written = xml.text(file.child(item, "typeRef")) or ""
    own = file.child(item, "allowedValues")
    under = _type(written, file)
    base = "context" if file.child(item, "itemComponent") is not None else under.base
    collection = item.get("isCollection") in ("true", "1") or under.collection
    return Type(item.get("name") or "", base, collection, file.text(own) or under.allowed)


def _type(written: str | None, file: _File) -> Type:
    name = (written or "").strip()
    known = file.types.get(name) or file.types.get(name.rpartition(":")[2])
    return known or Type(name, types.base(name))


def _decision(node: etree._Element, file: _File, ids: set[str | None], inputs: dict[str, str]) -> Decision:
    identity = node.get("id") or ""
    variable = file.child(node, "variable")
    return Decision(
        id=identity,
        name=" ".join((node.get("name") or identity).split()),
        line=node.sourceline,
        logic=_logic(node, identity, file),
        variable=variable.get("name") if variable is not None else None,
        type=_type(variable.get("typeRef"), file) if variable is not None else Type(),
        required=tuple(_required(node, identity, file, ids, inputs)),
        documentation=xml.text(file.child(node, "description")),
    )


def _required(
    node: etree._Element, identity: str, file: _File, ids: set[str | None], inputs: dict[str, str]
) -> Iterator[str]:
    for requirement in file.children(node, "informationRequirement"):
        for kind, known in (("requiredDecision", ids), ("requiredInput", set(inputs))):
            for reference in file.children(requirement, kind):
                target = (reference.get("href") or "").strip()
                name = target.removeprefix("#")
                if not target.startswith("#") or name not in known:
                    file.found.error(
                        "missing-reference",
                        f"What this decision requires, {target or '(empty)'}, is not in this file; draw it here.",
                        line=reference.sourceline,
                        element=identity,
                    )
                elif kind == "requiredDecision":
                    yield name
    for requirement in file.children(node, "knowledgeRequirement"):
        file.found.error(
            "knowledge-model",
            "Business knowledge models are not called; write the expression into the decision, "
            "or into a decision of its own that this one requires.",
            line=requirement.sourceline,
            element=identity,
        )


def _logic(node: etree._Element, identity: str, file: _File) -> Table | Cell | None:
    table = file.child(node, "decisionTable")
    if table is not None:
        return _table(table, identity, file)
    literal = file.child(node, "literalExpression")
    if literal is not None:
        return _cell(literal, identity, file)
    for child in xml.children(node):
        if xml.local(child) in BOXED:
            file.found.error(
                "decision-logic-unsupported",
                f"A decision of the kind {xml.local(child)} is not evaluated; use a table or a literal expression.",
                line=child.sourceline,
                element=identity,
            )
            return None
    text = "This decision has no logic; give it a table or a literal expression."
    file.found.error("decision-logic-missing", text, line=node.sourceline, element=identity)
    return None


def _table(node: etree._Element, decision: str, file: _File) -> Table:
    identity = node.get("id") or decision
    outputs = list(file.children(node, "output"))
    return Table(
        id=identity,
        line=node.sourceline,
        inputs=tuple(_input(item, decision, at, file) for at, item in enumerate(file.children(node, "input"), 1)),
        outputs=tuple(_output(item, decision, at, file) for at, item in enumerate(outputs, 1)),
        rules=tuple(_rule(item, decision, file) for item in file.children(node, "rule")),
        hit_policy=" ".join((node.get("hitPolicy") or "UNIQUE").split()),
        aggregation=(node.get("aggregation") or "").strip() or None,
        notes=tuple(item.get("name") or "" for item in file.children(node, "annotation")),
    )


def _input(node: etree._Element, decision: str, position: int, file: _File) -> Input:
    expression = file.child(node, "inputExpression")
    allowed = file.child(node, "inputValues")
    own = node.get("id") or decision
    cell = _cell(expression, own, file) if expression is not None else Cell("", own, node.sourceline)
    return Input(
        expression=cell,
        label=(node.get("label") or cell.text or f"input {position}").strip(),
        type=_type(expression.get("typeRef") if expression is not None else None, file),
        allowed=_cell(allowed, own, file) if file.text(allowed) else None,
    )


def _output(node: etree._Element, decision: str, position: int, file: _File) -> Output:
    own = node.get("id") or decision
    allowed, default = file.child(node, "outputValues"), file.child(node, "defaultOutputEntry")
    name = (node.get("name") or "").strip()
    return Output(
        id=own,
        line=node.sourceline,
        name=name,
        label=(node.get("label") or name or f"output {position}").strip(),
        type=_type(node.get("typeRef"), file),
        allowed=_cell(allowed, own, file) if file.text(allowed) else None,
        default=_cell(default, own, file) if file.text(default) else None,
    )


def _rule(node: etree._Element, decision: str, file: _File) -> Rule:
    own = node.get("id") or decision
    tests = [_cell(item, own, file) for item in file.children(node, "inputEntry")]
    noted = [file.text(item) for item in file.children(node, "annotationEntry")]
    description = xml.text(file.child(node, "description"))
    return Rule(
        id=own,
        line=node.sourceline,
        tests=tuple(cell if cell.text else Cell(ANYTHING, cell.id, cell.line) for cell in tests),
        outputs=tuple(_cell(item, own, file) for item in file.children(node, "outputEntry")),
        notes=tuple(note for note in (*noted, description) if note),
    )


def _cell(node: etree._Element | None, owner: str, file: _File) -> Cell:
    assert node is not None
    identity = node.get("id") or owner
    _refuse_language(node, file, identity)
    return Cell(file.text(node), identity, node.sourceline)


def _refuse_language(node: etree._Element, file: _File, element: str | None) -> None:
    for attribute in ("expressionLanguage", "typeLanguage"):
        language = node.get(attribute) or ""
        if language and "feel" not in language.lower():
            file.found.error(
                "not-feel",
                f"Expressions are FEEL, not {language.rpartition('/')[2][:40]}; write it in FEEL and say so.",
                line=node.sourceline,
                element=element,
            )
