"""Whom the shipped models let hear of key points, from the start to each of their ends, by inbox and mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import policy
from service.storage.queries import deadlines as dated
from service.storage.queries import forms, instances, notices
from service.usecases.deadlines import rescheduling
from service.usecases.demo import demo
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import incidents, jobs
from tests import cast
from tests.models import answers, routes
from tests.models.stored import Stored
from tests.support import posting
from tests.usecases.conftest import Clock

Start = Callable[..., Stored]
RUNNING = {"max", "cora"}  # her release: she asked for it and coordinates it, he manages it
ALL = {"max", "cora", "fred"}


@pytest.fixture
def start(house: Flask, owner: policy.Actor, time: Clock) -> Start:
    """Registers a release of a model, of interest to Fred."""
    models.deploy(demo.shipped_files(), actor=owner)

    def begin(model: str, **record: Any) -> Stored:
        walk = Stored(model, time.turn, forgets=False, **record)
        releases_.set_people(walk.number, "stakeholder", ["fred"], actor=cast.actor("cora"))
        return walk

    return begin


def heard(walk: Stored) -> dict[str, set[str]]:
    """Kinds of notices, with who got one."""
    found = defaultdict(set)
    for row in notices.of_release(walk.number):
        found[row.kind].add(row.reader)
    return found


def bodies(walk: Stored, kind: str, user: str) -> list[str]:
    return [row.body for row in notices.inbox(user, limit=200)[0] if row.kind == kind]


def fail_the_job_behind(walk: Stored, name: str) -> None:
    task = walk.task(name)
    values = answers.BY_FORM[forms.by_key(task.form_key).form_id]
    tasks_.complete(task.key, values, actor=walk.person(task))
    (job,) = instances.jobs(walk.release.instance_key, states=("open",))
    jobs.fail(job.key, "The configuration database is away.", 0, actor=policy.SYSTEM)


@pytest.mark.req("S2-2", "S1-25")
def test_a_major_release_from_its_start_to_its_closure(start: Start) -> None:
    walk = start("major_release")
    assert heard(walk) == {"release.started": {"max"}, "phase.entered": {"max"}}
    routes.planned_to(walk, "plan")
    walk.do("choose_changes", "schedule_release", "plan_training", "plan_rollout")
    assert heard(walk)["approval.asked"] >= {"rita", "rolf", "rosa"}
    routes.build(walk.decide("approve_plan", "approved"))
    assert heard(walk)["approval.decided"] == RUNNING
    routes.verify(routes.install(routes.go(routes.soak(routes.test(walk)))))
    routes.review(walk)
    assert walk.end == "Closed"
    found = heard(walk)
    interested = RUNNING | {"sam"}  # the form of the stakeholders names him instead of Fred
    assert found["phase.entered"] >= interested
    assert (found["milestone.reached"], found["release.closed"]) == (interested, interested)
    assert not {"back-out.begun", "incident.raised", "job.failed", "release.terminated"} & found.keys()
    walk.turn(minutes=10)
    assert all(posting.carry())
    receipts = notices.of_release(walk.number, limit=2_000)
    assert {row.kind for row in receipts} >= {
        "release.started", "phase.entered", "approval.asked", "approval.decided", "release.closed",
    }  # fmt: skip
    assert {row.delivery_state for row in receipts} == {"sent"}, "each was delivered"
    ends = [row for row in receipts if row.kind in ("release.started", "release.closed")]
    assert {row.reader for row in ends} == interested


@pytest.mark.req("S2-2")
def test_a_minor_release_that_stands_still_and_is_backed_out(start: Start) -> None:
    walk = start("minor_release")
    routes.planned_to(walk, "build")
    walk.note("release.soak", "soon")
    routes.test(routes.build(walk))
    assert heard(walk)["incident.raised"] == RUNNING
    walk.note("release.soak", "P2D")
    for row in instances.incidents(cast.actor("max"))[0]:
        incidents.retry(row.key, actor=cast.actor("max"))
    routes.install(routes.go(routes.soak(walk)))
    fail_the_job_behind(walk.act("back_out_verify").do("restore_versions"), "verify_restored")
    assert heard(walk)["back-out.begun"] == {"cora", "fred"}, "Max began it himself"
    assert bodies(walk, "back-out.begun", "fred")[0].endswith("\nIt must be.")
    assert heard(walk)["job.failed"] == RUNNING
    assert "The configuration database is away." in bodies(walk, "job.failed", "max")[0]
    assert "back-out.ended" not in heard(walk)
    for row in instances.incidents(cast.actor("max"))[0]:
        incidents.retry(row.key, actor=cast.actor("max"))
    routes.review(walk.work().do("inform_users"))
    assert (walk.end, heard(walk)["back-out.ended"], heard(walk)["release.closed"]) == ("Backed out", ALL, ALL)
    walk.turn(minutes=10)
    assert all(posting.carry())
    wanted = {"job.failed", "incident.raised", "back-out.begun", "back-out.ended"}
    receipts = [row for row in notices.of_release(walk.number, limit=2_000) if row.kind in wanted]
    assert {row.kind for row in receipts} == wanted
    assert {row.delivery_state for row in receipts} == {"sent"}


@pytest.mark.req("S2-2")
def test_an_emergency_whose_dates_move_and_that_is_terminated(start: Start, time: Clock) -> None:
    walk = start("emergency_release", release__approval=True)
    walk.do("register_release")
    asked = heard(walk)["approval.asked"]
    walk.decide("approve_emergency", "approved")
    assert (asked, heard(walk)["approval.decided"]) == ({"rolf"}, RUNNING)
    build = walk.task("build_fix")
    due_at = time.now + timedelta(days=1)
    rescheduling.move_of_task(build.key, due_at, reason="The supplier is late.", actor=cast.actor("max"))
    assert heard(walk)["deadline.moved"] == {"bea", "cora"}
    (said,) = bodies(walk, "deadline.moved", "bea")
    assert said == (
        "Max Manager moved the due date of “Build and store the fix” of R-1 Portal 4.\nNow: 3 Mar 2026, 09:00 (UTC).\n"
        f"Before: {build.due_at:%-d %b %Y, %H:%M} (UTC).\nThe supplier is late."
    )
    (phase,) = [row for row in dated.of_release(walk.number, open_only=True) if row.task_key is None]
    rescheduling.move(phase.key, due_at, reason="", actor=cast.actor("cora"))
    assert [row.link for row in notices.inbox("bea")[0] if row.kind == "deadline.moved"] == [
        "/releases/R-1",
        f"/tasks/{build.key}",
    ], "who works inside of the phase hears of its date too"
    walk.act("terminate_build")
    assert (walk.end, heard(walk)["release.terminated"]) == ("Terminated", ALL)
    assert bodies(walk, "release.terminated", "fred") == ["R-1 Portal 4 was terminated."]
    assert bodies(walk, "action.taken", "fred") == ["Max Manager triggered “Terminate” of R-1 Portal 4.\nIt must be."]


@pytest.mark.req("S2-2")
def test_who_takes_part_hears_of_another_window_with_the_old_and_the_new_date(start: Start) -> None:
    walk = start("minor_release")
    routes.planned_to(walk, "build")
    assert "window.moved" not in heard(walk), "the first dates are no change"
    window = walk.release.window_start
    changes = {"window_start": window + timedelta(days=1), "window_end": walk.release.window_end + timedelta(days=1)}
    releases_.edit(walk.number, changes, actor=cast.actor("max"))
    assert heard(walk)["window.moved"] == {"cora", "fred"}
    assert bodies(walk, "window.moved", "fred") == [
        "Max Manager moved the window of R-1 Portal 4.\n"
        "It begins 19 Apr 2026, 18:00 (UTC). Before: 18 Apr 2026, 18:00 (UTC).\n"
        "It ends 20 Apr 2026, 02:00 (UTC). Before: 19 Apr 2026, 02:00 (UTC)."
    ]
    releases_.edit(walk.number, {"reason": "Another text"}, actor=cast.actor("max"))
    assert len(bodies(walk, "window.moved", "fred")) == 1
    walk.act("rework_build").do("choose_changes").do("schedule_release")
    assert len(bodies(walk, "window.moved", "fred")) == 2, "a form that sets the dates again moves them too"
