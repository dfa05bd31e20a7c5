"""Administrators hear once that the product has fallen behind, and once that it is over, whoever looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from service.cli import children
from service.domain import policy
from service.storage import db, writing
from service.storage.models.ledger import Breakdown
from service.storage.models.messages import Message
from service.storage.models.notices import Bundle, Notice
from service.storage.models.people import User
from service.storage.queries import health, notices
from service.storage.queue import Queue
from service.usecases import settings
from service.usecases.accounts import people
from service.usecases.upkeep import watching
from tests import cast
from tests.support.product import Product

BOUND_S = 60


@pytest.fixture(autouse=True)
def _own_settings(request: pytest.FixtureRequest) -> Any:
    before = settings.current()
    yield
    settings.use(before)


def with_redis(url: str) -> Queue:
    settings.use(replace(settings.current(), redis_url=url))
    return Queue(url)


def due_message(moment: Any, key: int = 1) -> None:
    row = {
        "key": key, "name": "m", "variables": {}, "state": "waiting", "due_at": moment, "published_at": moment,
        "expires_at": moment,
    }  # fmt: skip
    with db.transaction() as session:
        writing.insert_rows(session, Message, [row])


def done(key: int = 1) -> None:
    with db.transaction() as session:
        writing.delete_where(session, Message, key=key)


def told(name: str = "ada") -> list[str]:
    """Kinds of the notices of a person, the first one first."""
    return [row.kind for row in reversed(notices.listing(cast.actor(name), reader=name)[0])]


def test_lag_is_told_once_and_its_end_once(house: Flask, time: Any) -> None:
    due_message(time.now)
    time.turn(seconds=BOUND_S)
    watching.look()
    assert told() == []
    time.turn(seconds=1)
    for _ in range(3):
        watching.look()
        time.turn(seconds=10)
    assert told() == ["operation.lag"]
    done()
    watching.look()
    time.turn(seconds=19)
    watching.look()
    assert told() == ["operation.lag"]
    time.turn(seconds=1)
    watching.look()
    watching.look()
    assert told() == ["operation.lag", "operation.over"]
    (episode,) = health.episodes(10)
    assert (episode.kind, episode.ended_at - episode.began_at) == ("lag", timedelta(seconds=91))


def test_the_notice_says_since_when_and_only_administrators_get_it(house: Flask, time: Any) -> None:
    people.create_user("anna", roles=[policy.ADMINISTRATOR], language="de", actor=policy.SYSTEM)
    due_message(time.now)
    time.turn(seconds=75)
    watching.look()
    (english,) = notices.listing(cast.actor("ada"), reader="ada")[0]
    assert english.subject == "Tidegate is behind: what is due waits for 75 s"
    assert "2 Mar 2026, 09:00 (UTC)" in english.body
    (german,) = notices.listing(cast.actor("ada"), reader="anna")[0]
    assert german.subject == "Tidegate hängt nach: Fälliges wartet seit 75 s"
    assert told("max") == told("petra") == []


def test_several_processes_that_look_at_once_tell_once(house: Flask, time: Any) -> None:
    due_message(time.now)
    time.turn(seconds=BOUND_S + 1)
    gate = threading.Barrier(6)
    failed: list[BaseException] = []

    def look() -> None:
        with house.app_context():
            gate.wait()
            try:
                for _ in range(3):
                    watching.look()
            except BaseException as problem:
                failed.append(problem)

    threads = [threading.Thread(target=look) for _ in range(6)]
    db.release_connection()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert told() == ["operation.lag"]
    assert len(health.present_troubles()) == 1


def test_a_new_episode_is_told_again(house: Flask, time: Any) -> None:
    with db.transaction() as session:
        writing.update_where(
            session, User, {"email": None}, name="ada"
        )  # nobody here sends the mail, which would be lag
    for _ in range(2):
        due_message(time.now)
        time.turn(seconds=BOUND_S + 1)
        watching.look()
        done()
        watching.look()
        time.turn(seconds=20)
        watching.look()
    assert told() == ["operation.lag", "operation.over"] * 2


def test_what_is_briefly_better_is_not_called_over(house: Flask, time: Any) -> None:
    due_message(time.now)
    time.turn(seconds=BOUND_S + 1)
    watching.look()
    done()
    watching.look()
    due_message(time.now - timedelta(seconds=90), key=2)
    time.turn(seconds=10)
    watching.look()
    done(2)
    watching.look()
    time.turn(seconds=15)
    watching.look()
    assert told() == ["operation.lag"]


def test_what_fails_again_and_again_is_no_lag(house: Flask, time: Any) -> None:
    due_message(time.now)
    with db.transaction() as session:
        row = {"key": 2, "kind": "messages", "subject": 1, "name": "m", "problem": "?", "attempts": 1}
        writing.insert_rows(session, Breakdown, [row | {"first_at": time.now, "last_at": time.now}])
    time.turn(hours=1)
    watching.look()
    assert told() == []


def test_a_missing_dispatcher_is_told_when_it_lasts_and_not_the_lag_it_causes(
    house: Flask, time: Any, redis_url: str
) -> None:
    queue = with_redis(redis_url)
    queue.beat("worker", "one")
    watching.look()
    queue.beat("dispatcher", "one")
    watching.look()
    assert health.present_troubles() == []
    queue.silence("dispatcher", "one")
    due_message(time.now)
    watching.look()
    time.turn(seconds=BOUND_S - 1)
    queue.beat("worker", "one")
    watching.look()
    assert told() == []
    time.turn(seconds=2)
    queue.beat("worker", "one")
    watching.look()
    assert told() == ["operation.dispatcher"]


def test_while_redis_is_away_nobody_says_that_a_dispatcher_is_back(house: Flask, time: Any, redis_url: str) -> None:
    queue = with_redis(redis_url)
    queue.beat("worker", "one")
    watching.look()
    time.turn(seconds=BOUND_S)
    queue.beat("worker", "one")
    watching.look()
    with_redis(f"redis://127.0.0.1:{children.free_port()}/0")
    for _ in range(4):
        watching.look()
        time.turn(seconds=30)
    assert told() == ["operation.dispatcher", "operation.redis"]


def test_a_mail_server_that_takes_nothing_is_told_with_its_words(house: Flask, time: Any) -> None:
    row = {
        "key": 1, "reader": "nora", "channel": "email", "address": "nora@example.org", "size": 1, "state": "waiting",
        "attempts": 3, "made_at": time.now, "due_at": time.now + timedelta(hours=1), "message_id": "1.a",
        "answer": "451 4.3.0 Try later",
    }  # fmt: skip
    with db.transaction() as session:
        writing.insert_rows(session, Bundle, [row])
    time.turn(minutes=9)
    watching.look()
    assert told() == []
    time.turn(minutes=1)
    watching.look()
    watching.look()
    assert told() == ["operation.mail"]
    (notice,) = notices.listing(cast.actor("ada"), reader="ada")[0]
    assert "451 4.3.0 Try later" in notice.body
    sent = {**row, "key": 2, "state": "sent", "due_at": time.now, "sent_at": time.now, "message_id": "2.a"}
    with db.transaction() as session:
        writing.insert_rows(session, Bundle, [sent])
    watching.look()
    time.turn(seconds=20)
    watching.look()
    assert told() == ["operation.mail", "operation.over"]


def test_the_web_server_tells_when_no_dispatcher_lives(
    sqlite_database: str, redis_url: str, start_product: Callable[..., Product]
) -> None:
    product = start_product(sqlite_database, redis_url, TIDEGATE_LAG_ALERT_SECONDS="2")
    answer = product.run("user", "create", "ada", "--role", "administrator")
    assert answer.returncode == 0, answer.stderr
    web = product.start("web")
    web.wait_for_log("trouble: dispatcher")
    web.wait_for_log("trouble: worker")
    engine = db.make_engine(sqlite_database)
    with engine.connect() as connection:
        kinds = connection.execute(select(Notice.kind)).scalars().all()
    engine.dispose()
    assert sorted(kinds) == ["operation.dispatcher", "operation.worker"]
