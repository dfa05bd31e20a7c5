"""Where a run waits for help: an incident that names the place, and trying again."""

from __future__ import annotations

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import history, instances
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import incidents
from service.usecases.running import instances as running
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
    incidents.retry(incident.key, "The answer was sent later", actor=cast.actor("max"))
    told = next(event for event in history.of_instance(run.instance_key, limit=50) if event.event == "incident.retried")
    assert (told.actor, told.data["reason"]) == ("max", "The answer was sent later")
    (again,), _ = instances.incidents(policy.SYSTEM, instance=run.instance_key)
    assert again.key != incident.key
    with pytest.raises(errors.IncidentClosed):
        incidents.retry(incident.key, actor=cast.actor("max"))
