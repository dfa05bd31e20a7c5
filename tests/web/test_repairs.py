"""Repairs over the API: reasons are asked for, answers say what opened, the release counts its rework."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support import drawing as d
from tests.web.caller import Caller
from tests.web.test_bad_input import Browser

Person = Callable[[str | None], Caller]


def phase(ident: str, task: str) -> str:
    ids = (f"{ident}_start", task, f"{ident}_end")
    body = d.start(ids[0]) + d.user(task, groups="build-team") + d.end(ids[2]) + d.chain(*ids)
    return d.element("subProcess", ident, d.properties({"phase": ident, "deadline": "P2D"}), body)


MODEL = d.diagram(
    d.start() + phase("build", "make") + phase("test", "try") + d.end() + d.chain("start", "build", "test", "end"),
    process="two_phases",
)
DATED = '<zeebe:userTask/><zeebe:taskSchedule dueDate="2099-03-01T12:00:00Z"/>'
RELEASE = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}


@pytest.fixture
def run(person: Person) -> str:
    """A release in its second phase."""
    petra = person("petra")
    assert petra.deploy(("m.bpmn", MODEL)).status_code == 201
    petra.post("/categories", {"name": "small", "models": {"*": "two_phases"}})
    assert person("cora").post("/releases", RELEASE).status_code == 201
    task = person("bea").get("/tasks").json["items"][0]
    person("bea").post(f"/tasks/{task['id']}/complete", {"values": {}})
    return task["instance"]


@pytest.mark.req("S2-13")
def test_a_release_is_sent_back_and_counts_it(person: Person, run: str) -> None:
    max_ = person("max")
    offered = max_.get(f"/instances/{run}/targets").json["items"]
    assert [target["element"] for target in offered] == ["build", "make", "test", "try"]
    for body in ({"element": "build"}, {"element": "build", "reason": " "}):
        refused = max_.post(f"/instances/{run}/send-back", body)
        assert refused.status_code == 422
        assert "reason" in refused.json["errors"]
    done = max_.post(f"/instances/{run}/send-back", {"element": "build", "reason": "Incomplete."})
    assert [task["element"] for task in done.json["opened"]] == ["make"]
    assert max_.get("/releases/R-1").json["rework_loops"] == 1
    told = max_.get("/releases/R-1/history").json["items"]
    assert next(one for one in told if one["event"] == "element.sent_back")["data"]["reason"] == "Incomplete."
    wrong = max_.post(f"/instances/{run}/send-back", {"element": "test", "reason": "x"})
    assert wrong.status_code == 409
    assert max_.post(f"/instances/{run}/send-back", {"element": "nowhere", "reason": "x"}).status_code == 404


def test_a_token_is_moved_and_a_release_cancelled(person: Person, run: str) -> None:
    max_ = person("max")
    stay = next(one for one in max_.get(f"/instances/{run}").json["activations"] if one["element"] == "test")
    wanted = {"activation": stay["id"], "element": "make", "reason": "Only one more try."}
    assert [task["element"] for task in max_.post(f"/instances/{run}/move", wanted).json["opened"]] == ["make"]
    assert max_.post("/releases/R-1/cancel", {}).status_code == 422
    assert max_.post("/releases/R-1/cancel", {"reason": "Withdrawn."}).json["status"] == "cancelled"
    assert max_.get("/releases/R-1").json["status"] == "terminated"
    assert max_.post("/releases/R-1/cancel", {"reason": "Withdrawn."}).status_code == 409


def test_a_due_date_is_changed_with_a_reason(person: Person, run: str) -> None:
    cora = person("cora")
    deadline = cora.get("/deadlines").json["items"][0]
    assert cora.patch(f"/deadlines/{deadline['id']}", {"due_at": "2100-01-01T00:00:00Z"}).status_code == 422
    wanted = {"due_at": "2100-01-01T00:00:00Z", "reason": "The supplier is late."}
    assert cora.patch(f"/deadlines/{deadline['id']}", wanted).json["due_at"].startswith("2100-01-01")
    assert person("bea").patch(f"/deadlines/{deadline['id']}", wanted).status_code == 403


def test_the_due_date_of_a_task_is_changed_and_with_it_what_it_is_known_by(person: Person) -> None:
    petra, max_ = person("petra"), person("max")
    drawn = d.start() + d.element("userTask", "make", DATED) + d.end() + d.chain("start", "make", "end")
    petra.deploy(("m.bpmn", d.diagram(drawn, process="dated")))
    path = f"/tasks/{petra.post('/instances', {'definition': 'dated'}).json['tasks'][0]['id']}"
    seen = max_.get(path).headers["ETag"]
    wanted = {"due_at": "2100-01-01T00:00:00Z", "reason": "The supplier is late."}
    assert max_.patch(path, {"due_at": wanted["due_at"]}).status_code == 422
    moved = max_.send("PATCH", path, json=wanted, headers={"If-Match": seen})
    assert moved.json["due_at"].startswith("2100-01-01")
    assert moved.headers["ETag"] == max_.get(path).headers["ETag"] != seen
    assert max_.send("PATCH", path, json=wanted, headers={"If-Match": seen}).status_code == 412
    assert person("bea").patch(path, wanted).status_code == 403


def test_the_button_is_on_the_task_of_those_who_may(web: Flask, person: Person) -> None:
    drawn = d.start() + d.element("userTask", "make", DATED) + d.end() + d.chain("start", "make", "end")
    person("petra").deploy(("m.bpmn", d.diagram(drawn, process="dated")))
    key = person("petra").post("/instances", {"definition": "dated"}).json["tasks"][0]["id"]
    cora, max_ = Browser(web, "cora"), Browser(web, "max")
    assert f"/tasks/{key}/due" in max_.get(f"/tasks/{key}").text
    assert f"/tasks/{key}/due" not in cora.get(f"/tasks/{key}").text, "it is no release of hers"
    assert max_.post(f"/tasks/{key}/due", {"due_at": "2100-01-01T12:00", "reason": " "}).status_code == 422
    assert max_.post(f"/tasks/{key}/due", {"due_at": "2100-01-01T12:00", "reason": "Late."}).status_code == 303
    assert person("max").get(f"/tasks/{key}").json["due_at"] == "2100-01-01T12:00:00Z"
    assert cora.post(f"/tasks/{key}/due", {"due_at": "2100-01-01T12:00", "reason": "Late."}).status_code == 403


def test_a_release_on_hold_answers_who_since_when_and_why(person: Person, run: str) -> None:
    max_, tom = person("max"), person("bea")
    number = max_.get(f"/instances/{run}").json["release"]
    assert max_.post(f"/releases/{number}/hold", {"reason": " "}).status_code == 422
    assert tom.post(f"/releases/{number}/hold", {"reason": "Wait."}).status_code in (403, 404)
    held = max_.post(f"/releases/{number}/hold", {"reason": "Wait."})
    assert (held.status_code, held.json["held_by"], held.json["held_reason"]) == (200, "max", "Wait.")
    assert held.headers["ETag"] == max_.get(f"/releases/{number}").headers["ETag"]
    task = tom.get("/tasks").json["items"][0]
    refused = tom.post(f"/tasks/{task['id']}/complete", {"values": {}})
    assert (refused.status_code, refused.json["title"]) == (409, "The release is on hold.")
    assert "says max: Wait." in refused.json["detail"]
    assert max_.post(f"/releases/{number}/hold", {"reason": "Again."}).status_code == 409
    assert max_.post(f"/releases/{number}/resume").json["held_at"] is None
    assert tom.post(f"/tasks/{task['id']}/complete", {"values": {}}).status_code == 200
