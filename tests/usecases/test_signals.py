"""Signals: everyone who waits hears them, once; they start what they may start, and are not kept."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage.queries import history, tasks
from service.usecases.releases import tasks as tasks_
from service.usecases.running import signals
from tests import cast
from tests.support import drawing as d
from tests.usecases.test_messages import at, begin, deploy, running, state_of
from tests.usecases.working import work

FREEZE = '<bpmn:signalEventDefinition signalRef="signal_freeze"/>'
SIGNAL = '<bpmn:signal id="signal_freeze" name="freeze"/>'

THROWING = d.diagram(
    d.start()
    + d.user("decide", groups="operations")
    + d.element("intermediateThrowEvent", "tell", '<zeebe:ioMapping><zeebe:input source="=why" target="why"/>'
                '</zeebe:ioMapping>', FREEZE)
    + d.end()
    + d.chain("start", "decide", "tell", "end"),
    process="thrower",
    outside=SIGNAL,
)  # fmt: skip
CATCHING = d.diagram(
    d.start()
    + d.user("work", groups="operations")
    + d.element("boundaryEvent", "frozen", inner=FREEZE, attachedToRef="work", cancelActivity="false")
    + d.user("look", groups="operations")
    + d.end()
    + d.end("looked")
    + d.chain("start", "work", "end")
    + d.chain("frozen", "look", "looked"),
    process="catcher",
    outside=SIGNAL,
)
STARTING = d.diagram(
    d.element("startEvent", "frozen", inner=FREEZE)
    + d.user("tidy", groups="operations")
    + d.end()
    + d.chain("frozen", "tidy", "end"),
    process="starter",
    outside=SIGNAL,
)


def throw(**variables: Any) -> int:
    """An instance that throws the signal."""
    from_task = begin("thrower", **variables)
    complete(from_task)
    return from_task


def complete(run: int) -> None:
    (task,) = tasks.open_of_instance(run)
    tasks_.complete(task.key, {}, actor=cast.actor("otto"))


def test_everyone_who_waits_hears_a_thrown_signal_once(house: Flask) -> None:
    deploy(THROWING, CATCHING, STARTING)
    first, second = begin("catcher"), begin("catcher")
    throw(why="audit")
    work()
    work()
    assert (at(first), at(second)) == (["work", "look"], ["work", "look"])
    assert state_of(first)["why"] == "audit"
    (started,) = running("starter")
    assert state_of(started) == {"why": "audit"}


def test_who_begins_to_wait_after_a_signal_does_not_hear_it(house: Flask) -> None:
    deploy(THROWING, CATCHING, STARTING)
    throw(why="audit")
    late = begin("catcher")
    work()
    assert at(late) == ["work"]
    assert len(running("starter")) == 1


def test_each_signal_is_heard_by_what_waits_again_each_time(house: Flask) -> None:
    deploy(THROWING, CATCHING)
    run = begin("catcher")
    throw(why="one")
    throw(why="two")
    work()
    assert at(run) == ["work", "look", "look"]


def test_a_signal_from_outside_is_heard_at_once_and_says_by_whom(house: Flask) -> None:
    deploy(CATCHING, STARTING)
    run = begin("catcher")
    sent = signals.broadcast("freeze", {"why": "fire"}, actor=cast.actor("max"))
    (started,) = running("starter")
    assert sorted(sent.instances) == sorted([run, started])
    assert at(run) == ["work", "look"]
    told = [row for row in history.of_instance(run, limit=50, before=None) if row.event == "signal.delivered"]
    assert [(row.actor, row.data["signal"]) for row in told] == [("max", "freeze")]
    assert signals.broadcast("thaw", actor=cast.actor("max")).instances == ()
    work()
    assert at(run) == ["work", "look"]


def test_who_may_not_repair_sends_no_signals(house: Flask) -> None:
    with pytest.raises(errors.Forbidden):
        signals.broadcast("freeze", actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput):
        signals.broadcast("freeze", {"release": 1}, actor=cast.actor("max"))


def test_a_worker_that_died_among_many_tells_the_rest_and_nobody_twice(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(THROWING, CATCHING)
    runs = [begin("catcher") for _ in range(4)]
    throw(why="audit")
    real, told = signals.receiving.heard, []

    def dies_after_two(row: Any, instance: int) -> bool:
        if len(told) == 2:
            raise SystemExit
        told.append(instance)
        return real(row, instance)

    monkeypatch.setattr(signals.receiving, "heard", dies_after_two)
    with pytest.raises(SystemExit):
        work()
    monkeypatch.undo()
    work()
    assert [at(run) for run in runs] == [["work", "look"]] * 4
    assert len(told) == 2


def test_a_run_that_cannot_hear_a_signal_does_not_hold_up_the_others(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(THROWING, CATCHING)
    first, second = begin("catcher"), begin("catcher")
    throw(why="audit")
    real = signals.receiving.locks.lock

    def fails_for_the_first(session: Any, wanted: int, **more: Any) -> Any:
        if wanted == first:
            raise errors.LimitExceeded
        return real(session, wanted, **more)

    monkeypatch.setattr(signals.receiving.locks, "lock", fails_for_the_first)
    with pytest.raises(errors.LimitExceeded):
        work()
    assert at(second) == ["work", "look"]
    monkeypatch.undo()
    work()
    assert (at(first), at(second)) == (["work", "look"], ["work", "look"])


def test_a_request_that_died_before_it_told_anybody_is_finished_by_a_worker(
    house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(CATCHING)
    run = begin("catcher")

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(signals, "relay", dies)
    with pytest.raises(SystemExit):
        signals.broadcast("freeze", actor=cast.actor("max"))
    monkeypatch.undo()
    time.turn(seconds=4)
    work()
    assert at(run) == ["work", "look"]
