"""Data objects, properties, data inputs and outputs: variables by their names, and what associations carry.

A data object or property belongs to the process or sub-process that it is drawn in, and is a variable of that scope.
An association that names a data input or output of its activity or event carries a value; any other is a drawing.
Where mappings are written as zeebe:ioMapping or zeebe:loopCharacteristics, those count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from service.engine import dataitems, elements, facts, sources, xml

PLACEHOLDER = "__targetRef_placeholder"  # what bpmn-js makes where an association needs an end
TO, FROM = "dataInputAssociation", "dataOutputAssociation"


def declared(container: etree._Element, shared: sources.Shared) -> tuple[str, ...]:
    """The variables that a process or sub-process has for as long as it runs."""
    drawn = [
        node
        for node in xml.children(container)
        if xml.local(node) in dataitems.OBJECTS and dataitems.title(node) != PLACEHOLDER
    ]
    box = xml.child(container, "ioSpecification") if xml.local(container) == "process" else None
    drawn += xml.children(box) if box is not None else []
    names = [shared.data.names.get(node.get("id") or "") for node in drawn]
    return tuple(dict.fromkeys(name for name in names if name and name not in facts.FACTS))


def read(node: etree._Element, container: bool, given: Mapping[str, Any], shared: sources.Shared) -> dict[str, Any]:
    """The Element fields that data gives to an activity or event."""
    carries = _Carrier(node, shared)
    inputs = given["inputs"] or tuple(carries.into())
    carried = () if given["outputs"] else tuple(carries.out())
    moves = tuple(move for move in carried if move.name != move.target)
    same = {move.target for move in carried if move.name == move.target}
    local = carries.produced - same if moves else frozenset()
    if container:
        return {"inputs": inputs, "moves": moves, "declares": (*declared(node, shared), *sorted(local))}
    return {"inputs": inputs, "moves": moves, "local": local.union(declared(node, shared)) - same}


def several(loop: etree._Element, node: etree._Element, shared: sources.Shared) -> dict[str, str | None]:
    """What a multi-instance activity runs over and collects, as data says it."""
    carries = _Carrier(node, shared)
    outputs = carries.told(xml.child(loop, "loopDataOutputRef"), FROM)
    item = carries.item(loop, "outputDataItem")
    return {
        "collection": carries.told(xml.child(loop, "loopDataInputRef"), TO),
        "element_variable": carries.item(loop, "inputDataItem"),
        "output_collection": outputs.removeprefix("=").strip() if outputs and item else None,
        "output_element": f"= {item}" if outputs and item else None,
    }


class _Carrier:
    """The data inputs and outputs of one element, and the associations that lead to them and away."""

    def __init__(self, node: etree._Element, shared: sources.Shared) -> None:
        self.node, self.shared, self.names = node, shared, shared.data.names
        box = xml.child(node, "ioSpecification")
        inside = [*xml.children(node), *(xml.children(box) if box is not None else ())]
        ends = [
            one
            for one in inside
            if xml.local(one) in (*dataitems.ENDS, "property") and dataitems.title(one) != PLACEHOLDER
        ]
        self.own = {one.get("id") or "" for one in ends}
        outputs = [self.names.get(one.get("id") or "") for one in ends if xml.local(one) == "dataOutput"]
        self.produced = frozenset(filter(None, outputs))
        loop = xml.child(node, "multiInstanceLoopCharacteristics")
        refs = [xml.child(loop, f"loopData{way}Ref") for way in ("Input", "Output")] if loop is not None else []
        self.looped = {_ref(ref) for ref in refs if ref is not None}

    def into(self) -> Iterator[elements.Mapping_]:
        """What is carried into data inputs, as input mappings."""
        for association in self.node.iterchildren(f"{{{xml.BPMN}}}{TO}"):
            target = _ref(xml.child(association, "targetRef"))
            if target not in self.own or target in self.looped or target not in self.names:
                continue
            for move in self._moves(association, target):
                if move.name != move.target:
                    yield elements.Mapping_(move.source, move.target)

    def out(self) -> Iterator[elements.Move]:
        """What is carried out of data outputs."""
        for association in self.node.iterchildren(f"{{{xml.BPMN}}}{FROM}"):
            given = [_ref(ref) for ref in association.iterchildren(f"{{{xml.BPMN}}}sourceRef")]
            said = any(xml.child(association, part) is not None for part in ("transformation", "assignment"))
            if not said and not (given and self.own.issuperset(given) and self.looped.isdisjoint(given)):
                continue
            yield from self._moves(association, _ref(xml.child(association, "targetRef")))

    def _moves(self, association: etree._Element, target: str) -> Iterator[elements.Move]:
        given = [_ref(ref) for ref in association.iterchildren(f"{{{xml.BPMN}}}sourceRef")]
        for identity in (*given, target):
            if identity in self.shared.data.stores:
                self._warn_of_store(identity)
            if identity not in self.names:
                self._refuse("missing-reference", f"A data association names {identity or 'nothing'}; choose data.")
                return
        name = self.names[target]
        assignments = list(association.iterchildren(f"{{{xml.BPMN}}}assignment"))
        transformation = xml.child(association, "transformation")
        for assignment in assignments:
            to = (xml.text(xml.child(assignment, "to")) or "").removeprefix("=").strip()
            yield elements.Move(self._feel(xml.child(assignment, "from")), self.names.get(to, to) or name)
        if transformation is not None:
            yield elements.Move(self._feel(transformation), name)
        elif not assignments and len(given) == 1:
            yield elements.Move(f"= {self.names[given[0]]}", name, self.names[given[0]])
        elif not assignments:
            self._refuse("data-expression", "A data association from several sources needs a transformation.")

    def told(self, ref: etree._Element | None, way: str) -> str | None:
        """The collection behind a reference: the data itself, or what an association leads to it or away from it."""
        identity = _ref(ref)
        if not identity:
            return None
        for association in self.node.iterchildren(f"{{{xml.BPMN}}}{way}") if identity in self.own else ():
            ends = [_ref(end) for tag in ("sourceRef", "targetRef") for end in association.iter(f"{{{xml.BPMN}}}{tag}")]
            if (
                len(ends) == 2
                and ends[1 if way == TO else 0] == identity
                and xml.child(association, "assignment") is None
            ):
                moves = list(self._moves(association, ends[1]))
                return (moves[0].source if way == TO else f"= {moves[0].target}") if moves else None
        if identity not in self.names:
            self._refuse("missing-reference", f"The collection {identity} does not exist; choose data of this scope.")
            return None
        return f"= {self.names[identity]}"

    def item(self, loop: etree._Element, kind: str) -> str | None:
        drawn = xml.child(loop, kind)
        return (
            self.names.get(drawn.get("id") or "") or dataitems.usable(dataitems.title(drawn)) or None
            if drawn is not None
            else None
        )

    def _feel(self, node: etree._Element | None) -> str:
        text = sources.formal(node, self.shared) or ""
        if not text.startswith("="):
            shown = f"; write = {text}" if 0 < len(text) <= 60 else ""
            self._refuse("data-expression", f"What a data association carries is FEEL and begins with ={shown}.")
        return text

    def _warn_of_store(self, identity: str) -> None:
        text = f"{self.names.get(identity, identity)} keeps nothing beyond the instance; it is a variable here."
        self.shared.found.warning("data-store", text, line=self.node.sourceline, element=self.node.get("id"))

    def _refuse(self, code: str, message: str) -> None:
        sources.refuse(self.node, self.shared, code, message)


def _ref(node: etree._Element | None) -> str:
    return sources.plain(xml.text(node) or "")
