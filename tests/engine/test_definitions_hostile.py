"""Files that want to do harm: refused with a sentence, or read as the plain text that they are. None takes long."""

from __future__ import annotations

import sys
import time

import pytest

from service.engine import definitions, process, xml
from tests.engine import diagrams
from tests.engine.diagrams import around, codes, diagram, extended, flow
from tests.engine.driver import NOON

BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("b"), ord("k"))
) + b"]>"  # fmt: skip
CODE = (
    "__import__('os').system('touch {0}')",
    "=__import__('os').system('touch {0}')",
    "${{T(java.lang.Runtime).getRuntime().exec('touch {0}')}}",
    "{{{{ ''.__class__.__mro__ }}}}",
    "'; drop table releases; --",
    "=(function() {{ while (true) {{}} }})()",
    "<script>alert(1)</script>",
)


def quick(source: bytes, seconds: float = 2.0) -> list[str]:
    began = time.process_time()
    found = codes(source)
    assert time.process_time() - began < seconds
    return found


@pytest.mark.parametrize(
    "prolog",
    [
        BOMB,
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd">',
        b'<?xml version="1.0"?>\n<!-- a --><!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        b"\xef\xbb\xbf<!DOCTYPE d>",
    ],
)
def test_a_document_type_is_refused_unread(prolog):
    assert quick(prolog + diagram(around('<bpmn:task id="T" name="&a;&x;"/>'))) == ["doctype"]


def test_the_refusal_of_a_document_type_names_its_line():
    (problem,) = diagrams.errors(b'<?xml version="1.0"?>\n\n<!DOCTYPE d>' + diagram(around('<bpmn:task id="T"/>')))
    assert problem.line == 3


@pytest.mark.parametrize("encoding", ["utf-7", "utf-16", "cp037", "x-unknown"])
def test_other_encodings_are_refused(encoding):
    text = diagram(around('<bpmn:task id="T"/>')).decode()
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + text.encode()
    assert quick(declared) == ["encoding"]


def test_sixteen_bit_text_is_refused():
    assert quick(diagram(around('<bpmn:task id="T"/>')).decode().encode("utf-16")) == ["encoding"]


def test_an_undeclared_entity_is_malformed():
    (problem,) = diagrams.errors(b"<a>\n&nope;</a>")
    assert (problem.code, problem.line) == ("malformed-xml", 2)


@pytest.mark.parametrize("source", [b"", b"   ", b"not xml", b"<a>", b"<a></b>", b"\x00\x01", b"<a b='\xff'/>"])
def test_what_is_no_xml_is_refused(source):
    assert quick(source) in (["malformed-xml"], ["encoding"])


def test_ten_megabytes_are_refused_unread():
    assert quick(b"<a>" + b"x" * (10 * 1024 * 1024), seconds=0.2) == ["file-too-large"]


def test_deep_nesting_is_refused():
    deep = "<bpmn:subProcess id='x'>" * 3000
    assert quick(f"{diagrams.HEAD}<bpmn:process id='P' isExecutable='true'>{deep}".encode()) == ["malformed-xml"]


def test_sub_processes_nest_as_deep_as_xml_may():
    levels = 200
    open_, close = "", ""
    for n in range(levels):
        open_ += f'<bpmn:startEvent id="s{n}"/><bpmn:sequenceFlow id="f{n}" sourceRef="s{n}" targetRef="p{n}"/>'
        open_ += f'<bpmn:subProcess id="p{n}">'
        close += "</bpmn:subProcess>"
    assert quick(diagram(open_ + '<bpmn:startEvent id="s"/>' + close)) == []


def test_very_many_elements_are_refused():
    tasks = "".join(f'<bpmn:task id="t{n}"/>' for n in range(6000))
    assert quick(diagram('<bpmn:startEvent id="s"/>' + tasks)) == ["too-many-elements"]


def test_a_long_chain_is_read_and_runs():
    count = 1500
    tasks = "".join(f'<bpmn:task id="t{n}"/>' for n in range(count))
    flows = "".join(flow(f"t{n}", f"t{n + 1}") for n in range(count - 1))
    source = diagram(f'<bpmn:startEvent id="s"/>{tasks}{flow("s", "t0")}{flows}')
    assert quick(source) == []
    (program,) = definitions.load("f.bpmn", source)
    instance, _ = process.start(program, variables={}, world=process.World(now=NOON))
    assert instance.status == "completed"


def test_very_many_flows_at_one_gateway_are_quick():
    flows = "".join(flow("T", "U", f"=a = {n}", f"f{n}") for n in range(700))
    body = f'<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="T"/><bpmn:task id="U"/>{flow("s", "T")}{flows}'
    assert quick(diagram(body), seconds=6) == []


def test_expressions_that_are_too_complex_do_not_add_up():
    heavy = "=" + "(" * 3000 + "1" + ")" * 3000
    tasks = "".join(
        f'<bpmn:scriptTask id="t{n}"><bpmn:extensionElements><zeebe:script expression="{heavy}{n}" resultVariable="r"/>'
        f"</bpmn:extensionElements></bpmn:scriptTask>{flow('s', f't{n}')}"
        for n in range(100)
    )
    assert quick(diagram('<bpmn:startEvent id="s"/>' + tasks), seconds=4) == ["feel-syntax"]


