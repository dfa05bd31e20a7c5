"""Start events that time triggers: each moment starts one instance of the newest version."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage import db
from service.storage.models.messages import Start
from service.storage.queries import history
from service.usecases.deploying import models
from service.usecases.running import messages, starts
from tests import cast
from tests.support import drawing as d
from tests.usecases.test_messages import at, deploy, running
from tests.usecases.working import work


def timed(kind: str, expression: str, task: str = "tidy") -> bytes:
    timer = f"<bpmn:timerEventDefinition><bpmn:{kind}>{expression}</bpmn:{kind}></bpmn:timerEventDefinition>"
    return d.diagram(
        d.element("startEvent", "time", inner=timer)
        + d.user(task, groups="operations")
        + d.end()
        + d.chain("time", task, "end"),
        process="timed",
    )


def count() -> int:
    return len(running("timed"))


def due() -> list[Any]:
    with db.reading() as session:
        return [row.due_at for row in session.query(Start).order_by(Start.element)]


@pytest.mark.parametrize(
    ("kind", "expression", "after"),
    [
        ("timeDuration", "PT1H", 3600),
        ("timeDate", "2026-03-02T10:00:00Z", 3600),
        ("timeDate", "=now + duration(&quot;PT1H&quot;)", 3600),
        ("timeCycle", "R1/PT30M", 1800),
    ],
)
def test_a_moment_starts_one_instance_and_not_before(
    house: Flask, time: Any, kind: str, expression: str, after: int
) -> None:
    deploy(timed(kind, expression))
    time.turn(seconds=after - 1)
    work()
    assert count() == 0
    time.turn(seconds=1)
    work()
    assert count() == 1
    time.turn(days=100)
    work()
    assert count() == 1
    assert at(running("timed")[0]) == ["tidy"]


def test_a_cycle_starts_one_instance_each_time_also_those_that_were_missed(house: Flask, time: Any) -> None:
    deploy(timed("timeCycle", "R3/PT1H"))
    time.turn(hours=1)
    work()
    assert count() == 1
    time.turn(hours=5)
    work()
    assert count() == 3
    assert due() == [None]


def test_a_cron_line_goes_on_without_end(house: Flask, time: Any) -> None:
    deploy(timed("timeCycle", "0 0 8 * * MON-FRI"))
    for day in range(1, 8):  # from Monday, nine o'clock, to the Monday after it
        time.turn(days=1)
        work()
        assert count() == min(day, 4) + max(0, day - 6)
    assert due() == [time.now.replace(hour=8) + timedelta(days=1)]


def test_history_tells_what_started_an_instance(house: Flask, time: Any) -> None:
    deploy(timed("timeDuration", "PT1H"))
    time.turn(hours=1)
    work()
    first = history.of_instance(running("timed")[0], limit=50, before=None)[-1]
    assert (first.event, first.actor) == ("instance.started", "system")
    assert first.data["timer"] == "duration: PT1H"


def test_a_new_version_takes_over_and_a_timer_drawn_as_before_goes_on_where_it_stood(house: Flask, time: Any) -> None:
    deploy(timed("timeCycle", "R2/PT1H"))
    time.turn(minutes=40)
    deploy(timed("timeCycle", "R2/PT1H", task="sweep"))
    time.turn(minutes=20)
    work()
    assert at(running("timed")[0]) == ["sweep"]
    deploy(timed("timeCycle", "R2/PT1H", task="mop"))
    time.turn(minutes=59)
    work()
    assert count() == 1
    time.turn(minutes=1)
    work()
    assert at(running("timed")[1]) == ["mop"]
    deploy(timed("timeCycle", "R2/PT1H", task="dust"))
    time.turn(days=1)
    work()
    assert count() == 2


def test_a_timer_that_is_drawn_anew_begins_anew(house: Flask, time: Any) -> None:
    deploy(timed("timeDuration", "PT1H"))
    time.turn(minutes=50)
    deploy(timed("timeDuration", "PT2H"))
    time.turn(minutes=119)
    work()
    assert count() == 0
    time.turn(minutes=1)
    work()
    assert count() == 1
    deploy(d.diagram(d.start() + d.end() + d.chain("start", "end"), process="timed"))
    assert due() == []


def test_the_same_file_again_changes_nothing(house: Flask, time: Any) -> None:
    deploy(timed("timeDuration", "PT1H"))
    before = due()
    time.turn(minutes=30)
    deploy(timed("timeDuration", "PT1H"))
    assert due() == before


@pytest.mark.parametrize("expression", ["=when", "=1", "R0/PT1H"])
def test_a_timer_that_says_no_moment_is_refused_at_deployment(house: Flask, expression: str) -> None:
    kind = "timeCycle" if expression.startswith("R") else "timeDate"
    with pytest.raises(errors.InvalidDefinition) as refused:
        deploy(timed(kind, expression))
    (problem,) = [one for one in refused.value.problems if one.severity == "error"]
    assert (problem.element_id, problem.code) == ("time", "start-event")
    assert problem.line is not None


def test_a_check_without_a_database_says_the_same() -> None:
    found = models.check([("t.bpmn", timed("timeDate", "=when"))], alone=True)
    problems = [one for one in found if one.severity == "error"]
    assert [(problem.element_id, problem.code) for problem in problems] == [("time", "start-event")]


def test_workers_at_once_start_one_instance(house: Flask, time: Any) -> None:
    deploy(timed("timeCycle", "R/PT1H"))
    time.turn(hours=1)
    with db.reading() as session:
        key = session.query(Start).one().key

    def fire() -> None:
        with house.app_context():
            starts.attend(key)
            db.db.session.remove()

    threads = [threading.Thread(target=fire) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count() == 1


def test_a_worker_that_died_before_the_commit_leaves_the_moment_to_another(
    house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(timed("timeDuration", "PT1H"))
    time.turn(hours=1)

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(starts.starts, "following", dies)
    with pytest.raises(SystemExit):
        work()
    monkeypatch.undo()
    assert count() == 0
    work()
    assert count() == 1


def test_only_process_owners_deploy_what_time_starts(house: Flask) -> None:
    with pytest.raises(errors.Forbidden):
        models.deploy([("t.bpmn", timed("timeDuration", "PT1H"))], actor=cast.actor("bea"))


def test_each_definition_of_a_start_event_starts_instances(house: Flask, time: Any) -> None:
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
    several = timer + '<bpmn:messageEventDefinition messageRef="message_paid"/>' + timer
    body = d.element("startEvent", "time", inner=several) + d.user("tidy", groups="operations") + d.end()
    deploy(d.diagram(body + d.chain("time", "tidy", "end"), process="timed", outside=d.message("paid")))
    messages.publish("paid", actor=cast.actor("petra"))
    assert count() == 1
    time.turn(hours=1)
    work()
    assert count() == 2
    time.turn(hours=9)
    work()
    assert count() == 2


def test_a_name_that_is_too_long_is_refused_and_a_long_timer_is_not(house: Flask, time: Any) -> None:
    body = d.element("startEvent", "s", inner='<bpmn:messageEventDefinition messageRef="message_m"/>') + d.end()
    source = d.diagram(body + d.chain("s", "end"), process="long", outside=d.message("m"))
    with pytest.raises(errors.InvalidDefinition) as refused:
        deploy(source.replace(b'name="m"', b'name="' + b"m" * 256 + b'"'))
    assert ("s", "start-event") in [(problem.element_id, problem.code) for problem in refused.value.problems]
    deploy(timed("timeDuration", "=duration(&quot;PT1H&quot;)" + " " * 300 + "+ duration(&quot;PT1H&quot;)"))
    time.turn(hours=2)
    work()
    assert count() == 1
