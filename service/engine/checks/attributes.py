"""Attributes of standard BPMN that change how an element runs, and that do not run here: refused, never passed over."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from service.engine import xml
from service.engine.findings import Findings


@dataclass(frozen=True)
class Rule:
    """Values of an attribute that mean what happens anyway; any other is refused."""

    attribute: str
    usual: tuple[str, ...]
    code: str
    advice: str
    tag: str | None = None  # None: any element


RULES = (
    Rule("isForCompensation", ("false", "0"), "compensation", "Draw what undoes the work behind a boundary event."),
)


def check(root: etree._Element, found: Findings) -> None:
    for process in root.iterchildren(f"{{{xml.BPMN}}}process"):
        if (process.get("isExecutable") or "").strip() in ("true", "1"):
            for node in process.iter(f"{{{xml.BPMN}}}*"):
                _attributes(node, found)


def _attributes(node: etree._Element, found: Findings) -> None:
    for rule in RULES:
        value = node.get(rule.attribute)
        if value is None or value in rule.usual or rule.tag not in (None, xml.local(node)):
            continue
        owner = node if node.get("id") or node.getparent() is None else node.getparent()
        identity = owner.get("id") if owner is not None else None
        found.error(
            rule.code,
            f"{rule.attribute}={value} has no effect here. {rule.advice}",
            line=node.sourceline,
            element=identity,
        )
