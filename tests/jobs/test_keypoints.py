"""Key points of a release: who hears of its start, phases, decisions, actions, failures and end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.engine import definitions
from service.storage.queries import notices, releases, tasks
from service.usecases import settings
from service.usecases.accounts import people
from service.usecases.deadlines import rescheduling
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from tests import cast
from tests.support import drawing as d
from tests.support import posting

INSIDE = (
    d.start("s")
    + d.user("work", name="Work", groups="build-team", deadline="P1D")
    + d.user("agree", name="Agree", groups="release-review-board", approval="any")
    + d.end("e")
    + d.chain("s", "work", "agree", "e")
)
MODEL = d.diagram(
    d.start()
    + d.element("subProcess", "phase_build", d.properties({"phase": "build"}), INSIDE, name="Build")
    + d.message_boundary("stop", "phase_build", "back_out", label="Back out", reason="required")
    + d.element("exclusiveGateway", "soaked", name="Soaked?")
    + d.end("end", name="Closed")
    + d.end("backed_out", name="Backed out")
    + d.chain("start", "phase_build", "soaked")
    + d.flow("soaked", "end", "=release.soak = 5")
    + d.chain("stop", "backed_out"),
    process="minor_release",
    name="Minor",
    outside=d.message("back_out"),
)
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}


@pytest.fixture
def release(house: Flask) -> int:
    """Registered by Cora, managed by Max, of interest to Fred."""
    models.deploy([("minor.bpmn", MODEL)], actor=cast.actor("petra"))
    number = releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))
    releases_.set_people(number, "stakeholder", ["fred"], actor=cast.actor("cora"))
    return number


def told(number: int) -> set[tuple[str, str]]:
    """(user, kind) of every notice of the release."""
    return {(row.reader, row.kind) for row in notices.of_release(number)}


def finish(number: int, element: str, name: str, values: dict[str, Any]) -> None:
    task = next(task for task in tasks.of_release(number, state="open") if task.element == element)
    tasks_.complete(task.key, values, actor=cast.actor(name))


def test_the_manager_hears_of_the_start_and_whoever_started_it_does_not(release: int) -> None:
    assert told(release) == {("max", "release.started"), ("max", "phase.entered")}


@pytest.mark.req("S2-2", "S1-25")
def test_each_key_point_reaches_the_right_people_by_inbox_and_mail(release: int, time: Any) -> None:
    finish(release, "work", "bea", {})
    deciders = {"rita", "rolf", "rosa"}
    assert {user for user, kind in told(release) if kind == "approval.asked"} == deciders
    finish(release, "agree", "rita", {"outcome": "approved", "comment": "Fine."})
    found = told(release)
    assert {user for user, kind in found if kind == "approval.decided"} == {"max", "cora"}
    assert {user for user, kind in found if kind == "incident.raised"} == {"max", "cora"}, (
        "no flow out of the gateway fits"
    )
    stuck = next(one for one in notices.inbox("max")[0] if one.kind == "incident.raised")
    assert stuck.subject == "Stuck: Soaked?, R-1 Autumn", "people hear the drawn name"
    time.turn(seconds=settings.current().gather_seconds)
    sent = posting.carry()
    assert sent
    assert all(sent)
    assert {row.delivery_state for row in notices.of_release(release)} == {"sent"}


@pytest.mark.req("S2-2", "S1-25")
def test_back_out_and_the_end_reach_managers_and_stakeholders(release: int) -> None:
    releases_.act(release, "back_out", {"reason": "It broke."}, actor=cast.actor("max"))
    assert releases.get(release).outcome == "Backed out"
    found = told(release)
    assert {user for user, kind in found if kind == "action.taken"} == {"cora", "fred"}
    assert {user for user, kind in found if kind == "release.closed"} == {"cora", "fred"}
    (row,) = [one for one in notices.inbox("fred")[0] if one.kind == "action.taken"]
    assert (row.subject, row.body) == (
        "Back out: R-1 Autumn",
        "Max Manager triggered “Back out” of R-1 Autumn.\nIt broke.",
    )


def test_an_incident_without_a_manager_reaches_everybody_with_the_role(house: Flask) -> None:
    models.deploy([("minor.bpmn", MODEL)], actor=cast.actor("petra"))
    number = releases_.create(GIVEN, actor=cast.actor("carl"))
    finish(number, "work", "bea", {})
    finish(number, "agree", "rita", {"outcome": "approved", "comment": ""})
    assert {user for user, kind in told(number) if kind == "incident.raised"} >= {"max", "carl"}


ALERTS = """entered: group:test-team
approval-asked: deciders manager
approval-decided: nobody
milestone: user:tom
action: board user:tom
date-moved: user:tom
left: user:tom"""


def alerted(text: str) -> bytes:
    """The model with alerts on its phase, and a milestone in it."""
    phase = d.properties({"phase": "build"}).encode()
    assert phase in MODEL
    return MODEL.replace(phase, d.properties({"phase": "build", "alerts": text}).encode(), 1)


@pytest.mark.req("S2-10")
def test_the_alerts_of_a_phase_take_the_place_of_the_usual_recipients_for_new_releases_only(
    release: int, time: Any
) -> None:
    models.deploy([("minor.bpmn", alerted(ALERTS))], actor=cast.actor("petra"))
    newer = releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))
    assert told(newer) == {("max", "release.started"), ("tom", "phase.entered")}
    (work,) = tasks.of_release(newer, state="open")
    rescheduling.move_of_task(work.key, time.now + timedelta(days=3), reason="", actor=cast.actor("max"))
    finish(newer, "work", "bea", {})
    assert {user for user, kind in told(newer) if kind == "approval.asked"} == {"rita", "rolf", "rosa", "max"}
    finish(newer, "agree", "rita", {"outcome": "approved", "comment": ""})
    found = told(newer)
    assert {user for user, kind in found if kind == "deadline.moved"} == {"tom"}
    assert not [user for user, kind in found if kind == "approval.decided"]
    assert {user for user, kind in found if kind == "phase.left"} == {"tom"}
    assert {user for user, kind in found if kind == "incident.raised"} == {"max", "cora"}, "that lies behind the phase"
    finish(release, "work", "bea", {})
    finish(release, "agree", "rita", {"outcome": "approved", "comment": ""})
    assert {user for user, kind in told(release) if kind == "approval.decided"} == {"max", "cora"}
    assert "tom" not in {user for user, _ in told(release)}


@pytest.mark.req("S2-10")
def test_an_action_at_the_border_of_a_phase_and_an_incident_in_it_follow_its_alerts(house: Flask) -> None:
    models.deploy([("minor.bpmn", alerted("action: user:tom\nincident: user:otto"))], actor=cast.actor("petra"))
    number = releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))
    people.deactivate("rita", actor=cast.actor("ada"))
    people.deactivate("rolf", actor=cast.actor("ada"))
    people.deactivate("rosa", actor=cast.actor("ada"))
    finish(number, "work", "bea", {})
    assert {user for user, kind in told(number) if kind == "incident.raised"} == {"otto"}
    releases_.act(number, "back_out", {"reason": "It broke."}, actor=cast.actor("max"))
    assert {user for user, kind in told(number) if kind == "action.taken"} == {"tom"}


def test_alerts_that_cannot_be_read_or_stand_elsewhere_are_refused_where_they_are() -> None:
    for model, code, said in (
        (alerted("enter: manager"), "alerts", "Line 1 of the alerts: “enter” is not an event."),
        (MODEL.replace(b'"tidegate.phase" value="build"', b'"tidegate.alerts" value="left: board"'),
         "misplaced-property", "tidegate.alerts needs tidegate.phase beside it."),
    ):  # fmt: skip
        found = [one for one in definitions.check("minor.bpmn", model) if one.code == code]
        assert [(one.element_id, said in one.message, one.line > 1) for one in found] == [("phase_build", True, True)]


def test_who_is_given_a_task_hears_of_it_and_who_takes_one_does_not(release: int) -> None:
    (work,) = tasks.listing(cast.actor("max"), release=release)[0]
    tasks_.delegate(work.key, "tom", actor=cast.actor("max"))
    (heard,) = [row for row in notices.of_release(release) if row.kind == "task.assigned"]
    assert (heard.reader, heard.task_key) == ("tom", work.key)
    assert heard.subject == f"Assigned to you: Work, R-{release} Autumn"
    assert cast.actor("max").title in heard.body
    tasks_.delegate(work.key, "max", actor=cast.actor("max"))
    assert [row.reader for row in notices.of_release(release) if row.kind == "task.assigned"] == ["tom"]
