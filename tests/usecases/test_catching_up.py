"""What was deployed before this version knew its kind of start event listens after the update, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import column as col
from sqlalchemy import insert, table, text

from service.storage import db, upgrades
from service.storage.models.messages import Start
from service.usecases import settings
from service.usecases.deploying import models
from service.usecases.running import starts
from tests import cast
from tests.support.databases import KINDS, Databases
from tests.support.house import opened, people
from tests.usecases.test_messages import ORDERING, publish, running
from tests.usecases.test_starts import timed
from tests.usecases.working import work

BEFORE_STARTS = "0003"
DEPLOYED = {"ordering": ORDERING, "timed": timed("timeCycle", "R/PT1H")}


@pytest.fixture(params=KINDS)
def old(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, time: Any) -> Iterator[Flask]:
    """An application on a database that was filled before messages and time could start anything."""
    url = databases.empty(request.param)
    engine = db.make_engine(url)
    with engine.begin() as connection:
        command.upgrade(upgrades._config(connection), BEFORE_STARTS)
        connection.execute(insert(table("deployments", col("key"), col("at"))), {"key": 1, "at": "2026-01-01 00:00:00"})
        for key, (process, source) in enumerate(DEPLOYED.items(), start=2):
            row = {"key": key, "deployment_key": 1, "process_id": process, "version": 1, "name": process}
            row |= {"file": "a.bpmn", "source": source, "checksum": process, "facts": "[]", "forms": "[]"}
            connection.execute(insert(table("definitions", *map(col, [*row, "called"]))), row | {"called": "[]"})
    engine.dispose()
    with opened({"TIDEGATE_DATABASE_URL": url, "TIDEGATE_DATA_DIR": str(tmp_path)}) as app:
        upgrades.upgrade(settings.current().database_url)
        people()
        yield app
    databases.drop(url)


def listening() -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(row.process_id, row.kind) for row in session.query(Start).order_by(Start.process_id)]


def test_messages_and_time_start_what_was_deployed_before(old: Flask, time: Any) -> None:
    assert listening() == []
    assert sorted(starts.catch_up()) == ["ordering", "timed"]
    assert listening() == [("ordering", "message"), ("timed", "timer")]
    publish("7")
    time.turn(hours=1)
    work()
    assert (len(running("ordering")), len(running("timed"))) == (1, 1)


def test_a_second_update_changes_nothing(old: Flask, time: Any) -> None:
    starts.catch_up()
    time.turn(minutes=30)
    assert starts.catch_up() == []
    time.turn(minutes=30)
    work()
    assert len(running("timed")) == 1


def test_one_that_cannot_be_planned_does_not_keep_the_others_from_listening(
    old: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with db.transaction() as session:
        session.execute(text("update definitions set source = :s where process_id = 'ordering'"), {"s": b"<no"})
    assert starts.catch_up() == ["timed"]
    assert "the start events of ordering do not listen" in caplog.text


def test_what_is_deployed_today_needs_no_catching_up(old: Flask) -> None:
    models.deploy([(f"{name}.bpmn", source) for name, source in DEPLOYED.items()], actor=cast.actor("petra"))
    assert starts.catch_up() == []
