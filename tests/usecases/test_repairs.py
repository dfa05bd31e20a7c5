"""Repairs of a run: who may, with what reason, what is stored and what history says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import deadlines as due
from service.storage.queries import history, instances, tasks
from service.usecases.context import live
from service.usecases.deadlines import rescheduling
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import incidents, jobs, repairs
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d


def phase(ident: str, *inside: str) -> str:
    """A phase with tasks in a row."""
    ids = [f"{ident}_start", *inside, f"{ident}_end"]
    body = d.start(ids[0]) + d.end(ids[-1]) + "".join(d.user(one, groups="build-team") for one in inside)
    return d.element("subProcess", ident, d.properties({"phase": ident}), body + d.chain(*ids))


MODEL = d.diagram(
    d.start()
    + phase("build", "make", "pack")
    + phase("test", "try")
    + phase("deploy", "install")
    + d.end()
    + d.chain("start", "build", "test", "deploy", "end")
)


def done(run: int, *elements: str) -> None:
    for element in elements:
        (task,) = [t for t in tasks.open_of_instance(run) if t.element == element]
        tasks_.complete(task.key, {}, actor=cast.actor("bea"))


def open_now(run: int) -> list[str]:
    return [task.element for task in tasks.open_of_instance(run)]


def told(run: int, event: str) -> list:
    return [row for row in history.of_instance(run) if row.event == event]


@pytest.fixture
def run(house: Flask, owner: policy.Actor) -> int:
    models.deploy([("m.bpmn", MODEL)], actor=owner)
    return running.start("p", actor=owner).instance_key


@pytest.mark.req("S2-13")
def test_a_release_goes_back_and_its_tasks_open_again(run: int) -> None:
    done(run, "make", "pack", "try")
    live.forget()
    outcome = repairs.send_back(run, "build", "  The package was incomplete. ", actor=cast.actor("max"))
    assert [row["element"] for row in outcome.opened] == ["make"]
    assert open_now(run) == ["make"]
    (entry,) = told(run, "element.sent_back")
    assert (entry.element, entry.actor) == ("build", "max")
    assert entry.data["reason"] == "The package was incomplete."
    assert [row.data["phase"] for row in told(run, "phase.entered")] == ["build", "deploy", "test", "build"]
    done(run, "make", "pack", "try", "install")
    assert instances.get(run).status == "completed"


def test_what_can_be_a_target_is_offered_with_what_would_end(run: int) -> None:
    assert [target.element for target in repairs.targets(run)] == ["build", "make"]
    done(run, "make", "pack")
    found = {target.element: target for target in repairs.targets(run)}
    assert list(found) == ["build", "make", "pack", "test", "try"]
    rows = {row.key: row.element for row in instances.activations(run, open_only=True)}
    assert [rows[key] for key in found["make"].ends] == ["test", "try"]
    assert [rows[key] for key in found["try"].ends] == ["try"]
    for element in found:
        assert repairs.targets(run, only=element)[0] == found[element]
    done(run, "try", "install")
    assert repairs.targets(run) == []


BRANCHES = d.diagram(
    d.start()
    + d.element("parallelGateway", "split")
    + d.user("make", groups="build-team")
    + d.user("tell", groups="build-team")
    + d.element("exclusiveGateway", "choice", default="flow_choice_over")
    + d.user("never", groups="build-team")
    + "".join(d.end(name) for name in ("made", "over", "ended"))
    + d.chain("start", "split", "make", "made")
    + d.chain("split", "choice", "over")
    + d.flow("choice", "never", "=1 > 2")
    + d.chain("never", "ended")
    + d.flow("split", "tell")
    + d.chain("tell", "ended"),
)


def test_a_branch_that_has_ended_can_begin_again_but_not_one_that_never_began(
    house: Flask, owner: policy.Actor
) -> None:
    models.deploy([("m.bpmn", BRANCHES)], actor=owner)
    run = running.start("p", actor=owner).instance_key
    done(run, "make")
    target = next(one for one in repairs.targets(run) if one.element == "make")
    assert target.ends == ()
    with pytest.raises(errors.Conflict, match="never come to"):
        repairs.send_back(run, "never", "?", actor=cast.actor("max"))
    repairs.send_back(run, "make", "Once more.", actor=cast.actor("max"))
    assert sorted(open_now(run)) == ["make", "tell"]


def test_a_repair_needs_a_reason_and_somebody_who_may(run: int) -> None:
    done(run, "make")
    for wrong in ("", "  ", "x" * 2001):
        with pytest.raises(errors.InvalidInput):
            repairs.send_back(run, "make", wrong, actor=cast.actor("max"))
    for name in ("bea", "cora", "nora"):
        with pytest.raises(errors.Forbidden):
            repairs.send_back(run, "make", "why", actor=cast.actor(name))
        with pytest.raises(errors.Forbidden):
            repairs.cancel(run, "why", actor=cast.actor(name))
    assert open_now(run) == ["pack"]
    with pytest.raises(errors.Conflict):
        repairs.send_back(run, "test", "why", actor=cast.actor("max"))
    assert told(run, "element.sent_back") == []


def test_a_token_is_moved_by_its_activation(run: int) -> None:
    (phase_,) = [row for row in instances.activations(run, open_only=True) if row.element == "build"]
    with pytest.raises(errors.NotFound):
        repairs.move(run, 4711, "deploy", "why", actor=cast.actor("ada"))
    repairs.move(run, phase_.key, "install", "Only installing is left.", actor=cast.actor("ada"))
    assert open_now(run) == ["install"]
    assert told(run, "element.moved")[0].data["goal"] == "install"
    with pytest.raises(errors.Conflict, match="has left"):
        repairs.move(run, phase_.key, "test", "why", actor=cast.actor("ada"))


def test_a_run_is_cancelled_with_a_reason(run: int) -> None:
    assert repairs.cancel(run, "By mistake", actor=cast.actor("petra")).status == "cancelled"
    assert open_now(run) == []
    assert told(run, "instance.cancelled")[0].data == {"reason": "By mistake", "by": "petra"}
    with pytest.raises(errors.Conflict, match="over"):
        repairs.cancel(run, "again", actor=cast.actor("petra"))


EACH = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=servers" inputElement="server"/>'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)
SEVERAL = d.diagram(
    d.start() + d.element("userTask", "each", "<zeebe:userTask/>", EACH) + d.end() + d.chain("start", "each", "end")
)


def test_one_more_item_opens_one_more_task(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("m.bpmn", SEVERAL)], actor=owner)
    run = running.start("p", variables={"servers": ["a", "b"]}, actor=owner).instance_key
    whole, first = [row for row in instances.activations(run, open_only=True) if row.loop_index in (None, 1)]
    repairs.add_item(run, whole.key, {"name": "c"}, "It was forgotten.", actor=cast.actor("max"))
    assert open_now(run) == ["each"] * 3
    assert told(run, "item.added")[0].data["item"] == {"name": "c"}
    with pytest.raises(errors.Conflict):
        repairs.add_item(run, first.key, "d", "why", actor=cast.actor("max"))


def failing(**tidegate: str) -> bytes:
    work = '<zeebe:taskDefinition type="ship" retries="1"/>' + (d.properties(tidegate) if tidegate else "")
    row = d.start() + d.element("serviceTask", "ship", work) + d.user("after", groups="operations") + d.end()
    return d.diagram(row + d.chain("start", "ship", "after", "end"))


def failed(owner: policy.Actor, source: bytes) -> tuple[int, int]:
    """A run with a failed job, and its incident."""
    models.deploy([("m.bpmn", source)], actor=owner)
    run = running.start("p", actor=owner).instance_key
    (job,) = jobs.activate("ship", "w", 1, 60, actor=owner)
    jobs.fail(job.key, "no truck", 0, lease=job.lease, actor=owner)
    (incident,), _ = instances.incidents(policy.SYSTEM, instance=run)
    return run, incident.key


@pytest.mark.req("S0-40")
def test_a_failed_activity_is_skipped_with_a_reason_that_stays(house: Flask, owner: policy.Actor) -> None:
    run, incident = failed(owner, failing())
    with pytest.raises(errors.InvalidInput):
        repairs.skip(incident, " ", actor=cast.actor("max"))
    repairs.skip(incident, "Shipped by hand.", actor=cast.actor("max"))
    assert open_now(run) == ["after"]
    (entry,) = told(run, "element.skipped")
    assert (entry.element, entry.actor, entry.data) == ("ship", "max", {"reason": "Shipped by hand.", "by": "max"})
    (row,) = [row for row in instances.activations(run) if row.element == "ship"]
    assert row.outcome == "skipped"
    assert instances.incident(incident).state == "resolved"
    assert [job.state for job in instances.jobs(run, states=("open", "failed", "cancelled", "done"))] == ["cancelled"]
    with pytest.raises(errors.IncidentClosed):
        repairs.skip(incident, "again", actor=cast.actor("max"))


@pytest.mark.req("S0-40")
def test_what_is_not_to_be_skipped_is_not(house: Flask, owner: policy.Actor) -> None:
    run, incident = failed(owner, failing(skip="no"))
    with pytest.raises(errors.Conflict, match="not to be skipped"):
        repairs.skip(incident, "why", actor=cast.actor("max"))
    assert instances.incident(incident).state == "open"
    incidents.retry(incident, actor=cast.actor("max"))
    assert [job.state for job in instances.jobs(run)] == ["open"]


SCHEDULED = (
    '<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="build-team"/>'
    '<zeebe:taskSchedule dueDate="2099-03-01T12:00:00Z"/>'
)
DATED = d.diagram(
    d.start()
    + d.element("userTask", "make", SCHEDULED)
    + d.user("watched", groups="build-team", deadline="P2D")
    + d.user("free", groups="build-team")
    + d.end()
    + d.chain("start", "make", "watched", "free", "end")
)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def the_task(run: int) -> Any:
    (row,) = tasks.open_of_instance(run)
    return tasks.get(row.key)


def test_a_due_date_that_has_no_ladder_is_moved_too(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("m.bpmn", DATED)], actor=owner)
    run = running.start("p", actor=owner).instance_key
    before, max_ = the_task(run), cast.actor("max")
    rescheduling.move_of_task(before.key, LATER, reason="The supplier is late.", actor=max_)
    after = the_task(run)
    assert (after.due_at, after.revision) == (LATER, before.revision + 1)
    (entry,) = told(run, "deadline.moved")
    assert (entry.element, entry.actor, entry.data["reason"]) == ("make", "max", "The supplier is late.")
    assert (entry.data["task"], entry.data["from"], entry.data["to"][:10]) == (
        before.key,
        before.due_at.isoformat(),
        "2100-01-01",
    )
    with pytest.raises(errors.Forbidden):
        rescheduling.move_of_task(before.key, LATER, reason="x", actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput):
        rescheduling.move_of_task(before.key, before.opened_at, reason="x", actor=max_)


def test_with_a_ladder_that_moves_with_it_and_either_way_the_task_is_another_one(
    house: Flask, owner: policy.Actor
) -> None:
    models.deploy([("m.bpmn", DATED)], actor=owner)
    run = running.start("p", actor=owner).instance_key
    first, max_ = the_task(run), cast.actor("max")
    done(run, "make")
    before = the_task(run)
    rescheduling.move_of_task(before.key, LATER, reason="x", actor=max_)
    row = due.open_of_task(before.key)
    assert row is not None
    assert row.due_at == the_task(run).due_at == LATER
    assert any(level.fire_at == LATER for level in due.levels([row.key])[row.key])
    rescheduling.move(row.key, LATER + timedelta(days=1), reason="x", actor=max_)
    assert the_task(run).revision == before.revision + 2
    done(run, "watched")
    rescheduling.move_of_task(the_task(run).key, LATER, reason="Now it matters.", actor=max_)
    assert the_task(run).due_at == LATER
    with pytest.raises(errors.Conflict, match="is over"):
        rescheduling.move_of_task(first.key, LATER, reason="x", actor=max_)
