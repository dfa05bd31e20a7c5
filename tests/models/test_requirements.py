"""What the requirements ask of the shipped models, through the use cases, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from lxml import etree

from service import errors
from service.domain import policy
from service.storage.queries import forms, history, releases, tasks
from service.usecases.context import criteria
from service.usecases.demo import demo
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from tests import cast
from tests.models import answers, drawings, routes
from tests.models.stored import Stored
from tests.support import drawing as d
from tests.usecases.conftest import Clock

Start = Callable[..., Any]
GIVEN = {"title": "One", "kind": "software", "category": "standard", "service": "Portal"}


@pytest.fixture
def start(house: Flask, owner: policy.Actor, time: Clock) -> Start:
    """Registers a release of a model."""
    models.deploy(demo.shipped_files(), actor=owner)
    return lambda model, **record: Stored(model, time.turn, forgets=False, **record)


def refused_fields(walk: Stored, name: str, **values: Any) -> set[str]:
    """Which fields a task's form refuses when these differ from good answers."""
    given = answers.BY_FORM[forms.by_key(walk.task(name).form_key).form_id] | values
    with pytest.raises(errors.InvalidInput) as refused:
        tasks_.complete(walk.task(name).key, given, actor=walk.person(walk.task(name)))
    return set(refused.value.errors)


@pytest.mark.req("S1-1")
def test_the_major_model_plans_builds_tests_performance_and_acceptance_and_history_shows_each(start: Start) -> None:
    walk = routes.review(routes.planned_to(start("major_release"), "review"))
    assert walk.end == "Closed"
    done = {row.element for row in history.of_release(walk.number, limit=500) if row.event == "task.completed"}
    wanted = {"schedule_release", "plan_rollout", "build_software", "build_package", "prepare_environment"}
    wanted |= {"test_functional", "test_performance", "test_acceptance"}
    assert {f"task_{name}" for name in wanted} <= done


@pytest.mark.req("S1-7")
def test_planning_is_not_left_without_a_rollout_plan(start: Start) -> None:
    walk = routes.planned_to(start("major_release"), "plan").do("choose_changes")
    assert refused_fields(walk, "schedule_release", window_start=None, window_end=None) == {
        "window_start",
        "window_end",
    }
    assert "rollout" in refused_fields(walk, "plan_rollout", rollout=None)
    wave = {"name": "Pilot", "soak": "P1D", "targets": ""}
    assert any("targets" in field for field in refused_fields(walk, "plan_rollout", rollout="waves", waves=[wave]))
    walk.do("schedule_release", "plan_training")
    assert walk.open == ["task_plan_rollout"]


@pytest.mark.req("S2-4")
def test_a_lifecycle_of_three_steps_and_one_of_sixty_elements_both_run(start: Start, owner: policy.Actor) -> None:
    small = d.diagram(d.start() + d.user("work") + d.end() + d.chain("start", "work", "end"), process="small")
    models.deploy([("small.bpmn", small)], actor=owner)
    number = releases_.create(GIVEN | {"type": "minor", "model": "small"}, actor=cast.actor("cora"))
    tasks_.complete(tasks.of_release(number)[0].key, {}, actor=cast.actor("max"))
    assert releases.get(number).status == "closed"
    nodes = [e for e in drawings.root("minor_release").iter() if isinstance(e.tag, str) and e.get("id")]
    assert len(nodes) > 60
    long = routes.review(routes.planned_to(start("minor_release"), "review"))
    assert long.release.status == "closed"


@pytest.mark.req("S2-5")
def test_releases_of_the_three_types_run_on_one_model_of_their_category(start: Start, owner: policy.Actor) -> None:
    releases_.create_category("common", "Common", {"*": "minor_release"}, actor=owner)
    given = GIVEN | {"category": "common"}
    numbers = [releases_.create(given | {"type": type_}, actor=cast.actor("cora")) for type_ in releases_.TYPES]
    assert [releases.get(number).model for number in numbers] == ["minor_release"] * 3
    assert [releases.get(number).phase for number in numbers] == ["register"] * 3


@pytest.mark.req("S2-8")
def test_fields_of_another_phase_cannot_be_written(start: Start) -> None:
    walk = start("major_release")
    assert refused_fields(walk, "register_release", window_start="2026-04-18T20:00+02:00") == {"window_start"}
    routes.planned_to(walk, "build")
    assert refused_fields(walk, "build_software", service="Another one") == {"service"}
    assert walk.record["release"]["service"] != "Another one"


