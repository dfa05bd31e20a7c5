"""A new phase with a form of its own, drawn, deployed and gone through: nothing but files changes."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from lxml import etree

from service import errors
from service.domain import policy
from service.storage.queries import instances, releases, tasks
from service.storage.types import Row
from service.usecases.context import criteria
from service.usecases.demo import demo
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import jobs
from tests import cast
from tests.models import answers, drawings
from tests.usecases.conftest import Clock

PHASE = f"""
<bpmn:subProcess xmlns:bpmn="{drawings.NS["bpmn"]}" xmlns:zeebe="{drawings.NS["zeebe"]}"
    id="phase_privacy" name="Privacy">
  <bpmn:extensionElements><zeebe:properties>
    <zeebe:property name="tidegate.phase" value="privacy" />
    <zeebe:property name="tidegate.deadline" value="PT30M" />
    <zeebe:property name="tidegate.escalation" value="PT0S: candidates" />
    <zeebe:property name="tidegate.criterion.Privacy is settled" value="=release.privacy = &quot;settled&quot;" />
  </zeebe:properties></bpmn:extensionElements>
  <bpmn:startEvent id="start_privacy" />
  <bpmn:sequenceFlow id="flow_a" sourceRef="start_privacy" targetRef="task_privacy" />
  <bpmn:userTask id="task_privacy" name="Settle privacy"><bpmn:extensionElements><zeebe:userTask />
    <zeebe:formDefinition formId="privacy" /><zeebe:assignmentDefinition candidateGroups="finance" />
  </bpmn:extensionElements></bpmn:userTask>
  <bpmn:sequenceFlow id="flow_b" sourceRef="task_privacy" targetRef="end_privacy" />
  <bpmn:endEvent id="end_privacy" />
</bpmn:subProcess>"""
FLOW = (
    f'<bpmn:sequenceFlow xmlns:bpmn="{drawings.NS["bpmn"]}" id="flow_c" '
    'sourceRef="phase_privacy" targetRef="gateway_approval_wanted" />'
)
FORM = {
    "id": "privacy",
    "type": "default",
    "components": [
        {
            "type": "select",
            "id": "F1",
            "key": "privacy",
            "label": "Privacy",
            "values": [{"label": "Settled", "value": "settled"}, {"label": "Open", "value": "open"}],
            "validate": {"required": True},
            "properties": {"tidegate.record": "release.privacy"},
        }
    ],
}


def with_privacy() -> bytes:
    """The emergency model with a phase Privacy between registration and approval."""
    root = drawings.root("emergency_release")
    (flow,) = root.xpath("//*[@id='flow_phase_register_to_approval_wanted']")
    flow.set("targetRef", "phase_privacy")
    (phase,) = root.xpath("//*[@id='phase_register']")
    phase.addnext(etree.fromstring(PHASE))
    phase.addnext(etree.fromstring(FLOW))
    return bytes(etree.tostring(root))


def test_a_new_phase_with_a_form_and_a_gate_needs_only_a_deployment(
    house: Flask, owner: policy.Actor, time: Clock
) -> None:
    models.deploy(demo.shipped_files(), actor=owner)
    files = [("emergency_release.bpmn", with_privacy()), ("privacy.form", json.dumps(FORM).encode())]
    models.deploy(files, actor=owner)
    given = {"title": "One", "type": "emergency", "kind": "software", "category": "standard", "service": "Portal"}
    number = releases_.create(given, actor=cast.actor("cora"))

    def only() -> Row:
        (task,) = tasks.of_release(number, state="open")
        return task

    tasks_.complete(only().key, answers.BY_FORM["register_emergency"], actor=cast.actor("cora"))
    for job in instances.jobs(releases.get(number).instance_key, states=("open",)):
        jobs.run(job.key)
    assert (releases.get(number).phase, only().element) == ("privacy", "task_privacy")
    tasks_.complete(only().key, {"privacy": "open"}, actor=cast.actor("fred"))
    assert only().gate
    assert [(found.label, found.met) for found in criteria.checklist(only())] == [("Privacy is settled", False)]
    with pytest.raises(errors.CriteriaUnmet, match="Privacy is settled"):
        tasks_.complete(only().key, {}, actor=cast.actor("cora"))
