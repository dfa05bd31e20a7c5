"""The data of a file by id: objects, stores, properties, inputs and outputs, each a variable by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from service.engine import xml

NAME = re.compile(r"[^\W\d]\w*( \w+)*")
OBJECTS, STORES = ("dataObject", "property"), ("dataStore", "dataStoreReference")
ENDS = ("dataInput", "dataOutput", "inputDataItem", "outputDataItem")


@dataclass(frozen=True)
class Items:
    """By id: the variable that a data object, property, data input or output is; which of them are stores."""

    names: Mapping[str, str] = field(default_factory=dict)
    stores: frozenset[str] = frozenset()


def read(root: etree._Element) -> Items:
    """All data of a file."""
    titles: dict[str, list[str]] = {}
    stands_for: dict[str, str] = {}
    for kind, refers in (("dataObjectReference", "dataObjectRef"), ("dataStoreReference", "dataStoreRef")):
        for node in root.iter(f"{{{xml.BPMN}}}{kind}"):
            target = _plain(node.get(refers) or "") or node.get("id") or ""
            stands_for[node.get("id") or ""] = target
            titles.setdefault(target, []).append(title(node))
    names = {}
    for node in root.iter(*(f"{{{xml.BPMN}}}{kind}" for kind in (*OBJECTS, *ENDS, "dataStore"))):
        identity = node.get("id") or ""
        names[identity] = usable(title(node), *titles.get(identity, []), identity)
    for reference, target in stands_for.items():
        names[reference] = names.get(target) or usable(*titles[target], reference)
    stores = {node.get("id") or "" for node in root.iter(*(f"{{{xml.BPMN}}}{kind}" for kind in STORES))}
    return Items({identity: name for identity, name in names.items() if identity and name}, frozenset(stores))


def title(node: etree._Element) -> str:
    return " ".join((node.get("name") or "").split())


def usable(*names: str) -> str:
    return next((name for name in names if NAME.fullmatch(name)), "")


def _plain(ref: str) -> str:
    return ref.rsplit(":", 1)[-1].strip()
