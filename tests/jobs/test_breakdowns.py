"""A run that the program itself fails on: somebody is told, nothing is lost, and it goes on when it can."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask

from service.domain import policy
from service.jobs import house as doors
from service.jobs import perform
from service.storage import db, outbox, writing
from service.storage.models.instances import Instance
from service.storage.queries import history, instances, tasks
from service.usecases.context import live
from service.usecases.deploying import models
from service.usecases.running import incidents
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

SOON = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
SOAK = d.diagram(
    d.start()
    + d.element("intermediateCatchEvent", "soak", inner=SOON)
    + d.user("ship", groups="operations")
    + d.end()
    + d.chain("start", "soak", "ship", "end")
)


@pytest.fixture
def damaged(house: Flask, owner: policy.Actor, time: Any) -> tuple[int, bytes]:
    """A run whose stored state nobody can read, with a timer that is due; its key and the good state."""
    doors.furnish(lambda: nullcontext())
    models.deploy([("soak.bpmn", SOAK)], actor=owner)
    key = running.start("p", actor=owner).instance_key
    stored = instances.state(key)
    assert stored is not None
    _write(key, b"not a state")
    time.turn(hours=2)
    return key, stored[1]


def _write(key: int, state: bytes) -> None:
    with db.transaction() as session:
        writing.update_where(session, Instance, {"state": state}, key=key)
    live.forget()


def test_a_timer_that_cannot_fire_is_one_incident_however_often_it_is_tried(damaged: tuple[int, bytes]) -> None:
    key, _ = damaged
    perform.fire_timers(key)
    perform.fire_timers(key)
    (incident,), _more = instances.incidents(policy.SYSTEM, instance=key)
    assert (incident.code, incident.element) == (outbox.UNEXPECTED, "soak")
    assert "Error" in incident.message
    assert [event.event for event in history.of_instance(key, limit=50)].count("incident.raised") == 1


def test_it_is_over_as_soon_as_the_timer_fires(damaged: tuple[int, bytes]) -> None:
    key, good = damaged
    perform.fire_timers(key)
    _write(key, good)
    perform.fire_timers(key)
    assert instances.incidents(policy.SYSTEM, instance=key)[0] == []
    assert [task.element for task in tasks.open_of_instance(key)] == ["ship"]


def test_a_person_may_try_it_at_once(damaged: tuple[int, bytes]) -> None:
    key, good = damaged
    perform.fire_timers(key)
    _write(key, good)
    (incident,), _more = instances.incidents(policy.SYSTEM, instance=key)
    incidents.retry(incident.key, actor=cast.actor("max"))
    assert [task.element for task in tasks.open_of_instance(key)] == ["ship"]
