"""Messages: whom they reach, how long they are kept, and that nobody gets one twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from service import errors
from service.domain import policy
from service.storage import db
from service.storage.models.messages import Receipt
from service.storage.queries import history, tasks
from service.storage.queries import instances as runs
from service.storage.queries import messages as found
from service.usecases.context import live
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances, messages
from tests import cast
from tests.support import drawing as d
from tests.usecases.working import work

PAID = '<bpmn:messageEventDefinition messageRef="message_paid"/>'
ORDER = d.message("paid", "=order")


def catching(process: str = "p", key: str = "=order") -> bytes:
    """Prepares, waits for its payment, ships."""
    return d.diagram(
        d.start()
        + d.user("prepare", groups="operations")
        + d.element("intermediateCatchEvent", "wait", inner=PAID)
        + d.user("ship", groups="operations")
        + d.end()
        + d.chain("start", "prepare", "wait", "ship", "end"),
        process=process,
        outside=d.message("paid", key),
    )


THROWING = d.diagram(
    d.start() + d.element("intermediateThrowEvent", "tell", inner=PAID) + d.end() + d.chain("start", "tell", "end"),
    process="thrower",
    outside=ORDER,
)
REMINDED = d.diagram(
    d.start()
    + d.user("pack", groups="operations")
    + d.element("boundaryEvent", "reminder", inner=PAID, attachedToRef="pack", cancelActivity="false")
    + d.user("note", groups="operations")
    + d.end()
    + d.end("noted")
    + d.chain("start", "pack", "end")
    + d.chain("reminder", "note", "noted"),
    process="reminded",
    outside=ORDER,
)
ORDERING = d.diagram(
    d.element("startEvent", "ordered", inner=PAID)
    + d.user("pack", groups="operations")
    + d.end()
    + d.chain("ordered", "pack", "end"),
    process="ordering",
    outside=d.message("paid"),
)


def deploy(*sources: bytes) -> None:
    owner = cast.actor("petra")
    models.deploy([(f"{number}.bpmn", source) for number, source in enumerate(sources)], actor=owner)


def begin(process: str, *, prepared: bool = True, **variables: Any) -> int:
    """An instance that waits for its payment, or is still being prepared."""
    outcome = instances.start(process, variables=variables, actor=cast.actor("petra"))
    if outcome.opened and prepared and outcome.opened[0]["element"] == "prepare":
        prepare(outcome.instance_key)
    return outcome.instance_key


def prepare(instance: int) -> None:
    (task,) = tasks.open_of_instance(instance)
    tasks_.complete(task.key, {}, actor=cast.actor("otto"))


def publish(key: str | None = None, **more: Any) -> messages.Published:
    return messages.publish("paid", key, actor=cast.actor("petra"), **more)


def at(instance: int) -> list[str]:
    """The elements with an open task."""
    return [task.element for task in tasks.open_of_instance(instance)]


def running(process: str) -> list[int]:
    """The instances of a process, the oldest first."""
    with db.reading() as session:
        rows = session.query(runs.Instance).order_by(runs.Instance.started_at, runs.Instance.key).all()
        return [row.key for row in rows if row.manifest["processes"].get(process) == str(row.definition_key)]


def state(key: int) -> str:
    row = found.get(key)
    assert row is not None
    return str(row.state)


# -- who waits now


def test_a_message_reaches_the_run_with_its_key_and_no_other(house: Flask, owner: policy.Actor) -> None:
    deploy(catching())
    first, second = begin("p", order="A-1"), begin("p", order="A-2")
    assert publish("A-2", variables={"amount": 5}).instances == (second,)
    assert (at(first), at(second)) == ([], ["ship"])
    assert publish("A-3").instances == ()


def test_a_key_that_is_a_number_is_the_text_that_it_is_written_as(house: Flask) -> None:
    deploy(catching())
    run = begin("p", order=7)
    assert publish("7").instances == (run,)


def test_a_message_reaches_the_run_that_waits_longest_and_no_other(house: Flask, time: Any) -> None:
    deploy(catching())
    keys = []
    for _ in range(3):
        keys.append(begin("p", order="A-1"))
        time.turn(minutes=1)
    for number in range(3):
        assert publish("A-1", ttl_seconds=0).instances == (keys[number],)
    assert publish("A-1", ttl_seconds=0).instances == ()


def test_a_message_reaches_each_process_once(house: Flask) -> None:
    deploy(catching(), catching("q"), ORDERING)
    first, second = begin("p", order="A-1"), begin("q", order="A-1")
    reached = publish("A-1").instances
    (third,) = running("ordering")
    assert sorted(reached) == sorted([first, second, third])
    work()
    assert running("ordering") == [third]


def test_a_message_without_a_key_reaches_whoever_waits_for_its_name(house: Flask) -> None:
    deploy(catching())
    run = begin("p", order="A-1")
    assert publish().instances == (run,)


def test_a_message_to_one_run_is_for_that_one_and_for_now(house: Flask, owner: policy.Actor) -> None:
    deploy(catching())
    first, second = begin("p", order="A-1"), begin("p", order="A-1")
    assert publish(instance=second).instances == (second,)
    assert (at(first), at(second)) == ([], ["ship"])
    with pytest.raises(errors.NotFound):
        publish(instance=second)
    with pytest.raises(errors.InvalidInput):
        publish(instance=first, ttl_seconds=60)


def test_only_who_may_sends_messages_and_not_with_names_of_facts(house: Flask) -> None:
    with pytest.raises(errors.Forbidden):
        messages.publish("paid", actor=cast.actor("bea"))
    with pytest.raises(errors.InvalidInput) as refused:
        publish(variables={"release": {}})
    assert list(refused.value.errors) == ["variables.release"]


def test_history_tells_who_sent_what(house: Flask) -> None:
    deploy(catching())
    run = begin("p", order="A-1")
    publish("A-1")
    told = [row for row in history.of_instance(run, limit=50, before=None) if row.event.startswith("message.")]
    assert [(row.event, row.actor) for row in told] == [("message.received", "petra"), ("message.delivered", "petra")]


# -- who waits later


def test_an_early_message_is_kept_and_reaches_who_waits_later(house: Flask, time: Any) -> None:
    deploy(catching())
    run = begin("p", prepared=False, order="A-1")
    sent = publish("A-1", ttl_seconds=600, variables={"amount": 5})
    assert (sent.instances, sent.kept_until) == ((), time.now.replace(minute=10))
    time.turn(minutes=9)
    prepare(run)
    work()
    assert at(run) == ["ship"]
    assert sent.key is not None
    assert found.instances_of(sent.key) == (run,)


def test_a_message_is_kept_as_long_as_the_settings_say_where_it_does_not(house: Flask, time: Any) -> None:
    deploy(catching())
    sent = publish("A-1")
    assert sent.kept_until == time.now.replace(hour=10)
    assert publish("A-1", ttl_seconds=0).kept_until is None


def test_a_message_that_nobody_came_for_expires(house: Flask, time: Any) -> None:
    deploy(catching())
    sent, gone = publish("A-1", ttl_seconds=60), publish("A-1", ttl_seconds=0)
    assert sent.key is not None
    assert gone.key is not None
    assert (state(sent.key), state(gone.key)) == ("kept", "expired")
    time.turn(seconds=61)
    run = begin("p", order="A-1")
    work()
    assert at(run) == []
    assert state(sent.key) == "expired"


def test_a_kept_message_is_for_each_process_once(house: Flask, time: Any) -> None:
    deploy(catching(), catching("q"))
    sent = publish("A-1")
    first, second, other = begin("p", order="A-1"), begin("p", order="A-1"), begin("q", order="A-1")
    work()
    assert (at(first), at(second), at(other)) == (["ship"], [], ["ship"])
    time.turn(hours=2)
    work()
    assert sent.key is not None
    assert state(sent.key) == "done"


def test_who_waits_takes_the_oldest_message_first(house: Flask, time: Any) -> None:
    deploy(REMINDED)
    for number in (1, 2, 3):
        publish("A-1", variables={"number": number})
        time.turn(seconds=1)
    run = begin("reminded", order="A-1")
    work()
    assert at(run) == ["pack", "note", "note", "note"]
    told = [row.data for row in history.of_instance(run, limit=90, before=None) if row.event == "message.delivered"]
    assert len(told) == 3
    with db.reading() as session:
        receipts = [row.message_key for row in session.query(Receipt).order_by(Receipt.at, Receipt.message_key)]
    assert len(set(receipts)) == 1 + 2  # each message came, each once


def test_a_message_does_not_overtake_one_that_is_kept(house: Flask, time: Any) -> None:
    deploy(catching())
    publish("A-1", variables={"amount": 1})
    time.turn(seconds=1)
    run = begin("p", order="A-1")
    publish("A-1", variables={"amount": 2})
    assert at(run) == ["ship"]
    assert state_of(run)["amount"] == 1


def state_of(run: int) -> dict[str, Any]:
    """The variables of a run."""
    row = runs.get(run)
    assert row is not None
    with db.transaction() as session:
        locked = messages.receiving.locks.lock(session, run)
        return dict(locked.live.instance.variables())


def test_an_action_of_people_takes_no_message(house: Flask) -> None:
    action = d.diagram(
        d.start()
        + d.user("pack", groups="operations")
        + d.message_boundary("stop", "pack", "paid", label="Stop")
        + d.end()
        + d.end("stopped")
        + d.chain("start", "pack", "end")
        + d.chain("stop", "stopped"),
        outside=d.message("paid"),
    )
    deploy(action)
    publish()
    run = begin("p")
    work()
    assert publish().instances == ()
    assert at(run) == ["pack"]


# -- messages that instances throw


def test_a_thrown_message_reaches_who_waits_for_it_once(house: Flask) -> None:
    deploy(THROWING, REMINDED)
    run = begin("reminded", order="A-1")
    begin("thrower", order="A-1")
    work()
    work()
    assert at(run) == ["pack", "note"]


def test_a_thrown_message_is_kept_too(house: Flask) -> None:
    deploy(THROWING, catching())
    begin("thrower", order="A-1")
    work()
    run = begin("p", order="A-1")
    work()
    assert at(run) == ["ship"]


def test_a_message_reaches_what_waits_in_a_called_process(house: Flask) -> None:
    calling = d.diagram(
        d.start()
        + d.element("callActivity", "call", '<zeebe:calledElement processId="p"/>')
        + d.end()
        + d.chain("start", "call", "end"),
        process="caller",
    )
    deploy(catching(), calling)
    run = begin("caller", order="A-1")
    assert publish("A-1").instances == (run,)
    assert at(run) == ["ship"]


# -- messages that start


def test_a_message_starts_the_newest_version(house: Flask, time: Any) -> None:
    deploy(ORDERING)
    publish(variables={"amount": 5})
    (first,) = running("ordering")
    assert state_of(first) == {"amount": 5}
    deploy(ORDERING.replace(b'"pack"', b'"ship"').replace(b"_pack", b"_ship"))
    time.turn(seconds=1)
    publish()
    assert at(running("ordering")[1]) == ["ship"]
    deploy(ORDERING.replace(b'messageRef="message_paid"/>', b'messageRef="message_other"/>').replace(
        b"</bpmn:process>", b"</bpmn:process>" + d.message("other").encode()
    ))  # fmt: skip
    assert publish().instances == ()


def test_of_one_key_one_instance_runs_at_a_time(house: Flask) -> None:
    deploy(ORDERING)
    (first,) = publish("A-1").instances
    assert publish("A-2").instances != ()
    assert publish("A-1").instances == ()
    (task,) = tasks.open_of_instance(first)
    tasks_.complete(task.key, {}, actor=cast.actor("otto"))
    work()
    assert len(running("ordering")) == 3
    work()
    assert len(running("ordering")) == 3


def test_a_message_that_came_before_the_deployment_starts_what_is_deployed_later(house: Flask) -> None:
    publish("A-1", ttl_seconds=60)
    publish("A-2", ttl_seconds=0)
    deploy(ORDERING)
    work()
    assert len(running("ordering")) == 1
    deploy(ORDERING.replace(b'"pack"', b'"ship"').replace(b"_pack", b"_ship"))
    work()
    assert len(running("ordering")) == 1


def test_a_run_that_waits_is_before_one_that_would_start(house: Flask) -> None:
    both = d.diagram(
        d.element("startEvent", "ordered", inner=PAID)
        + d.element("receiveTask", "again", messageRef="message_paid")
        + d.end()
        + d.chain("ordered", "again", "end"),
        process="both",
        outside=d.message("paid", "=order"),
    )
    deploy(both)
    (first,) = publish(variables={"order": "A-1"}).instances
    assert publish("A-1").instances == (first,)
    assert runs.get(first).status == "completed"
    assert publish("A-1").instances not in ((), (first,))


# -- what it costs


def test_to_begin_to_wait_costs_one_statement_and_nothing_where_nothing_waits(house: Flask) -> None:
    deploy(catching(), d.diagram(
        d.start() + d.user("prepare", groups="operations") + d.element("task", "pass") + d.end()
        + d.chain("start", "prepare", "pass", "end"), process="plain",
    ))  # fmt: skip
    said: dict[str, list[str]] = {}
    for process in ("p", "plain"):
        run = begin(process, prepared=False, order="A-1")
        (task,) = tasks.open_of_instance(run)
        heard = said[process] = []

        def listen(*given: Any, into: list[str] = heard) -> None:
            into.append(given[2])

        event.listen(db.db.engine, "before_cursor_execute", listen)
        tasks_.complete(task.key, {}, actor=cast.actor("otto"))
        event.remove(db.db.engine, "before_cursor_execute", listen)
    about = {
        process: [text for text in heard if any(name in text for name in ("subscriptions", "messages", "starts"))]
        for process, heard in said.items()
    }
    assert [text.split(" ", 3)[:3] for text in about["p"]] == [["INSERT", "INTO", "subscriptions"]]
    assert about["plain"] == []


# -- exactly once


def test_a_worker_that_died_behind_a_delivery_does_not_deliver_again(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(THROWING, REMINDED)
    run = begin("reminded", order="A-1")
    begin("thrower", order="A-1")
    monkeypatch.setattr(messages.receiving, "settle", _dies)
    with pytest.raises(SystemExit):
        work()
    monkeypatch.undo()
    work()
    assert at(run) == ["pack", "note"]


def _dies(*_: Any) -> None:
    raise SystemExit


def test_a_request_that_died_before_it_delivered_is_finished_by_a_worker(
    house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(catching())
    run = begin("p", order="A-1")
    monkeypatch.setattr(messages, "_relay", _dies)
    with pytest.raises(SystemExit):
        publish("A-1")
    monkeypatch.undo()
    time.turn(seconds=4)
    work()
    assert at(run) == ["ship"]


def test_a_run_that_cannot_take_a_message_does_not_hold_up_the_others(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(catching(), catching("q"))
    run, other = begin("p", order="A-1"), begin("q", order="A-1")
    real = messages.receiving.locks.lock

    def fails_for_the_first(session: Any, wanted: int, **more: Any) -> Any:
        if wanted == run:
            raise errors.LimitExceeded
        return real(session, wanted, **more)

    monkeypatch.setattr(messages.receiving.locks, "lock", fails_for_the_first)
    sent = publish("A-1")
    assert (at(run), at(other)) == ([], ["ship"])
    monkeypatch.undo()
    assert sent.key is not None
    messages.relay(sent.key)
    assert (at(run), at(other)) == (["ship"], ["ship"])


def test_many_at_once_deliver_each_message_once(house: Flask) -> None:
    """Messages that are sent and runs that begin to wait, in any order: as many are reached as there are pairs."""
    deploy(catching())
    count, done = 6, []
    waiting = [begin("p", prepared=False, order="A-1") for _ in range(count)]

    def send() -> None:
        with house.app_context():
            done.append(publish("A-1"))
            db.db.session.remove()

    def wait(run: int) -> None:
        with house.app_context():
            prepare(run)
            for key in subscriptions(run):
                messages.look(key)
            db.db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(count)]
    threads += [threading.Thread(target=wait, args=(run,)) for run in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    live.forget()
    # One process receives each message once, and each run waits for one.
    assert len(done) == count
    assert [at(run) for run in waiting] == [["ship"]] * count


def subscriptions(run: int) -> list[int]:
    with db.reading() as session:
        rows = session.query(runs.Subscription).filter(runs.Subscription.instance_key == run).all()
        return [row.key for row in rows]
