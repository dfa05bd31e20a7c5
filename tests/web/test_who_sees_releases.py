"""What roles and phases let people see and write, asked over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import drawing as d
from tests.web import diagrams
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
RELEASE = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}

PLAN_FORM = b"""{"id": "plan", "type": "default", "components": [
  {"type": "textfield", "id": "F1", "key": "rollout_plan", "label": "Rollout plan", "validate": {"required": true}}]}"""
TEST_FORM = b"""{"id": "test", "type": "default", "components": [
  {"type": "textfield", "id": "F1", "key": "test_result", "label": "Result", "validate": {"required": true}}]}"""


def _phase(ident: str, form: str) -> str:
    inside = (
        d.start(f"{ident}_start")
        + d.user(f"{ident}_task", groups="build-team", form=form)
        + d.end(f"{ident}_end")
        + d.chain(f"{ident}_start", f"{ident}_task", f"{ident}_end")
    )
    return d.element("subProcess", ident, d.properties({"phase": ident}), inside)


PHASES = d.diagram(
    d.start()
    + _phase("planning", "plan")
    + _phase("testing", "test")
    + d.end()
    + d.chain("start", "planning", "testing", "end"),
    process="phases",
)


@pytest.mark.req("S1-2")
def test_managers_see_all_others_what_their_role_gives_stakeholders_their_own_to_read(person_on_both: Person) -> None:
    petra, cora = person_on_both("petra"), person_on_both("cora")
    petra.deploy(("small.bpmn", diagrams.RELEASE))
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    cora.post("/releases", RELEASE)
    cora.post("/releases", {**RELEASE, "title": "Shop 3"})
    for name in ("max", "ada"):
        assert person_on_both(name).get("/releases/R-1").status_code == 200
        assert len(person_on_both(name).get("/releases").json["items"]) == 2
    assert person_on_both("nora").get("/releases/R-1").status_code == 403
    assert person_on_both("nora").get("/releases").json["items"] == []
    fred = person_on_both("fred")
    assert fred.get("/releases/R-1").status_code == 403
    assert cora.send("PUT", "/releases/R-1/people/stakeholder", json={"names": ["fred"]}).status_code == 200
    assert [one["number"] for one in fred.get("/releases").json["items"]] == ["R-1"]
    assert fred.get("/releases/R-1").status_code == 200
    assert fred.get("/releases/R-2").status_code == 403
    assert fred.patch("/releases/R-1", {"title": "Mine"}).status_code == 403
    assert fred.post("/releases/R-1/actions/terminate", {"reason": "no"}).status_code == 403
    task = cora.get("/tasks?release=R-1").json["items"][0]["id"]
    assert fred.post(f"/tasks/{task}/complete", {"values": {}}).status_code == 403
    assert person_on_both("max").get("/releases/R-1").json["title"] == "Shop 2"


@pytest.mark.req("S2-8")
def test_each_phase_has_its_form_and_takes_no_field_of_another(person_on_both: Person) -> None:
    petra, bea = person_on_both("petra"), person_on_both("bea")
    files = ("phases.bpmn", PHASES), ("plan.form", PLAN_FORM), ("test.form", TEST_FORM)
    assert petra.deploy(*files).status_code == 201
    petra.post("/categories", {"name": "small", "models": {"*": "phases"}})
    person_on_both("cora").post("/releases", RELEASE)
    planning = bea.get("/tasks").json["items"][0]
    assert planning["phase"] == "planning"
    form = bea.get(f"/tasks/{planning['id']}/form").json["schema"]
    assert [field["key"] for field in form["components"]] == ["rollout_plan"]
    early = bea.post(f"/tasks/{planning['id']}/complete", {"values": {"rollout_plan": "x", "test_result": "passed"}})
    assert (early.status_code, list(early.json["errors"])) == (422, ["test_result"])
    done = bea.post(f"/tasks/{planning['id']}/complete", {"values": {"rollout_plan": "rings"}}).json
    testing = done["opened"][0]
    assert testing["phase"] == "testing"
    form = bea.get(f"/tasks/{testing['id']}/form").json["schema"]
    assert [field["key"] for field in form["components"]] == ["test_result"]
    late = bea.post(
        f"/tasks/{testing['id']}/complete", {"values": {"test_result": "passed", "rollout_plan": "big bang"}}
    )
    assert (late.status_code, list(late.json["errors"])) == (422, ["rollout_plan"])
