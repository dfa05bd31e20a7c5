"""What a process owner changes in the drawing changes what a release can do; no Python is needed for it."""

from __future__ import annotations

from lxml import etree

from service.engine import definitions, steps
from tests.models import drawings, routes
from tests.models.walk import Walk


def _find(root: etree._Element, identifier: str) -> etree._Element:
    return root.xpath(f"//*[@id='{identifier}']")[0]


def _drawn(xml: str) -> etree._Element:
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in drawings.NS.items())
    return etree.fromstring(xml.replace(" ", f" {spaces} ", 1))


def _with_terminate_in_training() -> bytes:
    root = drawings.root("major_release")
    _find(root, "phase_training").addnext(
        _drawn(
            '<bpmn:boundaryEvent id="action_terminate_training" name="Terminate" attachedToRef="phase_training">'
            "<bpmn:outgoing>flow_new</bpmn:outgoing>"
            '<bpmn:messageEventDefinition messageRef="message_terminate" /></bpmn:boundaryEvent>'
        )
    )
    _find(root, "phase_training").addnext(
        _drawn(
            '<bpmn:sequenceFlow id="flow_new" sourceRef="action_terminate_training" targetRef="gateway_terminated" />'
        )
    )
    return etree.tostring(root)


def _in_training(walk: Walk) -> Walk:
    return routes.planned_to(walk, "soak").note("release.training", True).wait(days=2)


def test_terminate_drawn_on_training_can_be_used_there_by_new_releases_alone() -> None:
    running = _in_training(Walk("major_release"))
    new = _in_training(Walk("major_release", source=_with_terminate_in_training()))
    assert running.actions == {}
    assert new.actions == {"action_terminate_training": "Terminate"}
    assert new.act("terminate_training").end == "Terminated"


def test_a_criterion_drawn_on_a_phase_holds_it_until_it_is_met() -> None:
    root = drawings.root("major_release")
    properties = _find(root, "phase_verify").find("bpmn:extensionElements/zeebe:properties", drawings.NS)
    etree.SubElement(
        properties,
        f"{{{drawings.NS['zeebe']}}}property",
        name="tidegate.criterion.Nobody complains",
        value="=release.complaints = 0",
    )
    walk = Walk("major_release", source=etree.tostring(root))
    routes.planned_to(walk, "review")
    assert walk.open == ["phase_verify.gate"]
    (gate,) = walk.case.of(steps.TaskOpened, "phase_verify.gate")
    assert gate.criteria == {"Nobody complains": "=release.complaints = 0"}


def test_a_new_phase_with_a_form_is_part_of_the_next_release() -> None:
    root = drawings.root("emergency_release")
    _find(root, "flow_phase_register_to_approval_wanted").set("targetRef", "phase_inform")
    _find(root, "phase_register").addnext(
        _drawn(
            '<bpmn:subProcess id="phase_inform" name="Inform"><bpmn:extensionElements><zeebe:properties>'
            '<zeebe:property name="tidegate.phase" value="inform" />'
            '<zeebe:property name="tidegate.deadline" value="PT30M" /></zeebe:properties></bpmn:extensionElements>'
            '<bpmn:startEvent id="start_inform" />'
            '<bpmn:sequenceFlow id="f1" sourceRef="start_inform" targetRef="task_x" />'
            '<bpmn:userTask id="task_x" name="Inform users"><bpmn:extensionElements><zeebe:userTask />'
            '<zeebe:formDefinition formId="inform_users" /></bpmn:extensionElements></bpmn:userTask>'
            '<bpmn:sequenceFlow id="f2" sourceRef="task_x" targetRef="end_inform" /><bpmn:endEvent id="end_inform" />'
            "</bpmn:subProcess>"
        )
    )
    _find(root, "phase_register").addnext(
        _drawn('<bpmn:sequenceFlow id="f3" sourceRef="phase_inform" targetRef="gateway_approval_wanted" />')
    )
    source = etree.tostring(root)
    assert [p for p in definitions.check("edited.bpmn", source) if p.severity == "error"] == []
    walk = Walk("emergency_release", source=source).do("register_release")
    assert walk.phases == ["register", "inform"]
    assert walk.do("x").open == ["task_build_fix"]
