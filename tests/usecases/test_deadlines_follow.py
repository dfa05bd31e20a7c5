"""What happens to a task happens to its ladder: sent back, skipped, moved on from, passed on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import policy
from service.storage import db
from service.storage.models.notices import Deadline, DeadlineLevel, Notice
from service.storage.queries import instances as stored
from service.storage.queries import tasks
from service.usecases.context import live
from service.usecases.deadlines import firing
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from service.usecases.running import repairs
from tests import cast
from tests.support import drawing as d

LADDER = "PT0S: assignee\nPT5H: group:test-team"
MODEL = d.diagram(
    d.start()
    + d.user("build", groups="build-team", deadline="PT10H", escalation=LADDER)
    + d.user("test", groups="test-team", deadline="PT10H", escalation=LADDER)
    + d.end()
    + d.chain("start", "build", "test", "end")
)
BEA, MAX = cast.actor("bea"), cast.actor("max")


@pytest.fixture(params=["live", "restored"])
def run(house: Flask, owner: policy.Actor, request: pytest.FixtureRequest) -> int:
    """A run whose first task is open, with and without the instance in memory."""
    models.deploy([("m.bpmn", MODEL)], actor=owner)
    key = running.start("p", actor=owner).instance_key
    if request.param == "restored":
        live.forget()
    return key


def known() -> list[tuple[str, str]]:
    """Element and state of every deadline, in the order in which they were set."""
    with db.reading() as session:
        return [(one.element, one.state) for one in session.query(Deadline).order_by(Deadline.key)]


def fire_due() -> list[str]:
    """Fire what is due; answers who was told of it."""
    with db.reading() as session:
        before = {one.key for one in session.query(Notice)}
        keys = [one.key for one in session.query(DeadlineLevel)]
    firing.fire_all(keys)
    with db.reading() as session:
        return sorted(one.reader for one in session.query(Notice) if one.key not in before)


def opened(run: int) -> Any:
    (task,) = tasks.open_of_instance(run)
    return task


def test_sending_back_cancels_and_sets_anew(run: int, time: Any) -> None:
    time.turn(hours=9)
    tasks_.complete(opened(run).key, {}, actor=BEA)
    time.turn(hours=1)
    repairs.send_back(run, "build", "Incomplete.", actor=MAX)
    assert known() == [("build", "met"), ("test", "cancelled"), ("build", "open")]
    assert opened(run).due_at == time.now + timedelta(hours=10)
    tasks_.claim(opened(run).key, actor=BEA)
    time.turn(hours=9, minutes=59)
    assert fire_due() == []
    time.turn(minutes=1)
    assert fire_due() == ["bea"]


def test_moving_on_cancels_and_sets_anew(run: int, time: Any) -> None:
    stay = next(row for row in stored.activations(run) if row.element == "build")
    repairs.move(run, stay.key, "test", "No longer needed.", actor=MAX)
    assert known() == [("build", "cancelled"), ("test", "open")]
    time.turn(hours=15)
    assert fire_due() == ["tom"], "the ladder of the task that was left climbs no further"


def test_whoever_holds_a_task_when_a_level_fires_is_told(run: int, time: Any) -> None:
    key = opened(run).key
    tasks_.claim(key, actor=BEA)
    tasks_.delegate(key, "otto", actor=BEA)
    tasks_.delegate(key, "nora", actor=cast.actor("otto"))
    time.turn(hours=10)
    assert fire_due() == ["nora"]
    tasks_.delegate(key, "sam", actor=cast.actor("nora"))
    time.turn(hours=5)
    assert fire_due() == ["tom"]


def test_cancelling_the_run_cancels_its_ladders(run: int, time: Any) -> None:
    repairs.cancel(run, "Withdrawn.", actor=MAX)
    time.turn(days=3)
    assert (known(), fire_due()) == ([("build", "cancelled")], [])
