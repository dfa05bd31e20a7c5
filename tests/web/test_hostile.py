"""Diagrams, values and requests that want to do harm, over HTTP: nothing of them is executed, each request ends soon,
and the server answers the next one."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from werkzeug.test import TestResponse

from tests.support import drawing as d
from tests.web.caller import Caller

SECONDS = 5
Callers = Callable[[str | None], Caller]


class Attacker:
    """Somebody with every right, whose requests are timed; after each the server must still answer."""

    def __init__(self, caller: Caller, sees: str = "/definitions") -> None:
        self.caller = caller
        self.sees = sees

    def timed(self, send: Callable[[], TestResponse]) -> TestResponse:
        began = time.process_time()
        answer = send()
        assert time.process_time() - began < SECONDS
        assert answer.status_code < 500, answer.text[:500]
        assert self.caller.get(self.sees).status_code == 200
        return answer

    def deploy(self, *files: tuple[str, bytes]) -> TestResponse:
        # Put together by hand: the test client would leave large ones open on disk.
        head = '--x\r\nContent-Disposition: form-data; name="f{}"; filename="{}"\r\n\r\n'
        parts = [head.format(n, name).encode() + body + b"\r\n" for n, (name, body) in enumerate(files)]
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        data = b"".join(parts) + b"--x--\r\n"
        return self.timed(lambda: self.caller.send("POST", "/deployments", data=data, headers=kind))

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.timed(lambda: self.caller.post(path, body, **more))

    def refused(self, source: bytes, name: str = "a.bpmn") -> set[str]:
        answer = self.deploy((name, source))
        assert answer.status_code == 422, answer.text[:500]
        assert all(problem["message"] for problem in answer.json["problems"])
        return {problem["code"] for problem in answer.json["problems"]}

    def run(self, source: bytes, variables: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Deploy and start; gives the incidents."""
        assert self.deploy(("a.bpmn", source)).status_code == 201
        answer = self.post("/instances", {"definition": "p", "variables": variables or {}})
        assert answer.status_code == 201, answer.text[:500]
        return self.caller.get("/incidents", query_string={"limit": 200}).json["items"]


@pytest.fixture
def attacker(person: Callers) -> Attacker:
    """Petra, who may deploy and start."""
    return Attacker(person("petra"))


@pytest.fixture
def proof(tmp_path: Path) -> Iterator[Path]:
    """A file that code from outside would make."""
    path = tmp_path / "executed"
    yield path
    assert not path.exists()


def around(node: str, *more: str) -> bytes:
    """Start, a node a, end."""
    return d.diagram(d.start() + node + d.end() + d.chain("start", "a", "end") + "".join(more))


def script(expression: str) -> bytes:
    node = d.element("scriptTask", "a", f'<zeebe:script expression={quoteattr(expression)} resultVariable="x"/>')
    return around(node)


def several(times: str, inside: str = "", tag: str = "userTask") -> str:
    loop = f"<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>{times}</bpmn:loopCardinality>"
    return f'<bpmn:{tag} id="a">{inside}{loop}</bpmn:multiInstanceLoopCharacteristics></bpmn:{tag}>'


BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("b"), ord("k"))
) + b"]>"  # fmt: skip


