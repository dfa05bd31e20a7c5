"""What the pages of a release say while it is on hold, and afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import clock
from service.web.pages import releases
from service.web.pages.language import COOKIE
from tests.support import drawing as d
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
LADDER = "50%: candidates\nPT0S: candidates coordinator\nP1D: manager"
BUILD = d.user("build", name="Build", groups="build-team", deadline="PT10H", escalation=LADDER)
MODEL = d.diagram(d.start() + BUILD + d.end() + d.chain("start", "build", "end"), process="minor_release")
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}


@pytest.fixture
def held(person: Person) -> dict[str, str]:
    """The addresses of a release on hold, of its task, and of the deadline of that."""
    person("petra").deploy(("minor.bpmn", MODEL))
    person("cora").post("/releases", {**GIVEN, "manager": "max", "coordinator": "cora"})
    person("max").post("/releases/R-1/hold", {"reason": "The bank is closed."})
    (task,) = person("max").get("/tasks?release=R-1").json["items"]
    (deadline,) = person("max").get("/deadlines?release=R-1").json["items"]
    return {"release": "/releases/R-1", "task": f"/tasks/{task['id']}", "deadline": f"/deadlines/{deadline['id']}"}


def page(web: Flask, path: str, language: str = "en") -> str:
    headers = {"Authorization": f"Bearer {token('max')}", "Cookie": f"{COOKIE}={language}", "Accept": "text/html"}
    return web.test_client(use_cookies=False).get(path, headers=headers).text


@pytest.mark.parametrize("name", ["release", "task", "deadline", "deadlines"])
def test_every_page_says_who_holds_it_since_when_and_why(web: Flask, held: dict[str, str], name: str) -> None:
    shown = page(web, held.get(name, "/releases/R-1/deadlines"))
    (alert,) = re.findall(r'id="on-hold">.*?Nobody can finish', shown, re.DOTALL)
    for text in ("On hold since", "Max Manager", "The bank is closed."):
        assert text in alert, text
    assert not re.search(r"data-due(?!-)|in \d+ h\b", shown), "no clock runs"
    assert "+00:00" not in re.sub(r"<[^>]*>", "", shown), "moments are in words"


def test_a_deadline_says_that_nobody_is_told_until_it_goes_on(web: Flask, held: dict[str, str]) -> None:
    shown = page(web, held["deadline"])
    assert "Nobody is told until the release goes on. Next, these would be told: Bea Builder." in shown
    assert "The release is on hold, and this level means others: manager." in page(
        web, f"{held['deadline']}?person=bea"
    )
    assert "Niemand wird benachrichtigt, bis das Release weitergeht." in page(web, held["deadline"], "de")
    assert "not before the release goes on" in page(web, "/releases/R-1/deadlines")


def test_what_was_in_time_when_it_was_held_does_not_become_late(
    web: Flask, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=20))
    for path in (held["release"], held["task"], held["deadline"], "/releases/R-1/deadlines"):
        assert ">missed<" not in page(web, path).replace("</svg>missed", ">missed"), path
        assert "10 h late" not in page(web, path), path


def test_the_timeline_of_a_deadline_says_what_moved_it(web: Flask, person: Person, held: dict[str, str]) -> None:
    max_: Any = person("max")
    max_.post("/releases/R-1/resume")
    due = (clock.now() + timedelta(days=2)).isoformat()
    revision = max_.get(held["deadline"]).headers["ETag"]
    body = {"due_at": due, "reason": "The bank needs longer."}
    assert max_.patch(held["deadline"], body, headers={"If-Match": revision}).status_code == 200
    shown = page(web, held["deadline"])
    for text in (
        "Max Manager put the release on hold",
        "Max Manager let the release go on",
        "Max Manager moved the deadline of Build to",
        "The bank needs longer.",
    ):
        assert text in shown, text
    assert "on-hold" not in shown


def test_days_are_declined_in_german(web: Flask, person: Person, held: dict[str, str]) -> None:
    person("max").post("/releases/R-1/resume")
    due = (clock.now() + timedelta(days=6, minutes=1)).isoformat()
    person("max").patch(held["deadline"], {"due_at": due, "reason": "Later."})
    assert "in 6 Tagen" in page(web, held["deadline"], "de")
    assert "in 6 days" in page(web, held["deadline"])


def test_a_release_with_more_deadlines_than_a_page_holds_says_how_many(
    web: Flask, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "SHOWN_DEADLINES", 0)
    assert "One more is not shown" in page(web, "/releases/R-1/deadlines")
