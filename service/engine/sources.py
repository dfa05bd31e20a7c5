"""What the parts of a file share while it is read: root elements that references point to, and how texts are taken."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from service.engine import dataitems, messageflows, xml
from service.engine.findings import Findings

TRUE = ("true", "1")


@dataclass(frozen=True)
class Shared:
    """What the whole file shares: the root elements that references point to."""

    root: etree._Element
    found: Findings
    roots: dict[str, etree._Element] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    link_targets: frozenset[str] = frozenset()  # ids of link definitions that others lead to
    undoers: dict[str, list[str]] = field(default_factory=dict)
    data: dataitems.Items = field(default_factory=dataitems.Items)
    flows: messageflows.Flows = field(default_factory=messageflows.Flows)


def formal(node: etree._Element | None, shared: Shared) -> str | None:
    """A condition; `true`, `false`, and all where the drawing names FEEL as its language, need no `=`."""
    text = xml.text(node)
    if node is None or text is None or text.startswith("="):
        return text
    if text in ("true", "false"):
        return f"={text}"
    language = node.get("language") or shared.root.get("expressionLanguage") or ""
    return f"= {text}" if "/FEEL" in language else text


def refuse(node: etree._Element, shared: Shared, code: str, message: str) -> None:
    shared.found.error(code, message, line=node.sourceline, element=node.get("id"))


def plain(ref: str) -> str:
    """References are QNames; the prefix has no meaning inside one file."""
    return ref.rsplit(":", 1)[-1].strip()
