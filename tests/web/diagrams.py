"""The diagrams of these tests."""

from __future__ import annotations

from tests.support import drawing as d

FORM = b"""{"id": "build", "type": "default", "schemaVersion": 18, "components": [
  {"type": "textfield", "id": "F1", "key": "reference", "label": "Reference", "validate": {"required": true}},
  {"type": "number", "id": "F2", "key": "size", "label": "Size"}]}"""

BUILD = d.diagram(
    d.start()
    + d.user("build", name="Build", groups="build-team", form="build")
    + d.user("check", name="Check", groups="test-team")
    + d.end()
    + d.chain("start", "build", "check", "end"),
    process="building",
    name="Building",
)

CHECKED_TWICE = d.diagram(
    d.start()
    + d.user("build", name="Build", groups="build-team", form="build")
    + d.user("check", name="Check", groups="test-team")
    + d.user("again", name="Check again", groups="test-team")
    + d.end()
    + d.chain("start", "build", "check", "again", "end"),
    process="building",
    name="Building",
)

FOUR = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + "".join(d.user(f"part{n}", groups="build-team") + d.chain("fork", f"part{n}", "join") for n in range(1, 5))
    + d.element("parallelGateway", "join")
    + d.end()
    + d.chain("start", "fork")
    + d.chain("join", "end"),
    process="four",
)

WORK = d.diagram(
    d.start()
    + d.element("serviceTask", "work", '<zeebe:taskDefinition type="pack" retries="2"/>')
    + d.user("look", groups="test-team")
    + d.end()
    + d.chain("start", "work", "look", "end"),
    process="working",
)

RELEASE = d.diagram(
    d.start()
    + d.user("plan", name="Plan", groups="build-team", deadline="P1D")
    + d.message_boundary("stop", "plan", "terminate", label="Terminate", roles="release-manager", reason="required")
    + d.end()
    + d.end("stopped")
    + d.chain("start", "plan", "end")
    + d.chain("stop", "stopped"),
    process="small_release",
    outside=d.message("terminate"),
)
