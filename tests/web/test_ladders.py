"""Default ladders and planned milestones over the API."""

from __future__ import annotations

from collections.abc import Callable

from tests.support import drawing as d
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
MODEL = d.diagram(
    d.start()
    + d.user("build", groups="build-team")
    + d.element("endEvent", "end", d.properties({"milestone": "built"}), name="Build complete")
    + d.chain("start", "build", "end"),
    process="minor_release",
)
RELEASE = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "standard", "service": "Shop"}


def test_a_default_ladder_is_changed_by_who_has_seen_it(person: Person) -> None:
    ada = person("ada")
    things = [one["thing"] for one in ada.get("/ladders").json["items"]]
    assert things == ["task", "approval", "phase", "milestone", "release"]
    seen = ada.get("/ladders/task")
    assert (seen.json["shipped"], seen.json["revision"]) == (True, 0)
    wanted = {"ladder": "PT0S: assignee\nP1D: manager repeat P1D x2"}
    tagged = {"If-Match": seen.headers["ETag"]}
    changed = ada.send("PUT", "/ladders/task", json=wanted, headers=tagged)
    assert (changed.json["ladder"], changed.json["by"]) == (wanted["ladder"], "ada")
    assert ada.send("PUT", "/ladders/task", json=wanted, headers=tagged).status_code == 412
    refused = ada.send("PUT", "/ladders/task", json={"ladder": "PT0S: boss"})
    assert refused.status_code == 422
    assert "boss" in refused.json["errors"]["ladder"][0]
    assert ada.send("PUT", "/ladders/lunch", json=wanted).status_code == 404
    assert ada.send("PUT", "/ladders/task", json={"ladder": ""}).json["shipped"] is True


def test_a_milestone_is_planned_and_shows_as_a_deadline(person: Person) -> None:
    cora = person("cora")
    person("petra").deploy(("minor.bpmn", MODEL))
    number = cora.post("/releases", RELEASE).json["number"]
    (one,) = cora.get(f"/releases/{number}/milestones").json["items"]
    assert (one["milestone"], one["name"], one["planned_at"]) == ("built", "Build complete", None)
    plan = {"planned_at": "2100-03-04T16:00:00Z"}
    (one,) = cora.send("PUT", f"/releases/{number}/milestones/built", json=plan).json["items"]
    deadline = cora.get(f"/deadlines/{one['deadline']}").json
    assert (deadline["thing"], deadline["due_at"], deadline["task"]) == ("milestone", one["planned_at"], None)
    assert deadline["next"]["would_tell"][0]["user"] == "cora"
    past = cora.send("PUT", f"/releases/{number}/milestones/built", json={"planned_at": "2000-01-01T00:00:00Z"})
    assert (past.status_code, list(past.json["errors"])) == (422, ["planned_at"])
    assert cora.send("PUT", f"/releases/{number}/milestones/nowhere", json=plan).status_code == 404
