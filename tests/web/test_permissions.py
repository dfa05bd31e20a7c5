"""Who may do what over the API: one table, every line asked of every role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from service.storage.queries import breakdowns as found
from service.usecases import breakdowns
from tests.web import diagrams
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
EVERYBODY = {"ada", "petra", "max", "cora", "rita", "bea", "nora"}

RELEASE = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
# method, path, body, who is let through (others get 403); `{task}`, `{run}`, `{job}` are open things of the house
TABLE = [
    ("POST", "/deployments", None, {"ada", "petra"}),
    ("GET", "/definitions", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/definitions/building", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/definitions/building/1/xml", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/definitions/building/migrations/preview", {}, {"ada", "petra"}),
    ("POST", "/definitions/building/migrations", {}, {"ada", "petra"}),
    ("GET", "/definitions/building/migrations", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/migrations/{move}", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/migrations/{move}/items", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/migrations/{move}/undo", {}, {"ada", "petra"}),
    ("POST", "/instances/{run}/migrate", {}, {"ada", "petra"}),
    ("POST", "/instances/{run}/migrate/undo", {}, {"ada", "petra"}),
    ("GET", "/decisions", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/decisions/release_risk", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/decisions/release_risk/1/xml", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/categories", {"name": "other", "models": {"*": "small_release"}}, {"ada", "petra"}),
    ("GET", "/categories", None, EVERYBODY),
    ("POST", "/instances", {"definition": "building"}, {"petra"}),
    ("GET", "/instances/{run}", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/instances/{run}/history", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/messages", {"name": "x"}, {"ada", "petra", "max"}),
    ("GET", "/messages", None, {"ada", "petra", "max"}),
    ("GET", "/messages/{message}", None, {"ada", "petra", "max"}),
    ("POST", "/signals", {"name": "x"}, {"ada", "petra", "max"}),
    ("GET", "/incidents", None, EVERYBODY),
    ("GET", "/incidents/{incident}", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/incidents/{incident}/retry", {}, {"ada", "petra", "max"}),
    ("POST", "/incidents/{incident}/skip", {"reason": "x"}, {"ada", "petra", "max"}),
    ("GET", "/instances/{run}/targets", None, {"ada", "petra", "max", "cora"}),
    ("POST", "/instances/{run}/send-back", {"element": "build", "reason": "x"}, {"ada", "petra", "max"}),
    ("POST", "/instances/{run}/move", {"activation": "1", "element": "end", "reason": "x"}, {"ada", "petra", "max"}),
    ("POST", "/instances/{run}/items", {"activation": "1", "item": 1, "reason": "x"}, {"ada", "petra", "max"}),
    ("POST", "/instances/{run}/cancel", {"reason": "x"}, {"ada", "petra", "max"}),
    ("GET", "/templates", None, {"ada"}),
    ("GET", "/templates/release.started/en", None, {"ada"}),
    ("PUT", "/templates/release.started/en", {"subject": "x", "body": "y"}, {"ada"}),
    ("DELETE", "/templates/release.started/en", None, {"ada"}),
    ("GET", "/templates/release.started/en/versions", None, {"ada"}),
    ("POST", "/templates/release.started/en/preview", {"subject": "x", "body": "y"}, {"ada"}),
    ("POST", "/templates/release.started/en/test", {"subject": "x", "body": "y"}, {"ada"}),
    ("GET", "/key-points", None, {"ada"}),
    ("PUT", "/key-points/phase.entered", {"recipients": "board"}, {"ada"}),
    ("GET", "/releases/R-1/announcements", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/releases/R-1/announcements", {"message": "x"}, {"max", "cora"}),
    ("GET", "/releases/R-1/followers", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/releases/R-1/followers", {"address": "kim@example.org"}, {"max", "cora"}),
    ("POST", "/releases/R-1/followers", {}, {"ada", "petra", "max", "cora", "bea"}),
    ("DELETE", "/releases/R-1/followers/1", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/releases/R-1/followers/1/resend", {}, {"max", "cora"}),
    ("POST", "/releases/R-1/hold", {"reason": "x"}, {"ada", "max"}),
    ("POST", "/releases/R-1/resume", {}, {"ada", "max"}),
    ("POST", "/releases/R-1/cancel", {"reason": "x"}, {"ada", "petra", "max"}),
    ("GET", "/deadlines/{deadline}", None, {"ada", "petra", "max", "cora", "bea"}),
    (
        "PATCH",
        "/deadlines/{deadline}",
        {"due_at": "2100-01-01T00:00:00Z", "reason": "x"},
        {"ada", "petra", "max", "cora"},
    ),
    ("PATCH", "/tasks/{task}", {"due_at": "2100-01-01T00:00:00Z", "reason": "x"}, {"ada", "petra", "max"}),
    ("POST", "/jobs/activate", {"type": "pack"}, {"ada", "petra"}),
    ("GET", "/jobs/{job}", None, {"ada", "petra"}),
    ("POST", "/jobs/{job}/complete", {}, {"ada", "petra"}),
    ("POST", "/jobs/{job}/fail", {}, {"ada", "petra"}),
    ("POST", "/jobs/{job}/error", {"code": "E"}, {"ada", "petra"}),
    ("GET", "/tasks", None, EVERYBODY),
    ("GET", "/tasks/{task}", None, {"ada", "petra", "max", "cora", "bea"}),
    ("GET", "/tasks/{task}/form", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/tasks/{task}/claim", {}, {"max", "bea"}),
    ("POST", "/tasks/{task}/delegate", {"to": "max"}, {"max"}),
    ("POST", "/tasks/{task}/complete", {"values": {"reference": "x"}}, {"max", "bea"}),
    ("POST", "/releases", RELEASE, {"max", "cora"}),
    ("GET", "/releases", None, EVERYBODY),
    ("GET", "/releases/R-1", None, {"ada", "petra", "max", "cora", "bea"}),
    ("PATCH", "/releases/R-1", {"title": "x"}, {"max", "cora"}),
    ("GET", "/releases/R-1/actions", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/releases/R-1/actions/terminate", {"reason": "x"}, {"max"}),
    ("GET", "/releases/R-1/comments", None, {"ada", "petra", "max", "cora", "bea"}),
    ("POST", "/releases/R-1/comments", {"text": "x"}, {"ada", "petra", "max", "cora", "bea"}),
    ("GET", "/releases/R-1/history", None, {"ada", "petra", "max", "cora", "bea"}),
    ("PUT", "/releases/R-1/people/board", {"names": ["rita"]}, {"max", "cora"}),
    ("GET", "/deadlines", None, EVERYBODY),
    ("GET", "/ledger", None, EVERYBODY),
    ("GET", "/ladders", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/ladders/task", None, {"ada", "petra", "max", "cora"}),
    ("PUT", "/ladders/task", {"ladder": "PT0S: candidates"}, {"ada"}),
    ("GET", "/releases/R-1/milestones", None, {"ada", "petra", "max", "cora", "bea"}),
    ("PUT", "/releases/R-1/milestones/built", {"planned_at": None}, {"max", "cora"}),
    ("GET", "/notices", None, EVERYBODY),
    ("GET", "/inbox", None, EVERYBODY),
    ("POST", "/inbox/read", {}, EVERYBODY),
    ("GET", "/me", None, EVERYBODY),
    ("GET", "/me/calendar-links", None, EVERYBODY),
    ("GET", "/me/chats", None, EVERYBODY),
    ("POST", "/me/chats", {"name": "x", "url": "slack://TokenA/TokenB/TokenC"}, EVERYBODY),
    ("POST", "/me/calendar-links", {"service": "Shop"}, {"ada", "max"}),
    ("GET", "/groups", None, EVERYBODY),
    ("GET", "/groups/operations", None, EVERYBODY),
    ("POST", "/groups", {"name": "new"}, {"ada"}),
    ("PATCH", "/groups/operations", {"language": "de"}, {"ada"}),
    ("GET", "/groups/operations/chats", None, {"ada"}),
    ("POST", "/groups/operations/chats", {"name": "x", "url": "slack://TokenA/TokenB/TokenC"}, {"ada"}),
    ("POST", "/groups/operations/chats/1/test", {}, {"ada"}),
    ("DELETE", "/groups/operations/chats/1", None, {"ada"}),
    ("GET", "/breakdowns", None, {"ada"}),
    ("POST", "/breakdowns/{breakdown}/retry", {}, {"ada"}),
    ("GET", "/webhooks", None, {"ada"}),
    ("POST", "/webhooks", {"name": "x", "url": "https://example.org/"}, {"ada"}),
    ("GET", "/webhooks/{webhook}", None, {"ada"}),
    ("PATCH", "/webhooks/{webhook}", {"name": "y"}, {"ada"}),
    ("POST", "/webhooks/{webhook}/rotate", {}, {"ada"}),
    ("POST", "/webhooks/{webhook}/test", {}, {"ada"}),
    ("GET", "/webhooks/{webhook}/events", None, {"ada"}),
    ("GET", "/webhook-events/{hook_event}", None, {"ada"}),
    ("POST", "/webhook-events/{hook_event}/retry", {}, {"ada"}),
    ("DELETE", "/webhooks/{webhook}", None, {"ada"}),
    ("GET", "/calendars", None, EVERYBODY),
    ("GET", "/calendars/standard", None, EVERYBODY),
    ("GET", "/calendars/standard/days?from=2026-03-01", None, EVERYBODY),
    ("POST", "/calendars", {"name": "new"}, {"ada"}),
    ("PATCH", "/calendars/standard", {"country": "DE"}, {"ada"}),
    ("GET", "/me/preferences", None, EVERYBODY),
    ("PATCH", "/me/preferences", {"digest": "off"}, EVERYBODY),
    ("GET", "/me/absences", None, EVERYBODY),
    ("POST", "/me/absences", {}, EVERYBODY),
    ("GET", "/users/tom/preferences", None, {"ada"}),
    ("PATCH", "/users/tom/preferences", {"digest": "off"}, {"ada"}),
    ("GET", "/users/tom/absences", None, {"ada"}),
    ("POST", "/users/tom/absences", {"first_day": "2027-03-01", "last_day": "2027-03-01"}, {"ada"}),
    ("POST", "/calendars/standard/recalculate", {}, {"ada"}),
    ("GET", "/calendars/standard/recalculations", None, {"ada"}),
    ("GET", "/recalculations/{recalculation}", None, {"ada"}),
    ("GET", "/report", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/reports", None, {"ada", "petra", "max", "cora"}),
    ("GET", "/report-schedules", None, {"ada", "petra", "max", "cora"}),
    (
        "POST",
        "/report-schedules",
        {"name": "Weekly", "every": "weekly", "recipients": ["max"]},
        {"ada", "petra", "max", "cora"},
    ),
    ("GET", "/report-schedules/{schedule}", None, {"ada", "petra", "max", "cora"}),
    ("PATCH", "/report-schedules/{schedule}", {"at": "09:00"}, {"ada", "petra"}),
    ("DELETE", "/report-schedules/{schedule}", None, {"ada", "petra"}),
    ("POST", "/release-policy/versions", {"text": "x"}, {"ada", "petra", "max"}),
    ("GET", "/release-policy", None, EVERYBODY),
    ("PATCH", "/release-policy", {"owner": "petra"}, {"ada", "petra"}),
    ("GET", "/release-policy/versions", None, EVERYBODY),
    ("GET", "/release-policy/versions/1", None, EVERYBODY),
    ("GET", "/release-policy/changes", None, EVERYBODY),
    ("POST", "/release-policy/versions/1/review", {"review_at": "2100-01-01T00:00:00Z"}, {"ada", "petra"}),
    ("GET", "/users", None, {"ada"}),
    ("POST", "/users", {"name": "new"}, {"ada"}),
    ("GET", "/users/tom", None, {"ada"}),
    ("PATCH", "/users/tom", {"roles": ["administrator"]}, {"ada"}),
    ("POST", "/users/tom/deactivate", {}, {"ada"}),
    ("POST", "/users/tom/reactivate", {}, {"ada"}),
    ("GET", "/users/tom/tokens", None, {"ada"}),
    ("POST", "/users/tom/tokens", {}, {"ada"}),
    ("DELETE", "/users/tom/tokens/1", None, {"ada"}),
]
ASKED_ELSEWHERE = {
    "/tasks/{id}/unclaim",  # for the holder, see test_flow
    "/inbox/{id}/read",  # one's own only
    "/deadlines/{id}/explanation",  # as the deadline itself, see test_ledger
    "/me/password",  # one's own only
    "/me/chats/{id}",  # one's own only
    "/me/chats/{id}/test",  # one's own only
    "/me/calendar-links/{id}",  # one's own only
    "/me/calendar-links/{id}/rotate",  # one's own only
    "/reports/{id}",  # who sees reports, and for whom it was made: see test_reports
    "/reports/{id}/file",  # the same
    "/absences/{id}",  # whose it is not, for them it is not there
}


@pytest.fixture
def house(web: Flask, person: Person) -> dict[str, str]:
    """Something of everything that can be open."""
    petra = person("petra")
    petra.deploy(
        ("building.bpmn", diagrams.BUILD),
        ("build.form", diagrams.FORM),
        ("working.bpmn", diagrams.WORK),
        ("small.bpmn", diagrams.RELEASE),
    )
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    petra.post("/release-policy/versions", {"text": "Every change is approved."})
    run = petra.post("/instances", {"definition": "building"}).json
    failed = petra.post("/instances", {"definition": "working"}).json
    job = petra.post("/jobs/activate", {"type": "pack"}).json["items"][0]
    petra.post(f"/jobs/{job['id']}/fail", {"lease": job["lease"], "retries": 0})
    incident = petra.get(f"/incidents?instance={failed['id']}").json["items"][0]
    person("cora").post("/releases", RELEASE)
    sent = petra.post("/messages", {"name": "nobody-waits"}).json
    deadline = petra.get("/deadlines").json["items"][0]
    petra.deploy(("building.bpmn", diagrams.CHECKED_TWICE))
    move = petra.post("/definitions/building/migrations").json
    ids = {"job": job["id"], "incident": incident["id"], "message": sent["id"]}
    with web.app_context():
        breakdowns.keep("messages", int(sent["id"]), OSError("no room"))
        broken = found.listing()[0][0].key
    ids |= {"move": move["id"], "deadline": deadline["id"], "breakdown": str(broken)}
    hook = person("ada").post("/webhooks", {"name": "theirs", "url": "https://example.org/"}).json
    event = person("ada").post(f"/webhooks/{hook['id']}/test").json
    person("ada").patch(f"/webhooks/{hook['id']}", {"active": False})
    person("ada").patch(f"/webhooks/{hook['id']}", {"active": True})
    ids |= {"webhook": hook["id"], "hook_event": event["id"]}
    ids["schedule"] = petra.post("/report-schedules", {"name": "W", "every": "daily", "recipients": ["max"]}).json["id"]
    begun = person("ada").post("/calendars/standard/recalculate", {"apply": True}).json
    ids["recalculation"] = begun["work"]["id"]
    return {"task": run["tasks"][0]["id"], "run": run["id"], **ids}


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_each_role_may_what_the_table_says(person: Person, house: dict[str, str], name: str) -> None:
    wrong = []
    order = sorted(TABLE, key=lambda line: (name in line[3], line[0] != "GET"))  # refusals first: they change nothing
    for method, path, body, allowed in order:
        more = {"json": body} if body is not None else {}
        answer = person(name).send(method, path.format(**house), **more)
        if (answer.status_code == 403) == (name in allowed) or answer.status_code in (401, 500):
            wrong.append(f"{name} {method} {path}: {answer.status_code}")
    assert wrong == []


def test_nothing_is_left_out_of_the_table(person: Person) -> None:
    paths = person(None).get("/openapi.json").json["paths"]
    documented = {(method.upper(), path.removeprefix("/api/v1")) for path, item in paths.items() for method in item}
    asked = {(method, _shape(path)) for method, path, _, _ in TABLE}
    left = {line for line in documented if (line[0], _shape(line[1])) not in asked and line[0] != "PARAMETERS"}
    assert {path for _, path in left} == ASKED_ELSEWHERE


def _shape(path: str) -> tuple[str, ...]:
    fixed = {
        "R-1": "*",
        "tom": "*",
        "building": "*",
        "release_risk": "*",
        "operations": "*",
        "terminate": "*",
        "board": "*",
        "standard": "*",
        "task": "*",
        "built": "*",
        "release.started": "*",
        "en": "*",
        "phase.entered": "*",
        "1": "*",
    }
    path = path.partition("?")[0]
    return tuple("*" if part.startswith("{") else fixed.get(part, part) for part in path.split("/"))


def test_lists_hold_only_what_one_may_see(person: Person, house: dict[str, str]) -> None:
    for name, sees in (("max", True), ("bea", True), ("nora", False), ("tom", False)):
        assert bool(person(name).get("/releases").json["items"]) is sees, name
        assert any(task["id"] == house["task"] for task in person(name).get("/tasks").json["items"]) is sees, name
    assert person("nora").get("/deadlines").json["items"] == []
    assert person("nora").get("/incidents").json["items"] == []
    assert person("nora").get("/notices").json["items"] == []


def test_people_who_may_not_are_told_before_their_request_is_read(person: Person) -> None:
    answer = person("nora").send("POST", "/users", data="{not json", content_type="application/json")
    assert answer.status_code == 403


def test_what_is_missing_is_missing_for_everybody(person: Person, house: dict[str, str]) -> None:
    for name in ("max", "nora"):
        assert person(name).get("/tasks/999999").status_code == 404
        assert person(name).get("/releases/R-99").status_code == 404
        assert person(name).get("/instances/999999").status_code == 404
