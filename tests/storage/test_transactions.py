"""Transactions: whole or not at all; keys that nobody else gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from service import errors
from service.storage import db, keys, writing
from service.storage.models.people import Group, User
from service.storage.models.releases import Release, ReleaseFact
from service.storage.queries import people, releases
from service.storage.types import Session


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    application = Flask("tests")
    db.init_app(application, database)
    with application.app_context():
        yield application
        db.db.session.remove()
        db.db.engine.dispose()


class Failed(Exception):
    """What a command dies of here."""


def fail_after(work: Callable[[Session], object]) -> None:
    with db.transaction() as session:
        work(session)
        raise Failed


def test_what_fails_leaves_nothing_behind(app: Flask) -> None:
    with pytest.raises(Failed):
        fail_after(lambda session: writing.insert_rows(session, Group, [{"name": "a", "title": "A"}]))
    assert people.groups() == []


def test_a_broken_unique_key_is_a_stale_write(app: Flask) -> None:
    for attempt in range(2):
        try:
            with db.transaction() as session:
                writing.insert_rows(session, Group, [{"name": "a", "title": "A"}])
        except errors.StaleWrite:
            assert attempt == 1
            break
    else:
        pytest.fail("the second group of the same name was stored")


def test_a_command_within_a_command_is_a_mistake_that_shows(app: Flask) -> None:
    def nested(session: Session) -> None:
        with db.transaction():
            pass

    with pytest.raises(RuntimeError, match="within another one"):
        fail_after(nested)
    with db.transaction() as session:
        writing.insert_rows(session, Group, [{"name": "a", "title": "A"}])
    assert len(people.groups()) == 1


def test_what_is_to_happen_after_the_commit_does_not_happen_after_a_rollback(app: Flask) -> None:
    done: list[str] = []
    with db.transaction() as session:
        db.after_commit(session, lambda: done.append("committed"))
        assert done == []
    with pytest.raises(Failed):
        fail_after(lambda session: db.after_commit(session, lambda: done.append("rolled back")))
    with db.transaction():
        pass
    assert done == ["committed"]


def test_naive_moments_are_refused(app: Flask) -> None:
    row = {"key": 1, "name": "a", "title": "A", "created_at": datetime(2026, 1, 1)}
    with pytest.raises(Exception, match="naive"), db.transaction() as session:
        writing.insert_rows(session, User, [row])


def test_moments_come_back_aware_and_in_utc(app: Flask) -> None:
    moment = datetime.fromisoformat("2026-07-01T12:00:00+02:00")
    with db.transaction() as session:
        writing.insert_rows(session, User, [{"key": 1, "name": "a", "title": "A", "roles": [], "created_at": moment}])
    found = people.user("a").created_at
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("value", [12000, 0.25, "12000", "text", True, False, [1, None], {"a": {"b": 1}}, None])
def test_json_comes_back_as_it_went(app: Flask, value: object) -> None:
    release = {"number": 1, "title": "T", "type": "minor", "kind": "software", "category": "standard", "service": "S"}
    rest = {"reason": "", "model": "m", "from_template": True, "status": "open", "requester": "ann", "revision": 1}
    with db.transaction() as session:
        writing.insert_rows(session, Release, [release | rest | {"created_at": datetime(2026, 1, 1, tzinfo=UTC)}])
        writing.insert_rows(session, ReleaseFact, [{"release_number": 1, "name": "a", "value": value}])
    found = releases.facts(1)["a"]
    assert (found, type(found)) == (value, type(value))


def test_threads_and_commands_never_get_the_same_key(app: Flask) -> None:
    taken: list[int] = []

    def work() -> None:
        with app.app_context():
            for _ in range(5):
                with db.transaction() as session:
                    taken.extend(keys.take(session, 300))
            db.db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 6000


def test_who_writes_again_and_again_leaves_room_for_others(app: Flask) -> None:
    turns, over = [0], threading.Event()
    before = [group.name for group in people.groups()]

    def write_without_a_pause() -> None:
        with app.app_context():
            while not over.is_set():
                with db.transaction() as session:
                    keys.next_number(session, "release")
                    over.wait(0.02)
                turns[0] += 1
            db.db.session.remove()

    busy = threading.Thread(target=write_without_a_pause)
    busy.start()
    try:
        for name in ("a", "b", "c"):
            with db.transaction() as session:
                writing.insert_rows(session, Group, [{"name": name, "title": name}])
    finally:
        over.set()
        busy.join()
    assert [group.name for group in people.groups()] == [*before, "a", "b", "c"]
    assert turns[0] < 200


def test_a_command_that_wants_too_many_rows_is_refused(app: Flask) -> None:
    with pytest.raises(errors.LimitExceeded), db.transaction() as session:
        keys.take(session, keys.BLOCK + 1)


def test_visible_numbers_count_up_and_a_rollback_gives_its_number_back(app: Flask) -> None:
    with db.transaction() as session:
        assert [keys.next_number(session, "release") for _ in range(2)] == [1, 2]
    with pytest.raises(Failed):
        fail_after(lambda session: keys.next_number(session, "release"))
    with db.transaction() as session:
        assert keys.next_number(session, "release") == 3
