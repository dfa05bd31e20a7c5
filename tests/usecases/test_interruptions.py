"""What begins and is interrupted within one step is over in the record too."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from service.domain import policy
from service.storage import db
from service.storage.models.instances import Activation, Incident, Job, Task, TaskCandidate
from service.storage.models.notices import Deadline
from service.storage.queries import tasks
from service.usecases import instances as running
from service.usecases import models
from tests.support import drawing as d

THROWS = '<bpmn:signalEventDefinition signalRef="signal_stop"/>'
INTERRUPTED = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + d.user("ask", groups="build-team", deadline="P1D")
    + d.element("serviceTask", "work", '<zeebe:taskDefinition type="work"/>')
    + d.user("lost", groups="build-team", deadline="=later")
    + d.element("intermediateThrowEvent", "tell", inner=THROWS)
    + d.end()
    + d.chain("start", "fork", "ask")
    + d.chain("fork", "work")
    + d.chain("fork", "lost")
    + d.chain("fork", "tell", "end")
    + d.element(
        "subProcess",
        "stop",
        inner=d.element("startEvent", "stopped", inner=THROWS)
        + d.user("clean", groups="build-team")
        + d.end("over")
        + d.chain("stopped", "clean", "over"),
        triggeredByEvent="true",
    ),
    outside='<bpmn:signal id="signal_stop" name="stop"/>',
)


def test_what_opens_and_is_interrupted_in_one_step_is_not_left_open(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("i.bpmn", INTERRUPTED)], actor=owner)
    run = running.start("p", actor=owner)
    assert [row["element"] for row in run.opened] == ["clean"]
    assert [row.element for row in tasks.open_of_instance(run.instance_key)] == ["clean"]
    with db.reading() as session:
        open_ones = {row.element for row in session.scalars(select(Activation).where(Activation.left_at.is_(None)))}
        assert open_ones == {"stop", "clean"}
        assert dict(session.execute(select(Task.element, Task.state)).all()) == {
            "ask": "cancelled",
            "lost": "cancelled",
            "clean": "open",
        }
        assert session.scalars(select(Job.state)).all() == ["cancelled"]
        assert session.scalars(select(Incident.state)).all() == ["resolved"]
        assert session.scalars(select(Deadline)).all() == []
        assert len(session.scalars(select(TaskCandidate)).all()) == 1
