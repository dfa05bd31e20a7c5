"""Deadlines climb their ladders: each level once, to the right people, none after the work is done."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage import db, outbox
from service.storage.history import first_broken
from service.storage.models.instances import Task
from service.storage.models.notices import DeadlineLevel, Notice
from service.storage.models.people import User
from service.storage.queries import deadlines as stored
from service.storage.queries import history, notices, untold
from service.storage.writing import update_where
from service.usecases.deadlines import firing, rescheduling
from service.usecases.deploying import models
from service.usecases.releases import tasks
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

LADDER = "80%: assignee candidates\nPT0S: assignee candidates coordinator\nP1D: manager repeat P1D x2"


def one_task(**properties: str) -> bytes:
    return d.diagram(
        d.start()
        + d.user(
            "build", name="Build", groups="build-team", **{"deadline": "PT10H", "escalation": LADDER, **properties}
        )
        + d.end()
        + d.chain("start", "build", "end")
    )


def begin(diagram: bytes) -> Any:
    models.deploy([("p.bpmn", diagram)], actor=cast.actor("petra"))
    return running.start("p", actor=cast.actor("petra"))


def levels(instance_key: int) -> list[Any]:
    with db.reading() as session:
        return list(session.query(DeadlineLevel).order_by(DeadlineLevel.level, DeadlineLevel.repeat).all())


def told(kind: str | None = None) -> list[tuple[str, str]]:
    """Who was told what, as (user, kind)."""
    with db.reading() as session:
        return sorted((one.reader, one.kind) for one in session.query(Notice) if kind in (None, one.kind))


def fire_due(time: Any) -> int:
    """Fire whatever is due, as a worker would."""
    fired = 0
    for level in levels(0):
        fired += firing.fire(level.key)
    return fired


def test_a_deadline_has_all_levels_from_the_start(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    assert outcome.opened[0]["due_at"] == time.now + timedelta(hours=10)
    found = [(one.level, one.repeat, one.fire_at - time.now, one.state) for one in levels(0)]
    assert found == [
        (1, 0, timedelta(hours=8), "waiting"),
        (2, 0, timedelta(hours=10), "waiting"),
        (3, 0, timedelta(hours=34), "waiting"),
        (3, 1, timedelta(hours=58), "waiting"),
        (3, 2, timedelta(hours=82), "waiting"),
    ]


def test_no_level_fires_before_its_moment(house: Flask, time: Any) -> None:
    begin(one_task())
    time.turn(hours=8, microseconds=-1)
    assert fire_due(time) == 0
    assert told() == []
    time.turn(microseconds=1)
    assert fire_due(time) == 1


@pytest.mark.req("S2-3")
def test_each_level_tells_its_people_once(house: Flask, time: Any) -> None:
    begin(one_task())
    time.turn(hours=10)
    assert fire_due(time) == 2
    assert fire_due(time) == 0
    assert told() == [
        ("bea", "deadline.due"),
        ("bea", "deadline.near"),
        ("carl", "deadline.due"),
        ("cora", "deadline.due"),
    ]
    time.turn(days=10)
    assert fire_due(time) == 3
    assert told("deadline.overdue") == [("max", "deadline.overdue")] * 3


def test_a_notice_says_which_of_several_tasks_that_are_alike_is_meant(house: Flask, time: Any) -> None:
    items = "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics"
    items += ' inputCollection="=[&quot;north&quot;, &quot;south&quot;]" inputElement="pier"/></bpmn:extensionElements>'
    items += "</bpmn:multiInstanceLoopCharacteristics>"
    given = '<zeebe:userTask/><zeebe:assignmentDefinition assignee="bea"/>'
    given += d.properties({"deadline": "PT1H", "escalation": "PT0S: assignee"})
    sound = d.element("userTask", "sound", given, items, name="Sound the pier")
    begin(d.diagram(d.start() + sound + d.end() + d.chain("start", "sound", "end")))
    time.turn(hours=1)
    fire_due(time)
    told, _ = notices.inbox("bea")
    assert sorted(notice.subject.partition(",")[0] for notice in told) == [
        "Deadline missed: Sound the pier · north",
        "Deadline missed: Sound the pier · south",
    ]


def test_a_person_meant_twice_is_told_once_a_level(house: Flask, time: Any) -> None:
    outcome = begin(one_task(escalation="PT0S: assignee candidates group:build-team user:bea"))
    tasks.claim(outcome.opened[0]["key"], actor=cast.actor("bea"))
    time.turn(hours=10)
    fire_due(time)
    (notice,), _ = notices.inbox("bea")
    assert notice.as_ == "assignee"


def test_recipients_are_those_of_the_moment_it_fires(house: Flask, time: Any) -> None:
    outcome = begin(one_task(escalation="PT0S: assignee"))
    key = outcome.opened[0]["key"]
    tasks.claim(key, actor=cast.actor("bea"))
    tasks.delegate(key, "otto", actor=cast.actor("max"))
    time.turn(hours=10)
    fire_due(time)
    assert told() == [("otto", "deadline.due"), ("otto", "task.assigned")]


def test_people_who_left_are_not_told(house: Flask, time: Any) -> None:
    begin(one_task(escalation="PT0S: candidates user:nora"))
    with db.transaction() as session:
        update_where(session, User, {"deactivated_at": time.now}, name="bea")
    time.turn(hours=10)
    fire_due(time)
    assert told() == [("nora", "deadline.due")]


@pytest.mark.req("S2-3")
def test_finished_in_time_nobody_is_told(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    time.turn(hours=7)
    tasks.complete(outcome.opened[0]["key"], {}, actor=cast.actor("bea"))
    time.turn(days=10)
    assert fire_due(time) == 0
    assert told() == []
    (row,), _ = stored.listing(cast.actor("max"))
    assert row.state == "met"
    assert {one.state for one in levels(0)} == {"cancelled"}


def test_finished_late_is_remembered_as_late(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    time.turn(hours=11)
    fire_due(time)
    tasks.complete(outcome.opened[0]["key"], {}, actor=cast.actor("bea"))
    (row,), _ = stored.listing(cast.actor("max"), state="late")
    assert row.ended_at == time.now
    assert [one.state for one in levels(0)] == ["fired", "fired", "cancelled", "cancelled", "cancelled"]


def test_a_fired_level_says_what_whose_and_since_when(house: Flask, time: Any) -> None:
    begin(one_task(escalation="PT0S: candidates"))
    with db.transaction() as session:
        update_where(session, User, {"language": "de", "zone": "Europe/Berlin"}, name="bea")
    time.turn(hours=10)
    fire_due(time)
    (notice,), _ = notices.inbox("bea")
    assert notice.subject.startswith("Frist versäumt: Build, Process ")
    assert "2. März 2026, 20:00 (Europe/Berlin)" in notice.subject
    assert "build-team" in notice.body
    assert notice.link == f"/tasks/{notice.task_key}"


def test_the_deadline_of_a_phase_means_the_tasks_open_inside(house: Flask, time: Any) -> None:
    inner = (
        d.start("inner_start")
        + d.user("build", name="Build", groups="build-team")
        + d.end("inner_end")
        + d.chain("inner_start", "build", "inner_end")
    )
    phase = d.element(
        "subProcess",
        "phase",
        d.properties({"phase": "building", "deadline": "PT10H", "escalation": "PT0S: assignee candidates"}),
        inner,
        name="Building",
    )
    begin(d.diagram(d.start() + phase + d.end() + d.chain("start", "phase", "end")))
    time.turn(hours=10)
    assert fire_due(time) == 1
    assert told() == [("bea", "deadline.due")]


def test_a_moved_due_date_moves_what_has_not_fired(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    time.turn(hours=8)
    assert fire_due(time) == 1
    (row,), _ = stored.listing(cast.actor("max"))
    rescheduling.move(row.key, row.due_at + timedelta(hours=10), actor=cast.actor("max"))
    found = [(one.state, one.fire_at - row.started_at) for one in levels(0)]
    assert found == [
        ("fired", timedelta(hours=8)),
        ("waiting", timedelta(hours=20)),
        ("waiting", timedelta(hours=44)),
        ("waiting", timedelta(hours=68)),
        ("waiting", timedelta(hours=92)),
    ]
    with db.reading() as session:
        assert session.get(Task, outcome.opened[0]["key"]).due_at == row.started_at + timedelta(hours=20)


def test_the_last_level_is_the_one_that_comes_last_wherever_the_due_date_moves(house: Flask, time: Any) -> None:
    outcome = begin(one_task(deadline="P10D", escalation="80%: candidates\n-P1D: user:nora"))
    assert [level.last for level in levels(outcome.instance_key)] == [False, True]
    (row,) = stored.listing(cast.actor("max"))[0]
    rescheduling.move(row.key, time.now + timedelta(days=2), actor=cast.actor("max"))
    assert [level.last for level in levels(outcome.instance_key)] == [True, False], "80 % of two days, after one"


def test_moving_is_for_managers_and_for_open_deadlines(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    (row,), _ = stored.listing(cast.actor("max"))
    later = row.due_at + timedelta(days=1)
    with pytest.raises(errors.Forbidden):
        rescheduling.move(row.key, later, actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput):
        rescheduling.move(row.key, row.started_at, actor=cast.actor("max"))
    tasks.complete(outcome.opened[0]["key"], {}, actor=cast.actor("bea"))
    with pytest.raises(errors.Conflict):
        rescheduling.move(row.key, later, actor=cast.actor("max"))
    with pytest.raises(errors.NotFound):
        rescheduling.move(1, later, actor=cast.actor("max"))


def test_many_workers_at_once_fire_a_level_once(house: Flask, time: Any) -> None:
    begin(one_task())
    time.turn(hours=10)
    keys = [one.key for one in levels(0)]
    db.release_connection()
    answers: list[bool] = []

    def work() -> None:
        with house.app_context():
            answers.extend(firing.fire(key) for key in keys)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answers) == 2
    assert len(told()) == 4


def test_levels_fired_together_are_told_apart(house: Flask, time: Any) -> None:
    begin(one_task())
    time.turn(days=10)
    keys = [one.key for one in levels(0)]
    assert firing.fire_all(keys) == 5
    assert firing.fire_all(keys) == 0
    assert len(told()) == 7
    assert {one.cause for one in notices.inbox("max")[0]} == {f"level:{key}" for key in keys[2:]}


def test_a_crash_before_the_commit_leaves_the_level_waiting(house: Flask, time: Any, monkeypatch: Any) -> None:
    begin(one_task())
    time.turn(hours=8)
    first = levels(0)[0].key
    with monkeypatch.context() as patched:
        patched.setattr(firing.notices, "tell_all", _broken)
        with pytest.raises(RuntimeError):
            firing.fire(first)
    assert (told(), levels(0)[0].state) == ([], "waiting")
    assert firing.fire(first)
    assert told() == [("bea", "deadline.near")]


def _broken(*_: Any, **__: Any) -> None:
    raise RuntimeError("the process dies here")


def test_a_fired_level_is_in_the_history_with_whom_it_told(house: Flask, time: Any) -> None:
    outcome = begin(one_task())
    time.turn(hours=10)
    assert firing.fire_all([one.key for one in levels(0)]) == 2
    chain = history.chain(f"i{outcome.instance_key}")
    assert first_broken(chain) is None
    told = [one.data for one in chain if one.event == "deadline.level.fired"]
    assert [(one["level"], one["repeat"], one["told"]) for one in told] == [
        (1, 0, ["bea"]),
        (2, 0, ["bea", "carl", "cora"]),
    ]
    assert told[0]["recipients"] == ["assignee", "candidates"]
    tasks.complete(outcome.opened[0]["key"], {}, actor=cast.actor("bea"))
    assert first_broken(history.chain(f"i{outcome.instance_key}")) is None


def test_whoever_is_meant_and_not_told_is_written_down_with_the_reason(house: Flask, time: Any) -> None:
    begin(one_task(escalation="PT0S: assignee stakeholders user:bea user:nora"))
    with db.transaction() as session:
        update_where(session, User, {"deactivated_at": time.now}, name="nora")
    time.turn(hours=10)
    (level,) = levels(0)
    assert firing.fire_all([level.key])
    missed = [(one.recipient, one.user, one.reason) for one in untold.of_causes([f"level:{level.key}"])]
    assert missed == [
        ("assignee", "", "nobody"),
        ("stakeholders", "", "nobody"),
        ("user:nora", "nora", "inactive"),
    ]


def test_deadlines_are_listed_by_state_and_only_to_who_may_see_them(house: Flask, time: Any) -> None:
    begin(one_task())
    manager: policy.Actor = cast.actor("max")
    assert len(stored.listing(manager, state="open")[0]) == 1
    assert stored.listing(manager, state="overdue")[0] == []
    time.turn(hours=11)
    (row,), _ = stored.listing(manager, state="overdue")
    assert (row.name, row.as_drawn, row.clock) == ("Build", "PT10H", "elapsed")
    assert stored.listing(cast.actor("nora"))[0] == []
    assert outbox.backlog(time.now)[outbox.LEVELS].due == 2


@pytest.mark.req("S2-10")
def test_a_changed_ladder_of_a_phase_holds_for_new_instances_only(house: Flask, time: Any) -> None:
    def phase(ladder: str) -> bytes:
        inner = (
            d.start("s") + d.user("build", name="Build", groups="build-team") + d.end("e") + d.chain("s", "build", "e")
        )
        alerts = d.properties({"phase": "building", "deadline": "PT10H", "escalation": ladder})
        drawn = d.element("subProcess", "phase", alerts, inner, name="Building")
        return d.diagram(d.start() + drawn + d.end() + d.chain("start", "phase", "end"))

    older = begin(phase("PT0S: user:tom")).instance_key
    newer = begin(phase("PT0S: user:otto")).instance_key
    time.turn(hours=10)
    assert fire_due(time) == 2
    receipts = [row for name in ("tom", "otto") for row in notices.inbox(name)[0]]
    assert [(row.reader, row.instance_key) for row in receipts] == [("tom", older), ("otto", newer)]
