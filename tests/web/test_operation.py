"""Health, readiness, figures, and what browsers are told with every answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import event

from service import app, config, errors
from service.domain import clock
from service.storage import db, queue, tally, writing
from service.storage.models.ledger import Breakdown
from service.storage.models.messages import Message
from service.usecases import settings
from service.web.pages import language
from tests.support.databases import Databases
from tests.web.caller import Caller, token


def _application(tmp_path: Path, **environment: str) -> Flask:
    names = {f"TIDEGATE_{name.upper()}": value for name, value in environment.items()}
    return app.create_app(config.Settings.from_env({"TIDEGATE_DATA_DIR": str(tmp_path), **names}))


@pytest.fixture(autouse=True)
def _same_settings():
    before = settings.current()
    yield
    settings.use(before)


def _close(made: Flask) -> None:
    with made.app_context():
        db.db.engine.dispose()


def test_alive_and_ready(web_on_both: Flask) -> None:
    client = web_on_both.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert answer.json["checks"] == {"database": "ok", "schema": "ok", "redis": "not configured"}


def test_not_ready_without_the_schema(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty("sqlite")
    made = _application(tmp_path, database_url=url)
    answer = made.test_client().get("/readyz")
    assert answer.status_code == 503
    assert "tidegate db upgrade" in answer.json["checks"]["schema"]
    _close(made)


def test_not_ready_without_the_database(tmp_path: Path) -> None:
    made = _application(tmp_path, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    answer = made.test_client().get("/readyz")
    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "out of reach")
    assert "nobody" not in answer.text
    assert made.test_client().get("/healthz").status_code == 200
    _close(made)


def test_redis_must_answer_and_the_dispatcher_is_reported(sqlite_database: str, queue_server, tmp_path: Path) -> None:
    made = _application(tmp_path, database_url=sqlite_database, redis_url=queue_server.url)
    client = made.test_client()
    first = client.get("/readyz")
    assert (first.status_code, first.json["checks"]["dispatcher"]) == (200, "not seen")
    queue.Queue(queue_server.url).beat("dispatcher", "one")
    assert client.get("/readyz").json["checks"]["dispatcher"] == "ok"
    queue_server.kill()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["checks"]["redis"]) == (503, "out of reach")
    _close(made)


def test_degraded_while_nobody_does_what_is_due(sqlite_database: str, queue_server, tmp_path: Path) -> None:
    made = _application(tmp_path, database_url=sqlite_database, redis_url=queue_server.url)
    client, there = made.test_client(), queue.Queue(queue_server.url)
    assert client.get("/readyz").json["status"] == "degraded"
    there.beat("dispatcher", "one")
    there.beat("worker", "two")
    assert client.get("/readyz").json["status"] == "ready"
    with made.app_context(), db.transaction() as session:
        writing.insert_rows(session, Message, [_message(clock.now() - timedelta(seconds=90))])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["checks"]["lag"].startswith("due for 9")
    _close(made)


def test_figures_of_all_processes_are_summed(sqlite_database: str, queue_server, tmp_path: Path) -> None:
    made = _application(tmp_path, database_url=sqlite_database, redis_url=queue_server.url)
    tally.take()  # what other tests have counted in this process
    for name, seconds in (("one", 0.3), ("two", 7.0)):
        tally.observe(tally.LATE, "levels", seconds)
        tally.count(tally.DELIVERIES, "email sent", 3)
        queue.Queue(queue_server.url).beat("worker", name)
    with made.app_context(), db.transaction() as session:
        writing.insert_rows(session, Message, [_message(clock.now() - timedelta(seconds=90))])
    lines = made.test_client().get("/metrics").text.splitlines()
    assert 'tidegate_late_seconds_bucket{kind="levels",le="0.5"} 1.0' in lines
    assert 'tidegate_late_seconds_bucket{kind="levels",le="+Inf"} 2.0' in lines
    assert 'tidegate_late_seconds_sum{kind="levels"} 7.3' in lines
    assert 'tidegate_deliveries_total{channel="email",outcome="sent"} 6.0' in lines
    assert 'tidegate_processes{kind="worker"} 2.0' in lines
    assert 'tidegate_queue_length{queue="tidegate-work"} 0.0' in lines
    assert 'tidegate_due{kind="messages"} 1.0' in lines
    (waits,) = (line for line in lines if line.startswith('tidegate_due_since_seconds{kind="messages"}'))
    assert 90 <= float(waits.split()[1]) < 600
    queue_server.kill()
    lines = made.test_client().get("/metrics").text.splitlines()
    assert "tidegate_redis_up 0.0" in lines
    assert 'tidegate_due{kind="messages"} 1.0' in lines
    _close(made)


def test_what_could_not_be_told_is_told_later(queue_server) -> None:
    tally.take()
    there = queue.Queue(queue_server.url)
    tally.count("test", "a", 2)
    queue_server.kill()
    with pytest.raises(errors.ExternalFailure):
        there.beat("worker", "one")
    tally.count("test", "a")
    queue_server.start()
    there.beat("worker", "one")
    assert tally.counters(there.counted(), "test") == {"a": 3.0}


def _message(due_at: datetime) -> dict[str, object]:
    return {
        "key": 1, "name": "m", "variables": {}, "state": "waiting", "due_at": due_at, "published_at": due_at,
        "expires_at": due_at,
    }  # fmt: skip


def test_figures_count_what_is_open_and_how_long_requests_take(web_on_both: Flask) -> None:
    petra = Caller(web_on_both, "petra")
    petra.get("/me")
    answer = web_on_both.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    for name in ("tasks_open", "incidents_open", "levels_due", "timers_due", "deliveries_dead"):
        assert f"tidegate_{name} 0.0" in lines
    assert any(line.startswith("tidegate_request_seconds_count{") and "people.me" in line for line in lines)


def test_every_answer_tells_browsers_to_be_strict(web: Flask) -> None:
    for path in ("/healthz", "/sign-in", "/api/v1/me", "/nothing"):
        headers = web.test_client().get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in web.test_client().get("/healthz").headers


def test_secure_cookies_bring_transport_security(sqlite_database: str, tmp_path: Path) -> None:
    made = _application(tmp_path, database_url=sqlite_database, secure_cookies="true")
    answer = made.test_client().get("/sign-in", headers={"Accept": "text/html"}, base_url="https://localhost")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie") if "session" in cookie)
    _close(made)


def test_forwarded_addresses_count_only_behind_a_trusted_proxy(sqlite_database: str, tmp_path: Path) -> None:
    for proxies, expected in (("0", "127.0.0.1"), ("1", "203.0.113.9")):
        made = _application(tmp_path, database_url=sqlite_database, trusted_proxies=proxies)
        seen: list[str] = []
        made.before_request_funcs.setdefault(None, []).insert(0, lambda seen=seen: seen.append(_address()))
        made.test_client().get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"})
        assert seen == [expected]
        _close(made)


def _address() -> str:
    return request.remote_addr or ""


def test_a_token_that_was_just_seen_is_not_looked_up(person: Callable[..., Caller]) -> None:
    caller = person("max")
    statements: list[str] = []
    with caller._client.application.app_context():
        engine = db.db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    looked_up = []
    for _ in range(20):  # the token is remembered for a second: on a slow machine that may just be over
        statements.clear()
        assert caller.get("/me").status_code == 200
        looked_up.append(any("tokens" in one for one in statements))
    assert looked_up[0]
    assert False in looked_up


def _page(web: Flask, name: str, **headers: str) -> Any:
    own = {"Authorization": f"Bearer {token(name)}", "Accept": "text/html", **headers}
    return web.test_client(use_cookies=False).get("/administration/operation", headers=own)


def test_the_page_says_in_words_how_it_goes(web_on_both: Flask, person: Callable[..., Caller]) -> None:
    person("ada")
    assert "Everything is on time." in _page(web_on_both, "ada").text
    now = clock.now()
    with web_on_both.app_context(), db.transaction() as session:
        writing.insert_rows(session, Message, [_message(now - timedelta(seconds=90))])
        broken = {"kind": "starts", "subject": 5, "name": "nightly", "problem": "ValueError: no", "attempts": 2}
        writing.insert_rows(session, Breakdown, [{"key": 7, "first_at": now, "last_at": now, **broken}])
    page = _page(web_on_both, "ada").text
    assert "What is due waits too long" in page
    assert "Start more workers" in page
    assert "nightly" in page
    assert 'action="/administration/breakdowns/7/retry"' in page
    german = _page(web_on_both, "ada", Cookie=f"{language.COOKIE}=de").text
    assert "Fälliges wartet zu lange" in german
    assert _page(web_on_both, "max").status_code == 403
