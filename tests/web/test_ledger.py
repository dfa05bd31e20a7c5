"""Who was told what and who was not, over the API and on its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import clock
from service.storage import db
from service.storage.models.notices import DeadlineLevel
from service.usecases import deadlines
from tests.support import drawing as d
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
LADDER = "50%: assignee candidates\nPT0S: assignee candidates coordinator\nP1D: manager repeat P1D x2"


def one_task(ladder: str = LADDER, **more: str) -> bytes:
    given = {"deadline": "PT10H", "escalation": ladder, **more}
    drawn = d.start() + d.user("build", name="Build", groups="build-team", **given) + d.end()
    return d.diagram(drawn + d.chain("start", "build", "end"), process="dated")


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass, and the levels that are due meanwhile fire."""
    passed = [timedelta()]
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + passed[0])

    def turn(by: timedelta) -> None:
        passed[0] += by
        with db.reading() as session:
            keys = [one.key for one in session.query(DeadlineLevel).order_by(DeadlineLevel.fire_at)]
        deadlines.fire_all(keys)
        db.release_connection()

    return turn


@pytest.fixture
def begun(web: Flask, person: Person) -> dict[str, Any]:
    petra = person("petra")
    petra.deploy(("dated.bpmn", one_task()))
    run: dict[str, Any] = petra.post("/instances", {"definition": "dated"}).json
    return run


def the_deadline(caller: Caller) -> str:
    (one,) = caller.get("/deadlines?state=any").json["items"]
    return f"/deadlines/{one['id']}"


def test_a_deadline_tells_whom_each_level_told_and_whom_the_next_would(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    max_ = person("max")
    path = the_deadline(max_)
    before = max_.get(path).json
    assert [one["state"] for one in before["levels"]] == ["waiting"] * 5
    assert before["next"]["level"] == 1
    assert before["next"]["would_tell"] == [{"user": "bea", "told_as": "candidates"}]
    assert before["next"]["would_miss"] == [{"recipient": "assignee", "user": None, "reason": "nobody"}]
    with web.app_context():
        turned(timedelta(hours=5))
    after = max_.get(path).json
    first = after["levels"][0]
    assert (first["state"], first["fired_at"] >= first["fire_at"]) == ("fired", True)
    (notice,) = first["notices"]
    assert (notice["user"], notice["told_as"], notice["deliveries"][0]["channel"]) == ("bea", "candidates", "email")
    assert first["untold"] == [{"recipient": "assignee", "user": None, "reason": "nobody"}]
    assert [one["user"] for one in after["next"]["would_tell"]] == ["bea", "carl", "cora"]
    person("bea").post(f"/tasks/{begun['tasks'][0]['id']}/complete", {})
    over = max_.get(path).json
    assert (over["state"], over["next"]) == ("met", None)
    assert [one["state"] for one in over["levels"]] == ["fired"] + ["cancelled"] * 4


def test_a_deadline_that_somebody_else_moved_is_not_moved_again(person: Person, begun: dict[str, Any]) -> None:
    max_ = person("max")
    path = the_deadline(max_)
    tag = max_.get(path).headers["ETag"]
    wanted = {"due_at": "2100-01-01T00:00:00Z", "reason": "Later."}
    moved = max_.send("PATCH", path, json=wanted, headers={"If-Match": tag})
    assert (moved.status_code, moved.headers["ETag"] != tag) == (200, True)
    assert max_.send("PATCH", path, json=wanted, headers={"If-Match": tag}).status_code == 412


def test_a_deadline_is_shown_to_who_sees_its_task(person: Person, begun: dict[str, Any]) -> None:
    path = the_deadline(person("max"))
    assert person("bea").get(path).status_code == 200
    assert person("nora").get(path).status_code == 403
    assert person("max").get("/deadlines/1").status_code == 404
