"""What is foreseen of a deadline, on the pages and in the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import clock
from service.storage import db, writing
from service.storage.models.instances import Activation
from service.storage.queries import instances
from service.storage.types import Row
from tests.web import diagrams
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
WANTED = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}


@pytest.fixture
def release(person: Person) -> dict:
    """A release that waits at the task Plan, which is due."""
    person("petra").deploy(("small.bpmn", diagrams.RELEASE))
    person("petra").post("/categories", {"name": "small", "models": {"*": "small_release"}})
    return person("cora").post("/releases", WANTED).json


def remember(web: Flask, release: dict, *lengths: timedelta) -> None:
    """As though the task Plan had been done so often before, each time in so long."""
    with web.app_context():
        rows = instances.activations(int(release["instance"]))
        own = next(row for row in rows if row.element == "plan")
        with db.transaction() as session:
            writing.insert_rows(session, Activation, [_before(own, *one) for one in enumerate(lengths, 1)])


def _before(own: Row, number: int, length: timedelta) -> dict[str, Any]:
    ended = own.entered_at - timedelta(days=number)
    past = {"key": number, "ref": f"past{number}", "entered_at": ended - length, "left_at": ended}
    return {**own._mapping, **past, "outcome": "completed"}


def read(web: Flask, name: str, path: str, language: str = "en") -> str:
    headers = {
        "Authorization": f"Bearer {token(name)}",
        "Accept": "text/html",
        "Cookie": f"tidegate_language={language}",
    }
    answer = web.test_client(use_cookies=False).get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_deadline_has_its_forecast(web: Flask, person: Person, release: dict) -> None:
    listed = person("cora").get("/deadlines").json["items"][0]
    assert listed["forecast"] is None
    remember(web, release, *[timedelta(hours=1)] * 2, *[timedelta(days=900)] * 6)
    told = person("cora").get("/deadlines").json["items"][0]["forecast"]
    assert (told["cases"], told["comparable"], told["longer"]) == (8, 8, 6)
    assert told["chance"] == pytest.approx(6.5 / 9)
    assert datetime.fromisoformat(told["act_by"]) < clock.now()


def test_the_pages_tell_what_is_likely_to_be_late(web: Flask, person: Person, release: dict) -> None:
    task = person("max").get("/tasks").json["items"][0]["id"]
    deadline = person("max").get("/deadlines").json["items"][0]["id"]
    marked = ("/tasks?view=all", "/releases/R-1")
    explained = (f"/tasks/{task}", "/releases/R-1/deadlines", f"/deadlines/{deadline}")
    pages = (*marked, *explained)
    assert not any("likely late" in read(web, "max", path) for path in pages)
    remember(web, release, *[timedelta(hours=1)] * 2, *[timedelta(days=900)] * 6)
    assert all("likely late" in read(web, "max", path) for path in pages)
    for path in explained:
        said = read(web, "max", path)
        assert "The chance of missing it is 72%: in 6 of 8 earlier cases it took longer than the time left." in said
        assert "It should be acted on now." in said
        assert "Die Wahrscheinlichkeit, dass es zu spät wird, ist 72" in read(web, "max", path, "de")


def test_what_is_usually_quick_has_no_mark_but_says_so_on_its_page(web: Flask, person: Person, release: dict) -> None:
    remember(web, release, *[timedelta(hours=1)] * 20)
    assert "badge" not in read(web, "max", "/tasks?view=all").partition("<table")[2]
    assert "To be done in time, it should be begun by" in read(web, "max", "/releases/R-1/deadlines")


def test_nothing_is_foreseen_of_a_release_on_hold(web: Flask, person: Person, release: dict) -> None:
    remember(web, release, *[timedelta(days=900)] * 8)
    assert person("cora").get("/deadlines").json["items"][0]["forecast"]
    person("max").post("/releases/R-1/hold", {"reason": "Budget"})
    assert person("cora").get("/deadlines").json["items"][0]["forecast"] is None
