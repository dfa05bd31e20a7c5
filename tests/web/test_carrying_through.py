"""What is saved and what is carried through can be told apart: the answer and the record name the jobs in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from service.usecases.running import jobs
from tests.support import drawing as d
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]

TELL = (
    '<zeebe:taskDefinition type="tidegate.notify"/><zeebe:taskHeaders><zeebe:header key="recipients" '
    'value="user:nora"/><zeebe:header key="subject" value="Done"/></zeebe:taskHeaders>'
)
MODEL = d.diagram(
    d.start()
    + d.user("build", groups="build-team")
    + d.element("serviceTask", "tell", TELL, name="Tell")
    + d.user("check", groups="test-team")
    + d.end()
    + d.chain("start", "build", "tell", "check", "end"),
    process="minor_release",
    name="Minor",
)
RELEASE = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "standard", "service": "Shop"}


@pytest.mark.req("S0-24")
def test_an_answer_names_the_jobs_that_are_still_to_be_done(person: Person, web: Flask) -> None:
    assert person("petra").deploy(("m.bpmn", MODEL)).status_code == 201
    cora, bea = person("cora"), person("bea")
    created = cora.post("/releases", RELEASE).json
    number = created["number"]
    assert created["pending"] == []
    task = bea.get("/tasks").json["items"][0]["id"]
    done = bea.post(f"/tasks/{task}/complete", {"values": {}}).json
    assert (done["status"], done["opened"], len(done["pending"])) == ("active", [], 1)
    before = cora.get(f"/releases/{number}")
    assert before.json["pending"] == done["pending"]

    with web.app_context():
        assert jobs.run(int(done["pending"][0]))
    after = cora.get(f"/releases/{number}", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200, "whoever asks again and again sees when it is carried through"
    assert after.json["pending"] == []
    assert [one["element"] for one in person("tom").get("/tasks").json["items"]] == ["check"]
