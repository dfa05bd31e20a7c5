"""The ways an emergency release can take, each live and restored before every command."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.engine import steps
from tests.models import answers, routes
from tests.models.walk import Walk


@pytest.fixture
def walk() -> Walk:
    return Walk("emergency_release")


def _built(walk: Walk) -> Walk:
    return walk.do("register_release", "build_fix", "test_fix")


def _installed(walk: Walk) -> Walk:
    return _built(walk).do("check_readiness", "install_release", "confirm_installed")


def _afterwards(walk: Walk) -> Walk:
    return walk.do("complete_documentation").decide("approve_afterwards", "approved")


def test_straight_from_registration_to_closure(walk: Walk) -> None:
    routes.review(_afterwards(_installed(walk).do("verify_production")))
    assert walk.end == "Closed"
    assert walk.phases == ["register", "build", "deploy", "verify", "document", "retrospective", "review"]


def test_the_emergency_board_decides_where_approval_is_wanted() -> None:
    walk = Walk("emergency_release", release__approval=True)
    walk.do("register_release")
    (opened,) = walk.case.of(steps.TaskOpened, "task_approve_emergency")
    assert (opened.approval, opened.groups) == ("any", ("emergency-board",))
    walk.decide("approve_emergency", "denied")
    assert walk.open == ["task_register_release"]
    walk.do("register_release").decide("approve_emergency", "approved")
    assert walk.open == ["task_build_fix"]


def test_it_needs_a_problem_or_incident(walk: Walk) -> None:
    assert walk.refused("register_release", problem="").keys() == {"problem"}
    walk.do("register_release").note("release.problem", None)
    assert walk.missing("build_fix") == ["A problem or incident is linked"]


def test_deadlines_are_short_and_the_manager_is_told_every_half_hour(walk: Walk) -> None:
    _installed(walk)
    found = {fact.element: fact for fact in walk.case.of(steps.DeadlineSet)}
    spans = {name: fact.due_at - fact.started_at for name, fact in found.items() if name.startswith("phase_")}
    assert spans == {
        "phase_register": timedelta(hours=1), "phase_build": timedelta(hours=8), "phase_deploy": timedelta(hours=4),
        "phase_verify": timedelta(hours=2),
    }  # fmt: skip
    rung = found["task_build_fix"].ladder[-1]
    assert (rung.moment, rung.recipients, rung.repeat, rung.times) == ("PT15M", ("manager",), "PT30M", 12)


def test_a_failed_test_builds_again_and_the_second_result_counts(walk: Walk) -> None:
    walk.do("register_release", "build_fix").do("test_fix", test_result="failed", test_failure="Still loses orders.")
    assert walk.open == ["task_build_fix"]
    walk.do("build_fix", "test_fix")
    assert walk.missing("check_readiness") == []


@pytest.mark.parametrize("kind", ["hardware", "both"])
def test_the_kind_decides_what_is_asked_of_the_build(walk: Walk, kind: str) -> None:
    walk.do("register_release", kind=kind)
    stored = {"serial": "S-9", "store_location": "Shelf 1"}
    assert walk.refused("build_fix").keys() == stored.keys()
    walk.do("build_fix", **stored)
    assert walk.open == ["task_test_fix"]


def test_rework_leads_back_before_the_go(walk: Walk) -> None:
    _built(walk).act("rework_before_go")
    assert walk.open == ["task_build_fix"]
    walk.act("rework_build")
    assert walk.open == ["task_register_release"]


@pytest.mark.parametrize("place", ["register", "approve", "build", "deploy"])
def test_a_release_can_be_terminated_until_the_go(place: str) -> None:
    walk = Walk("emergency_release", release__approval=place == "approve")
    if place in ("approve", "build"):
        walk.do("register_release")
    if place == "deploy":
        _built(walk)
    (action,) = (found for found in walk.actions if found.startswith("action_terminate"))
    assert walk.act(action.removeprefix("action_")).end == "Terminated"


def test_only_back_out_is_offered_after_the_go(walk: Walk) -> None:
    _built(walk).do("check_readiness")
    assert walk.actions == {"action_back_out_roll_out": "Back out"}
    walk.do("install_release", "confirm_installed")
    assert walk.actions == {"action_back_out_verify": "Back out"}
    walk.do("verify_production")
    assert walk.actions == {}


@pytest.mark.parametrize("way", ["roll_out", "verify", "failed"])
def test_a_backed_out_emergency_is_documented_and_approved_afterwards_too(walk: Walk, way: str) -> None:
    if way == "roll_out":
        _built(walk).do("check_readiness").act("back_out_roll_out")
    elif way == "verify":
        _installed(walk).act("back_out_verify")
    else:
        _installed(walk).do("verify_production", verification_result="failed", verification_failure="Worse.")
    routes.review(_afterwards(routes.back_out(walk)))
    assert walk.end == "Backed out"


def test_it_does_not_close_before_the_board_has_approved_afterwards(walk: Walk) -> None:
    _installed(walk).do("verify_production", "complete_documentation")
    walk.decide("approve_afterwards", "denied")
    assert (walk.end, walk.open) == (None, ["task_complete_documentation"])
    routes.review(_afterwards(walk))
    assert walk.end == "Closed"


def test_many_changes_get_a_warning_but_no_refusal(walk: Walk) -> None:
    many = [answers.CHANGES[0] | {"number": f"C-{n}"} for n in range(1, 6)]
    walk.do("register_release", linked_changes=many)
    assert len(walk.record["changes"]) == 5
