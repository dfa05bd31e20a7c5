"""The ways a minor release can take, each live and restored before every command."""

from __future__ import annotations

import pytest

from service.engine import steps
from tests.models import answers, routes
from tests.models.walk import Walk


@pytest.fixture
def walk() -> Walk:
    return Walk("minor_release")


def test_straight_from_registration_to_closure_without_approval(walk: Walk) -> None:
    routes.review(routes.planned_to(walk, "review"))
    assert walk.end == "Closed"
    assert walk.phases == ["register", "plan", "build", "test", "deploy", "verify", "review"]
    assert walk.milestones == []
    assert "task_approve_plan" not in walk.case.path


def test_one_approver_decides_where_approval_is_wanted() -> None:
    walk = Walk("minor_release", release__approval=True)
    routes.planned_to(walk, "plan").do("choose_changes", "schedule_release", "plan_training", "plan_rollout")
    assert walk.case.of(steps.TaskOpened, "task_approve_plan")[0].approval == 1
    walk.decide("approve_plan", "denied")
    assert walk.open == ["task_choose_changes"]
    routes.plan(walk)
    assert walk.phases[-1] == "build"


def test_the_gate_of_the_build_opens_when_the_package_holds_every_change(walk: Walk) -> None:
    routes.planned_to(walk, "build").do("build_software", "store_software")
    walk.do("build_package", packaged_changes=["C-2"])
    (gate,) = walk.case.of(steps.TaskOpened, "phase_build.gate")
    assert gate.gate
    assert "The package holds every linked change" in gate.criteria
    routes.build(routes.plan(walk.act("rework_build")))
    assert walk.phases[-1] == "test"


def test_two_tests_and_a_short_soak(walk: Walk) -> None:
    routes.planned_to(walk, "test").do("prepare_environment")
    assert sorted(walk.open) == ["task_test_acceptance", "task_test_functional"]
    walk.do("test_acceptance", "test_functional").note("release.soak", None)
    assert routes.soak(walk).open == ["task_review_readiness"]


def test_without_a_planned_soak_it_lasts_a_day(walk: Walk) -> None:
    routes.planned_to(walk, "test").note("release.soak", None)
    routes.test(walk).wait(hours=23)
    assert walk.open == []
    assert walk.wait(hours=1).open == ["task_review_readiness"]


def test_a_failed_test_leads_back_to_the_build(walk: Walk) -> None:
    routes.test(routes.planned_to(walk, "test"), acceptance="Nobody finds the button.")
    assert walk.phases[-1] == "build"


def test_a_problem_in_the_soak_starts_it_again(walk: Walk) -> None:
    routes.planned_to(walk, "soak").wait(hours=47).act("problem_found_soak").wait(hours=47)
    assert walk.open == []
    assert walk.wait(hours=1).open == ["task_review_readiness"]


def test_rework_from_planning_opens_the_assessment_again(walk: Walk) -> None:
    routes.planned_to(walk, "plan").act("rework_plan")
    assert walk.open == ["task_register_release"]
    routes.assess(walk, risk_likelihood="high", risk_impact="high")
    assert walk.case.variables()["risk"] == {"class": "high"}


@pytest.mark.parametrize("place", ["register", "plan", "build", "test", "soak", "deploy"])
def test_a_release_can_be_terminated_until_the_go(walk: Walk, place: str) -> None:
    if place != "register":
        routes.planned_to(walk, place)
    (action,) = (found for found in walk.actions if found.startswith("action_terminate"))
    assert walk.act(action.removeprefix("action_")).end == "Terminated"


def test_terminate_is_not_offered_in_training_nor_after_the_go(walk: Walk) -> None:
    routes.planned_to(walk, "soak").note("release.training", True).wait(days=2)
    assert walk.actions == {}
    walk.do("prepare_training", "deliver_training")
    routes.go(walk)
    assert walk.actions == {"action_back_out_roll_out": "Back out"}


@pytest.mark.parametrize("kind", ["hardware", "both"])
def test_hardware_is_received_and_stored(kind: str) -> None:
    walk = Walk("minor_release")
    walk.do("register_release", kind=kind).do("analyse_risk")
    routes.plan(walk).do("receive_hardware", "store_hardware")
    if kind == "both":
        walk.do("build_software", "store_software")
    walk.do("build_package").pass_gate()
    assert walk.phases[-1] == "test"


def test_waves_and_back_out(walk: Walk) -> None:
    routes.planned_to(walk, "plan")
    routes.plan(walk, rollout="waves", waves=answers.WAVES)
    routes.go(routes.soak(routes.test(routes.build(walk)))).do("install_wave").wait(days=1)
    assert walk.open == ["task_install_wave"]
    routes.review(routes.back_out(walk.act("back_out_roll_out")))
    assert walk.end == "Backed out"


def test_a_failed_verification_is_backed_out(walk: Walk) -> None:
    routes.planned_to(walk, "verify")
    walk.do("verify_production", verification_result="failed", verification_failure="No sign-in.")
    routes.review(routes.back_out(walk))
    assert walk.end == "Backed out"
