"""What begins and is interrupted within one step is over in the record too."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from service.domain import policy
from service.storage import db
from service.storage.models.definitions import Definition
from service.storage.models.instances import Activation, Incident, Job, Task, TaskCandidate
from service.storage.models.notices import Deadline
from service.storage.queries import releases as stored
from service.storage.queries import tasks
from service.usecases.definitions import diagrams
from service.usecases.deploying import models
from service.usecases.releases import releases
from service.usecases.releases import tasks as finishing
from service.usecases.running import instances as running
from tests import cast
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


def inside(ident: str, label: str, message: str, task: str, *, interrupting: bool = True, **tidegate: str) -> str:
    """An event sub-process with one task that people trigger by an action."""
    begun = d.element(
        "startEvent",
        f"{ident}_start",
        d.properties(tidegate),
        f'<bpmn:messageEventDefinition messageRef="message_{message}"/>',
        name=label,
        isInterrupting=str(interrupting).lower(),
    )
    closing = d.element("endEvent", f"{ident}_end", d.properties({"status": "terminated"}), name="Stopped")
    flow = d.chain(f"{ident}_start", task, f"{ident}_end")
    inner = begun + d.user(task, groups="build-team") + closing + flow
    return d.element("subProcess", ident, inner=inner, name=label, triggeredByEvent="true")


STOPPABLE = d.diagram(
    d.start()
    + d.element(
        "subProcess",
        "phase_build",
        d.properties({"phase": "build"}),
        d.start("s") + d.user("work", groups="build-team") + d.end("e") + d.chain("s", "work", "e"),
        name="Build",
    )
    + d.end("end", name="Closed")
    + d.chain("start", "phase_build", "end")
    + inside("ask", "Ask", "ask", "answer", interrupting=False, roles="group:build-team")
    + inside("stop", "Stop", "stop", "clean", reason="required"),
    process="minor_release",
    name="Minor",
    outside=d.message("ask") + d.message("stop"),
)


def test_actions_of_event_sub_processes_are_offered_in_every_phase(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("minor.bpmn", STOPPABLE)], actor=owner)
    given = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}
    number = releases.create({**given, "manager": "max"}, actor=cast.actor("cora"))
    offered = {one.name: one.refusal for one in releases.actions(number, actor=cast.actor("bea"))}
    assert offered["ask"] is None
    assert offered["stop"] is not None
    for _ in range(2):
        releases.act(number, "ask", {}, actor=cast.actor("bea"))
    assert sorted(row.element for row in tasks.of_release(number, state="open")) == ["answer", "answer", "work"]
    releases.act(number, "stop", {"reason": "The vendor withdrew it."}, actor=cast.actor("max"))
    assert releases.actions(number, actor=cast.actor("max")) == []
    (left,) = tasks.of_release(number, state="open")
    finishing.complete(left.key, {}, actor=cast.actor("bea"))
    row = stored.get(number)
    assert (row.status, row.outcome) == ("terminated", "Stopped")


def test_the_outline_tells_the_actions_inside_of_event_sub_processes(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("minor.bpmn", STOPPABLE)], actor=owner)
    with db.reading() as session:
        key = session.scalars(select(Definition.key)).one()
    told = {node.name: [(one.name, one.action) for one in node.nodes] for node in diagrams.outline(key).nodes}
    assert told["Ask"] == [("Ask", True), ("answer", False), ("Stopped", False)]
