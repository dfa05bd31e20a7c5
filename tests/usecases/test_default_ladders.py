"""The ladders that hold where none is drawn: set by administrators, for what becomes due afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import escalation, policy
from service.storage.queries import deadlines as stored
from service.storage.queries import history, tasks
from service.usecases.context import live
from service.usecases.deadlines import defaults, rescheduling
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

ADA = cast.actor("ada")
PHASE = d.properties({"phase": "work", "deadline": "P5D"})
INSIDE = (
    d.start("s")
    + d.user("make", groups="build-team", deadline="P1D")
    + d.user("agree", groups="release-review-board", approval="any", deadline="P1D")
    + d.user("drawn", groups="build-team", deadline="P1D", escalation="PT0S: user:tom")
    + d.user("free", groups="build-team")
    + d.end("e")
    + d.chain("s", "make", "agree", "drawn", "free", "e")
)
MODEL = d.diagram(
    d.start()
    + d.element("subProcess", "phase", PHASE, INSIDE, name="Work")
    + d.end()
    + d.chain("start", "phase", "end")
)


def begin(owner: policy.Actor) -> int:
    models.deploy([("m.bpmn", MODEL)], actor=owner)
    return running.start("p", actor=owner).instance_key


def ladder_of(element: str) -> list[list[str]]:
    rows, _ = stored.listing(ADA, state=None)
    row = next(row for row in rows if row.element == element)
    return [level.recipients for level in stored.levels([row.key])[row.key]]


def finish(run: int, name: str = "bea") -> None:
    (task,) = tasks.open_of_instance(run)
    if task.approval:
        tasks_.decide(task.key, "approved", "", actor=cast.actor("rita"))
    else:
        tasks_.complete(task.key, {}, actor=cast.actor(name))


def test_each_kind_of_thing_has_its_own_and_a_drawn_ladder_stays(house: Flask, owner: policy.Actor) -> None:
    defaults.change("task", "PT0S: user:otto", actor=ADA)
    defaults.change("approval", "PT0S: user:rita", actor=ADA)
    defaults.change("phase", "PT0S: user:max", actor=ADA)
    run = begin(owner)
    assert (ladder_of("phase"), ladder_of("make")) == ([["user:max"]], [["user:otto"]])
    finish(run)
    assert ladder_of("agree") == [["user:rita"]]
    finish(run)
    assert ladder_of("drawn") == [["user:tom"]]


def test_what_was_due_before_keeps_its_ladder(house: Flask, owner: policy.Actor) -> None:
    begin(owner)
    defaults.change("task", "PT0S: user:otto", actor=ADA)
    assert len(ladder_of("make")) == 8, "80 %, at the moment, and six times the manager"


def test_the_shipped_one_can_be_restored_and_the_changes_are_history(house: Flask) -> None:
    before = defaults.one("task")
    assert (before.shipped, before.revision) == (True, 0)
    changed = defaults.change("task", " P1D :  manager ", actor=ADA)
    assert (changed.text, changed.shipped, changed.revision, changed.by) == ("P1D: manager", False, 1, "ada")
    restored = defaults.change("task", "", actor=ADA)
    assert (restored.text, restored.shipped, restored.revision) == (before.text, True, 2)
    told = [row.data for row in history.of_administration() if row.event == "ladder.changed"]
    assert [one["after"] for one in told] == [before.text, "P1D: manager"]


def test_a_ladder_that_cannot_be_read_or_was_changed_meanwhile_is_refused(house: Flask) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        defaults.change("task", "PT0S: assignee\nP1D manager", actor=ADA)
    assert "Line 2 of the ladder" in refused.value.errors["ladder"][0]
    with pytest.raises(errors.Forbidden):
        defaults.change("task", "PT0S: assignee", actor=cast.actor("max"))
    with pytest.raises(errors.NotFound):
        defaults.change("lunch", "PT0S: assignee", actor=ADA)
    defaults.change("task", "PT0S: assignee", revision=0, actor=ADA)
    with pytest.raises(errors.StaleWrite):
        defaults.change("task", "PT0S: candidates", revision=0, actor=ADA)
    defaults.change("task", "PT0S: candidates", revision=1, actor=ADA)


def test_the_shipped_ladders_read_as_they_are_written() -> None:
    for rungs in escalation.SHIPPED.values():
        assert escalation.parse(escalation.written(rungs)) == tuple(rungs)


@pytest.mark.parametrize("kept", ["live", "restored"])
def test_a_task_without_a_due_date_can_be_given_one(house: Flask, time: Any, owner: policy.Actor, kept: str) -> None:
    run = begin(owner)
    for _ in range(3):
        finish(run)
    (task,) = tasks.open_of_instance(run)
    assert (task.element, task.due_at) == ("free", None)
    with pytest.raises(errors.InvalidInput):
        rescheduling.move_of_task(task.key, time.now, reason="x", actor=cast.actor("max"))
    due = time.now + timedelta(days=1)
    rescheduling.move_of_task(task.key, due, reason="It is urgent now.", actor=cast.actor("max"))
    row = stored.open_of_task(task.key)
    assert row is not None
    assert (row.due_at, row.thing, row.state) == (due, "task", "open")
    assert ladder_of("free")[0] == ["assignee", "candidates"]
    if kept == "restored":
        live.forget()
    finish(run)
    assert stored.get(row.key).state == "met"  # type: ignore[union-attr]