@pytest.mark.req("S2-9", "S2-33")
def test_the_next_phase_waits_for_the_analysis_and_every_approval_of_this_one(start: Start) -> None:
    walk = routes.planned_to(start("major_release"), "plan")
    assert "assess" in walk.phases
    assert walk.record["release"]["risks"]
    walk.do("choose_changes", "schedule_release", "plan_training", "plan_rollout")
    task = walk.task("approve_plan")
    shown = tasks_.form(task.key, actor=cast.actor("rita")).data
    assert shown["release"]["risks"] == answers.BY_FORM["analyse_risk"]["risks"]
    tasks_.decide(task.key, "approved", actor=cast.actor("rita"))
    assert walk.phases[-1] == "plan"
    tasks_.decide(task.key, "approved", actor=cast.actor("rosa"))
    assert walk.work().phases[-1] == "build"


@pytest.mark.req("S2-21")
def test_the_release_manager_may_do_every_step(start: Start) -> None:
    walk = start("minor_release")
    manager = policy.Actor(name="max", roles=frozenset({policy.RELEASE_MANAGER}))
    for name in (
        "register_release",
        "analyse_risk",
        "choose_changes",
        "schedule_release",
        "plan_rollout",
        "plan_training",
    ):
        form = {"register_release": "register_minor"}.get(name, name)
        tasks_.complete(walk.task(name).key, answers.BY_FORM[form], actor=manager)
        walk.work()
    assert walk.phases[-1] == "build"


@pytest.mark.req("S2-29")
def test_closing_asks_for_a_knowledge_link_or_that_none_is_needed(start: Start) -> None:
    walk = routes.planned_to(start("minor_release"), "review")
    assert refused_fields(walk, "transfer_knowledge", knowledge_none=False, knowledge_link="") == {"knowledge_link"}
    walk.do("transfer_knowledge", knowledge_none=True, knowledge_link=None)
    assert "task_transfer_knowledge" not in walk.open


@pytest.mark.req("S2-36")
def test_a_release_is_not_closed_before_each_change_is_evaluated(start: Start) -> None:
    walk = routes.planned_to(start("minor_release"), "review").do("transfer_knowledge")
    assert walk.open == ["task_evaluate_change"] * len(answers.CHANGES)
    for _ in answers.CHANGES:
        assert "task_learn_lessons" not in walk.open
        walk.do("evaluate_change")
    assert walk.open == ["task_learn_lessons"]


@pytest.mark.req("S3-9")
def test_one_readiness_criterion_that_is_missing_means_no_go_and_the_go_is_recorded(start: Start) -> None:
    walk = routes.planned_to(start("major_release"), "deploy")
    task = walk.task("review_readiness")
    labels = [criterion.label for criterion in criteria.checklist(task)]
    assert {"Tests passed", "Package is ready", "Environment is ready", "Training and support plan", "Back-out plan",
            "Risk plan"} <= set(labels)  # fmt: skip
    missing = {
        "package.ready": (False, "Package is ready"),
        "release.environment_ready": (False, "Environment is ready"),
        "release.support_plan": ("", "Training and support plan"),
        "release.back_out_plan": ("", "Back-out plan"),
        "release.risk_plan": ("", "Risk plan"),
    }
    for fact, (wrong, label) in missing.items():
        right = fact_value(walk.record, fact)
        walk.note(fact, wrong)
        with pytest.raises(errors.CriteriaUnmet) as refused:
            tasks_.complete(task.key, {}, actor=cast.actor("cora"))
        assert refused.value.facts["missing"] == [label]
        walk.note(fact, right)
    walk.do("review_readiness")
    decision = walk.task("decide_go")
    walk.decide("decide_go", "approved")
    votes = tasks.votes(decision.key)
    assert [(vote.user, vote.outcome) for vote in votes] == [
        (name, "approved") for name in decision.approval["deciders"]
    ]
    assert all(vote.at for vote in votes)


@pytest.mark.req("S4-10")
def test_the_next_wave_starts_only_when_the_wave_before_it_has_soaked(start: Start) -> None:
    walk = routes.planned_to(start("minor_release"), "plan")
    waves = [{"name": f"{share} %", "soak": "P1D", "targets": f"{share} % of the branches"} for share in (5, 25, 100)]
    routes.plan(walk, rollout="waves", waves=waves)
    routes.go(routes.soak(routes.test(routes.build(walk))))
    for _ in waves:
        assert walk.open == ["task_install_wave"]
        walk.do("install_wave")
        assert walk.open == []
        walk.wait(hours=23)
        assert walk.open == []
        walk.wait(hours=1)
    assert walk.open == ["task_confirm_installed"]


