"""Laying out diagrams without a drawing."""

import re

import pytest

from service.bpmnio import layout

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">'
)
DIAGRAM = (
    HEAD
    + """
  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="phase"/>
    <bpmn:subProcess id="phase" name="Phase">
      <bpmn:extensionElements><zeebe:properties>
        <zeebe:property name="tidegate.phase" value="build"/></zeebe:properties></bpmn:extensionElements>
      <bpmn:startEvent id="inner"/>
      <bpmn:sequenceFlow id="f2" sourceRef="inner" targetRef="task"/>
      <bpmn:userTask id="task" name="Täsk &amp; more"/>
    </bpmn:subProcess>
    <bpmn:boundaryEvent id="late" attachedToRef="phase"><bpmn:timerEventDefinition id="t">
      <bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f3" sourceRef="phase" targetRef="end"/>
    <bpmn:endEvent id="end"/>
    <bpmn:sequenceFlow id="f4" sourceRef="late" targetRef="stop"/>
    <bpmn:endEvent id="stop"/>
  </bpmn:process>
</bpmn:definitions>"""
)


def test_every_element_gets_a_shape_and_every_flow_an_edge() -> None:
    drawn = layout.lay_out(DIAGRAM)
    assert not layout.is_drawn(DIAGRAM)
    assert layout.is_drawn(drawn)
    shapes = set(re.findall(r'BPMNShape [^>]*bpmnElement="(\w+)"', drawn))
    edges = set(re.findall(r'BPMNEdge [^>]*bpmnElement="(\w+)"', drawn))
    assert shapes == {"start", "phase", "inner", "task", "late", "end", "stop"}
    assert edges == {"f1", "f2", "f3", "f4"}


def test_nothing_but_the_drawing_changes() -> None:
    drawn = layout.lay_out(DIAGRAM)
    head, _, _ = drawn.partition("<bpmndi:BPMNDiagram")
    assert head.strip() == DIAGRAM.partition("</bpmn:definitions>")[0].strip()


def test_an_old_drawing_is_replaced() -> None:
    once = layout.lay_out(DIAGRAM)
    twice = layout.lay_out(once)
    assert twice.count("BPMNShape ") == once.count("BPMNShape ")


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("nonsense", "well-formed"),
        ("<a/>", "not a BPMN"),
        ('<!DOCTYPE a [<!ENTITY x "y">]>' + DIAGRAM, "document type"),
        (HEAD + '<bpmn:process id="a"/><bpmn:process id="b"/></bpmn:definitions>', "one process"),
        (HEAD + '<bpmn:collaboration id="c"/><bpmn:process id="a"/></bpmn:definitions>', "without pools"),
        ("x" * 3_000_000, "bytes"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(xml: str, reason: str) -> None:
    with pytest.raises(layout.LayoutFailed, match=reason):
        layout.lay_out(xml)
