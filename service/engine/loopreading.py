"""Loops: standard ones and multi-instance activities, with what these throw as their instances complete."""

from __future__ import annotations

from typing import Any

from lxml import etree

from service.engine import camunda7, data, elements, eventdefinitions, extensions, sources, xml

LONGEST_NUMBER = 9


def read(node: etree._Element, shared: sources.Shared) -> elements.Loop | None:
    several = xml.child(node, "multiInstanceLoopCharacteristics")
    if several is not None:
        return _multi_instance(several, node, shared)
    standard = xml.child(node, "standardLoopCharacteristics")
    if standard is None:
        return None
    maximum = (standard.get("loopMaximum") or "").strip()
    if maximum and not (maximum.isdecimal() and len(maximum) <= LONGEST_NUMBER):
        sources.refuse(node, shared, "loop-maximum", f"loopMaximum must be a whole number, not {maximum}.")
    return elements.Loop(
        sequential=True,
        collection=None,
        element_variable=None,
        standard=True,
        condition=sources.formal(xml.child(standard, "loopCondition"), shared),
        maximum=int(maximum) if maximum.isdecimal() and len(maximum) <= LONGEST_NUMBER else None,
        test_before=standard.get("testBefore") in sources.TRUE,
    )


def _multi_instance(several: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Loop:
    ext = extensions.read(several, shared.found)
    drawn = data.several(several, node, shared) if "loopCharacteristics" not in ext.zeebe else {}
    older = camunda7.collection(several, node, shared.found)
    given: dict[str, Any] = {
        "throws": _throws(several, shared),
        "collection": ext.get("loopCharacteristics", "inputCollection")
        or older["collection"]
        or drawn.get("collection"),
        "element_variable": ext.get("loopCharacteristics", "inputElement")
        or older["element_variable"]
        or drawn.get("element_variable"),
        "output_collection": ext.get("loopCharacteristics", "outputCollection") or drawn.get("output_collection"),
        "output_element": ext.get("loopCharacteristics", "outputElement") or drawn.get("output_element"),
    }
    return elements.Loop(
        sequential=several.get("isSequential") in sources.TRUE,
        completion_condition=sources.formal(xml.child(several, "completionCondition"), shared),
        cardinality=xml.text(xml.child(several, "loopCardinality")),
        **given,
    )


def _throws(several: etree._Element, shared: sources.Shared) -> tuple[elements.Throw, ...]:
    """What `behavior` says: throw nothing (All), for each instance (None), for the first (One), by rules (Complex)."""
    node = several.getparent()
    assert node is not None
    behavior = several.get("behavior") or "All"
    if behavior in ("None", "One"):
        ref = several.get(f"{behavior.lower()}BehaviorEventRef")
        definition = shared.roots.get(sources.plain(ref or ""))
        if definition is None or xml.local(definition) not in eventdefinitions.DEFINITIONS:
            message = f"Say which event the instances throw: {behavior.lower()}BehaviorEventRef names its definition."
            sources.refuse(node, shared, "multi-instance-behavior", message)
            return ()
        return (elements.Throw(eventdefinitions.definition_of(definition, node, shared), first=behavior == "One"),)
    if behavior == "Complex":
        return tuple(_rule(rule, node, shared) for rule in several.findall(f"{{{xml.BPMN}}}complexBehaviorDefinition"))
    if behavior != "All":
        sources.refuse(
            node, shared, "multi-instance-behavior", f"A behavior is None, One, All or Complex, not {behavior}."
        )
    return ()


def _rule(rule: etree._Element, node: etree._Element, shared: sources.Shared) -> elements.Throw:
    condition = sources.formal(xml.child(rule, "condition"), shared)
    if condition is None:
        sources.refuse(
            node, shared, "multi-instance-behavior", "Write the condition of each complexBehaviorDefinition."
        )
    event = xml.child(rule, "event")
    definitions = (
        [child for child in xml.children(event) if xml.local(child) in eventdefinitions.DEFINITIONS]
        if event is not None
        else []
    )
    definitions += eventdefinitions.referred_to(event, shared) if event is not None else []
    if len(definitions) > 1:
        sources.refuse(
            node, shared, "multi-instance-behavior", "A complexBehaviorDefinition throws one event; draw others."
        )
    return elements.Throw(
        eventdefinitions.definition_of(definitions[0], node, shared) if definitions else None, condition=condition
    )
