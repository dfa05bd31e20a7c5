"""The page on which people choose what reaches them, and plan when they are away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import clock, policy
from service.storage.queries import reaching
from service.usecases.accounts import people
from service.usecases.telling import preferences
from tests import cast
from tests.web.caller import Caller

PASSWORD = "correct horse battery"


@pytest.fixture
def browser(web: Flask) -> Any:
    """Bea's browser without JavaScript, signed in."""
    return signed_in(web, "bea")


def signed_in(web: Flask, name: str) -> Any:
    with web.app_context():
        people.set_password(name, PASSWORD, actor=policy.SYSTEM)
    client = web.test_client()
    form = {"name": name, "password": PASSWORD, "csrf_token": csrf(client, "/sign-in")}
    client.post("/sign-in", data=form, headers={"Accept": "text/html"})
    return client


def csrf(client: Any, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', show(client, path))
    assert found is not None
    return found[1]


def show(client: Any, path: str) -> str:
    return str(client.get(path, headers={"Accept": "text/html"}).text)


def send(client: Any, path: str, page: str = "/account/reaching", **form: Any) -> Any:
    return client.post(path, data={**form, "csrf_token": csrf(client, page)}, headers={"Accept": "text/html"})


def test_somebody_chooses_what_reaches_them(web: Flask, browser: Any) -> None:
    given = {
        "channel": "email",
        "wanted-email": ["deadlines", "tasks"],
        "digest": "daily",
        "digest_at": "16:30",
        "quiet_days": "1",
        "quiet_outside": "1",
    }
    assert send(browser, "/people/bea/reaching", **given).status_code == 303
    with web.app_context():
        wishes = preferences.get("bea", actor=cast.actor("bea"))
    assert wishes["muted"] == {"email": ["approvals", "incidents", "operation", "progress", "reports"]}
    assert (wishes["digest"], wishes["digest_at"]) == ("daily", "16:30")
    assert (wishes["quiet_days"], wishes["quiet_outside"]) == (True, True)
    page = show(browser, "/account/reaching")
    assert "Mail is collected. The next one comes" in page
    assert "now: switched off" in page


def test_what_cannot_be_is_said_on_the_page(browser: Any) -> None:
    answer = send(browser, "/people/bea/reaching", quiet_from="20:00", digest="off")
    assert answer.status_code == 422
    assert "say from when until when, or neither" in answer.text


def test_somebody_plans_an_absence_and_takes_it_back(web: Flask, browser: Any) -> None:
    today = clock.now().date()
    days = {"first_day": today.isoformat(), "last_day": (today + timedelta(days=3)).isoformat()}
    assert send(browser, "/people/bea/absences", **days, substitute="tom").status_code == 303
    page = show(browser, "/account/reaching")
    assert "also gets every notice meanwhile." in page
    with web.app_context():
        (row,) = reaching.absences("bea", today)
    assert send(browser, f"/absences/{row.key}/remove").status_code == 303
    assert "No absence is planned." in show(browser, "/account/reaching")


def test_administrators_do_it_for_others_and_others_do_not(web: Flask, browser: Any) -> None:
    ada, path = signed_in(web, "ada"), "/administration/people/bea/reaching"
    assert "What reaches Bea Builder" in show(ada, path)
    assert send(ada, "/people/bea/reaching", page=path, digest="hourly").status_code == 303
    assert browser.get("/administration/people/tom/reaching", headers={"Accept": "text/html"}).status_code == 403
    assert send(browser, "/people/tom/reaching", digest="hourly").status_code == 403


def test_a_task_says_that_who_holds_it_is_away(web: Flask, building: dict[str, Any]) -> None:
    max_ = signed_in(web, "max")
    task = Caller(web, "bea").get("/tasks").json["items"][0]["id"]
    Caller(web, "bea").post(f"/tasks/{task}/claim")
    assert "Away until" not in show(max_, f"/tasks/{task}")
    today = clock.now().date().isoformat()
    Caller(web, "bea").post("/me/absences", {"first_day": today, "last_day": today, "substitute": "tom"})
    page = show(max_, f"/tasks/{task}")
    assert "Away until" in page
    assert "stands in." in page
