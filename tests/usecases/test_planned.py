"""Deadlines of a release's own: the end of its window and the planned dates of its milestones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage import db
from service.storage.models.notices import DeadlineLevel, Notice
from service.storage.queries import deadlines as stored
from service.storage.queries import notices as told_of
from service.storage.queries import releases as found
from service.storage.queries import tasks as _tasks
from service.usecases.context import live
from service.usecases.deadlines import firing, holding, planned, rescheduling
from service.usecases.deploying import models
from service.usecases.releases import releases
from service.usecases.releases import tasks as tasks_
from service.usecases.running import repairs
from tests import cast
from tests.support import drawing as d

BUILT = d.properties({"milestone": "built"})
TESTED = d.properties({"milestone": "tested"})
MODEL = d.diagram(
    d.start()
    + d.user("build", groups="build-team")
    + d.element("intermediateThrowEvent", "built", BUILT, name="Build complete")
    + d.user("test", groups="test-team")
    + d.element("endEvent", "end", TESTED, name="Tested")
    + d.chain("start", "build", "built", "test", "end"),
    process="minor_release",
    name="Minor",
)
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}
CORA, MAX = cast.actor("cora"), cast.actor("max")
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IN_A_WEEK, IN_TWO = BEGIN + timedelta(days=7), BEGIN + timedelta(days=14)


def register(owner: policy.Actor, **more: Any) -> int:
    models.deploy([("minor.bpmn", MODEL)], actor=owner)
    return releases.create({**GIVEN, "manager": "max", **more}, actor=CORA)


@pytest.fixture
def release(house: Flask, owner: policy.Actor) -> int:
    return register(owner)


@pytest.fixture(params=["live", "restored"], autouse=True)
def kept(request: pytest.FixtureRequest) -> Any:
    """With and without the instance in memory."""
    return (lambda: None) if request.param == "live" else live.forget


def only(number: int) -> Any:
    (row,) = stored.of_release(number, open_only=True)
    return row


def fire_due() -> list[tuple[str, str]]:
    """Fire what is due; answers who was told what in all."""
    with db.reading() as session:
        keys = [level.key for level in session.query(DeadlineLevel).order_by(DeadlineLevel.fire_at)]
    firing.fire_all(keys)
    with db.reading() as session:
        return sorted((one.reader, one.kind) for one in session.query(Notice) if one.kind.startswith("deadline."))


def do(number: int, element: str, name: str) -> None:
    with db.reading():
        row = next(task for task in tasks_open(number) if task.element == element)
    tasks_.complete(row.key, {}, actor=cast.actor(name))


def tasks_open(number: int) -> Any:
    from_release = found.get(number)
    assert from_release is not None
    return list(_tasks.open_of_instance(from_release.instance_key))


def test_the_end_of_the_window_is_a_deadline_with_the_default_ladder(house: Flask, time: Any, owner: Any) -> None:
    number = register(owner, window_start=BEGIN + timedelta(days=6), window_end=IN_A_WEEK)
    row = only(number)
    assert (row.thing, row.due_at, row.activation_key, row.state) == ("release", IN_A_WEEK, None, "open")
    time.turn(days=6)
    assert fire_due() == [("cora", "deadline.near"), ("max", "deadline.near")]
    time.turn(days=1)
    assert fire_due()[0] == ("cora", "deadline.due")
    time.turn(days=1)
    assert ("max", "deadline.overdue") in fire_due()


def test_the_deadline_moves_and_goes_with_the_window(release: int, time: Any) -> None:
    assert stored.of_release(release) == []
    releases.edit(release, {"window_end": IN_A_WEEK}, actor=CORA)
    first = only(release)
    releases.edit(release, {"window_end": IN_TWO}, actor=CORA)
    moved = only(release)
    assert (moved.key, moved.due_at) == (first.key, IN_TWO)
    levels = stored.levels([moved.key])[moved.key]
    assert levels[0].fire_at == IN_TWO - timedelta(days=1)
    releases.edit(release, {"window_end": None}, actor=CORA)
    assert stored.of_release(release, open_only=True) == []
    time.turn(days=30)
    assert fire_due() == []
    releases.edit(release, {"window_end": time.now + timedelta(days=3)}, actor=CORA)
    assert only(release).key != first.key


def test_a_window_that_is_over_has_no_deadline(release: int) -> None:
    releases.edit(release, {"window_end": BEGIN - timedelta(days=1)}, actor=CORA)
    assert stored.of_release(release) == []


def test_the_deadline_of_the_window_is_moved_with_the_window_alone(release: int) -> None:
    releases.edit(release, {"window_end": IN_A_WEEK}, actor=CORA)
    with pytest.raises(errors.Conflict, match="window"):
        rescheduling.move(only(release).key, IN_TWO, reason="x", actor=MAX)


@pytest.mark.parametrize(("days", "state"), [(1, "met"), (8, "late")])
def test_closing_the_release_ends_it(release: int, time: Any, kept: Any, days: int, state: str) -> None:
    releases.edit(release, {"window_end": IN_A_WEEK}, actor=CORA)
    key = only(release).key
    time.turn(days=days)
    kept()
    do(release, "build", "bea")
    do(release, "test", "tom")
    row = stored.get(key)
    assert row is not None
    assert (row.state, row.ended_at) == (state, time.now)
    time.turn(days=30)
    assert fire_due() == []


def test_cancelling_the_release_cancels_it(release: int) -> None:
    releases.edit(release, {"window_end": IN_A_WEEK}, actor=CORA)
    planned.plan(release, "built", IN_A_WEEK, actor=CORA)
    row = found.get(release)
    assert row is not None
    repairs.cancel(row.instance_key, "No longer wanted.", actor=MAX)
    assert {one.state for one in stored.of_release(release)} == {"cancelled"}


def test_a_milestone_is_planned_and_reached(release: int, time: Any, kept: Any) -> None:
    planned.plan(release, "built", IN_A_WEEK, reason="As agreed.", actor=CORA)
    row = only(release)
    assert (row.thing, row.name, row.element) == ("milestone", "Build complete", "built")
    time.turn(days=6)
    assert fire_due() == [("cora", "deadline.near"), ("max", "deadline.near")]
    kept()
    do(release, "build", "bea")
    (first, second) = planned.milestones(found.get(release))  # type: ignore[arg-type]
    assert (first.milestone, first.planned_at, first.reached_at) == ("built", IN_A_WEEK, time.now)
    assert (second.milestone, second.name, second.planned_at, second.reached_at) == ("tested", "Tested", None, None)
    time.turn(days=9)
    assert len(fire_due()) == 2, "it was reached in time"
    row = stored.get(row.key)
    assert row is not None
    assert row.state == "met"


def test_a_planned_milestone_moves_and_takes_its_own_ladder(release: int, time: Any) -> None:
    planned.plan(release, "tested", IN_A_WEEK, ladder="-P2D: group:test-team", actor=MAX)
    planned.plan(release, "tested", IN_TWO, reason="Later.", actor=MAX)
    (moved,) = [row for row in told_of.of_release(release) if row.kind == "deadline.moved"]
    assert (moved.reader, "Later." in moved.body) == ("cora", True)
    time.turn(days=11, hours=23)
    assert fire_due() == [("cora", "deadline.moved")]
    time.turn(hours=1)
    assert fire_due() == [("cora", "deadline.moved"), ("tom", "deadline.near")]
    planned.plan(release, "tested", None, actor=MAX)
    assert stored.of_release(release, open_only=True) == []


def test_what_cannot_be_planned_is_refused_with_words(release: int, time: Any) -> None:
    with pytest.raises(errors.NotFound, match="built, tested"):
        planned.plan(release, "nowhere", IN_A_WEEK, actor=CORA)
    with pytest.raises(errors.Forbidden):
        planned.plan(release, "built", IN_A_WEEK, actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput) as refused:
        planned.plan(release, "built", time.now, actor=CORA)
    assert list(refused.value.errors) == ["planned_at"]
    with pytest.raises(errors.InvalidInput) as refused:
        planned.plan(release, "built", IN_A_WEEK, ladder="soon: boss", actor=CORA)
    assert "Line 1" in refused.value.errors["ladder"][0]
    do(release, "build", "bea")
    with pytest.raises(errors.Conflict):
        planned.plan(release, "built", IN_A_WEEK, actor=CORA)


def test_on_hold_nothing_of_it_fires(release: int, time: Any) -> None:
    holding.hold(release, "Frozen.", actor=MAX)
    planned.plan(release, "built", BEGIN + timedelta(days=2), actor=CORA)
    time.turn(days=5)
    assert fire_due() == []
    holding.resume(release, actor=MAX)
    assert len(fire_due()) == 7, "a date stays: what had its moment meanwhile comes now"
