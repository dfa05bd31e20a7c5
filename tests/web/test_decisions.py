"""Decisions over HTTP: deploying and listing them, and what the story of a run says of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from flask import Flask

from service.web.pages import events
from tests.support import drawing as d
from tests.support.decisions import only
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
RISK = only(["n"], ["size"], ["> 2", '"big"'], ["<= 2", '"small"'])
RULE = d.element("businessRuleTask", "rule", '<zeebe:calledDecision decisionId="d1" resultVariable="size"/>')
CALLS = d.diagram(d.start() + RULE + d.user("b") + d.end() + d.chain("start", "rule", "b", "end"))


def test_decisions_are_deployed_and_listed(person: Person) -> None:
    petra = person("petra")
    made = petra.deploy(("p.bpmn", CALLS), ("risk.dmn", RISK))
    assert made.status_code == 201
    (one,) = made.json["decisions"]
    assert (one["id"], one["version"], one["name"]) == ("d1", 1, "d1")
    (listed,) = petra.get("/decisions").json["items"]
    assert (listed["key"], listed["file"], listed["deployed_by"]) == (one["key"], "risk.dmn", "petra")
    assert petra.get("/definitions/p").json["items"][0]["decisions"] == ["d1"]
    petra.deploy(("risk.dmn", RISK.replace(b"big", b"huge")))
    assert [row["version"] for row in petra.get("/decisions/d1").json["items"]] == [2, 1]
    assert petra.get("/decisions/d1/1/xml").data == RISK
    for path in ("/decisions/d2", "/decisions/d1/3/xml"):
        assert petra.get(path).status_code == 404


def test_a_run_reports_what_was_decided_and_why(person: Person) -> None:
    petra = person("petra")
    petra.deploy(("p.bpmn", CALLS), ("risk.dmn", RISK))
    run = petra.post("/instances", {"definition": "p", "variables": {"n": 3}}).json
    told = petra.get(f"/instances/{run['id']}/history").json["items"]
    (found,) = [event["data"] for event in told if event["event"] == "element.result"]
    assert found["result"] == "big"
    assert found["decisions"][0]["inputs"] == {"n": 3}
    assert found["decisions"][0]["rules"] == [1]


def test_a_missing_input_is_an_incident_that_names_it(person: Person) -> None:
    petra = person("petra")
    petra.deploy(("p.bpmn", CALLS), ("risk.dmn", RISK))
    petra.post("/instances", {"definition": "p"})
    (incident,) = petra.get("/incidents").json["items"]
    assert (incident["element"], incident["code"]) == ("rule", "null-value")
    assert "“n”" in incident["message"]


def test_mistakes_are_problems_with_file_line_and_element(person: Person) -> None:
    refused = person("petra").deploy(("risk.dmn", only(["n"], ["size"], [">", "1"])))
    assert refused.status_code == 422
    (problem,) = refused.json["problems"]
    assert (problem["file"], problem["line"], problem["element_id"]) == ("risk.dmn", 4, "rule_1")
    assert problem["code"] == "feel-syntax"


def test_only_process_owners_deploy_and_only_those_who_see_models_look(person: Person) -> None:
    assert person("cora").deploy(("risk.dmn", RISK)).status_code == 403
    assert person(None).get("/decisions").status_code == 401


def event(**decision: Any) -> Any:
    data = {"result": 1, "decisions": [{"decision": "d1", "name": "Risk", **decision}]}
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return SimpleNamespace(id=1, at=at, event="element.result", actor=None, element="rule", data=data)


def test_the_story_says_how_something_was_decided(web: Flask) -> None:
    with web.test_request_context():
        rows = [
            event(result="high", rules=[2], inputs={"Impact": "low", "n": 3}), event(result={"a": 1}),
            event(result=[1], rules=[1, 3], inputs={}), event(result=[], rules=[], inputs={}),
        ]  # fmt: skip
        told = events.told(rows, {"rule": "Classify risk"}, quiet=True)
    assert {line.text for line in told} == {"Decided: Classify risk"}
    assert [line.more for line in told] == [
        "Risk: high (rule 2; Impact = low, n = 3)", 'Risk: {"a": 1}', "Risk: [1] (rules 1, 3)", "Risk: [] (no rule)",
    ]  # fmt: skip