def zipped(size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bpmn", b"\0" * size)
    return made.getvalue()


FILES = {
    "entities": (BOMB + around(d.element("task", "a")), {"doctype"}),
    "external entity": (b'<!DOCTYPE d SYSTEM "file:///etc/passwd">' + around(d.element("task", "a")), {"doctype"}),
    "deep": (b"<a>" * 500_000, {"malformed-xml"}),
    "huge": (b"<a>" + b"x" * 4_500_000 + b"</a>", {"file-too-large"}),
    "zip bomb": (zipped(100_000_000), {"encoding"}),
    "gzip bomb": (gzip.compress(b"\0" * 100_000_000), {"encoding"}),
    "very many elements": (d.diagram("".join(f'<bpmn:task id="t{n}"/>' for n in range(50_000))), {"too-many-elements"}),
    "very many faults": (d.diagram("".join(f'<bpmn:serviceTask id="t{n}"/>' for n in range(4_900))), None),
    "very many properties": (
        around(d.element("task", "a", d.properties({f"x{n}": "1" for n in range(20_000)}))),
        {"unknown-property"},
    ),
    "very deep expression": (script("=" + "[" * 4_000 + "]" * 4_000), {"feel-syntax"}),
    "very long expression": (script("=1" + "+1" * 10_000), {"feel-syntax"}),
    "python": (script("=__import__('os').system('x')"), {"feel-syntax"}),
    "javascript": (script("=(function() { while (true) {} })()"), {"feel-syntax"}),
    "a year too far": (around(d.user("a", deadline="0001-01-01T00:00:00+14:00")), {"static-value"}),
    "a number too long": (around(several("9" * 5_000)), {"static-value"}),
    "timers without a pause": (around(d.user("a", deadline="P" + "9" * 5_000 + "D")), {"static-value"}),
}


@pytest.mark.parametrize("what", FILES)
def test_files_that_want_to_do_harm_are_refused(attacker: Attacker, what: str) -> None:
    source, codes = FILES[what]
    found = attacker.refused(source)
    assert codes is None or codes <= found


def test_heavy_files_do_not_add_up(attacker: Attacker) -> None:
    heavy = "=" + "(" * 3_000 + "1" + ")" * 3_000
    files = [(f"a{n}.bpmn", script(heavy + str(n)).replace(b'id="p"', b'id="p%d"' % n)) for n in range(100)]
    assert attacker.deploy(*files).status_code == 422


EXPRESSIONS = [
    "=some i in 1..100000 satisfies some j in 1..100000 satisfies i + j < 0",
    "=for i in 1..1000000000 return i",
    "=(function(f) f(f))(function(f) f(f))",
    '=matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    '=for i in 1..60 return if i = 1 then "xxxxxxxxxx" else string join([partial[-1], partial[-1]])',
    "=for i in 1..60 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    '=date("2020-01-01") + duration("P999999999Y")',
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_endless_and_memory_eating_expressions_are_incidents(attacker: Attacker, expression: str) -> None:
    (incident,) = attacker.run(script(expression))
    assert (incident["element"], incident["code"]) == ("a", "expression-failed")


def test_a_loop_without_a_wait_is_an_incident(attacker: Attacker) -> None:
    body = d.start() + d.element("exclusiveGateway", "m") + d.element(
        "scriptTask", "a", '<zeebe:script expression="=count(for i in 1..5000 return i)" resultVariable="x"/>'
    )  # fmt: skip
    (incident,) = attacker.run(d.diagram(body + d.chain("start", "m", "a", "m")))
    assert "TIDEGATE_MAX_" in incident["message"]


def test_loops_of_a_million_are_incidents(attacker: Attacker) -> None:
    (incident,) = attacker.run(around(several("=1000 * 1000")))
    assert (incident["code"], "TIDEGATE_MAX_ITEMS" in incident["message"]) == ("limit", True)


def test_loops_in_loops_end_at_the_tokens(attacker: Attacker) -> None:
    inner = several("1000").replace('id="a"', 'id="b"')
    inner = f'<bpmn:startEvent id="s"/>{inner}<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="b"/>'
    incidents = attacker.run(around(several("1000", inner, "subProcess")))
    assert incidents
    assert all("TIDEGATE_MAX_TOKENS" in incident["message"] for incident in incidents)


def test_processes_that_call_themselves_end(attacker: Attacker) -> None:
    called = d.element("callActivity", "a", '<zeebe:calledElement processId="p"/>')
    (incident,) = attacker.run(around(called))
    assert "TIDEGATE_MAX_CALLS" in incident["message"]


CODE = (
    "__import__('os').system('touch {0}')",
    "=__import__('os').system('touch {0}')",
    "${{T(java.lang.Runtime).getRuntime().exec('touch {0}')}}",
    "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}",
    "'; drop table releases; --",
)


@pytest.mark.parametrize("text", CODE, ids=range(len(CODE)))
def test_code_in_any_field_is_refused_or_stays_text(attacker: Attacker, proof: Path, text: str) -> None:
    evil = text.format(proof)
    quoted, plain = quoteattr(evil), evil.replace("&", "&amp;").replace("<", "&lt;")
    nodes = [
        d.user("a", name=evil),
        d.user("a", assignee=evil),
        d.user("a", deadline=evil),
        d.element("serviceTask", "a", f"<zeebe:taskDefinition type={quoted}/>"),
        d.element("callActivity", "a", f"<zeebe:calledElement processId={quoted}/>"),
        d.element("task", "a", f'<zeebe:ioMapping><zeebe:input source={quoted} target="b"/></zeebe:ioMapping>'),
        several(plain),
        f'<bpmn:scriptTask id="a" scriptFormat="python"><bpmn:script>{plain}</bpmn:script></bpmn:scriptTask>',
        f'<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration>{plain}'
        "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
    ]
    condition = d.start() + d.element("exclusiveGateway", "a") + d.end() + d.chain("start", "a")
    for source in [*map(around, nodes), d.diagram(condition + d.flow("a", "end", evil))]:
        if attacker.deploy(("a.bpmn", source)).status_code == 201:
            answer = attacker.post("/instances", {"definition": "p", "variables": {"name": evil, "list": [evil]}})
            assert answer.status_code == 201


def test_code_in_values_stays_text(attacker: Attacker, person: Callers, proof: Path) -> None:
    evil = {f"v{n}": text.format(proof) for n, text in enumerate(CODE)} | {"__proto__": {"a": 1}, "constructor": 1}
    node = d.user("a", groups="build-team") + d.element(
        "scriptTask", "b", '<zeebe:script expression="=v0 + v1 + string(v2)" resultVariable="all"/>'
    )
    flows = d.chain("start", "a", "b", "end")
    assert attacker.run(d.diagram(d.start() + node + d.end() + flows), evil) == []
    bea = Attacker(person("bea"), "/tasks")
    task = bea.caller.get("/tasks").json["items"][0]["id"]
    assert bea.post(f"/tasks/{task}/complete", {"values": evil}).status_code in (200, 422)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"a": "x" * 2_000_000}, "TIDEGATE_MAX_VALUE_BYTES"),
        ({f"a{n}": "x" * 900_000 for n in range(5)}, "TIDEGATE_MAX_UPLOAD_BYTES"),
    ],
)
def test_values_that_are_too_large_are_refused(attacker: Attacker, variables: dict[str, Any], name: str) -> None:
    assert attacker.deploy(("a.bpmn", around(d.user("a")))).status_code == 201
    answer = attacker.post("/instances", {"definition": "p", "variables": variables})
    assert answer.status_code in (201, 413, 422)
    if name == "TIDEGATE_MAX_VALUE_BYTES":
        assert (answer.status_code, name in answer.text) == (422, True)


