"""Who is let in: nobody by default, tokens while they are valid, sessions with CSRF protection."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.usecases.accounts import people
from service.web import access, auth, throttle
from tests.web.caller import Caller, token

PUBLIC = {
    "static",
    "openapi",
    "pages.calendar_feed",  # the secret is in the address
    "operation.healthz",
    "operation.metrics",
    "operation.readyz",
    "pages.do_sign_in",
    "pages.end_by_link",
    "pages.prefer",
    "pages.sign_in",
    "pages.sign_out",
    "pages.unsubscribe",
    "problems.explain",
    "problems.index",
}
SAMPLES = {"id": "1", "number": "R-1", "name": "ann", "action": "stop", "part": "board", "version": "1"}


def _addresses(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: _sample(app, rule, name) for name in rule.arguments if name in rule._converters}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((rule.endpoint, method, adapter.build(rule.endpoint, values, method=method)))
    return found


def _sample(app: Flask, rule: object, name: str) -> object:
    converter = rule._converters[name]  # type: ignore[attr-defined]
    kind = type(converter).__name__
    if kind in ("KeyConverter", "ReleaseConverter", "VersionConverter"):
        return 1
    return SAMPLES[name] if kind == "AnyConverter" else "x"


def test_every_endpoint_says_who_may_use_it(web: Flask) -> None:
    silent = [endpoint for endpoint in web.view_functions if access.of(web, endpoint) is None]
    assert silent == []


def test_nobody_gets_anything_without_signing_in(web: Flask) -> None:
    client = web.test_client(use_cookies=False)
    reachable = set()
    for endpoint, method, path in _addresses(web):
        answer = client.open(path, method=method, headers={"Authorization": "Bearer nobodys"})
        if answer.status_code != 401:
            reachable.add(endpoint)
    assert reachable <= PUBLIC
    public = {endpoint for endpoint in web.view_functions if access.of(web, endpoint).public}  # type: ignore[union-attr]
    assert {name for name in public if not name.endswith("static")} | {"static"} == PUBLIC


def test_an_anonymous_script_is_told_to_send_a_token(person: Callable[..., Caller]) -> None:
    answer = person(None).get("/me")
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearer nobodys", "Bearer \xff"])
def test_other_credentials_are_refused(web: Flask, header: str) -> None:
    answer = web.test_client().get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_revoked_token_ends_within_a_second(web: Flask, person: Callable[..., Caller]) -> None:
    ada = person("ada")
    secret = ada.post("/users/bea/tokens", {"label": "robot"}).json["token"]
    client = web.test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me", headers=headers).json["name"] == "bea"
    key = ada.get("/users/bea/tokens").json["items"][0]["id"]
    with web.app_context():
        people.revoke_token(int(key), actor=policy.SYSTEM)  # as another process would
    time.sleep(auth.REMEMBERED_SECONDS + 0.05)
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_deactivated_person_is_out_at_once_where_it_was_done(person: Callable[..., Caller]) -> None:
    bea = person("bea")
    assert bea.get("/me").status_code == 200
    assert person("ada").post("/users/bea/deactivate").status_code == 200
    assert bea.get("/me").status_code == 401


def test_a_token_is_shown_once_and_only_its_digest_is_kept(web: Flask, person: Callable[..., Caller]) -> None:
    answer = person("bea").post("/users/bea/tokens", {"label": "mine"}, headers={"Idempotency-Key": "once"})
    secret = answer.json["token"]
    assert answer.headers["Cache-Control"] == "no-store"
    again = person("bea").post("/users/bea/tokens", {"label": "mine"}, headers={"Idempotency-Key": "once"})
    assert again.status_code == 409
    assert secret not in again.text
    listed = person("bea").get("/users/bea/tokens")
    assert secret not in listed.text
    assert len(listed.json["items"]) == 2  # the cast's own and this one: the repetition made none


@pytest.mark.parametrize("name", ["bea", "max", "petra", "cora"])
def test_only_administrators_touch_the_tokens_of_others(person: Callable[..., Caller], name: str) -> None:
    assert person(name).post("/users/ada/tokens", {}).status_code == 403
    assert person(name).get("/users/ada/tokens").status_code == 403
    assert person(name).send("DELETE", "/users/ada/tokens/1").status_code == 403
    assert person("ada").get("/me").status_code == 200


@pytest.fixture
def browser(web: Flask) -> object:
    """A browser without JavaScript: keeps cookies, no token."""
    with web.app_context():
        people.set_password("bea", "correct horse battery", actor=policy.SYSTEM)
    return web.test_client()


def _csrf(client: object) -> str:
    page = client.get("/sign-in", headers={"Accept": "text/html"}).text  # type: ignore[attr-defined]
    return page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]


def _sign_in(client: object, password: str = "correct horse battery") -> object:
    form = {"name": "bea", "password": password, "csrf_token": _csrf(client)}
    return client.post("/sign-in", data=form, headers={"Accept": "text/html"})  # type: ignore[attr-defined]


def test_a_session_opens_pages_and_api(browser) -> None:
    assert browser.get("/api/v1/me").status_code == 401
    answer = _sign_in(browser)
    assert answer.status_code == 303
    cookie = next(header for header in answer.headers.getlist("Set-Cookie") if header.startswith("tidegate_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.get("/api/v1/me").json["name"] == "bea"


def test_signing_in_needs_the_token_of_the_page(browser) -> None:
    browser.get("/sign-in", headers={"Accept": "text/html"})
    answer = browser.post("/sign-in", data={"name": "bea", "password": "correct horse battery"})
    assert answer.headers.get("Location") in (None, "/")
    assert browser.get("/api/v1/me").status_code == 401


def test_another_site_cannot_use_a_session(browser) -> None:
    _sign_in(browser)
    answer = browser.post("/api/v1/inbox/read", json={})
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/bad-request")
    page = browser.get("/inbox", headers={"Accept": "text/html"}).text
    secret = page.split('name="csrf-token"')[1].split('content="')[1].split('"')[0]
    assert browser.post("/api/v1/inbox/read", json={}, headers={"X-CSRFToken": secret}).status_code == 200


def test_a_new_password_ends_the_other_sessions(web: Flask, browser) -> None:
    _sign_in(browser)
    with web.app_context():
        people.set_password("bea", "another horse battery", actor=policy.SYSTEM)
    auth.forget()
    assert browser.get("/api/v1/me").status_code == 401


def test_guessing_passwords_is_slowed_down(web: Flask, browser) -> None:
    answers = [_sign_in(browser, "wrong").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert _sign_in(browser).status_code == 429


def test_the_limit_is_shared_through_redis_and_survives_its_loss(queue_server) -> None:
    one, other = throttle.Throttle(queue_server.url), throttle.Throttle(queue_server.url)
    for _ in range(5):
        one.count("bea", "10.0.0.1")
    with pytest.raises(errors.TooManyAttempts) as refused:
        other.require("bea", "10.0.0.1")
    assert 1 <= refused.value.facts["retry_after"] <= 61
    other.require("bea", "10.0.0.2")
    queue_server.kill()
    other.require("bea", "10.0.0.1")  # counts for itself from here on
    for _ in range(5):
        other.count("bea", "10.0.0.1")
    with pytest.raises(errors.TooManyAttempts):
        other.require("bea", "10.0.0.1")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("/tasks/5?x=1", True),
        ("//evil.example", False),
        ("https://evil.example", False),
        ("/\\evil", False),
        ("", False),
    ],
)
def test_one_is_sent_on_only_within_this_site(url: str, safe: bool) -> None:
    assert auth.safe_next(url) == (url if safe else None)


def test_a_stolen_token_in_the_address_is_no_credential(web: Flask) -> None:
    assert web.test_client().get(f"/api/v1/me?token={token('ada')}").status_code == 401
