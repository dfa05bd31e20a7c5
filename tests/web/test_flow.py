"""From a diagram to finished work, as a script does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from service.domain import clock
from tests.web import diagrams
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]


def test_a_diagram_is_deployed_started_and_worked_through(person_on_both: Person) -> None:
    petra, bea, tom = person_on_both("petra"), person_on_both("bea"), person_on_both("tom")
    made = petra.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM))
    assert made.status_code == 201
    definition = made.json["definitions"][0]
    assert (definition["id"], definition["version"], definition["name"]) == ("building", 1, "Building")
    assert definition["key"].isdigit()
    assert made.json["forms"][0]["version"] == 1

    started = petra.post("/instances", {"definition": "building", "business_key": "B-7"})
    assert (started.status_code, started.json["state"], started.json["business_key"]) == (201, "active", "B-7")
    run = started.json["id"]
    assert started.headers["Location"] == f"/api/v1/instances/{run}"

    listed = bea.get("/tasks?group=build-team").json["items"]
    assert [task["name"] for task in listed] == ["Build"]
    task = listed[0]["id"]
    assert bea.post(f"/tasks/{task}/claim").json["assignee"] == "bea"
    assert bea.get("/tasks?assignee=bea").json["items"][0]["id"] == task
    form = bea.get(f"/tasks/{task}/form").json
    assert [field["key"] for field in form["schema"]["components"]] == ["reference", "size"]

    missing = bea.post(f"/tasks/{task}/complete", {"values": {"size": 3}})
    assert (missing.status_code, list(missing.json["errors"])) == (422, ["reference"])
    foreign = bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x", "approved": True}})
    assert (foreign.status_code, list(foreign.json["errors"])) == (422, ["approved"])

    done = bea.post(f"/tasks/{task}/complete", {"values": {"reference": "portal-4", "size": 3}}).json
    assert (done["instance"], done["status"], done["pending"]) == (run, "active", [])
    assert [opened["element"] for opened in done["opened"]] == ["check"]
    last = tom.post(f"/tasks/{done['opened'][0]['id']}/complete", {"values": {}}).json
    assert (last["status"], last["opened"]) == ("completed", [])

    shown = petra.get(f"/instances/{run}").json
    assert (shown["state"], shown["end_element"], shown["tasks"]) == ("completed", "end", [])
    told = petra.get(f"/instances/{run}/history").json["items"]
    assert {"instance.started", "instance.ended"} <= {event["event"] for event in told}


def test_a_second_completion_is_refused_with_who_and_when(person: Person, building: dict) -> None:
    task = building["tasks"][0]["id"]
    bea = person("bea")
    assert bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}).status_code == 200
    again = bea.post(f"/tasks/{task}/complete", {"values": {"reference": "y"}})
    assert (again.status_code, again.json["type"]) == (409, "/problems/task-not-open")
    assert again.json["by"] == "bea"
    assert again.json["at"][:4].isdigit()
    assert bea.get(f"/tasks/{task}").json["values"] == {"reference": "x", "size": None}


def test_a_strangers_task_is_neither_shown_nor_done(person: Person, building: dict) -> None:
    task = building["tasks"][0]["id"]
    nora = person("nora")
    assert nora.get("/tasks").json["items"] == []
    for answer in (
        nora.get(f"/tasks/{task}"),
        nora.get(f"/tasks/{task}/form"),
        nora.post(f"/tasks/{task}/claim"),
        nora.post(f"/tasks/{task}/unclaim"),
        nora.post(f"/tasks/{task}/delegate", {"to": "nora"}),
        nora.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}),
        nora.get(f"/instances/{building['id']}"),
        nora.get(f"/instances/{building['id']}/history"),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "/problems/forbidden")
    assert person("bea").get(f"/tasks/{task}").json["state"] == "open"
    assert nora.get("/tasks/123456").status_code == 404


def test_a_task_goes_from_hand_to_hand(person: Person, building: dict) -> None:
    task = building["tasks"][0]["id"]
    bea, otto = person("bea"), person("otto")
    assert bea.post(f"/tasks/{task}/claim").status_code == 200
    taken = person("max").post(f"/tasks/{task}/claim")
    assert (taken.status_code, taken.json["type"], taken.json["assignee"]) == (409, "/problems/task-taken", "bea")
    assert bea.post(f"/tasks/{task}/delegate", {"to": "nobody-here"}).status_code == 422
    assert bea.post(f"/tasks/{task}/delegate", {"to": "otto"}).json["assignee"] == "otto"
    assert bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}).status_code == 403
    assert otto.post(f"/tasks/{task}/unclaim").json["assignee"] is None
    assert otto.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}).status_code == 403
    assert bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}).status_code == 200


def test_four_at_once_on_one_run_all_succeed(web_on_both: Flask) -> None:
    petra = Caller(web_on_both, "petra")
    petra.deploy(("four.bpmn", diagrams.FOUR))
    run = petra.post("/instances", {"definition": "four"}).json
    answers, barrier = [], threading.Barrier(4)

    def finish(task: str) -> None:
        bea = Caller(web_on_both, "bea")
        barrier.wait()
        answers.append(bea.post(f"/tasks/{task}/complete", {"values": {}}).status_code)

    threads = [threading.Thread(target=finish, args=(task["id"],)) for task in run["tasks"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert petra.get(f"/instances/{run['id']}").json["state"] == "completed"


def test_deploying_is_all_or_nothing(person: Person) -> None:
    petra = person("petra")
    refused = petra.deploy(("good.bpmn", diagrams.FOUR), ("bad.bpmn", b"<bpmn:definitions"))
    assert (refused.status_code, refused.json["type"]) == (422, "/problems/invalid-definition")
    problem = next(one for one in refused.json["problems"] if one["severity"] == "error")
    assert set(problem) == {"file", "line", "element_id", "code", "message", "severity"}
    assert problem["file"] == "bad.bpmn"
    assert petra.get("/definitions").json["items"] == []


def test_unchanged_files_make_no_new_version(person: Person) -> None:
    petra = person("petra")
    files = (("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM))
    petra.deploy(*files)
    again = petra.deploy(*files).json
    assert [one["version"] for one in again["definitions"] + again["forms"]] == [1, 1]
    changed = petra.deploy(("building.bpmn", diagrams.BUILD.replace(b'name="Check"', b'name="Look"'))).json
    assert changed["definitions"][0]["version"] == 2
    versions = petra.get("/definitions/building?limit=1").json
    assert [one["version"] for one in versions["items"]] == [2]
    older = petra.get(f"/definitions/building?limit=1&cursor={versions['next']}").json
    assert ([one["version"] for one in older["items"]], older["next"]) == ([1], None)
    source = petra.get("/definitions/building/1/xml")
    assert (source.data, source.mimetype) == (diagrams.BUILD, "application/xml")


@pytest.mark.parametrize(
    ("files", "field"), [((), "files"), ((("a.bpmn", b"x"), ("a.bpmn", b"y")), "files"), ((("..", b""),), None)]
)
def test_useless_deployments_are_refused(person: Person, files: tuple, field: str | None) -> None:
    answer = person("petra").deploy(*files)
    assert answer.status_code == 422
    assert field is None or field in answer.json["errors"]


def test_a_worker_from_outside_takes_a_job_and_answers(person: Person) -> None:
    petra = person("petra")
    petra.deploy(("working.bpmn", diagrams.WORK))
    run = petra.post("/instances", {"definition": "working", "variables": {"size": 3}}).json
    job = petra.post("/jobs/activate", {"type": "pack", "worker": "robot"}).json["items"][0]
    assert (job["instance"], job["variables"]) == (run["id"], {"size": 3})
    assert petra.post("/jobs/activate", {"type": "pack"}).json["items"] == []
    stolen = petra.post(f"/jobs/{job['id']}/complete", {"lease": "someone-elses", "variables": {}})
    assert (stolen.status_code, stolen.json["type"]) == (409, "/problems/lease-lost")
    done = petra.post(f"/jobs/{job['id']}/complete", {"lease": job["lease"], "variables": {"packed": True}}).json
    assert [task["element"] for task in done["opened"]] == ["look"]
    assert petra.post(f"/jobs/{job['id']}/complete", {"lease": job["lease"]}).status_code == 409


def test_a_job_that_fails_for_good_is_an_incident_that_can_be_retried(person: Person) -> None:
    petra = person("petra")
    petra.deploy(("working.bpmn", diagrams.WORK))
    run = petra.post("/instances", {"definition": "working"}).json
    job = petra.post("/jobs/activate", {"type": "pack"}).json["items"][0]
    failed = petra.post(f"/jobs/{job['id']}/fail", {"lease": job["lease"], "message": "no cardboard", "retries": 0})
    assert failed.json == {"retries": 0}
    incident = petra.get(f"/incidents?instance={run['id']}").json["items"][0]
    assert (incident["element"], incident["code"], incident["job"]) == ("work", "job-failed", job["id"])
    assert "no cardboard" in incident["message"]
    assert petra.post(f"/incidents/{incident['id']}/retry").json["state"] == "resolved"
    again = petra.post(f"/incidents/{incident['id']}/retry")
    assert (again.status_code, again.json["type"]) == (409, "/problems/incident-closed")
    assert petra.post("/jobs/activate", {"type": "pack"}).json["items"][0]["id"] == job["id"]


def test_a_release_is_asked_for_offers_its_actions_and_ends(person_on_both: Person) -> None:
    petra, cora, manager = person_on_both("petra"), person_on_both("cora"), person_on_both("max")
    petra.deploy(("small.bpmn", diagrams.RELEASE))
    assert petra.post("/categories", {"name": "small", "models": {"*": "small_release"}}).status_code == 201
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    made = cora.post("/releases", wanted)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/releases/R-1")
    assert (made.json["number"], made.json["status"], made.json["requester"]) == ("R-1", "open", "cora")
    assert cora.post("/releases", wanted).json["number"] == "R-2"
    assert [one["number"] for one in cora.get("/releases").json["items"]] == ["R-2", "R-1"]

    offered = cora.get("/releases/R-1/actions").json["items"]
    assert [(one["name"], one["label"], one["reason_required"], one["allowed"]) for one in offered] == [
        ("terminate", "Terminate", True, False)
    ]
    assert "release-manager" in offered[0]["why_not"]
    assert cora.post("/releases/R-1/actions/terminate", {"reason": "no"}).status_code == 403
    assert manager.post("/releases/R-1/actions/terminate", {}).json["errors"].keys() == {"reason"}
    gone = manager.post("/releases/R-1/actions/explode", {"reason": "x"})
    assert (gone.status_code, gone.json["type"]) == (409, "/problems/action-not-offered")
    over = manager.post(f"/releases/R-1/actions/{offered[0]['id']}", {"reason": "customer withdrew"})
    assert (over.status_code, over.json["status"]) == (200, "completed")
    assert manager.get("/releases/R-1").json["status"] != "open"
    assert manager.post("/releases/R-1/actions/terminate", {"reason": "again"}).status_code == 409

    assert cora.post("/releases/R-2/comments", {"text": "Looks fine."}).status_code == 201
    assert [one["text"] for one in cora.get("/releases/R-2/comments").json["items"]] == ["Looks fine."]
    assert cora.get("/releases/R-2/history").json["items"]
    due = cora.get("/deadlines?release=R-2").json["items"]
    assert [(one["element"], one["state"]) for one in due] == [("plan", "open")]
    assert due[0]["levels"]
    assert cora.get("/tasks?release=R-2&overdue=false").json["items"][0]["release"] == "R-2"


def test_a_task_past_its_moment_is_overdue(web: Flask, person: Person) -> None:
    person("petra").deploy(("small.bpmn", diagrams.RELEASE))
    person("petra").post("/categories", {"name": "small", "models": {"*": "small_release"}})
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    person("cora").post("/releases", wanted)
    assert person("max").get("/tasks?overdue=true").json["items"] == []
    later = clock.now() + timedelta(days=366)
    with clock.replaced(lambda: later):
        late = person("max").get("/tasks?overdue=true").json["items"]
        assert [(task["element"], task["overdue"]) for task in late] == [("plan", True)]
        assert person("max").get("/deadlines?state=overdue").json["items"][0]["overdue"] is True


def test_a_message_reaches_only_those_who_wait(person: Person) -> None:
    sent = person("max").post("/messages", {"name": "nobody-waits", "ttl_seconds": 0})
    assert (sent.status_code, sent.json["delivered"], sent.json["kept_until"]) == (200, 0, None)
    missing = person("max").post("/messages", {"name": "x", "instance": "12345"})
    assert missing.status_code == 404


def test_lists_come_in_pages_that_fit_together(person: Person) -> None:
    petra = person("petra")
    petra.deploy(("four.bpmn", diagrams.FOUR))
    for _ in range(3):
        petra.post("/instances", {"definition": "four"})
    everything = [task["id"] for task in petra.get("/tasks").json["items"]]
    assert len(everything) == 12
    seen, cursor = [], ""
    while cursor is not None:
        page = petra.get(f"/tasks?limit=5&cursor={cursor}" if cursor else "/tasks?limit=5").json
        assert len(page["items"]) <= 5
        seen += [task["id"] for task in page["items"]]
        cursor = page["next"]
    assert seen == everything
