"""Where a run waits for help: an incident that names the place, and trying again."""

from __future__ import annotations

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import instances, tasks
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
