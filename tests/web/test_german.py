"""People whose language is German read refusals and explanations in German on the pages; the API speaks English."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.web.pages import language
from tests.support import drawing as d
from tests.web import diagrams
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
# words that no German sentence has, outside of quotation marks and names
ENGLISH = re.compile(
    r"\b(the|this|there|is|are|not|must|cannot|of|with|here|only|remove|write|choose|give|needs|has|no|and|or|it)\b"
)


class Reader:
    """Opens pages as one person who chose German in this browser."""

    def __init__(self, app: Flask, name: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self._headers = {"Authorization": f"Bearer {token(name)}", "Cookie": f"{language.COOKIE}=de"}

    def page(self, path: str) -> str:
        return self._client.get(path, headers={**self._headers, "Accept": "text/html"}).text

    def post(self, path: str, **more: Any) -> TestResponse:
        return self._client.post(path, headers={**self._headers, "X-Tidegate-Fetch": "1"}, **more)

    def problems(self, name: str, source: bytes) -> list[dict[str, Any]]:
        answer = self.post("/ui/models/check", json={"file": name, "source": source.decode()})
        assert answer.status_code == 200, answer.text
        return answer.json["problems"]


@pytest.fixture
def reader(web: Flask) -> Callable[[str], Reader]:
    return lambda name: Reader(web, name)


def english(text: str) -> list[str]:
    """The English words of a text, without those that somebody wrote or that are code."""
    plain = re.sub(r"„[^“]*“|\"[^\"]*\"|‚[^‘]*‘", "", text)
    plain = re.sub(r"\b(yes oder no|group:x|user:x|any, all|[\w-]*[.:_/]\w[\w.:/-]*)", "", plain)
    return ENGLISH.findall(plain)


BROKEN = {
    "flow": d.start() + d.user("a") + d.end() + d.chain("start", "a", "end") + d.flow("a", "nowhere"),
    "start": d.user("a") + d.end() + d.chain("a", "end"),
    "two starts": d.start() + d.start("s2") + d.user("a") + d.chain("start", "a") + d.chain("s2", "a"),
    "gateway": d.start()
    + d.element("exclusiveGateway", "g")
    + d.user("a")
    + d.user("b")
    + d.chain("start", "g", "a")
    + d.flow("g", "b"),
    "service": d.start() + d.element("serviceTask", "a") + d.end() + d.chain("start", "a", "end"),
    "script": d.start() + d.element("scriptTask", "a") + d.end() + d.chain("start", "a", "end"),
    "call": d.start() + d.element("callActivity", "a") + d.end() + d.chain("start", "a", "end"),
    "rule": d.start() + d.element("businessRuleTask", "a") + d.end() + d.chain("start", "a", "end"),
    "send": d.start() + d.element("sendTask", "a") + d.end() + d.chain("start", "a", "end"),
    "unknown": d.start() + d.element("fooTask", "a") + d.chain("start", "a"),
    "events": d.start() + d.element("eventBasedGateway", "a") + d.user("b") + d.chain("start", "a", "b"),
    "ad hoc": d.start() + d.element("adHocSubProcess", "a") + d.end() + d.chain("start", "a", "end"),
    "inside": d.start() + d.element("subProcess", "a") + d.end() + d.chain("start", "a", "end"),
    "deadline": d.start() + d.user("a", deadline="P3X") + d.end() + d.chain("start", "a", "end"),
    "feel": d.start() + d.user("a", deadline="= foo(1)") + d.end() + d.chain("start", "a", "end"),
    "syntax": d.start() + d.user("a", assignee="= 1 +") + d.end() + d.chain("start", "a", "end"),
    "variable": d.start() + d.user("a", assignee="= nobody") + d.end() + d.chain("start", "a", "end"),
}
PROPERTIES = {
    "clock": {"deadline": "P1D", "clock": "sun"},
    "ladder": {"deadline": "P1D", "escalation": "P1D manager"},
    "recipient": {"deadline": "P1D", "escalation": "P1D: boss"},
    "moment": {"deadline": "P1D", "escalation": "soon: manager"},
    "share": {"deadline": "P1D", "escalation": "180%: manager"},
    "empty": {"deadline": "P1D", "escalation": "P1D:"},
    "repeat": {"deadline": "P1D", "escalation": "P1D: manager repeat"},
    "approval": {"approval": "most"},
    "unknown": {"dedline": "P1D"},
    "phase": {"phase": "build"},
    "milestone": {"milestone": "done"},
    "criterion": {"criterion_1": "tested: "},
    "criterion of text": {"criterion_1": "tested: done"},
    "binding": {"binding": "now"},
    "status": {"changeStatus": "x"},
    "outcome": {"status": "gone"},
    "roles": {"roles": "king"},
}


def _with(properties: dict[str, str]) -> str:
    task = d.element("userTask", "a", d.properties(properties))
    return d.start() + task + d.end() + d.chain("start", "a", "end")


@pytest.mark.parametrize("body", [*BROKEN.values(), *map(_with, PROPERTIES.values())], ids=[*BROKEN, *PROPERTIES])
def test_what_is_wrong_with_a_diagram_is_said_in_german(reader: Callable[[str], Reader], body: str) -> None:
    found = reader("petra").problems("m.bpmn", d.diagram(body, process="m"))
    assert found
    for problem in found:
        assert not english(problem["message"]), problem["message"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("m.bpmn", b"<a"),
        ("m.bpmn", b"<a/>"),
        ("m.bpmn", b"<!DOCTYPE x><a/>"),
        ("f.form", b"[]"),
        ("f.form", b"{}"),
        ("f.form", b'{"id": "f", "type": "default", "components": [{"type": "nothing"}]}'),
        ("f.form", b'{"id": "f", "type": "default", "components": [{"type": "textfield", "key": "a b"}]}'),
        ("f.form", b'{"id": "f", "type": "default", "components": [{"type": "textfield", "key": "__proto__"}]}'),
        ("f.form", b'{"id": "f", "type": "default", "components": [{"type": "expression", "key": "a"}]}'),
        ("r.dmn", b"<a/>"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_german(reader: Callable[[str], Reader], name: str, source: bytes) -> None:
    found = reader("petra").problems(name, source)
    assert found
    for problem in found:
        # why a parser stopped is said in the parser's own words, behind a colon
        assert not english(problem["message"].replace("Couldn't find end of Start Tag", "")), problem["message"]


def test_a_refused_deployment_lists_its_problems_in_german(reader: Callable[[str], Reader]) -> None:
    files = [(io.BytesIO(d.diagram(BROKEN["start"], process="m")), "m.bpmn")]
    refused = reader("petra").post("/ui/models/deploy", data={"files": files}).json
    assert refused["title"] == "Die Dateien lassen sich nicht bereitstellen."
    assert any("Startereignis" in problem["message"] for problem in refused["problems"])


def test_a_form_that_the_server_refuses_says_why_in_german(person: Person, reader: Callable[[str], Reader]) -> None:
    petra = person("petra")
    petra.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM))
    petra.post("/instances", {"definition": "building"})
    task = person("bea").get("/tasks").json["items"][0]["id"]
    person("bea").post(f"/tasks/{task}/claim")
    refused = reader("bea").post(f"/tasks/{task}/complete", json={"size": "large"}).json
    assert refused["title"] == "Einige der gesendeten Werte sind nicht brauchbar."
    assert refused["errors"]["reference"] == ["Das Feld ist nötig."]
    assert not english(" ".join(refused["errors"]["size"]))
    other = reader("tina").post(f"/tasks/{task}/complete", json={}).json
    assert not english(other["title"] + other["detail"]), other


def test_an_incident_is_told_in_german_and_by_the_api_in_english(
    person: Person, reader: Callable[[str], Reader]
) -> None:
    model = d.diagram(
        d.start()
        + d.user("plan", groups="build-team")
        + d.user("stuck", name="Is needed", assignee="= owner.name")
        + d.end()
        + d.chain("start", "plan", "stuck", "end"),
        process="sticking",
    )
    petra = person("petra")
    assert petra.deploy(("m.bpmn", model)).status_code == 201
    petra.post("/categories", {"name": "small", "models": {"*": "sticking"}})
    release = {"title": "Shop", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    assert person("cora").post("/releases", release).status_code == 201
    task = person("bea").get("/tasks").json["items"][0]["id"]
    person("bea").post(f"/tasks/{task}/complete", {"values": {}})
    page = reader("cora").page("/releases/R-1")
    assert "Ein Bearbeiter lässt sich nicht ermitteln: „= owner.name“ ergab null (owner fehlt)." in page
    assert "Is needed" in page
    assert "An assignee" not in page
    (incident,) = person("max").get("/incidents").json["items"]
    assert incident["message"].startswith("An assignee cannot be worked out: “= owner.name” gave null")


@pytest.mark.parametrize("path", ["/nothing-here", "/releases/R-99", "/tasks/99", "/problems/conflict", "/problems/"])
def test_pages_that_refuse_speak_german(reader: Callable[[str], Reader], path: str) -> None:
    page = reader("petra").page(path)
    main = re.search(r"<main.*?</main>", page, re.S)
    assert main is not None
    text = re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", " ", main[0], flags=re.S)
    text = re.sub(r"\b[a-z]+(-[a-z]+)+\b|\bnot-found\b", "", text)
    assert not english(text), text


def test_the_api_stays_english_whatever_was_chosen(reader: Callable[[str], Reader]) -> None:
    refused = reader("petra").post("/api/v1/instances", json={"definition": "nothing"}).json
    assert refused["detail"] == "No process nothing is deployed."
