"""Dispatchers ask for what is due, once at a time and never early; the sweep finds what was lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from service import errors
from service.cli import children
from service.domain import clock
from service.jobs import dispatcher
from service.storage import db, outbox, writing
from service.storage.models.definitions import Definition, Deployment
from service.storage.models.instances import Instance, Job, Timer
from service.storage.models.messages import Message
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel
from service.storage.queue import MAIL, WORK, Queue
from service.usecases import settings
from service.usecases.upkeep import dispatch
from tests.support.queue_server import QueueServer

LEASE = timedelta(seconds=3)


@pytest.fixture
def instance(house: Flask, time: Any) -> int:
    """A bare instance for waiting rows to belong to."""
    now = time.now
    with db.transaction() as session:
        writing.insert_rows(session, Deployment, [{"key": 1, "at": now, "by": "petra"}])
        definition = {
            "key": 2, "deployment_key": 1, "process_id": "p", "version": 1, "name": "P", "file": "p.bpmn",
            "source": b"", "checksum": "", "facts": [], "forms": [], "called": [],
        }  # fmt: skip
        writing.insert_rows(session, Definition, [definition])
        row = {
            "key": 3, "definition_key": 2, "status": "active", "revision": 1, "state": b"", "manifest": {},
            "started_at": now,
        }  # fmt: skip
        writing.insert_rows(session, Instance, [row])
    return 3


def levels(count: int, due_at: Any, first: int = 100) -> list[int]:
    """Waiting levels, all due at a moment; answers their keys."""
    keys = list(range(first, first + count))
    with db.transaction() as session:
        deadline = {
            "key": first, "activation_key": first, "instance_key": 3, "element": "e", "name": "e",
            "started_at": due_at - timedelta(hours=1), "due_at": due_at, "state": "open",
        }  # fmt: skip
        writing.insert_rows(session, Deadline, [deadline])
        rows = [
            {
                "key": key, "deadline_key": first, "activation_key": key, "level": key, "repeat": 0, "moment": "PT0S",
                "recipients": ["user:nora"], "fire_at": due_at, "state": "waiting",
            }
            for key in keys
        ]  # fmt: skip
        writing.insert_rows(session, DeadlineLevel, rows)
    return keys


def claim(kind: str, now: Any, most: int = 1000) -> list[int]:
    with db.transaction() as session:
        return outbox.claim(session, kind, now, now - LEASE, most)


def test_nothing_is_claimed_before_its_moment(instance: int, time: Any) -> None:
    (key,) = levels(1, time.now + timedelta(seconds=1))
    assert claim(outbox.LEVELS, time.now) == []
    time.turn(seconds=1)
    assert claim(outbox.LEVELS, time.now) == [key]


def test_what_was_claimed_is_claimed_again_only_when_the_lease_is_over(instance: int, time: Any) -> None:
    (key,) = levels(1, time.now)
    assert claim(outbox.LEVELS, time.now) == [key]
    time.turn(seconds=3)
    assert claim(outbox.LEVELS, time.now) == []
    time.turn(microseconds=1)
    assert claim(outbox.LEVELS, time.now) == [key]


def test_what_a_clock_that_ran_ahead_claimed_is_claimed_again(instance: int, time: Any) -> None:
    (key,) = levels(1, time.now)
    assert claim(outbox.LEVELS, time.now + timedelta(hours=1)) == [key]
    assert outbox.peek(time.now, time.now, time.now - LEASE) == {outbox.LEVELS: time.now}
    assert claim(outbox.LEVELS, time.now) == [key]
    assert claim(outbox.LEVELS, time.now) == []


def test_the_earliest_are_claimed_first_and_no_more_than_asked(instance: int, time: Any) -> None:
    late, early = levels(2, time.now), levels(2, time.now - timedelta(minutes=1), first=200)
    assert sorted(claim(outbox.LEVELS, time.now, 2)) == early
    assert sorted(claim(outbox.LEVELS, time.now, 100)) == late


def test_dispatchers_at_once_share_the_work(instance: int, house: Flask, time: Any) -> None:
    keys = levels(300, time.now)
    db.release_connection()
    found: list[int] = []

    def work() -> None:
        with house.app_context():
            while mine := claim(outbox.LEVELS, time.now, 20):
                found.extend(mine)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == keys


def test_an_instance_with_several_due_timers_is_asked_for_once(instance: int, time: Any) -> None:
    with db.transaction() as session:
        rows = [{"instance_key": 3, "ref": ref, "element": ref, "due_at": time.now} for ref in ("a", "b")]
        writing.insert_rows(session, Timer, rows)
    assert claim(outbox.TIMERS, time.now) == [3]
    assert claim(outbox.TIMERS, time.now) == []


def test_jobs_for_workers_outside_and_leased_ones_are_not_asked_for(instance: int, time: Any) -> None:
    with db.transaction() as session:
        rows = [
            {
                "key": key, "instance_key": 3, "activation_key": key, "ref": str(key), "element": "e", "type": kind,
                "state": "open", "retries": 3, "due_at": time.now, "created_at": time.now, "leased_until": until,
            }
            for key, kind, until in (
                (1, "tidegate.notify", None),
                (2, "build-image", None),
                (3, "tidegate.notify", time.now + LEASE),
            )
        ]  # fmt: skip
        writing.insert_rows(session, Job, rows)
    assert claim(outbox.JOBS, time.now) == [1]
    time.turn(seconds=4)
    assert sorted(claim(outbox.JOBS, time.now)) == [1, 3]


def test_a_turn_asks_through_the_right_queue_and_sleeps_when_all_is_asked(
    instance: int, time: Any, redis_url: str
) -> None:
    queue = Queue(redis_url)
    levels(3, time.now)
    with db.transaction() as session:
        writing.insert_rows(session, Message, [
            {"key": 1, "name": "m", "variables": {}, "state": "waiting", "due_at": time.now, "published_at": time.now,
             "expires_at": time.now}
        ])  # fmt: skip
        writing.insert_rows(session, Bundle, [
            {"key": 1, "reader": "nora", "channel": "email", "address": "n@example.org", "size": 1, "state": "waiting",
             "made_at": time.now, "due_at": time.now, "message_id": "1.x"}
        ])  # fmt: skip
    assert dispatch.turn(queue) == dispatch.Turn(5, dispatch.GATHERING_S)
    assert queue.lengths() == {WORK: 4, MAIL: 1}
    assert dispatch.turn(queue) == dispatch.Turn(0, settings.current().poll_seconds)
    assert queue.lengths() == {WORK: 4, MAIL: 1}


def test_a_turn_sleeps_no_longer_than_until_the_next_moment(instance: int, time: Any, redis_url: str) -> None:
    levels(1, time.now + timedelta(seconds=0.05))
    assert dispatch.turn(Queue(redis_url)) == dispatch.Turn(0, pytest.approx(0.05))


def test_an_idle_dispatcher_asks_the_database_once_a_turn_over_its_own_connection(house: Flask, redis_url: str) -> None:
    """What waits costs next to nothing: SQLAlchemy has no part in it, and PostgreSQL plans the statement once."""
    idle = dispatcher.Dispatcher(house.app_context, redis_url)
    idle._one()  # the first turn also tidies up
    others: list[str] = []
    engine = db.db.engine
    event.listen(engine, "checkout", lambda *_: others.append("a connection of the pool"))
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: others.append(statement))
    connection = idle._lookout._connection
    for _ in range(20):
        assert idle._one() == settings.current().poll_seconds
    assert others == []
    assert idle._lookout._connection is connection
    if engine.dialect.name == "postgresql":
        look = (
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%announcement_mails%'"
        )
        ((custom, generic),) = connection.dbapi_connection.execute(look).fetchall()
        assert custom <= 5, "PostgreSQL plans five times before it keeps a plan"
        assert custom + generic >= 15, "and the driver prepares after five times"
    idle._lookout.close()


def test_a_look_passes_only_rows_that_are_due(house: Flask) -> None:
    """However many tasks are open and notices sent: SQLite, which knows no counts, finds each by an index."""
    if db.db.engine.dialect.name != "sqlite":
        return
    lookout = outbox.Lookout()
    now = clock.now()
    lookout.peek(now, now, now)
    given = {**lookout._constants, **dict.fromkeys(("now", "until", "stale", "ahead"), lookout._written(now))}
    plan = [row[3] for row in lookout._connection.cursor().execute(f"EXPLAIN QUERY PLAN {lookout._text}", given)]
    lookout.close()
    looks = [
        line for line in plan if line.startswith(("SEARCH", "SCAN")) and line not in ("SCAN CONSTANT ROW", "SCAN at")
    ]
    assert len(looks) == len(outbox.KINDS)
    assert [line for line in looks if "_at<?" not in line] == []


def test_a_lookout_whose_connection_is_gone_opens_another(house: Flask) -> None:
    lookout, now = outbox.Lookout(), clock.now()
    assert lookout.peek(now, now, now) == {}
    if db.db.engine.dialect.name == "postgresql":
        pid = lookout._connection.dbapi_connection.info.backend_pid
        with db.transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    else:
        lookout._connection.dbapi_connection.close()
    with pytest.raises(Exception, match=r"terminat|closed"):
        lookout.peek(now, now, now)
    assert lookout.peek(now, now, now) == {}
    lookout.close()


def test_what_redis_lost_is_asked_for_again_after_the_lease(instance: int, time: Any, redis_url: str) -> None:
    queue = Queue(redis_url)
    levels(2, time.now)
    assert dispatch.sweep(queue) == 2
    queue._connection.flushall()
    assert dispatch.sweep(queue) == 0
    assert queue.lengths()[WORK] == 0
    time.turn(seconds=3.1)
    dispatch.sweep(queue)
    assert queue.lengths()[WORK] == 2


def test_after_an_outage_everything_is_asked_for_again_at_once(instance: int, time: Any, redis_url: str) -> None:
    queue = Queue(redis_url)
    levels(2, time.now)
    dispatch.sweep(queue)
    queue._connection.flushall()
    time.turn(seconds=0.5)
    dispatch.turn(queue, in_doubt=True)
    assert queue.lengths()[WORK] == 2


def test_a_queue_that_nobody_empties_does_not_grow(instance: int, time: Any, redis_url: str) -> None:
    queue = Queue(redis_url)
    levels(3000, time.now)
    for _ in range(30):
        dispatch.sweep(queue)
        time.turn(seconds=3.1)
    assert queue.lengths()[WORK] <= dispatch.MOST_QUEUED


def test_without_redis_nothing_is_claimed(instance: int, time: Any) -> None:
    keys = levels(1, time.now)
    with pytest.raises(errors.ExternalFailure, match="Redis does not answer"):
        dispatch.turn(Queue(f"redis://127.0.0.1:{children.free_port()}/0"))
    assert claim(outbox.LEVELS, time.now) == keys


def test_what_failed_unexpectedly_is_left_alone_for_a_while(instance: int, time: Any) -> None:
    (key,) = levels(1, time.now)
    dispatch.put_off(outbox.LEVELS, key)
    time.turn(seconds=dispatch.PAUSE_AFTER_FAILURE_S)
    assert claim(outbox.LEVELS, time.now) == []
    time.turn(seconds=3.1)
    assert claim(outbox.LEVELS, time.now) == [key]


def test_who_is_alive_says_so_and_is_forgotten_after_a_while(redis_url: str) -> None:
    queue = Queue(redis_url)
    queue.beat("dispatcher", "one")
    queue.beat("worker", "two")
    queue.beat("worker", "three")
    queue.silence("worker", "three")
    assert queue.alive() == {"dispatcher": 1, "worker": 1}
    assert all(0 < queue._connection.ttl(key) <= 10 for key in queue._connection.scan_iter("tidegate:alive:*"))


def test_the_queue_answers_again_after_its_server_was_away(queue_server: QueueServer) -> None:
    queue = Queue(queue_server.url)
    queue.ping()
    queue_server.kill()
    with pytest.raises(errors.ExternalFailure):
        queue.ping()
    queue_server.start()
    queue.ping()