@pytest.mark.req("S1-6")
def test_a_rule_added_to_the_drawing_holds_for_new_releases_from_its_deployment_on(
    start: Start, owner: policy.Actor
) -> None:
    running = start("emergency_release")
    root = drawings.root("emergency_release")
    task = root.xpath("//*[@id='task_register_release']")[0]
    properties = task.find("bpmn:extensionElements/zeebe:properties", drawings.NS)
    name = f"{{{drawings.NS['zeebe']}}}property"
    etree.SubElement(
        properties, name, name="tidegate.criterion.The duty manager knows", value="=release.manager != null"
    )
    models.deploy([("emergency_release.bpmn", etree.tostring(root))], actor=owner)
    number = releases_.create(GIVEN | {"type": "emergency"}, actor=cast.actor("cora"))
    (task,) = tasks.of_release(number)
    with pytest.raises(errors.CriteriaUnmet, match="The duty manager knows"):
        tasks_.complete(task.key, answers.BY_FORM["register_emergency"], actor=cast.actor("cora"))
    assert running.do("register_release").phases[-1] == "build"


def test_terminate_drawn_on_training_works_for_new_releases_and_not_for_the_running_one(
    start: Start, owner: policy.Actor
) -> None:
    running = in_training(start("minor_release"))
    root = drawings.root("minor_release")
    phase = root.xpath("//*[@id='phase_training']")[0]
    bpmn = f"{{{drawings.NS['bpmn']}}}"
    boundary = etree.Element(
        f"{bpmn}boundaryEvent", id="action_terminate_training", name="Terminate", attachedToRef=phase.get("id")
    )
    etree.SubElement(boundary, f"{bpmn}messageEventDefinition", messageRef="message_terminate")
    flow = etree.Element(
        f"{bpmn}sequenceFlow", id="flow_new", sourceRef=boundary.get("id"), targetRef="gateway_terminated"
    )
    phase.addnext(boundary)
    phase.addnext(flow)
    models.deploy([("minor_release.bpmn", etree.tostring(root))], actor=owner)
    new = in_training(start("minor_release"))
    assert running.actions == {}
    with pytest.raises(errors.ActionNotOffered):
        releases_.act(running.number, "terminate", {"reason": "Enough."}, actor=cast.actor("max"))
    assert new.act("terminate_training").end == "Terminated"
    assert new.release.status == "terminated"


def in_training(walk: Stored) -> Stored:
    routes.planned_to(walk, "plan").do("choose_changes", "schedule_release", "plan_rollout")
    walk.do("plan_training", training_needed=True, training_plan="Half a day.")
    routes.soak(routes.test(routes.build(walk)))
    assert walk.phases[-1] == "training"
    return walk


def fact_value(record: dict[str, Any], name: str) -> Any:
    inner: Any = record
    for part in name.split("."):
        inner = inner[part]
    return inner


@pytest.mark.req("S3-2")
def test_software_is_not_packaged_without_its_place_in_the_library_and_a_checksum(start: Start) -> None:
    walk = routes.planned_to(start("major_release"), "build").do("build_software")
    assert refused_fields(walk, "store_software", library_reference="", checksum="") == {
        "library_reference",
        "checksum",
    }
    assert refused_fields(walk, "store_software", checksum="12345") == {"checksum"}
    assert walk.open == ["task_store_software"]


@pytest.mark.req("S3-3")
def test_hardware_is_not_packaged_without_serial_and_location(start: Start) -> None:
    walk = routes.assess(routes.register(start("major_release"), kind="hardware"))
    routes.plan(walk).do("receive_hardware")
    pieces = [{"serial": "", "location": ""}]
    refused = refused_fields(walk, "store_hardware", pieces_stored=pieces)
    assert {field.rpartition(".")[2] for field in refused} == {"serial", "location"}
    assert walk.open == ["task_store_hardware"]


@pytest.mark.req("S4-11")
def test_the_choice_of_the_rollout_shows_what_speaks_for_each_and_keeps_the_reason(start: Start) -> None:
    walk = routes.planned_to(start("minor_release"), "plan").do("choose_changes")
    schema = tasks_.form(walk.task("plan_rollout").key, actor=cast.actor("max")).schema
    assert schema
    shown = " ".join(part.get("text", "") for part in schema["components"])
    assert "errors show early" in shown
    assert "an error hits all users" in shown
    assert refused_fields(walk, "plan_rollout", rollout_reason="") == {"rollout_reason"}
    walk.do("plan_rollout", rollout="all-at-once", rollout_reason="One farm.")
    release = walk.record["release"]
    assert (release["rollout"], release["rollout_reason"]) == ("all-at-once", "One farm.")


@pytest.mark.req("S4-4")
def test_nothing_is_rolled_out_while_a_linked_change_is_not_in_the_package(start: Start) -> None:
    walk = routes.planned_to(start("major_release"), "build").do("build_software", "store_software")
    walk.do("build_package", packaged_changes=["C-1"])
    assert walk.missing("confirm_build") == ["The package holds every linked change"]
    with pytest.raises(errors.CriteriaUnmet):
        walk.do("confirm_build")
    assert walk.phases[-1] == "build"
    walk.act("pack_again_build").do("build_package", "confirm_build")
    assert walk.phases[-1] == "test"
