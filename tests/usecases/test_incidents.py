"""Where a run waits for help: an incident that names the place, and trying again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from service import errors
from service.domain import policy
from service.storage import db
from service.storage.models.instances import Message
from service.storage.queries import instances, tasks
from service.storage.queries import messages as queries
from service.usecases import incidents, messages, models
from service.usecases import instances as running
from service.usecases import tasks as tasks_
from tests import cast
from tests.support import drawing as d

CHOICE = d.diagram(
    d.start()
    + d.user("ask", groups="build-team")
    + d.element("exclusiveGateway", "g", default="flow_g_no")
    + d.user("yes", groups="build-team")
    + d.end()
    + d.end("no")
    + d.chain("start", "ask", "g")
    + d.flow("g", "yes", "=size > 3")
    + d.flow("g", "no")
    + d.chain("yes", "end")
)


def test_a_missing_variable_is_an_incident_that_names_it_and_a_retry_goes_on(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("c.bpmn", CHOICE)], actor=owner)
    run = running.start("p", actor=owner)
    tasks_.complete(run.opened[0]["key"], {}, actor=cast.actor("bea"))
    (incident,), _ = instances.incidents(policy.SYSTEM, instance=run.instance_key)
    assert incident.element in ("g", "flow_g_yes")
    assert "size" in incident.message
    assert instances.get(run.instance_key).status == "active"
    with pytest.raises(errors.Forbidden):
        incidents.retry(incident.key, actor=cast.actor("bea"))
    incidents.retry(incident.key, actor=cast.actor("max"))
    (again,), _ = instances.incidents(policy.SYSTEM, instance=run.instance_key)
    assert again.key != incident.key
    with pytest.raises(errors.IncidentClosed):
        incidents.retry(incident.key, actor=cast.actor("max"))


WAITING = d.diagram(
    d.start()
    + d.element("intermediateCatchEvent", "wait", inner='<bpmn:messageEventDefinition messageRef="message_paid"/>')
    + d.user("ship", groups="operations")
    + d.end()
    + d.chain("start", "wait", "ship", "end"),
    outside=d.message("paid", "=order"),
)


THROWING = d.diagram(
    d.start()
    + d.element("intermediateThrowEvent", "tell", inner='<bpmn:messageEventDefinition messageRef="message_paid"/>')
    + d.end()
    + d.chain("start", "tell", "end"),
    process="thrower",
    outside=d.message("paid", "=order"),
)
REMINDED = d.diagram(
    d.start()
    + d.user("pack", groups="operations")
    + d.element(
        "boundaryEvent",
        "reminder",
        inner='<bpmn:messageEventDefinition messageRef="message_paid"/>',
        attachedToRef="pack",
        cancelActivity="false",
    )
    + d.user("note", groups="operations")
    + d.end()
    + d.end("noted")
    + d.chain("start", "pack", "end")
    + d.chain("reminder", "note", "noted"),
    process="reminded",
    outside=d.message("paid", "=order"),
)


def thrown(owner: policy.Actor) -> tuple[int, int]:
    """A run that waits again each time it is reached, and the key of a message that is on its way to it."""
    models.deploy([("t.bpmn", THROWING), ("r.bpmn", REMINDED)], actor=owner)
    waiting = running.start("reminded", variables={"order": "A-1"}, actor=owner)
    running.start("thrower", variables={"order": "A-1"}, actor=owner)
    with db.reading() as session:
        return waiting.instance_key, session.scalars(select(Message.key)).one()


def test_a_thrown_message_reaches_who_waits_for_it_once(house: Flask, owner: policy.Actor) -> None:
    instance, key = thrown(owner)
    for _ in range(3):
        messages.relay(key)
    assert [t.element for t in tasks.open_of_instance(instance)] == ["pack", "note"]


def test_a_relay_that_died_behind_a_delivery_does_not_deliver_again(
    house: Flask, owner: policy.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, key = thrown(owner)
    real = messages.writing.update_where

    def dies_at_the_end(session: Any, model: Any, values: Any, **equal: Any) -> int:
        if values.get("state") == "done":
            raise SystemExit
        return real(session, model, values, **equal)

    monkeypatch.setattr(messages.writing, "update_where", dies_at_the_end)
    with pytest.raises(SystemExit):
        messages.relay(key)
    monkeypatch.undo()
    messages.relay(key)
    assert [t.element for t in tasks.open_of_instance(instance)] == ["pack", "note"]


def test_a_message_reaches_the_run_with_its_key_and_no_other(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("w.bpmn", WAITING)], actor=owner)
    first = running.start("p", variables={"order": "A-1"}, actor=owner)
    second = running.start("p", variables={"order": "A-2"}, actor=owner)
    assert messages.publish("paid", "A-2", variables={"amount": 5}, actor=owner) == 1
    assert [t.element for t in tasks.open_of_instance(second.instance_key)] == ["ship"]
    assert tasks.open_of_instance(first.instance_key) == []
    assert messages.publish("paid", "A-3", actor=owner) == 0
    with pytest.raises(errors.NotFound):
        messages.publish("paid", instance=second.instance_key, actor=owner)
    with pytest.raises(errors.Forbidden):
        messages.publish("paid", "A-1", actor=cast.actor("bea"))


def test_two_messages_on_their_way_both_reach_who_waits_again_each_time(house: Flask, owner: policy.Actor) -> None:
    instance, first = thrown(owner)
    running.start("thrower", variables={"order": "A-1"}, actor=owner)
    with db.reading() as session:
        second = session.scalars(select(Message.key).where(Message.key != first)).one()
    for key in (first, second):
        messages._look_up(queries.get(key))
    for key in (first, second):
        messages.relay(key)
    assert [t.element for t in tasks.open_of_instance(instance)] == ["pack", "note", "note"]


def test_a_run_that_cannot_take_a_message_does_not_hold_up_the_others(
    house: Flask, owner: policy.Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, key = thrown(owner)
    other = running.start("reminded", variables={"order": "A-1"}, actor=owner).instance_key
    real = messages.locks.lock

    def fails_for_the_first(session: Any, wanted: int, **more: Any) -> Any:
        if wanted == instance:
            raise errors.LimitExceeded
        return real(session, wanted, **more)

    monkeypatch.setattr(messages.locks, "lock", fails_for_the_first)
    with pytest.raises(errors.LimitExceeded):
        messages.relay(key)
    assert [t.element for t in tasks.open_of_instance(other)] == ["pack", "note"]
    monkeypatch.undo()
    messages.relay(key)
    assert [t.element for t in tasks.open_of_instance(instance)] == ["pack", "note"]
    assert [t.element for t in tasks.open_of_instance(other)] == ["pack", "note"]
