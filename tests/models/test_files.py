"""The shipped diagrams and forms fit together, and say what the three release models must say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from service.bpmnio import feel
from service.domain import durations, escalation, policy
from service.engine import definitions, facts, steps
from service.usecases.context import facts as records
from service.usecases.deploying import models
from tests import cast
from tests.engine.driver import NOON, Case
from tests.models import drawings

ROOT = Path(__file__).parents[2]
each_model = pytest.mark.parametrize("model", drawings.MODELS)
each_form = pytest.mark.parametrize("form", sorted(drawings.forms()))

PHASES = {
    "major_release": "register assess plan build test training deploy verify backout review",
    "minor_release": "register plan build test training deploy verify backout review",
    "emergency_release": "register approve build deploy verify backout document retrospective review",
}
STATUSES = {
    "assess": "assessing", "plan": "planning", "build": "building", "test": "testing", "training": "ready",
    "deploy": "deploying", "verify": "verifying", "backout": "backing out",
}  # fmt: skip
TERMINABLE = {
    "major_release": {"phase_register", "phase_assess", "phase_plan", "phase_build", "phase_test", "part_before_go"},
    "minor_release": {"phase_register", "phase_plan", "phase_build", "phase_test", "part_before_go"},
    "emergency_release": {"phase_register", "phase_approve", "phase_build", "part_before_go"},
}
ENDS = {"end_closed": "Closed", "end_backed_out": "Backed out", "end_terminated": "Terminated"}
FORM_TYPES = {
    *("textfield", "textarea", "number", "checkbox", "checklist", "radio", "select", "taglist", "datetime"),
    *("text", "html", "group", "dynamiclist", "separator", "spacer", "expression", "table", "button", "image"),
}


def _user_tasks(model: str) -> list[etree._Element]:
    return list(drawings.root(model).iter(drawings.BPMN + "userTask"))


def _extension(node: etree._Element, name: str) -> etree._Element:
    return node.find(f"bpmn:extensionElements/zeebe:{name}", drawings.NS)


def _schema(form: str) -> dict[str, Any]:
    return json.loads(drawings.forms()[form].read_text(encoding="utf-8"))


def _components(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for component in schema["components"]:
        found += [component, *(_components(component) if "components" in component else [])]
    return found


def _messages(model: str) -> dict[str, str]:
    return {node.get("id"): node.get("name") for node in drawings.root(model).iter(drawings.BPMN + "message")}


def _actions(model: str) -> dict[str, tuple[str, str]]:
    """Boundary message events: id -> (message, host)."""
    names, found = _messages(model), {}
    for node in drawings.root(model).iter(drawings.BPMN + "boundaryEvent"):
        event = node.find("bpmn:messageEventDefinition", drawings.NS)
        found[node.get("id")] = (names[event.get("messageRef")], node.get("attachedToRef"))
    return found


@each_model
def test_the_check_finds_nothing(model: str) -> None:
    assert definitions.check(f"{model}.bpmn", drawings.path(model).read_bytes()) == []


@each_model
def test_the_process_is_executable_and_named_like_its_file(model: str) -> None:
    (program,) = definitions.load(f"{model}.bpmn", drawings.path(model).read_bytes())
    assert program.process.id == model
    assert program.process.starts_by_itself
    assert program.process.version_tag


@each_model
def test_every_user_task_has_form_group_deadline_and_button(model: str) -> None:
    for task in _user_tasks(model):
        name, found = task.get("id"), drawings.properties(task)
        assert _extension(task, "userTask") is not None, name
        assert _extension(task, "formDefinition").get("formId") in drawings.forms(), name
        groups = _extension(task, "assignmentDefinition").get("candidateGroups").split(",")
        assert {group.strip() for group in groups} <= set(cast.GROUPS), name
        assert durations.parse(found["tidegate.deadline"]), name
        assert "tidegate.button" in found or "tidegate.approval" in found, name


def test_every_form_is_used() -> None:
    used = {
        _extension(task, "formDefinition").get("formId") for model in drawings.MODELS for task in _user_tasks(model)
    }
    assert used == set(drawings.forms())


@each_model
def test_phases_are_those_of_the_model_with_deadline_and_ladder(model: str) -> None:
    found = {name: drawings.properties(node) for name, node in drawings.nodes(model).items()}
    phases = {name: props for name, props in found.items() if "tidegate.phase" in props}
    assert sorted(props["tidegate.phase"] for props in phases.values()) == sorted(PHASES[model].split())
    for name, props in phases.items():
        assert name == f"phase_{props['tidegate.phase']}"
        assert props["tidegate.deadline"]
        rungs = escalation.parse(props["tidegate.escalation"])
        assert [rung.moment for rung in rungs[:2]] == ["80%", "PT0S"]
        assert "manager" in rungs[2].recipients
        assert rungs[2].times == (12 if model == "emergency_release" else 5)


def test_phases_move_the_status_of_linked_changes() -> None:
    nodes = drawings.nodes("major_release")
    for phase, status in STATUSES.items():
        assert drawings.properties(nodes[f"phase_{phase}"])["tidegate.changeStatus"] == status


@each_model
def test_terminate_is_offered_everywhere_but_in_training_and_after_the_go(model: str) -> None:
    hosts = {host for message, host in _actions(model).values() if message == "terminate"}
    assert hosts == TERMINABLE[model]


@each_model
def test_back_out_is_offered_from_the_go_until_the_verification_ends(model: str) -> None:
    hosts = {host for message, host in _actions(model).values() if message == "back-out"}
    assert hosts == {"part_roll_out", "phase_verify"}


@each_model
def test_every_action_asks_for_a_reason_and_names_known_roles(model: str) -> None:
    nodes = drawings.nodes(model)
    for name in _actions(model):
        found = drawings.properties(nodes[name])
        assert found["tidegate.reason"] == "required"
        for role in found.get("tidegate.roles", "release-manager").split(","):
            group = role.strip().removeprefix("group:")
            assert group in policy.ROLES or group in cast.GROUPS, (name, role)


@each_model
def test_the_ways_out_are_ends_of_their_own(model: str) -> None:
    process = drawings.root(model).find("bpmn:process", drawings.NS)
    ends = process.findall("bpmn:endEvent", drawings.NS)
    assert {end.get("id"): end.get("name") for end in ends} == ENDS


@each_model
def test_flows_that_split_have_a_question_answers_and_a_default(model: str) -> None:
    nodes, flows = drawings.nodes(model), drawings.flows(model)
    for name, node in nodes.items():
        leaving = [flow for flow in flows.values() if flow.get("sourceRef") == name]
        if drawings.tag(node) != "exclusiveGateway" or len(leaving) < 2:
            continue
        assert node.get("name", "").endswith("?"), name
        assert node.get("default") in {flow.get("id") for flow in leaving}, name
        assert all(flow.get("name") for flow in leaving), name
        conditions = [flow.find("bpmn:conditionExpression", drawings.NS) for flow in leaving]
        assert sum(condition is None for condition in conditions) == 1, name


@each_model
def test_nothing_is_entered_by_several_flows_but_gateways(model: str) -> None:
    nodes, flows = drawings.nodes(model), drawings.flows(model)
    for name, node in nodes.items():
        entering = [flow for flow in flows.values() if flow.get("targetRef") == name]
        leaving = [flow for flow in flows.values() if flow.get("sourceRef") == name]
        if not drawings.tag(node).endswith("Gateway"):
            assert len(entering) <= 1, name
            assert len(leaving) <= 1, name


@each_model
def test_ids_and_names_read_well(model: str) -> None:
    prefixes = {
        "userTask": ("task_",), "serviceTask": ("job_",), "scriptTask": ("script_",), "subProcess": ("phase_", "part_"),
        "businessRuleTask": ("rule_",),
        "exclusiveGateway": ("gateway_",), "parallelGateway": ("gateway_",), "startEvent": ("start_",),
        "endEvent": ("end_",), "boundaryEvent": ("action_",), "intermediateThrowEvent": ("milestone_",),
        "intermediateCatchEvent": ("timer_",),
    }  # fmt: skip
    for name, node in drawings.nodes(model).items():
        assert name.startswith(prefixes[drawings.tag(node)]), name
        if drawings.tag(node).endswith("Task") or drawings.tag(node) in ("subProcess", "boundaryEvent"):
            assert node.get("name"), name
    assert all(name.startswith("flow_") for name in drawings.flows(model))


def test_milestones_come_with_the_major_model_alone() -> None:
    found = {
        model: [
            drawings.properties(node)["tidegate.milestone"]
            for node in drawings.nodes(model).values()
            if "tidegate.milestone" in drawings.properties(node)
        ]
        for model in drawings.MODELS
    }
    assert found == {
        "major_release": ["plan_approved", "build_complete", "tested", "installed", "verified", "closed"],
        "minor_release": [],
        "emergency_release": [],
    }


@each_model
def test_every_expression_is_sound(model: str) -> None:
    (program,) = definitions.load(f"{model}.bpmn", drawings.path(model).read_bytes())
    seen = 0
    for element in program.process.elements.values():
        for where, text in facts.expressions(element):
            if text.startswith("="):
                assert feel.check(text).problems == (), (element.id, where)
                seen += 1
    assert seen > 20


@each_model
def test_a_release_reaches_its_end_even_without_answers(model: str) -> None:
    """What `tidegate play --auto` does; the conditions hold the usual way open."""
    case = Case(drawings.path(model).read_bytes(), facts=records.empty(NOON), rules=drawings.rules())
    while case.status == "active":
        element, kind = next((e, k) for e, k in case.tracks[0].open() if k in ("task", "job", "timer"))
        if kind == "timer":
            case.until(case.step.next_due)
        elif kind == "job":
            case.finish(element)
        else:
            approval = {element: {"outcome": "approved"}} if case.of(steps.TaskOpened, element)[-1].approval else {}
            case.complete(element, **approval)
        assert len(case.history) < 2000
    assert case.of(steps.Ended)[0].name == "Closed"
    assert case.of(steps.IncidentRaised) == []


@each_form
def test_a_form_is_named_like_its_file_and_uses_standard_fields(form: str) -> None:
    schema = _schema(form)
    components = _components(schema)
    assert (schema["id"], schema["executionPlatform"], schema["type"]) == (form, "Camunda Cloud", "default")
    assert {component["type"] for component in components} <= FORM_TYPES
    ids = [component["id"] for component in components]
    assert len(ids) == len(set(ids))
    for component in components:
        if "key" in component or "path" in component:
            assert component.get("label") or component.get("dateLabel"), component["id"]


@each_form
def test_no_key_of_a_form_is_named_like_a_fact(form: str) -> None:
    for component in _schema(form)["components"]:
        key = component.get("key") or component.get("path")
        assert key not in facts.FACTS
        record = component.get("properties", {}).get("tidegate.record")
        if record:
            assert record.split(".")[0] in facts.FACTS, key


@each_form
def test_expressions_of_a_form_also_run_in_the_browser(form: str) -> None:
    for component in _components(_schema(form)):
        hide = component.get("conditional", {}).get("hide")
        texts = [component.get("valuesExpression"), component.get("dataSource"), hide]
        text = component.get("text", "")
        texts += ["=" + part.split("}}")[0] for part in text.split("{{")[1:]]
        for expression in filter(None, texts):
            assert feel.check(expression, in_form=True).problems == (), component["id"]


def test_a_field_that_records_is_the_only_one_of_its_form_for_that_fact() -> None:
    for form in drawings.forms():
        names = [c["properties"]["tidegate.record"] for c in _components(_schema(form)) if "properties" in c]
        assert len(names) == len(set(names)), form


@each_model
def test_the_documentation_names_every_phase_task_action_and_form(model: str) -> None:
    text = (drawings.ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    named = [n for n in drawings.nodes(model) if n.startswith(("phase_", "task_", "action_"))]
    assert [name for name in [*named, *drawings.forms()] if f"`{name}`" not in text] == []


def test_every_variable_that_the_models_name_is_given_by_their_forms_and_mappings() -> None:
    paths = [*sorted((ROOT / "bpmn").glob("*.bpmn")), *sorted((ROOT / "forms").glob("*.form"))]
    assert _unknown({path.name: path.read_bytes() for path in paths}) == []


def test_a_misspelt_variable_of_a_model_is_found() -> None:
    files = {path.name: path.read_bytes() for path in sorted((ROOT / "forms").glob("*.form"))}
    model = (ROOT / "bpmn" / "minor_release.bpmn").read_bytes().replace(b"wave_failed", b"wave_faled")
    found = _unknown(files | {"minor_release.bpmn": model})
    assert found
    assert all("did you mean wave_failed?" in text for text in found)


def _unknown(files: dict[str, bytes]) -> list[str]:
    return [each.message for each in models.check(list(files.items()), alone=True) if each.code == "unknown-variable"]
