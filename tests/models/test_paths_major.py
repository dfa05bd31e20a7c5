"""The ways a major release can take, each live and restored before every command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.engine import steps
from tests.models import answers, routes
from tests.models.walk import Walk

TERMINATE = "action_terminate"


@pytest.fixture
def walk() -> Walk:
    return Walk("major_release")


def _terminates(walk: Walk) -> bool:
    return any(action.startswith(TERMINATE) for action in walk.actions)


def test_straight_from_registration_to_closure(walk: Walk) -> None:
    routes.review(routes.planned_to(walk, "review"))
    assert walk.end == "Closed"
    assert walk.phases == ["register", "assess", "plan", "build", "test", "deploy", "verify", "review"]
    assert walk.milestones == ["plan_approved", "build_complete", "tested", "installed", "verified", "closed"]


@pytest.mark.req("S2-16")
def test_the_typical_tasks_of_a_release_are_in_it(walk: Walk) -> None:
    routes.planned_to(walk, "soak").note("release.training", True).wait(days=2)
    walk.do("prepare_training", "deliver_training")
    routes.review(routes.verify(routes.install(routes.go(walk))))
    done = walk.case.path
    typical = ["task_check_funding", "task_check_contracts", "task_prepare_training", "task_deliver_training"]
    assert set(typical) <= set(done)
    assert walk.record["cost"]["estimate"] == 12000
    assert done.index("task_transfer_knowledge") > done.index("task_confirm_installed")


@pytest.mark.req("S0-13")
def test_planning_ends_only_with_a_way_of_rollout_and_its_reason(walk: Walk) -> None:
    routes.planned_to(walk, "plan").do("choose_changes", "schedule_release", "plan_training")
    assert walk.refused("plan_rollout", rollout=None, rollout_reason="").keys() == {"rollout", "rollout_reason"}
    assert walk.phases[-1] == "plan"
    walk.do("plan_rollout").decide("approve_plan", "approved")
    record = walk.record["release"]
    assert (record["rollout"], record["rollout_reason"]) == ("all-at-once", "One server farm.")


def test_people_are_told_at_the_key_points(walk: Walk) -> None:
    routes.review(routes.planned_to(walk, "review"))
    assert walk.told == [
        *("job_announce_release", "job_announce_plan", "job_announce_rollout"),
        *("job_update_items", "job_announce_closure"),
    ]


def test_every_phase_has_its_deadline(walk: Walk) -> None:
    routes.planned_to(walk, "review")
    phases = [fact for fact in walk.case.of(steps.DeadlineSet) if fact.element.startswith("phase_")]
    due = {fact.element: fact.due_at for fact in phases}
    assert due.pop("phase_deploy") == datetime(2026, 4, 19, 2, tzinfo=UTC)
    days = {fact.element: (fact.due_at - fact.started_at).days for fact in phases if fact.element in due}
    assert days == {
        "phase_register": 2, "phase_assess": 7, "phase_plan": 10, "phase_build": 15, "phase_test": 17,
        "phase_verify": 3, "phase_review": 10,
    }  # fmt: skip


def test_registration_is_complete_only_with_service_reason_and_class(walk: Walk) -> None:
    assert walk.refused("register_release", service="", classification=None).keys() == {"service", "classification"}
    walk.do("register_release")
    assert walk.missing("identify_stakeholders") == []
    walk.note("release.class", None)
    assert walk.missing("identify_stakeholders") == ["Reason and class are known"]


def test_a_repair_names_its_incident(walk: Walk) -> None:
    assert walk.refused("register_release", classification="repair").keys() == {"incident"}
    assert walk.refused("register_release", classification="repair", incident="I-5") == {}


@pytest.mark.parametrize(
    ("likelihood", "impact", "approvers"),
    [("high", "medium", 3), ("medium", "high", 3), ("medium", "medium", 2), ("low", "low", 2), ("high", "low", 2)],
)
def test_risk_decides_how_many_approve_the_plan(walk: Walk, likelihood: str, impact: str, approvers: int) -> None:
    routes.assess(routes.register(walk), risk_likelihood=likelihood, risk_impact=impact)
    walk.do("choose_changes", "schedule_release", "plan_rollout", "plan_training")
    assert walk.case.of(steps.TaskOpened, "task_approve_plan")[0].approval == approvers


def test_no_approval_is_asked_of_a_major_that_does_not_want_it() -> None:
    walk = Walk("major_release", release__approval=False)
    routes.planned_to(walk, "build")
    assert "task_approve_plan" not in walk.case.path
    assert walk.milestones == ["plan_approved"]


@pytest.mark.req("S2-39")
def test_a_denied_plan_is_made_again_and_the_second_answers_count(walk: Walk) -> None:
    routes.planned_to(walk, "plan")
    walk.do("choose_changes", "schedule_release", "plan_training").do("plan_rollout", residual_risk="high")
    walk.decide("approve_plan", "denied")
    assert walk.open == ["task_choose_changes"]
    assert walk.told[-1] == "job_tell_denied"
    walk.do("choose_changes", linked_changes=answers.CHANGES[:1])
    walk.do("schedule_release", "plan_training").do("plan_rollout", residual_risk="low")
    walk.decide("approve_plan", "approved")
    assert walk.record["release"]["risk"] == "low"
    assert [change["number"] for change in walk.record["changes"]] == ["C-1"]
    assert walk.phases[-1] == "build"


@pytest.mark.req("S3-13")
@pytest.mark.parametrize(
    ("kind", "tasks"),
    [
        ("software", ["task_build_software"]),
        ("hardware", ["task_receive_hardware"]),
        ("both", ["task_build_software", "task_receive_hardware"]),
    ],
)
def test_the_kind_decides_the_build_tasks(walk: Walk, kind: str, tasks: list[str]) -> None:
    routes.register(walk, kind=kind)
    routes.plan(routes.assess(walk))
    assert sorted(walk.open) == tasks


def test_software_and_hardware_are_packaged_together(walk: Walk) -> None:
    routes.register(walk, kind="both")
    routes.plan(routes.assess(walk))
    walk.do("build_software", "receive_hardware", "store_hardware")
    assert walk.open == ["task_store_software"]
    walk.do("store_software", "build_package", "confirm_build")
    assert walk.phases[-1] == "test"


def test_the_build_is_not_complete_while_a_change_is_missing_in_the_package(walk: Walk) -> None:
    routes.planned_to(walk, "build").do("build_software", "store_software")
    walk.do("build_package", packaged_changes=["C-1"])
    assert walk.missing("confirm_build") == ["The package holds every linked change"]
    walk.act("pack_again_build").do("build_package", "confirm_build")
    assert walk.phases[-1] == "test"


def test_an_item_without_licence_cannot_be_packaged(walk: Walk) -> None:
    routes.planned_to(walk, "build").do("build_software", "store_software")
    item = answers.PACKAGE_ITEM | {"licensed": False}
    assert list(walk.refused("build_package", package_items=[item])) == ["package_items.0.licensed"]


@pytest.mark.parametrize("kind", ["functional", "performance", "acceptance"])
def test_a_failed_test_leads_back_to_the_build_and_the_next_result_counts(walk: Walk, kind: str) -> None:
    routes.test(routes.planned_to(walk, "test"), **{kind: "Orders are lost."})
    assert walk.phases[-2:] == ["test", "build"]
    assert walk.told[-1] == "job_tell_tests_failed"
    assert walk.record["release"][f"{kind}_failure"] == "Orders are lost."
    routes.test(routes.build(walk))
    assert walk.case.variables()["test_result"] == "passed"
    assert routes.soak(walk).open == ["task_review_readiness"]


def test_a_failed_test_says_why(walk: Walk) -> None:
    routes.planned_to(walk, "test").do("prepare_environment")
    assert walk.refused("test_functional", functional_result="failed").keys() == {"functional_failure"}


def test_a_problem_in_the_soak_starts_it_again(walk: Walk) -> None:
    routes.planned_to(walk, "soak").wait(hours=47)
    walk.act("problem_found_soak").wait(hours=47)
    assert walk.open == []
    assert walk.phases[-1] == "test"
    walk.wait(hours=1)
    assert walk.open == ["task_review_readiness"]
    assert walk.milestones[-1] == "tested"


@pytest.mark.req("S4-6")
def test_the_rollout_waits_for_seventy_two_hours_without_a_problem(walk: Walk) -> None:
    routes.planned_to(walk, "test").note("release.soak", "P3D")
    routes.test(walk).wait(hours=60)
    walk.act("problem_found_soak").wait(hours=71)
    assert (walk.open, walk.phases[-1]) == ([], "test")
    assert walk.wait(hours=1).open == ["task_review_readiness"]


@pytest.mark.req("S3-18")
def test_training_comes_only_if_it_is_wanted(walk: Walk) -> None:
    routes.planned_to(walk, "plan").do("choose_changes", "schedule_release", "plan_rollout")
    assert walk.refused("plan_training", training_needed=True).keys() == {"training_plan"}
    walk.do("plan_training", training_needed=True, training_plan="Half a day for the service desk.")
    walk.decide("approve_plan", "approved")
    routes.soak(routes.test(routes.build(walk)))
    assert walk.phases[-1] == "training"
    walk.do("prepare_training", "deliver_training")
    assert walk.open == ["task_review_readiness"]
    without = routes.planned_to(Walk("major_release"), "deploy")
    assert "training" not in without.phases


@pytest.mark.parametrize("place", ["register", "assess", "plan", "build", "test", "soak"])
def test_a_release_can_be_terminated_before_training(walk: Walk, place: str) -> None:
    if place != "register":
        routes.planned_to(walk, place)
    (action,) = (found for found in walk.actions if found.startswith(TERMINATE))
    walk.act(action.removeprefix("action_"))
    assert (walk.end, walk.open) == ("Terminated", [])
    assert walk.told[-1] == "job_announce_termination"


def test_a_release_can_be_terminated_until_the_go(walk: Walk) -> None:
    routes.planned_to(walk, "deploy").act("terminate_before_go")
    assert walk.end == "Terminated"


def test_terminate_is_not_offered_in_training_nor_after_the_go() -> None:
    walk = Walk("major_release")
    routes.planned_to(walk, "soak").note("release.training", True).wait(days=2)
    assert walk.open == ["task_prepare_training"]
    assert walk.actions == {}
    walk.do("prepare_training")
    assert walk.actions == {}
    walk.do("deliver_training")
    assert _terminates(walk)
    routes.go(walk)
    assert walk.actions == {"action_back_out_roll_out": "Back out"}
    routes.install(walk)
    assert walk.actions == {"action_back_out_verify": "Back out"}
    routes.verify(walk)
    assert walk.actions == {}


def test_rework_leads_one_phase_back_as_often_as_needed(walk: Walk) -> None:
    routes.planned_to(walk, "test").act("rework_test")
    assert walk.phases[-1] == "build"
    walk.act("rework_build")
    assert walk.phases[-1] == "plan"
    walk.act("rework_plan")
    assert walk.phases[-1] == "assess"
    routes.plan(routes.assess(walk))
    routes.test(routes.build(walk)).act("rework_test")
    assert walk.phases[4:] == ["test", "build", "plan", "assess", "plan", "build", "test", "build"]


def test_after_two_reworks_the_last_answers_count(walk: Walk) -> None:
    routes.planned_to(walk, "plan")
    for likelihood, approvers in (("high", 3), ("low", 2)):
        walk.act("rework_plan")
        routes.assess(walk, risk_likelihood=likelihood, risk_impact="high" if approvers == 3 else "low")
        walk.do("choose_changes", "schedule_release", "plan_training")
        walk.do("plan_rollout", rollout_reason=f"Because the risk is {likelihood}.")
        assert walk.case.of(steps.TaskOpened, "task_approve_plan")[-1].approval == approvers
    walk.decide("approve_plan", "approved")
    assert walk.record["release"]["rollout_reason"] == "Because the risk is low."
    assert walk.case.variables()["risk"] == {"class": "low"}


def test_readiness_names_every_criterion_that_does_not_hold(walk: Walk) -> None:
    routes.planned_to(walk, "deploy")
    assert walk.missing("review_readiness") == []
    walk.note("changes", [answers.CHANGES[0] | {"approved": False}]).note("release.in_freeze", True)
    walk.note("package.ready", False).note("release.support_plan", "")
    assert walk.missing("review_readiness") == [
        *("Every change is approved", "Package is ready", "Training and support plan", "Not in a freeze"),
    ]
    walk.note("changes", [])
    assert "Every change is approved" in walk.missing("review_readiness")


def test_a_no_go_leads_back_to_planning(walk: Walk) -> None:
    routes.planned_to(walk, "deploy").do("review_readiness").decide("decide_go", "denied")
    assert walk.phases[-1] == "plan"
    routes.test(routes.build(routes.plan(walk)))
    routes.review(routes.verify(routes.install(routes.go(routes.soak(walk)))))
    assert walk.end == "Closed"


def test_rework_before_the_go_leads_back_to_planning(walk: Walk) -> None:
    routes.planned_to(walk, "deploy").act("rework_before_go")
    assert walk.phases[-1] == "plan"


def _in_waves(walk: Walk) -> Walk:
    routes.assess(routes.register(walk))
    routes.plan(walk, rollout="waves", waves=answers.WAVES)
    return routes.go(routes.soak(routes.test(routes.build(walk))))


def test_waves_follow_each_other_after_a_soak_each(walk: Walk) -> None:
    _in_waves(walk)
    assert walk.case.variables("task_install_wave")["wave"]["name"] == "Pilot"
    walk.do("install_wave").wait(hours=23)
    assert walk.open == []
    walk.wait(hours=1)
    assert walk.case.variables("task_install_wave")["wave"]["name"] == "Everybody"
    walk.do("install_wave").wait(days=2)
    assert walk.open == ["task_confirm_installed"]
    routes.review(routes.verify(walk.do("confirm_installed")))
    assert walk.end == "Closed"


def test_a_problem_in_a_wave_halts_the_next_one(walk: Walk) -> None:
    _in_waves(walk).do("install_wave").wait(hours=20).act("problem_found_wave")
    assert walk.open == ["task_resolve_problem"]
    walk.wait(days=5)
    assert walk.open == ["task_resolve_problem"]
    walk.do("resolve_problem").wait(hours=23)
    assert walk.open == []
    walk.wait(hours=1)
    assert walk.case.variables("task_install_wave")["wave"]["name"] == "Everybody"


def test_back_out_in_the_middle_of_the_waves(walk: Walk) -> None:
    _in_waves(walk).do("install_wave").act("back_out_roll_out")
    assert walk.phases[-2:] == ["deploy", "backout"]
    assert walk.actions == {}
    routes.review(routes.back_out(walk))
    assert walk.end == "Backed out"
    assert walk.case.of(steps.TimerArmed) != []
    assert walk.case.step.next_due is None


@pytest.mark.req("S2-35")
def test_a_failed_verification_is_backed_out(walk: Walk) -> None:
    routes.planned_to(walk, "verify")
    walk.do("verify_production", verification_result="failed", verification_failure="No sign-in.")
    assert walk.phases[-1] == "backout"
    routes.review(routes.back_out(walk))
    assert walk.end == "Backed out"
    assert "job_restore_items" in walk.told
    assert "verified" not in walk.milestones


def test_back_out_while_it_is_verified(walk: Walk) -> None:
    routes.planned_to(walk, "verify").act("back_out_verify")
    routes.review(routes.back_out(walk))
    assert walk.end == "Backed out"


def test_the_restore_is_repeated_until_it_is_right(walk: Walk) -> None:
    routes.planned_to(walk, "verify").act("back_out_verify").do("restore_versions")
    walk.do("verify_restored", restore_result="failed", restore_failure="Old data.")
    assert walk.open == ["task_restore_versions"]
    routes.review(routes.back_out(walk))
    assert walk.end == "Backed out"


def test_every_change_is_evaluated_with_its_own_result(walk: Walk) -> None:
    routes.planned_to(walk, "review")
    walk.do("evaluate_change", change_result="failed", change_comment="Too slow.").do("evaluate_change")
    walk.do("transfer_knowledge")
    assert walk.case.variables("task_learn_lessons")["change_evaluations"] == [
        {"number": "C-1", "result": "failed", "comment": "Too slow."},
        {"number": "C-2", "result": "successful", "comment": None},
    ]


def test_the_review_ends_only_without_open_follow_ups_and_with_a_final_cost(walk: Walk) -> None:
    routes.planned_to(walk, "review").do("evaluate_change", "evaluate_change")
    assert walk.refused("transfer_knowledge", cost_final=False).keys() == {"cost_final"}
    assert walk.refused("transfer_knowledge", knowledge_link="").keys() == {"knowledge_link"}
    walk.do("transfer_knowledge").note("activities", [{"follow_up_open": True}])
    assert walk.missing("learn_lessons") == ["No open follow-up"]
    walk.note("activities", []).do("learn_lessons")
    assert walk.end == "Closed"