def test_what_is_compressed_is_not_unpacked(attacker: Attacker) -> None:
    bomb = gzip.compress(json.dumps({"definition": "p", "variables": {"a": "x" * 50_000_000}}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = attacker.timed(lambda: attacker.caller.send("POST", "/instances", data=bomb, headers=headers))
    assert answer.status_code in (400, 415, 422)


def test_archives_are_no_files_of_a_deployment(attacker: Attacker) -> None:
    assert attacker.refused(zipped(100_000_000), "models.zip") == {"unknown-file"}
    assert attacker.refused(zipped(100_000_000), "check.form") == {"malformed-json"}


def test_requests_beyond_the_limit_are_not_read(attacker: Attacker) -> None:
    answer = attacker.deploy(("a.bpmn", b"x" * 6_000_000))
    assert answer.status_code == 413


def test_forms_with_costly_rules_do_not_hold_up_the_server(attacker: Attacker, person: Callers) -> None:
    field = {"type": "textfield", "id": "F", "key": "a", "label": "A", "validate": {"pattern": "^(a+)+$"}}
    form = json.dumps({"id": "f", "type": "default", "schemaVersion": 18, "components": [field]}).encode()
    task = around(d.user("a", groups="build-team", form="f"))
    assert attacker.deploy(("f.form", form), ("a.bpmn", task)).status_code == 201
    assert attacker.post("/instances", {"definition": "p"}).status_code == 201
    bea = Attacker(person("bea"), "/tasks")
    task_id = bea.caller.get("/tasks").json["items"][0]["id"]
    answer = bea.post(f"/tasks/{task_id}/complete", {"values": {"a": "a" * 40 + "!"}})
    assert answer.status_code == 422


def test_conditions_that_wake_each_other_end(attacker: Attacker) -> None:
    events = "".join(
        f'<bpmn:boundaryEvent id="{name}" attachedToRef="a" cancelActivity="false"><bpmn:extensionElements>'
        '<zeebe:ioMapping><zeebe:output source="=x + 1" target="x"/></zeebe:ioMapping></bpmn:extensionElements>'
        f"<bpmn:conditionalEventDefinition><bpmn:condition>={kind}(x)</bpmn:condition>"
        f"</bpmn:conditionalEventDefinition></bpmn:boundaryEvent>{d.end('end_' + name)}{d.flow(name, 'end_' + name)}"
        for name, kind in (("b", "odd"), ("c", "even"))
    )
    incidents = attacker.run(around(d.user("a"), events), {"x": 1})
    assert incidents
    assert all("TIDEGATE_MAX_" in incident["message"] for incident in incidents)
