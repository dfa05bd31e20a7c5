"""What earlier runs of a model say about a deadline that is still ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, text

from service.storage import db
from service.storage.models.notices import DeadlineLevel
from service.storage.queries import deadlines as stored
from service.storage.queries import durations, notices
from service.usecases.deadlines import firing, holding
from service.usecases.deploying import models
from service.usecases.releases import releases, tasks
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
PETRA, BEA, MAX = cast.actor("petra"), cast.actor("bea"), cast.actor("max")


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


@pytest.fixture
def minor(house: Flask) -> Flask:
    given = {"deadline": "PT30H", "escalation": "PT0S: candidates"}
    build = d.user("build", name="Build", groups="build-team", **given)
    drawn = d.diagram(d.start() + build + d.end() + d.chain("start", "build", "end"), process="minor_release")
    models.deploy([("minor.bpmn", drawn)], actor=PETRA)
    return house


def release() -> int:
    given = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}
    return releases.create({**given, "manager": "max"}, actor=cast.actor("cora"))


def test_time_on_hold_does_not_count(minor: Flask, time: Any) -> None:
    """Of earlier releases, of one that is on hold now, and of the release itself."""
    for _ in range(8):
        number = release()
        time.turn(hours=2)
        holding.hold(number, "Freeze.", actor=MAX)
        time.turn(hours=40)
        holding.resume(number, actor=MAX)
        time.turn(hours=3)
        tasks.complete(of_release(number).task_key, {}, actor=BEA)
    holding.hold(release(), "Freeze.", actor=MAX)  # open for as long as one looks, but nobody works on it
    number = release()
    assert foreseen([of_release(number)]) == [(8, 8, 0)]
    time.turn(hours=4)
    assert foreseen([of_release(number)]) == [(8, 8, 0)]
    holding.hold(number, "Freeze.", actor=MAX)
    assert foreseen([of_release(number)]) == []
    time.turn(hours=60)
    holding.resume(number, actor=MAX)
    assert foreseen([of_release(number)]) == [(8, 8, 0)]
    time.turn(hours=2)
    assert foreseen([of_release(number)]) == [(8, 0, 0)]


def of_release(number: int) -> Any:
    return next(iter(stored.of_release(number, open_only=True)))


def test_the_holds_of_releases_are_found_by_an_index(minor: Flask) -> None:
    number = release()
    with db.transaction() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("set local enable_seqscan = off"))  # a small table it would rather read whole
        assert "ix_history_resumed" in plan(connection, lambda: durations.holds({number}))


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
    instance = running.start("p", actor=PETRA).instance_key
    with db.transaction() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":  # it weighs ways by what there is
            connection.execute(text(MANY_STAYS), {"instance": instance})
            connection.execute(text("analyze activations"))
        assert plan(connection, lambda: durations.newest([("p", "build")], 60)).count("ix_activations_durations") == 2


def plan(connection: Connection, ask: Callable[[], Any]) -> str:
    """How the database answers the last statement of this question."""
    seen = []

    @event.listens_for(connection, "before_cursor_execute")
    def see(_c: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        seen.append((statement, given))

    ask()
    statement, given = seen[-1]
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return str(connection.exec_driver_sql(f"{explain} {statement}", given).all())
