"""The shipped models through the use cases, on both databases, with and without what is kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import releases
from service.usecases.demo import demo
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from tests import cast
from tests.models import answers, routes
from tests.models.stored import Stored
from tests.usecases.conftest import Clock

Start = Callable[..., Any]


@pytest.fixture(params=[False, True], ids=["live", "restored"])
def start(request: pytest.FixtureRequest, house: Flask, owner: policy.Actor, time: Clock) -> Start:
    """Registers a release of a model."""
    models.deploy(demo.shipped_files(), actor=owner)
    return lambda model, **record: Stored(model, time.turn, forgets=request.param, **record)


@pytest.mark.parametrize("model", ["major_release", "minor_release"])
def test_straight_from_registration_to_closure(start: Start, model: str) -> None:
    walk = start(model)
    routes.review(routes.planned_to(walk, "review"))
    assert (walk.end, walk.open) == ("Closed", [])
    assert walk.release.closed_at is not None
    assert walk.phases[-1] == "review"
    wanted = ["plan_approved", "build_complete", "tested", "installed", "verified", "closed"]
    assert walk.milestones == (wanted if model == "major_release" else [])
    assert releases.people(walk.number).get("stakeholder", []) == (["sam"] if model == "major_release" else [])


def test_an_emergency_is_approved_afterwards(start: Start) -> None:
    walk = start("emergency_release", release__approval=True)
    walk.do("register_release").decide("approve_emergency", "approved")
    walk.do("build_fix").do("test_fix", test_result="failed", test_failure="Still there.").do("build_fix", "test_fix")
    walk.do("check_readiness", "install_release", "confirm_installed", "verify_production", "complete_documentation")
    walk.decide("approve_afterwards", "denied").do("complete_documentation").decide("approve_afterwards", "approved")
    routes.review(walk)
    assert (walk.end, walk.open) == ("Closed", [])


def test_denied_reworked_twice_and_the_last_answers_count(start: Start) -> None:
    walk = start("major_release")
    routes.planned_to(walk, "plan").do("choose_changes", "schedule_release", "plan_training", "plan_rollout")
    walk.decide("approve_plan", "denied")
    for likelihood, reason in (("high", "First."), ("low", "Second.")):
        walk.act("rework_plan")
        routes.assess(walk, risk_likelihood=likelihood, risk_impact="high" if likelihood == "high" else "low")
        walk.do("choose_changes", linked_changes=answers.CHANGES[:1])
        walk.do("schedule_release", "plan_training").do("plan_rollout", rollout_reason=reason)
    walk.decide("approve_plan", "approved")
    assert walk.phases == ["register", "assess", "plan", "assess", "plan", "assess", "plan", "build"]
    assert walk.record["release"]["rollout_reason"] == "Second."
    assert [change["number"] for change in walk.record["changes"]] == ["C-1"]


def test_waves_a_problem_and_the_back_out(start: Start) -> None:
    walk = start("minor_release")
    routes.plan(routes.planned_to(walk, "plan"), rollout="waves", waves=answers.WAVES)
    routes.test(routes.build(walk)).wait(hours=40)
    walk.act("problem_found_soak").wait(hours=47)
    assert walk.open == []
    routes.go(walk.wait(hours=1)).do("install_wave").wait(hours=20)
    walk.act("problem_found_wave").do("resolve_problem").wait(days=1).do("install_wave").act("back_out_roll_out")
    routes.review(routes.back_out(walk))
    assert (walk.end, walk.open) == ("Backed out", [])


@pytest.mark.req("S3-15", "S3-16")
def test_terminate_is_refused_in_training_and_after_the_go_but_works_before(start: Start) -> None:
    walk = start("major_release", release__training=True)
    routes.planned_to(walk, "plan")
    walk.do("choose_changes", "schedule_release", "plan_rollout")
    walk.do("plan_training", training_needed=True, training_plan="Half a day.").decide("approve_plan", "approved")
    routes.soak(routes.test(routes.build(walk)))
    assert walk.phases[-1] == "training"
    _refused(walk)
    routes.go(walk.do("prepare_training", "deliver_training"))
    _refused(walk)
    assert "Back out" in walk.actions.values()
    other = start("major_release").act("terminate_register")
    assert (other.end, other.open) == ("Terminated", [])


def _refused(walk: Stored) -> None:
    with pytest.raises(errors.ActionNotOffered):
        releases_.act(walk.number, "terminate", {"reason": "Too late."}, actor=cast.actor("max"))
    assert walk.release.status == "open"


def test_a_form_starts_from_what_the_release_knows_already(start: Start) -> None:
    walk = start("major_release")
    shown = tasks_.form(walk.task("register_release").key, actor=cast.actor("cora")).data
    assert (shown["kind"], shown["service"], shown.get("classification")) == ("software", "Portal", None)
    routes.planned_to(walk, "build").act("rework_build")
    walk.do("choose_changes")
    shown = tasks_.form(walk.task("schedule_release").key, actor=cast.actor("cora")).data
    assert shown["soak"] == "P2D"
    walk.do("schedule_release", window_start=shown["window_start"], window_end=shown["window_end"])
    assert walk.record["release"]["window"]["end"] == datetime(2026, 4, 19, 2, tzinfo=UTC)
