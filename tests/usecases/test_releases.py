"""Releases: registered, edited, acted on, and seen only by those who take part."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import history, releases, tasks
from service.usecases.context import criteria, live
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from tests import cast
from tests.support import drawing as d

PHASE = d.properties({"phase": "build"})
INSIDE = d.start("s") + d.user("work", groups="build-team", form="work") + d.end("e") + d.chain("s", "work", "e")
MODEL = d.diagram(
    d.start()
    + d.element("subProcess", "phase_build", PHASE, INSIDE, name="Build")
    + d.message_boundary("stop", "phase_build", "terminate", label="Terminate", reason="required")
    + d.message_boundary("again", "phase_build", "rework", label="Rework", roles="coordinator, group:build-team")
    + d.element("exclusiveGateway", "train", default="flow_train_end")
    + d.user("teach", groups="trainers")
    + d.end("end", name="Closed")
    + d.end("taught", name="Closed after training")
    + d.element("endEvent", "terminated", d.properties({"status": "terminated"}), name="Terminated")
    + d.element("exclusiveGateway", "merge")
    + d.chain("start", "merge", "phase_build", "train", "end")
    + d.flow("train", "teach", "=release.training = true")
    + d.chain("teach", "taught")
    + d.chain("stop", "terminated")
    + d.chain("again", "merge"),
    process="minor_release",
    name="Minor",
    outside=d.message("terminate") + d.message("rework"),
)
FORM = b"""{"id": "work", "type": "default", "components": [
  {"type": "checkbox", "id": "F1", "key": "training", "label": "Training",
   "properties": {"tidegate.record": "release.training"}},
  {"type": "textfield", "id": "F2", "key": "reference", "label": "Reference"}]}"""
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}


@pytest.fixture
def release(house: Flask, owner: policy.Actor) -> int:
    """A minor release in its only phase, Build, registered by Cora and managed by Max."""
    models.deploy([("minor.bpmn", MODEL), ("work.form", FORM)], actor=owner)
    return releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))


def finish_work(number: int, values: dict[str, Any]) -> Any:
    task = next(task for task in tasks.of_release(number, state="open") if task.element == "work")
    return tasks_.complete(task.key, values, actor=cast.actor("bea"))


@pytest.mark.req("S0-32")
def test_a_release_is_registered_and_its_model_starts(release: int) -> None:
    row = releases.get(release)
    assert (row.number, row.status, row.phase, row.phase_name) == (1, "open", "build", "Build")
    assert (row.requester, row.coordinator, row.manager) == ("cora", "cora", "max")
    assert [task.element for task in tasks.of_release(release)] == ["work"]


@pytest.mark.req("S2-30")
def test_coordinators_register_and_approvers_do_not(release: int) -> None:
    assert releases_.create(GIVEN, actor=cast.actor("carl")) == 2
    with pytest.raises(errors.Forbidden):
        releases_.create(GIVEN, actor=cast.actor("rita"))


@pytest.mark.req("S2-7")
def test_a_release_without_category_is_refused_and_a_model_without_tasks_runs(
    release: int, owner: policy.Actor
) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        releases_.create({name: value for name, value in GIVEN.items() if name != "category"}, actor=cast.actor("cora"))
    assert list(refused.value.errors) == ["category"]
    models.deploy(
        [("n.bpmn", d.diagram(d.start() + d.end() + d.chain("start", "end"), process="nothing"))], actor=owner
    )
    number = releases_.create({**GIVEN, "model": "nothing"}, actor=cast.actor("cora"))
    assert releases.get(number).status == "closed"


@pytest.mark.req("S2-6")
def test_a_category_with_its_own_model_is_selectable_at_once(release: int, owner: policy.Actor) -> None:
    firmware = d.diagram(d.start() + d.user("flash") + d.end() + d.chain("start", "flash", "end"), process="firmware")
    models.deploy([("firmware.bpmn", firmware)], actor=owner)
    releases_.create_category("firmware", "Firmware", {"*": "firmware"}, actor=owner)
    number = releases_.create({**GIVEN, "category": "firmware"}, actor=cast.actor("cora"))
    assert [task.element for task in tasks.of_release(number)] == ["flash"]


@pytest.mark.req("S3-12")
def test_the_kind_is_mandatory(release: int) -> None:
    for kind in (None, "paper"):
        with pytest.raises(errors.InvalidInput) as refused:
            releases_.create({**GIVEN, "kind": kind}, actor=cast.actor("cora"))
        assert list(refused.value.errors) == ["kind"]


@pytest.mark.req("S1-39")
def test_a_release_names_the_service_it_changes(release: int) -> None:
    with pytest.raises(errors.InvalidInput):
        releases_.create({**GIVEN, "service": " "}, actor=cast.actor("cora"))
    assert [row.number for row in releases.listing(cast.actor("max"), q="Portal")[0]] == [release]


@pytest.mark.req("S1-36")
def test_the_list_is_newest_first_and_stable_over_pages(release: int) -> None:
    for _ in range(10):
        releases_.create(GIVEN, actor=cast.actor("cora"))
    page, cursor = releases.listing(cast.actor("max"), limit=4)
    assert [row.number for row in page] == [11, 10, 9, 8]
    releases_.create(GIVEN, actor=cast.actor("cora"))
    assert [row.number for row in releases.listing(cast.actor("max"), limit=4, cursor=cursor)[0]] == [7, 6, 5, 4]


def test_who_takes_no_part_sees_nothing_of_it(release: int) -> None:
    nora = cast.actor("nora")
    assert releases.listing(nora)[0] == []
    for look in (releases_.see, releases_.actions):
        with pytest.raises(errors.Forbidden):
            look(release, actor=nora)
    assert [row.number for row in releases.listing(cast.actor("bea"))[0]] == [release]


def test_stakeholders_see_it_once_they_are_named(release: int) -> None:
    assert not releases.may_see(cast.actor("sam"), release)
    releases_.set_people(release, "stakeholder", ["sam"], actor=cast.actor("cora"))
    assert releases.may_see(cast.actor("sam"), release)


def test_a_form_records_facts_that_the_next_gateway_sees(release: int) -> None:
    finish_work(release, {"training": True, "reference": "x"})
    assert releases.facts(release) == {"release.training": True}
    assert [task.element for task in tasks.of_release(release, state="open")] == ["teach"]


@pytest.mark.req("S3-18")
def test_without_the_flag_training_is_not_entered(release: int) -> None:
    finish_work(release, {"training": False})
    row = releases.get(release)
    assert (row.status, row.outcome) == ("closed", "Closed")


@pytest.mark.req("S2-11")
def test_actions_are_those_offered_now_and_say_who_may(release: int) -> None:
    offered = {action.name: action.refusal for action in releases_.actions(release, actor=cast.actor("bea"))}
    assert offered["rework"] is None
    assert "release-manager" in offered["terminate"]
    finish_work(release, {"training": True})
    assert releases_.actions(release, actor=cast.actor("max")) == []


@pytest.mark.req("S2-14")
def test_terminating_needs_a_reason_and_ends_tasks_and_release(release: int) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        releases_.act(release, "terminate", {}, actor=cast.actor("max"))
    assert list(refused.value.errors) == ["reason"]
    live.forget()
    releases_.act(release, "terminate", {"reason": "The vendor withdrew it."}, actor=cast.actor("max"))
    row = releases.get(release)
    assert (row.status, row.outcome) == ("terminated", "Terminated")
    assert [task.state for task in tasks.of_release(release)] == ["cancelled"]
    told = next(event for event in history.of_release(release) if event.event == "action.triggered")
    assert (told.actor, told.data["reason"]) == ("max", "The vendor withdrew it.")


def test_an_action_that_is_not_offered_is_refused_with_what_is(release: int) -> None:
    with pytest.raises(errors.ActionNotOffered, match="rework, terminate"):
        releases_.act(release, "back-out", {"reason": "x"}, actor=cast.actor("max"))
    finish_work(release, {})
    with pytest.raises(errors.Conflict):
        releases_.act(release, "terminate", {"reason": "x"}, actor=cast.actor("max"))


GATED = d.diagram(
    d.start()
    + d.element(
        "subProcess",
        "phase",
        d.properties({"phase": "build", "criterion_1": "Approved: =release.training = true"}),
        INSIDE,
    )
    + d.end()
    + d.chain("start", "phase", "end"),
    process="gated",
)


def test_a_phase_with_criteria_ends_at_a_gate_of_its_coordinator(release: int, owner: policy.Actor) -> None:
    models.deploy([("gated.bpmn", GATED)], actor=owner)
    number = releases_.create({**GIVEN, "model": "gated"}, actor=cast.actor("cora"))
    finish_work(number, {"training": False})
    (gate,) = tasks.of_release(number, state="open")
    assert (gate.gate, gate.assignee) == (True, "cora")
    with pytest.raises(errors.CriteriaUnmet) as refused:
        tasks_.complete(gate.key, {}, actor=cast.actor("cora"))
    assert refused.value.facts["missing"] == ["Approved"]
    assert [(c.label, c.met) for c in criteria.checklist(gate)] == [("Approved", False)]


@pytest.mark.req("S2-13")
def test_rework_makes_the_phases_tasks_anew_and_keeps_history(release: int) -> None:
    for _ in range(2):
        releases_.act(release, "rework", {}, actor=cast.actor("cora"))
    assert [task.state for task in tasks.of_release(release)] == ["cancelled", "cancelled", "open"]
    loops = [event for event in history.of_release(release) if event.event == "action.triggered"]
    assert len(loops) == 2
    assert releases.get(release).phase == "build"


def test_a_release_is_edited_by_its_own_and_an_old_revision_is_refused(release: int) -> None:
    row = releases.get(release)
    start, end = datetime(2026, 3, 10, 20, tzinfo=UTC), datetime(2026, 3, 11, 2, tzinfo=UTC)
    window = {"window_start": start, "window_end": end}
    releases_.edit(release, window, actor=cast.actor("cora"), revision=row.revision)
    assert (releases.get(release).window_start, releases.get(release).window_end) == (start, end)
    with pytest.raises(errors.StaleWrite):
        releases_.edit(release, {"title": "Late"}, actor=cast.actor("cora"), revision=row.revision)
    with pytest.raises(errors.Forbidden):
        releases_.edit(release, {"title": "Mine"}, actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput):
        releases_.edit(release, {"window_start": end, "window_end": start}, actor=cast.actor("cora"))


def test_comments_are_kept_in_order(release: int) -> None:
    for text in ("First.", "Second."):
        releases_.comment(release, text, actor=cast.actor("bea"))
    assert [comment.text for comment in releases.comments(release)] == ["First.", "Second."]
    with pytest.raises(errors.InvalidInput):
        releases_.comment(release, "  ", actor=cast.actor("bea"))


CALLER = d.diagram(
    d.start()
    + d.element("callActivity", "call", '<zeebe:calledElement processId="=if true then &quot;called&quot; else null"/>')
    + d.end()
    + d.chain("start", "call", "end"),
    process="caller",
)
CALLED = d.diagram(
    d.start()
    + d.element("exclusiveGateway", "g", default="flow_g_no")
    + d.user("yes")
    + d.user("no")
    + d.end()
    + d.end("end_no")
    + d.chain("start", "g")
    + d.flow("g", "yes", '=release.type = "minor"')
    + d.flow("g", "no")
    + d.chain("yes", "end")
    + d.chain("no", "end_no"),
    process="called",
)


def test_a_process_called_by_an_expression_sees_the_facts(release: int, owner: policy.Actor) -> None:
    models.deploy([("caller.bpmn", CALLER), ("called.bpmn", CALLED)], actor=owner)
    number = releases_.create({**GIVEN, "model": "caller"}, actor=cast.actor("cora"))
    assert [task.element for task in tasks.of_release(number, state="open")] == ["yes"]


RECORDING = b"""{"id": "work", "type": "default", "components": [
  {"type": "textfield", "id": "F1", "key": "who", "label": "Coordinator",
   "properties": {"tidegate.record": "release.coordinator"}},
  {"type": "textfield", "id": "F2", "key": "title", "label": "Title",
   "properties": {"tidegate.record": "release.title"}}]}"""


def test_what_a_form_records_is_held_to_the_rules_of_the_record(release: int, owner: policy.Actor) -> None:
    models.deploy([("work.form", RECORDING)], actor=owner)
    number = releases_.create(GIVEN, actor=cast.actor("cora"))
    for values, field in (({"who": "nobody"}, "coordinator"), ({"title": "x" * 300}, "title")):
        with pytest.raises(errors.InvalidInput) as refused:
            finish_work(number, values)
        assert list(refused.value.errors) == [field]
    before = releases.get(number).revision
    finish_work(number, {"who": "carl", "title": "Spring"})
    row = releases.get(number)
    assert (row.coordinator, row.title) == ("carl", "Spring")
    assert row.revision > before