@pytest.mark.parametrize("text", CODE, ids=range(len(CODE)))
def test_code_in_any_field_is_refused_or_stays_text(text, tmp_path):
    """Each field in turn holds code; whatever is not refused runs, and nothing of it is executed."""
    proof = tmp_path / "executed"
    evil = text.format(proof)
    quoted = evil.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    fields = [
        f'<zeebe:formDefinition formId="{quoted}"/>',
        f'<zeebe:assignmentDefinition assignee="{quoted}" candidateGroups="{quoted}" candidateUsers="{quoted}"/>',
        f'<zeebe:taskSchedule dueDate="{quoted}"/>',
        f'<zeebe:priorityDefinition priority="{quoted}"/>',
        f'<zeebe:ioMapping><zeebe:input source="{quoted}" target="a"/></zeebe:ioMapping>',
        f'<zeebe:ioMapping><zeebe:input source="=1" target="{quoted}"/></zeebe:ioMapping>',
        f'<zeebe:properties><zeebe:property name="tidegate.deadline" value="{quoted}"/></zeebe:properties>',
        f'<zeebe:properties><zeebe:property name="tidegate.criterion.{quoted}" value="=true"/></zeebe:properties>',
        f'<zeebe:properties><zeebe:property name="tidegate.button" value="{quoted}"/></zeebe:properties>',
        f'<zeebe:properties><zeebe:property name="{quoted}" value="{quoted}"/></zeebe:properties>',
    ]
    bodies = [around(extended("userTask", field)) for field in fields]
    bodies += [
        around(f'<bpmn:userTask id="T" name="{quoted}"/>'),
        around('<bpmn:userTask id="T"/>').replace('"T"', f'"{quoted}"'),
        around(f'<bpmn:scriptTask id="T" scriptFormat="python"><bpmn:script>{quoted}</bpmn:script></bpmn:scriptTask>'),
        around(f'<bpmn:callActivity id="T" calledElement="{quoted}"/>'),
        around(
            '<bpmn:task id="T"><bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>'
            f"{quoted}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics></bpmn:task>"
        ),
        around(
            f'<bpmn:intermediateCatchEvent id="T"><bpmn:timerEventDefinition><bpmn:timeDuration>{quoted}'
            "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        ),
        around('<bpmn:exclusiveGateway id="T"/>').replace(flow("T", "e"), flow("T", "e", quoted)),
    ]
    for body in bodies:
        source = diagram(body)
        if not diagrams.errors(source):
            (program,) = definitions.load("f.bpmn", source)
            process.start(program, variables={}, world=process.World(now=NOON))
    assert not proof.exists()


def test_nothing_written_in_a_diagram_reaches_spiffworkflow_as_an_expression():
    body = (
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="G" default="d"/>'
        + extended("scriptTask", '<zeebe:script expression="=secret + 1" resultVariable="r"/>')
        + flow("s", "G") + flow("G", "T", "=secret &gt; 1") + flow("G", "s2", identity="d") + '<bpmn:task id="s2"/>'
        + '<bpmn:boundaryEvent id="B" attachedToRef="T"><bpmn:timerEventDefinition><bpmn:timeDuration>=secret'
        "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )  # fmt: skip
    (program,) = definitions.load("f.bpmn", diagram(body))
    assert b"secret" not in program.blob
    assert b"condition:G_T" in program.blob


def test_the_size_limit_is_the_caller_s_to_set():
    with pytest.raises(xml.Refused, match="at most 10 are accepted"):
        xml.parse("f.bpmn", b"<aaaaaaaaaaaa/>", limit=10)


def calls_to_read(count: int, element: str) -> int:
    """How many functions are called, and generators resumed, to check and build so many elements of a kind."""
    body = '<bpmn:startEvent id="s"/><bpmn:userTask id="T"/>' + flow("s", "T")
    source = diagram(body + "".join(element.format(n) for n in range(count)))
    made = 0

    def count_one(frame: object, event: str, _: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(count_one)
    try:
        definitions.read("f.bpmn", source)
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize(
    "element",
    [
        '<bpmn:subProcess id="p{0}" triggeredByEvent="true"><bpmn:startEvent id="e{0}" isInterrupting="false">'
        "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:startEvent></bpmn:subProcess>",
        '<bpmn:boundaryEvent id="b{0}" attachedToRef="T" cancelActivity="false"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:endEvent id="e{0}"/><bpmn:sequenceFlow id="f{0}" sourceRef="b{0}" targetRef="e{0}"/>',
    ],
    ids=["event sub-processes", "boundary events"],
)
def test_twice_as_many_elements_cost_twice_as_much(element):
    calls_to_read(10, element)
    few, many = calls_to_read(100, element), calls_to_read(200, element)
    assert many < 2.4 * few
