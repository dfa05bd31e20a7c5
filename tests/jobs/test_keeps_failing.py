"""What is due and keeps failing, where no run stands still: an administrator sees it with its cause, others go on."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.jobs import house as doors
from service.jobs import perform
from service.storage import db
from service.storage.models.messages import Start
from service.storage.models.notices import DeadlineLevel
from service.storage.queries import breakdowns as found
from service.usecases import breakdowns
from service.usecases.deadlines import firing
from service.usecases.deploying import models
from service.usecases.running import instances, messages, starts
from service.usecases.upkeep import housekeeping
from tests import cast
from tests.support import drawing as d
from tests.usecases.test_messages import ORDERING, publish, running
from tests.usecases.working import work

HOURLY = "<bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>"


def timed(process: str) -> bytes:
    started = d.element("startEvent", "hourly", inner=HOURLY) + d.user("tidy", groups="operations")
    return d.diagram(started + d.end() + d.chain("hourly", "tidy", "end"), process=process)


class Broken(Exception):
    """What a use case dies of here."""


@pytest.fixture
def one_fails(house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two processes that begin every hour, one of which never can; their starts, that one first."""
    doors.furnish(lambda: nullcontext())
    models.deploy([("a.bpmn", timed("bad")), ("b.bpmn", timed("good"))], actor=cast.actor("petra"))
    with db.reading() as session:
        keys = [row.key for row in session.query(Start).order_by(Start.process_id)]
    real = starts.attend

    def fails(key: int) -> None:
        if key == keys[0]:
            raise Broken("the disk is full")
        real(key)

    monkeypatch.setattr(starts, "attend", fails)
    time.turn(hours=1)
    return keys


def test_what_keeps_failing_shows_once_with_its_newest_cause(one_fails: list[int], time: Any) -> None:
    for _ in range(3):
        perform.attend_start(*one_fails)
        time.turn(seconds=31)
    (shown,), _ = found.listing()
    assert (shown.kind, shown.name, shown.attempts) == ("starts", "bad: hourly", 3)
    assert shown.problem == "Broken: the disk is full"
    assert shown.last_at - shown.first_at == timedelta(seconds=62)
    assert len(running("good")) == 1


def test_it_is_gone_as_soon_as_it_is_done(one_fails: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    perform.attend_start(one_fails[0])
    assert found.count() == 1
    monkeypatch.undo()
    perform.attend_start(one_fails[0])
    assert (found.count(), len(running("bad"))) == (0, 1)


def test_an_administrator_has_it_tried_at_once(one_fails: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    perform.attend_start(one_fails[0])
    monkeypatch.undo()
    (shown,), _ = found.listing()
    with db.reading() as session:
        assert session.get(Start, one_fails[0]).asked_at > shown.last_at
    with pytest.raises(errors.Forbidden):
        breakdowns.retry(shown.key, actor=cast.actor("petra"))
    breakdowns.retry(shown.key, actor=cast.actor("ada"))
    with db.reading() as session:
        assert session.get(Start, one_fails[0]).asked_at is None
    work()
    assert len(running("bad")) == 1


def test_what_is_not_due_any_more_goes_after_an_hour(one_fails: list[int], time: Any) -> None:
    perform.attend_start(one_fails[0])
    time.turn(minutes=59)
    housekeeping.tidy()
    assert found.count() == 1
    time.turn(minutes=2)
    housekeeping.tidy()
    assert found.count() == 0


def test_what_another_worker_did_meanwhile_does_not_show(house: Flask, time: Any) -> None:
    late = d.diagram(d.start() + d.user("pack", deadline="PT1H") + d.end() + d.chain("start", "pack", "end"))
    models.deploy([("b.bpmn", late)], actor=cast.actor("petra"))
    instances.start("p", actor=cast.actor("petra"))
    time.turn(hours=2)
    with db.reading() as session:
        first, second, *_ = [row.key for row in session.query(DeadlineLevel).order_by(DeadlineLevel.fire_at)]
    assert firing.fire(first)
    for key in (first, second):
        breakdowns.keep("levels", key, Broken("the database went away"))
    assert [row.subject for row in found.listing()[0]] == [second]


def test_a_message_that_never_arrives_and_a_level_that_never_fires_show_too(
    house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors.furnish(lambda: nullcontext())
    late = d.diagram(d.start() + d.user("pack", deadline="PT1H") + d.end() + d.chain("start", "pack", "end"))
    models.deploy([("a.bpmn", ORDERING), ("b.bpmn", late)], actor=cast.actor("petra"))
    run = instances.start("p", actor=cast.actor("petra")).instance_key
    sent = publish("7")
    time.turn(hours=2)

    def breaks(*_: Any) -> None:
        raise Broken

    monkeypatch.setattr(messages, "relay", breaks)
    monkeypatch.setattr(firing, "fire", breaks)
    monkeypatch.setattr(firing, "fire_all", breaks)
    with db.reading() as session:
        level = session.query(DeadlineLevel).order_by(DeadlineLevel.key).first().key
    assert sent.key is not None
    perform.relay_message(sent.key)
    perform.fire_level(level)
    rows, _ = found.listing()
    assert {(row.kind, row.name, row.instance_key) for row in rows} == {
        ("messages", "paid", None),
        ("levels", "pack", run),
    }
    monkeypatch.undo()
    perform.fire_level(level)
    assert [row.kind for row in found.listing()[0]] == ["messages"], "a level that fired at last fails no more"
