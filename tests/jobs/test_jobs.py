"""Service tasks: our own types run by workers, others answered from outside, failures that name the element."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage import db
from service.storage.models.instances import Job
from service.storage.queries import history, instances, notices
from service.storage.queries import jobs as stored
from service.storage.writing import update_where
from service.usecases.context import peeking
from service.usecases.deploying import models
from service.usecases.running import incidents, jobs
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

HEADERS = {"recipients": "group:build-team user:nora", "subject": "Package ready", "text": "Fetch it."}
MAX, PETRA = cast.actor("max"), cast.actor("petra")


def service(kind: str, headers: Mapping[str, str] | None = None, retries: str = "3", inner: str = "") -> bytes:
    named = "".join(f'<zeebe:header key="{key}" value="{value}"/>' for key, value in (headers or {}).items())
    extension = f'<zeebe:taskDefinition type="{kind}" retries="{retries}"/>'
    extension += f"<zeebe:taskHeaders>{named}</zeebe:taskHeaders>" if named else ""
    return d.diagram(
        d.start()
        + d.element("serviceTask", "work", extension, name="Do the work")
        + d.user("after", groups="test-team")
        + d.end()
        + d.chain("start", "work", "after", "end")
        + inner,
        outside='<bpmn:error id="error_sold_out" name="sold out" errorCode="sold-out"/>',
    )


def begin(diagram: bytes) -> tuple[int, int]:
    """Deploy and start; answers the keys of the instance and of its job."""
    models.deploy([("p.bpmn", diagram)], actor=PETRA)
    outcome = running.start("p", actor=PETRA)
    (job,) = outcome.pending
    return outcome.instance_key, job


def open_elements(instance: int) -> set[str]:
    return {row.element for row in instances.activations(instance, open_only=True)}


def open_incidents(instance: int) -> list[Any]:
    return instances.incidents(MAX, instance=instance)[0]


def test_notify_tells_the_people_it_names_and_moves_on(house: Flask) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS))
    assert jobs.run(job)
    assert "after" in open_elements(instance)
    (notice,), _ = notices.inbox("nora")
    assert (notice.subject, notice.body, notice.as_) == ("Package ready – Process", "Fetch it.", "user:nora")
    assert notices.unread("bea") == 1
    assert stored.get(job).state == "done"


def test_running_a_job_twice_tells_nobody_twice(house: Flask) -> None:
    _, job = begin(service("tidegate.notify", HEADERS))
    assert jobs.run(job)
    assert not jobs.run(job)
    assert notices.unread("nora") == 1


def test_a_death_after_telling_and_before_completing_tells_nobody_twice(
    house: Flask, time: Any, monkeypatch: Any
) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS))
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "complete", _dies)
        with pytest.raises(SystemExit):
            jobs.run(job)
    assert notices.unread("nora") == 1
    assert not jobs.run(job), "the lease still holds"
    time.turn(seconds=4)
    assert jobs.run(job)
    assert notices.unread("nora") == 1
    assert "after" in open_elements(instance)


def _dies(*_: Any, **__: Any) -> None:
    raise SystemExit("killed")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"subject": "x"}, "recipients: are missing"),
        ({"recipients": "coordinator"}, "subject: is missing"),
        ({"recipients": "boss", "subject": "x"}, "boss: known are assignee"),
    ],
)
def test_a_notify_that_cannot_work_is_an_incident_of_its_element(house: Flask, headers: Any, said: str) -> None:
    instance, job = begin(service("tidegate.notify", headers))
    assert not jobs.run(job)
    (incident,) = open_incidents(instance)
    assert (incident.element, incident.code, incident.job_key) == ("work", "job-failed", job)
    assert incident.message.startswith("The job “Do the work” (tidegate.notify) failed: ")
    assert said in incident.message
    assert "incident.raised" in {event.event for event in history.of_instance(instance)}


def test_an_unknown_type_of_ours_is_an_incident(house: Flask) -> None:
    instance, job = begin(
        service("=&quot;tidegate.&quot; + &quot;teleport&quot;")
    )  # deployment refuses it where it is plain
    jobs.run(job)
    (incident,) = open_incidents(instance)
    assert "Known are tidegate.cmdb.apply, tidegate.notify" in incident.message


def test_configuration_update_answers_variables_and_is_recorded(house: Flask, time: Any) -> None:
    instance, job = begin(service("tidegate.cmdb.apply", {"direction": "restore"}))
    assert jobs.run(job)
    assert "job.done" in {event.event for event in history.of_instance(instance)}
    assert peeking.form_data(instance, None)["configuration_update"]["direction"] == "restore"


def test_a_failure_that_may_pass_is_tried_again_then_becomes_an_incident(
    house: Flask, time: Any, monkeypatch: Any
) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS))
    monkeypatch.setattr(jobs, "HANDLERS", {"tidegate.notify": _broken})
    for attempt in (1, 2):
        assert not jobs.run(job)
        row = stored.get(job)
        assert (row.state, row.attempts, row.due_at - time.now) == (
            "open",
            attempt,
            timedelta(seconds=jobs.PAUSES_S[attempt - 1]),
        )
        assert not jobs.run(job), "not before its pause is over"
        time.turn(seconds=jobs.PAUSES_S[attempt - 1])
    assert not jobs.run(job)
    assert stored.get(job).state == "failed"
    (incident,) = open_incidents(instance)
    assert "the printer is on fire" in incident.message


def _broken(_job: Any) -> dict[str, Any]:
    raise errors.ExternalFailure("the printer is on fire", transient=True)


def test_retrying_the_incident_opens_the_job_again(house: Flask, time: Any, monkeypatch: Any) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS, retries="1"))
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "HANDLERS", {"tidegate.notify": _broken})
        jobs.run(job)
    (incident,) = open_incidents(instance)
    incidents.retry(incident.key, actor=MAX)
    assert jobs.run(job)
    assert open_incidents(instance) == []
    assert "after" in open_elements(instance)


def test_a_job_that_kills_its_workers_becomes_an_incident(house: Flask) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS))
    with db.transaction() as session:
        update_where(session, Job, {"attempts": 3 + jobs.DEATHS}, key=job)
    jobs.run(job)
    (incident,) = open_incidents(instance)
    assert "without an answer" in incident.message


def test_many_workers_at_once_run_a_job_once(house: Flask) -> None:
    instance, job = begin(service("tidegate.notify", HEADERS))
    db.release_connection()
    answers: list[bool] = []

    def work() -> None:
        with house.app_context():
            answers.append(jobs.run(job))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 4 + [True]
    assert open_incidents(instance) == []


def test_a_worker_from_outside_takes_a_job_and_completes_it(house: Flask) -> None:
    instance, job = begin(service("build-image", {"image": "payroll"}))
    (row,) = jobs.activate("build-image", "robot-1", 10, 30, actor=PETRA)
    assert (row.key, row.worker, row.headers) == (job, "robot-1", {"image": "payroll"})
    assert jobs.activate("build-image", "robot-2", 10, 30, actor=PETRA) == []
    outcome = jobs.complete(job, {"digest": "abc"}, row.lease, actor=PETRA)
    assert [task["element"] for task in outcome.opened] == ["after"]
    assert peeking.form_data(instance, None)["digest"] == "abc"


def test_a_lost_lease_is_refused(house: Flask, time: Any) -> None:
    _, job = begin(service("build-image"))
    (first,) = jobs.activate("build-image", "robot-1", 1, 30, actor=PETRA)
    time.turn(seconds=31)
    (second,) = jobs.activate("build-image", "robot-2", 1, 30, actor=PETRA)
    for answer in (
        lambda: jobs.complete(job, {}, first.lease, actor=PETRA),
        lambda: jobs.complete(job, {}, None, actor=PETRA),
        lambda: jobs.fail(job, "no", 0, first.lease, actor=PETRA),
        lambda: jobs.error(job, "sold-out", {}, first.lease, actor=PETRA),
    ):
        with pytest.raises(errors.LeaseLost):
            answer()
    jobs.complete(job, {}, second.lease, actor=PETRA)
    with pytest.raises(errors.Conflict, match="done already"):
        jobs.complete(job, {}, second.lease, actor=PETRA)


def test_our_own_types_are_not_handed_out_and_others_not_run(house: Flask) -> None:
    _, job = begin(service("build-image"))
    assert not jobs.run(job)
    with pytest.raises(errors.InvalidInput, match="type"):
        jobs.activate("tidegate.notify", "robot", 1, 30, actor=PETRA)
    with pytest.raises(errors.Forbidden):
        jobs.activate("build-image", "robot", 1, 30, actor=cast.actor("bea"))


def test_a_failure_from_outside_waits_then_asks_for_help(house: Flask, time: Any) -> None:
    instance, job = begin(service("build-image"))
    (row,) = jobs.activate("build-image", "robot", 1, 30, actor=PETRA)
    assert jobs.fail(job, "disk full", 1, row.lease, pause_seconds=60, actor=PETRA) == 1
    assert jobs.activate("build-image", "robot", 1, 30, actor=PETRA) == []
    time.turn(seconds=60)
    (row,) = jobs.activate("build-image", "robot", 1, 30, actor=PETRA)
    assert jobs.fail(job, "disk full", None, row.lease, actor=PETRA) == 0
    (incident,) = open_incidents(instance)
    assert "disk full" in incident.message


def test_an_error_goes_the_way_its_boundary_event_draws(house: Flask) -> None:
    boundary = (
        '<bpmn:boundaryEvent id="sold_out" attachedToRef="work"><bpmn:errorEventDefinition errorRef="error_sold_out"/>'
        "</bpmn:boundaryEvent>" + d.user("order", groups="build-team") + d.end("end2")
    )
    instance, job = begin(service("build-image", inner=boundary + d.chain("sold_out", "order", "end2")))
    (row,) = jobs.activate("build-image", "robot", 1, 30, actor=PETRA)
    jobs.error(job, "sold-out", {"left": 0}, row.lease, actor=PETRA)
    assert "order" in open_elements(instance)
    assert open_incidents(instance) == []


def test_an_error_that_nothing_catches_is_an_incident(house: Flask) -> None:
    instance, job = begin(service("build-image"))
    jobs.error(job, "nobody-knows", {}, None, actor=PETRA)
    (incident,) = open_incidents(instance)
    assert incident.element == "work"
    assert "nobody-knows" in incident.message
