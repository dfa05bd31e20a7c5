"""A release on hold: nothing can be finished, no clock runs, and what is due moves by the time it stood still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from service import errors
from service.domain import policy
from service.storage import db, outbox
from service.storage.models.notices import DeadlineLevel
from service.storage.queries import deadlines as stored
from service.storage.queries import notices, releases, tasks
from service.usecases.context import live
from service.usecases.deadlines import firing, holding, rescheduling
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances, repairs
from tests import cast
from tests.support import drawing as d

SOAK = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT6H</bpmn:timeDuration></bpmn:timerEventDefinition>"
LADDER = "80%: user:tom\nPT0S: user:tom\nP1D: manager"
WORK = (
    d.start()
    + d.element("parallelGateway", "fork")
    + d.user("build", groups="build-team", deadline="PT10H", escalation=LADDER)
    + d.user("dated", groups="build-team", deadline="2026-03-02T15:00:00Z", escalation="PT0S: user:otto")
    + d.user("office", groups="build-team", deadline="P2D", clock="working", escalation="PT0S: user:tina")
    + d.user("choose", groups="build-team", approval="any", deadline="PT2H", escalation="PT0S: user:sam")
    + d.element("intermediateCatchEvent", "soak", inner=SOAK)
    + d.user("after", groups="build-team", deadline="PT1H")
)
ENDS = "".join(d.end(f"end_{name}") for name in ("build", "dated", "office", "choose", "after"))
FLOWS = d.chain("start", "fork", "soak", "after", "end_after") + "".join(
    d.chain("fork", name, f"end_{name}") for name in ("build", "dated", "office", "choose")
)
MODEL = d.diagram(WORK + ENDS + FLOWS, process="minor_release", name="Minor")
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}
MAX, BEA, NORA = cast.actor("max"), cast.actor("bea"), cast.actor("nora")
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


@pytest.fixture
def release(house: Flask, owner: policy.Actor) -> int:
    """A release that waits for four tasks with deadlines and a timer of six hours."""
    models.deploy([("minor.bpmn", MODEL)], actor=owner)
    return releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))


@pytest.fixture(params=["live", "restored"])
def kept(request: pytest.FixtureRequest) -> Any:
    """With and without the instance in memory."""
    return (lambda: None) if request.param == "live" else live.forget


def task(number: int, element: str) -> Any:
    return next(row for row in tasks.of_release(number) if row.element == element)


def due(number: int) -> dict[str, datetime]:
    found, _ = stored.listing(MAX, release=number, limit=50)
    return {row.element: row.due_at for row in found}


def pump(time: Any, release: int) -> list[str]:
    """Do what dispatcher and worker would do now; answers whom levels have told since the beginning."""
    instance = releases.get(release).instance_key
    waiting = outbox.peek(time.now, time.now, time.now)
    if outbox.TIMERS in waiting:
        instances.fire_timers(instance)
    with db.reading() as session:
        keys = session.scalars(select(DeadlineLevel.key)).all()
    firing.fire_all(keys)
    told = [row for name in cast.PEOPLE for row in notices.inbox(name)[0] if row.kind.startswith("deadline.")]
    return sorted(row.reader for row in told)


def test_on_hold_nobody_finishes_anything_and_the_refusal_says_who_since_when_and_why(release: int, kept: Any) -> None:
    holding.hold(release, "The supplier is bankrupt.", actor=MAX)
    kept()
    with pytest.raises(errors.OnHold) as refused:
        tasks_.complete(task(release, "build").key, {}, actor=BEA)
    said = str(refused.value)
    assert said == "R-1 is on hold since 2026-03-02T09:00:00+00:00, says max: The supplier is bankrupt."
    with pytest.raises(errors.OnHold):
        tasks_.decide(task(release, "choose").key, "approved", actor=BEA)
    form = tasks_.form(task(release, "build").key, actor=BEA)
    assert (form.readonly, form.why) == (True, said)
    assert {row.state for row in tasks.of_release(release)} == {"open"}


def test_taking_and_handing_over_go_on_while_on_hold(release: int) -> None:
    holding.hold(release, "Wait.", actor=MAX)
    key = task(release, "build").key
    tasks_.claim(key, actor=BEA)
    tasks_.delegate(key, "tom", actor=BEA)
    assert task(release, "build").assignee == "tom"


@pytest.mark.req("S2-3")
def test_on_hold_no_level_and_no_timer_fires(release: int, time: Any, kept: Any) -> None:
    holding.hold(release, "Wait.", actor=MAX)
    kept()
    time.turn(days=30)
    assert outbox.peek(time.now, time.now, time.now).keys().isdisjoint({outbox.TIMERS, outbox.LEVELS})
    assert not instances.fire_timers(releases.get(release).instance_key)
    assert pump(time, release) == []


def test_going_on_moves_lengths_of_time_and_leaves_dates(release: int, time: Any, kept: Any) -> None:
    drawn = due(release)
    time.turn(hours=1)
    holding.hold(release, "Wait.", actor=MAX)
    kept()
    time.turn(days=7)
    holding.resume(release, actor=MAX)
    kept()
    shift = timedelta(days=7)
    assert due(release) == {
        "build": BEGIN + timedelta(hours=10) + shift,
        "choose": BEGIN + timedelta(hours=2) + shift,
        "dated": datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        "office": drawn["office"] + shift,  # as much working time is left, from the same hour of a week later
    }
    assert task(release, "build").due_at == due(release)["build"]
    # the date has passed meanwhile, and so has the timer's moment: both come now, and the timer's task opens
    assert pump(time, release) == ["otto"]
    assert task(release, "after").due_at == time.now + timedelta(hours=1)
    time.turn(hours=7, microseconds=-1)
    assert "tom" not in pump(time, release)
    time.turn(microseconds=1)
    assert pump(time, release).count("tom") == 1, "at 80 % of the ten hours that it has"


def test_a_due_moment_that_a_hold_moved_is_not_the_one_that_was_read(release: int, time: Any) -> None:
    def revisions() -> dict[str, int]:
        return {row.element: row.revision for row in stored.listing(MAX, release=release)[0]}

    before = revisions()
    holding.hold(release, "Wait.", actor=MAX)
    time.turn(days=1)
    holding.resume(release, actor=MAX)
    assert {name for name, revision in revisions().items() if revision != before[name]} == {"build", "choose", "office"}
    (build,) = [row for row in stored.listing(MAX, release=release)[0] if row.element == "build"]
    with pytest.raises(errors.StaleWrite):
        rescheduling.move(build.key, time.now + timedelta(days=1), revision=before["build"], actor=MAX)


def test_what_was_late_before_the_hold_does_not_climb_during_it(release: int, time: Any) -> None:
    time.turn(hours=12)
    before = pump(time, release)
    assert before.count("tom") == 2
    holding.hold(release, "Wait.", actor=MAX)
    time.turn(days=3)
    holding.resume(release, actor=MAX)
    assert due(release)["build"] == BEGIN + timedelta(hours=10), "it stays late since then"
    assert "max" not in pump(time, release)
    time.turn(hours=22, microseconds=-1)
    assert "max" not in pump(time, release)
    time.turn(microseconds=1)
    assert "max" in pump(time, release)


def test_what_opens_on_hold_waits_with_the_rest(release: int, time: Any) -> None:
    """The diagram may go on by itself or by repairs: a task is sent back to, a job that was at work ends."""
    holding.hold(release, "Wait.", actor=MAX)
    time.turn(hours=3)
    repairs.send_back(releases.get(release).instance_key, "build", "Again.", actor=MAX)
    time.turn(hours=3)
    holding.resume(release, actor=MAX)
    assert due(release)["build"] == BEGIN + timedelta(hours=6 + 10), "ten hours, of which three stood still"


def test_holds_are_told_to_those_who_take_part_each_time(release: int) -> None:
    for _ in range(2):
        holding.hold(release, "Wait.", actor=MAX)
        holding.resume(release, actor=MAX)
    kinds = [row.kind for row in notices.inbox("cora")[0] if row.kind in ("release.held", "release.resumed")]
    assert sorted(kinds) == ["release.held"] * 2 + ["release.resumed"] * 2
    assert not [row for row in notices.inbox("max")[0] if row.kind == "release.held"], "whoever did it is not told"


def test_only_some_may_and_only_what_is_open_and_not_yet_so(release: int) -> None:
    with pytest.raises(errors.Forbidden):
        holding.hold(release, "Wait.", actor=BEA)
    with pytest.raises(errors.InvalidInput):
        holding.hold(release, "  ", actor=MAX)
    with pytest.raises(errors.Conflict):
        holding.resume(release, actor=MAX)
    with pytest.raises(errors.NotFound):
        holding.hold(99, "Wait.", actor=MAX)
    holding.hold(release, "Wait.", actor=MAX)
    with pytest.raises(errors.Conflict):
        holding.hold(release, "Wait.", actor=cast.actor("ada"))
    with pytest.raises(errors.Forbidden):
        holding.resume(release, actor=NORA)


def test_a_release_that_ends_is_no_longer_on_hold(release: int) -> None:
    from_key = releases.get(release).instance_key
    holding.hold(release, "Wait.", actor=MAX)
    repairs.cancel(from_key, "No more.", actor=MAX)
    row = releases.get(release)
    assert (row.status, row.held_at, row.held_by) == ("terminated", None, None)
    with db.reading() as session:
        assert set(session.scalars(select(DeadlineLevel.state))) == {"cancelled"}
