"""What earlier runs of a model say about a deadline that is still ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from service.storage import db
from service.storage.models.notices import DeadlineLevel
from service.storage.queries import deadlines as stored
from service.storage.queries import durations, notices
from service.usecases.deadlines import firing
from service.usecases.deploying import models
from service.usecases.releases import tasks
from service.usecases.running import instances as running
from service.usecases.worktime import forecasts
from tests import cast
from tests.support import drawing as d

MANY_STAYS = """
    insert into activations
        (key, instance_key, ref, path, element, process, type, name, occurrence, entered_at, left_at)
    select 100000 + n, :instance, 'r' || n, '', 'e' || (n % 500), 'p', 'userTask', '', 1,
        now() - interval '1 day', case when n % 2 = 0 then now() end
    from generate_series(1, 5000) n"""
PETRA, BEA = cast.actor("petra"), cast.actor("bea")


def built(due: str = "PT30H") -> bytes:
    given = {"deadline": due, "escalation": "-PT20H: candidates\nPT0S: candidates"}
    build = d.user("build", name="Build", groups="build-team", **given)
    return d.diagram(d.start() + build + d.end() + d.chain("start", "build", "end"))


def run(time: Any, *hours: float) -> None:
    """Runs of the model whose task took so many hours each, one after the other."""
    for amount in hours:
        outcome = running.start("p", actor=PETRA)
        time.turn(hours=amount)
        tasks.complete(outcome.opened[0]["key"], {}, actor=BEA)


def opened() -> Any:
    """The deadline of one more run."""
    outcome = running.start("p", actor=PETRA)
    row = stored.open_of_task(outcome.opened[0]["key"])
    assert row is not None
    return row


def foreseen(rows: Sequence[Any]) -> list[tuple[int, int, int]]:
    return [(one.cases, one.comparable, one.longer) for one in forecasts.of(rows).values()]


@pytest.fixture
def model(house: Flask) -> Flask:
    models.deploy([("p.bpmn", built())], actor=PETRA)
    return house


def test_it_rests_on_the_finished_runs_of_the_model(model: Flask, time: Any) -> None:
    run(time, *[5] * 4, *[50] * 3)
    row = opened()
    assert foreseen([row]) == []
    run(time, 50)
    time.turn(hours=-50)  # this run has just begun
    assert foreseen([row]) == [(8, 8, 4)]
    time.turn(hours=6)
    assert foreseen([row]) == [(8, 4, 4)]
    time.turn(hours=24)
    assert foreseen([row]) == []  # it is missed: there is nothing to foresee


def test_runs_of_an_earlier_version_count_and_other_models_do_not(model: Flask, time: Any) -> None:
    run(time, *[5] * 8)
    other = built().replace(b'id="p"', b'id="q"').replace(b'bpmnElement="p"', b'bpmnElement="q"')
    models.deploy([("p.bpmn", built("PT40H")), ("q.bpmn", other)], actor=PETRA)
    assert foreseen([opened()]) == [(8, 8, 0)]
    outcome = running.start("q", actor=PETRA)
    row = stored.open_of_task(outcome.opened[0]["key"])
    assert row is not None
    assert foreseen([row]) == []


def test_the_newest_count(model: Flask, time: Any) -> None:
    run(time, *[50] * 2, *[5] * 3)
    opened()
    newest = durations.newest({("p", "build")}, 3)["p", "build"]
    assert (
        sorted(row.left_at and row.left_at - row.entered_at for row in newest if row.left_at)
        == [timedelta(hours=5)] * 3
    )
    assert [row.left_at for row in newest].count(None) == 1


def test_the_reminder_says_what_earlier_cases_took(model: Flask, time: Any) -> None:
    run(time, *[5] * 2, *[50] * 6)
    row = opened()
    time.turn(hours=10)
    fire(row)
    told, _ = notices.inbox("bea")
    assert [one.kind for one in told] == ["deadline.near"]
    assert "In 6 of 6 earlier cases it took longer than the time left." in told[0].body
    time.turn(hours=20)
    fire(row)
    told, _ = notices.inbox("bea")
    assert [one.kind for one in told] == ["deadline.due", "deadline.near"]
    assert "earlier cases" not in told[0].body


def test_the_reminder_says_nothing_where_cases_are_too_few(model: Flask, time: Any) -> None:
    run(time, *[50] * 7)
    row = opened()
    time.turn(hours=10)
    fire(row)
    told, _ = notices.inbox("bea")
    assert "earlier" not in told[0].body


def fire(row: Any) -> None:
    with db.reading() as session:
        keys = [one.key for one in session.query(DeadlineLevel).filter_by(deadline_key=row.key)]
    firing.fire_all(keys)


def test_the_act_by_moment_leaves_the_time_that_was_needed(model: Flask, time: Any) -> None:
    run(time, *[7] * 8, *[9] * 2)
    row = opened()
    found = forecasts.of([row])[row.activation_key]
    assert not found.working
    assert found.act_by == row.due_at - timedelta(hours=7)


def test_the_newest_stays_are_found_by_an_index(model: Flask) -> None:
    """Whatever the number of finished activities: each half reads a range of the index and no more."""
    seen = []
    instance = running.start("p", actor=PETRA).instance_key
    with db.transaction() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":  # it weighs ways by what there is
            connection.execute(text(MANY_STAYS), {"instance": instance})
            connection.execute(text("analyze activations"))

        @event.listens_for(connection, "before_cursor_execute")
        def see(_c: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
            seen.append((statement, given))

        durations.newest([("p", "build")], 60)
        statement, given = seen[-1]
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} {statement}", given).all())
    assert plan.count("ix_activations_durations") == 2
