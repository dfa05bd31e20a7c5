"""What is wrong with a diagram is refused with file, line, element, a stable code, and what to do."""

from __future__ import annotations

import pytest

from service.engine import definitions, extensions
from service.usecases.running import jobs
from tests.engine import diagrams
from tests.engine.diagrams import around, codes, diagram, errors, extended, flow, props


def catch(definition: str, tag: str = "intermediateCatchEvent") -> str:
    return f'<bpmn:{tag} id="T">{definition}</bpmn:{tag}>'


def boundary(definition: str, host: str = "U", attributes: str = "") -> str:
    event = f'<bpmn:boundaryEvent id="T" attachedToRef="{host}" {attributes}>{definition}</bpmn:boundaryEvent>'
    return f'<bpmn:startEvent id="s"/>\n{event}\n<bpmn:userTask id="U"/>{flow("s", "U")}'


def loop(inside: str = "", **attributes: str) -> str:
    drawn = "".join(f' {name}="{value}"' for name, value in attributes.items())
    box = f"<bpmn:extensionElements><zeebe:loopCharacteristics{drawn}/></bpmn:extensionElements>" if drawn else ""
    looped = f"<bpmn:multiInstanceLoopCharacteristics>{box}{inside}</bpmn:multiInstanceLoopCharacteristics>"
    return f'<bpmn:userTask id="T">{looped}</bpmn:userTask>'


TIMER = "<bpmn:timerEventDefinition>{}</bpmn:timerEventDefinition>"
GATE = '<bpmn:startEvent id="s"/><bpmn:userTask id="U"/><bpmn:userTask id="V"/>' + flow("s", "T")
BOARD = '<zeebe:assignmentDefinition candidateGroups="board"/>'

# code, body (the element T stands on line 3 of the file)
REFUSED = [
    # kinds that do not run
    (
        "activation-condition-missing",
        around('<bpmn:complexGateway id="T"/>', more=flow("s", "T", identity="again")),
    ),
    (
        "missing-reference",
        around(catch('<bpmn:compensateEventDefinition activityRef="gone"/>', "intermediateThrowEvent")),
    ),
    ("called-decision-missing", around('<bpmn:businessRuleTask id="T"/>')),
    ("event-without-definition", around('<bpmn:intermediateCatchEvent id="T"/>')),
    ("event-without-definition", boundary("")),
    (
        "several-event-definitions",
        around(
            catch("<bpmn:linkEventDefinition name='L'/>" + TIMER.format("<bpmn:timeDuration>PT1H</bpmn:timeDuration>"))
        ),
    ),
    ("event-unsupported", around(catch("<bpmn:terminateEventDefinition/>", "intermediateThrowEvent"))),
    # references
    ("missing-reference", around(catch('<bpmn:messageEventDefinition messageRef="nope"/>'))),
    ("missing-reference", boundary('<bpmn:errorEventDefinition errorRef="nope"/>')),
    ("missing-reference", boundary('<bpmn:errorEventDefinition errorRef="M"/>')),
    (
        "missing-reference",
        GATE + '\n<bpmn:exclusiveGateway id="T" default="nope"/>' + flow("T", "U") + flow("T", "V", "=a"),
    ),
    ("boundary-host", boundary("<bpmn:signalEventDefinition signalRef='S'/>", host="nope")),
    ("boundary-host", boundary("<bpmn:signalEventDefinition signalRef='S'/>", host="s")),
    ("boundary-host", boundary("<bpmn:cancelEventDefinition/>")),
    (
        "boundary-must-interrupt",
        boundary('<bpmn:errorEventDefinition errorRef="E"/>', attributes='cancelActivity="false"'),
    ),
    # starts and paths
    ("unreachable", f'<bpmn:startEvent id="s"/>\n<bpmn:userTask id="T"/><bpmn:task id="U"/>{flow("s", "U")}'),
    ("several-starts", '<bpmn:startEvent id="s"/>\n<bpmn:startEvent id="T"/>'),
    ("flow-into-start", f'<bpmn:task id="U"/>\n<bpmn:startEvent id="T"/>{flow("T", "U")}{flow("U", "T")}'),
    (
        "flow-out-of-end",
        f'<bpmn:startEvent id="s"/>\n<bpmn:endEvent id="T"/><bpmn:task id="U"/>{flow("s", "T")}{flow("T", "U")}',
    ),
    ("no-start", around('<bpmn:subProcess id="T"><bpmn:endEvent id="i"/></bpmn:subProcess>')),
    (
        "cancel-uncaught",
        '<bpmn:startEvent id="s"/><bpmn:transaction id="X"><bpmn:startEvent id="i"/>\n'
        + catch("<bpmn:cancelEventDefinition/>", "endEvent")
        + flow("i", "T")
        + "</bpmn:transaction>"
        + flow("s", "X"),
    ),
    # gateways
    ("condition-missing", f'<bpmn:startEvent id="s"/><bpmn:task id="U"/>\n{flow("s", "U", " ", "T")}'),
    ("event-gateway", f'<bpmn:startEvent id="s"/>\n<bpmn:eventBasedGateway id="T"/>{flow("s", "T")}'),
    # content
    ("job-type-missing", around('<bpmn:serviceTask id="T"/>')),
    ("script-missing", around('<bpmn:scriptTask id="T"/>')),
    ("called-process-missing", around('<bpmn:callActivity id="T"/>')),
    ("message-missing", around(catch("<bpmn:messageEventDefinition/>"))),
    ("message-missing", around('<bpmn:receiveTask id="T"/>')),
    ("message-missing", around('<bpmn:sendTask id="T"/>')),
    ("message-missing", around(catch("<bpmn:messageEventDefinition/>", "intermediateThrowEvent"))),
    ("signal-missing", around(catch("<bpmn:signalEventDefinition/>"))),
    (
        "error-code-missing",
        f'<bpmn:startEvent id="s"/>\n{catch("<bpmn:errorEventDefinition/>", "endEvent")}{flow("s", "T")}',
    ),
    ("timer-missing", around(catch("<bpmn:timerEventDefinition/>"))),
    ("timer-missing", around(catch(TIMER.format("<bpmn:timeDuration/>")))),
    ("static-value", around(catch(TIMER.format("<bpmn:timeDuration>1 hour</bpmn:timeDuration>")))),
    ("static-value", around(catch(TIMER.format("<bpmn:timeDate>tomorrow</bpmn:timeDate>")))),
    ("static-value", boundary(TIMER.format("<bpmn:timeCycle>every day</bpmn:timeCycle>"))),
    ("link-alone", around(catch('<bpmn:linkEventDefinition name="L"/>', "intermediateThrowEvent"))),
    ("link-name", around(catch("<bpmn:linkEventDefinition/>", "intermediateThrowEvent"))),
    ("mapping-incomplete", around(extended("task", '<zeebe:ioMapping><zeebe:input source="=a"/></zeebe:ioMapping>'))),
    ("form-expression", around(extended("userTask", '<zeebe:formDefinition formId="=f"/>'))),
    (
        "listener",
        around(extended("task", "<zeebe:executionListeners><zeebe:executionListener/></zeebe:executionListeners>")),
    ),
    # loops
    ("loop-collection-missing", around(loop())),
    ("loop-collection-twice", around(loop("<bpmn:loopCardinality>2</bpmn:loopCardinality>", inputCollection="=a"))),
    ("loop-output-incomplete", around(loop(inputCollection="=a", outputCollection="b"))),
    ("not-feel", around(loop(inputCollection="waves"))),
    ("static-value", around(loop("<bpmn:loopCardinality>many</bpmn:loopCardinality>"))),
    ("loop-endless", around('<bpmn:task id="T"><bpmn:standardLoopCharacteristics/></bpmn:task>')),
    # expressions
    ("feel-syntax", around(extended("userTask", '<zeebe:assignmentDefinition assignee="=a +"/>'))),
    ("feel-syntax", around(extended("userTask", props(criterion__A="=frobnicate(1)")))),
    ("not-feel", around(extended("userTask", props(criterion__A="package.ready")))),
    ("not-feel", around(extended("userTask", '<zeebe:assignmentDefinition assignee="${user}"/>'))),
    ("not-feel", around(extended("scriptTask", '<zeebe:script expression="import os" resultVariable="r"/>'))),
    ("static-value", around(extended("userTask", '<zeebe:priorityDefinition priority="101"/>'))),
    ("static-value", around(extended("userTask", '<zeebe:taskSchedule dueDate="soon"/>'))),
    ("static-value", around(extended("serviceTask", '<zeebe:taskDefinition type="x" retries="-1"/>'))),
    ("static-value", around(extended("userTask", BOARD + props(approval="most")))),
    ("static-value", around(extended("userTask", props(deadline="two days")))),
    # vocabulary
    ("unknown-property", around(extended("userTask", props(aproval="any")))),
    ("unknown-value", around(extended("userTask", props(deadline="P1D", clock="wall")))),
    ("misplaced-property", around(extended("subProcess", props(deadline="P1D", clock="assignee")))),
    (
        "misplaced-property",
        around(extended("userTask", '<zeebe:taskSchedule dueDate="P1D"/>' + props(clock="assignee"))),
    ),
    ("deadline-twice", around(extended("userTask", '<zeebe:taskSchedule dueDate="=now"/>' + props(deadline="P1D")))),
    ("escalation", around(extended("userTask", props(deadline="P1D", escalation="P1D manager")))),
    ("misplaced-property", around(extended("userTask", props(escalation="P1D: manager")))),
    ("misplaced-property", around(extended("userTask", props(phase="build")))),
    ("misplaced-property", around(extended("userTask", props(changeStatus="building")))),
    ("misplaced-property", around(extended("task", BOARD + props(approval="any")))),
    ("approval-without-candidates", around(extended("userTask", props(approval="any")))),
    ("misplaced-property", around(extended("task", props(criterion__A="=a")))),
    (
        "misplaced-property",
        around(extended("subProcess", props(criterion__A="=a"), content='<bpmn:startEvent id="i"/>')),
    ),
    (
        "misplaced-property",
        around(extended("callActivity", '<zeebe:calledElement processId="q"/>' + props(phase="p", criterion__A="=a"))),
    ),
    ("misplaced-property", around(extended("userTask", props(roles="coordinator")))),
    ("misplaced-property", around(extended("userTask", props(milestone="built")))),
    ("misplaced-property", around(extended("task", props(button="Go")))),
    (
        "unknown-role",
        around(
            extended(
                "intermediateCatchEvent", props(roles="boss"), content='<bpmn:messageEventDefinition messageRef="M"/>'
            )
        ),
    ),
    (
        "unknown-value",
        around(
            extended(
                "intermediateCatchEvent", props(reason="maybe"), content='<bpmn:messageEventDefinition messageRef="M"/>'
            )
        ),
    ),
    ("empty-property", around(extended("userTask", props(criterion__A="")))),
    ("unknown-property", around(extended("userTask", props(deadline="P1D").replace("tidegate", "tidgate")))),
    ("unknown-job-type", around(extended("serviceTask", '<zeebe:taskDefinition type="tidegate.notfy"/>'))),
    ("unknown-job-type", around(extended("serviceTask", '<zeebe:taskDefinition type="Tidegate.notify"/>'))),
    ("unknown-job-type", around(extended("serviceTask", '<zeebe:taskDefinition type="tidegate.frobnicate"/>'))),
    # names
    ("named-like-fact", around(extended("scriptTask", '<zeebe:script expression="=1" resultVariable="release"/>'))),
    (
        "named-like-fact",
        around(extended("task", '<zeebe:ioMapping><zeebe:output source="=1" target="changes.x"/></zeebe:ioMapping>')),
    ),
    ("named-like-fact", around(loop(inputCollection="=a", inputElement="package"))),
    ("variable-name", around(extended("scriptTask", '<zeebe:script expression="=1" resultVariable="a-b"/>'))),
]


@pytest.mark.parametrize(("code", "body"), REFUSED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(REFUSED)])
def test_refused_with_element_and_line(code, body):
    found = [p for p in errors(diagram(body)) if p.code == code]
    assert [(p.element_id, p.line, p.file) for p in found][:1] == [("T", 3, "f.bpmn")], errors(diagram(body))
    assert found[0].message[-1] in ".?)"


FLOWS = [
    ("not-feel", GATE + '\n<bpmn:exclusiveGateway id="T"/>' + flow("T", "U", "a", "s_T2") + flow("T", "V", "=b")),
    ("flow-without-condition", GATE + '\n<bpmn:exclusiveGateway id="T"/>' + flow("T", "U") + flow("T", "V", "=b")),
    ("condition-ignored", GATE + '\n<bpmn:parallelGateway id="T"/>' + flow("T", "U", "=a") + flow("T", "V")),
    ("missing-reference", around('<bpmn:task id="T"/>', more=flow("T", "nowhere"))),
    (
        "flow-crosses-border",
        around('<bpmn:subProcess id="T"><bpmn:startEvent id="i"/></bpmn:subProcess>', more=flow("s", "i")),
    ),
]


@pytest.mark.parametrize(("code", "body"), FLOWS, ids=[code for code, _ in FLOWS])
def test_flows_are_refused(code, body):
    assert code in codes(diagram(body))


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("approved", "write = approved"),
        ("${bean.find(1)}", "it calls a method or a function"),
        ("Hello ${name}", "text and ${} are mixed"),
        ("println 'hello'", "begin it with ="),
    ],
)
def test_a_condition_of_another_dialect_is_refused_with_the_way_to_write_it(written, advice):
    body = (
        GATE
        + '<bpmn:exclusiveGateway id="T" default="T_V"/>'
        + flow("T", "U", written.replace(">", "&gt;"))
        + flow("T", "V")
    )
    (problem,) = errors(diagram(body))
    assert (problem.code, problem.element_id) == ("not-feel", "T_U")
    assert advice in problem.message


def test_an_unknown_property_names_the_near_one():
    (problem,) = errors(diagram(around(extended("userTask", BOARD + props(aproval="any")))))
    assert "did you mean tidegate.approval?" in problem.message


def test_an_unknown_job_type_names_the_near_one_or_all():
    for kind, advice in (
        ("tidegate.notfy", "did you mean tidegate.notify?"),
        ("tidegate.xyzzy", "known are tidegate.notify, tidegate."),
    ):
        (problem,) = errors(diagram(around(extended("serviceTask", f'<zeebe:taskDefinition type="{kind}"/>'))))
        assert advice in problem.message
    for kind in ("pack", "notify", "org.tidegate", "=kind"):
        assert codes(diagram(around(extended("serviceTask", f'<zeebe:taskDefinition type="{kind}"/>')))) == []


def test_every_job_that_runs_here_is_known_to_the_check():
    assert set(extensions.JOB_TYPES) == set(jobs.HANDLERS)


def test_our_properties_are_refused_where_nobody_reads_them():
    box = f"<bpmn:extensionElements>{props(deadline='P1D')}</bpmn:extensionElements>"
    onflow = around('<bpmn:task id="T"/>').replace('targetRef="e">', f'targetRef="e">{box}')
    (problem,) = errors(diagram(onflow))
    assert (problem.code, problem.element_id) == ("misplaced-property", "T_e")
    (problem,) = errors(diagram(box + around('<bpmn:task id="T"/>')))
    assert (problem.code, problem.element_id) == ("misplaced-property", "P")


def test_a_fault_in_a_ladder_names_the_line_of_the_ladder():
    ladder = props(deadline="P1D", escalation="PT0S: assignee&#10;P1D: boss")
    (problem,) = errors(diagram(around(extended("userTask", ladder))))
    assert "Line 2 of the ladder" in problem.message


def test_phases_do_not_lie_in_phases():
    inner = '<bpmn:startEvent id="i"/><bpmn:subProcess id="I"><bpmn:extensionElements>' + props(phase="b")
    inner += f'</bpmn:extensionElements><bpmn:startEvent id="j"/></bpmn:subProcess>{flow("i", "I")}'
    assert codes(diagram(around(extended("subProcess", props(phase="a"), content=inner)))) == ["phase-in-phase"]


def test_a_phase_is_not_multi_instance():
    several = "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
    several = f"<bpmn:multiInstanceLoopCharacteristics>{several}</bpmn:multiInstanceLoopCharacteristics>"
    body = extended("subProcess", props(phase="a"), content='<bpmn:startEvent id="i"/>' + several)
    assert codes(diagram(around(body))) == ["phase-several-times"]


def test_ids_differ_in_the_whole_file():
    shared = diagrams.SHARED + '<bpmn:error id="T" errorCode="x"/>'
    assert codes(diagram(around('<bpmn:task id="T"/>'), shared=shared)) == ["duplicate-id"]


def test_an_approval_is_called_so_that_expressions_can_read_its_result():
    body = around(extended("userTask", BOARD + props(approval="any")).replace('id="T"', 'id="plan-ok"'), "plan-ok")
    assert codes(diagram(body)) == ["variable-name"]


@pytest.mark.parametrize("marking", ["", ' isExecutable="false"'])
def test_a_file_without_executable_process_is_refused(marking):
    (problem,) = errors(diagram('<bpmn:startEvent id="s"/>', process=f'id="P"{marking}'))
    assert (problem.code, problem.element_id, problem.line) == ("not-executable", "P", 1)


def test_unknown_elements_are_refused():
    body = around('<bpmn:task id="T"/>') + '<bpmn:teleport id="U"/>'
    assert [(p.code, p.element_id) for p in errors(diagram(body))] == [("unknown-element", "U")]


def test_a_file_that_is_no_bpmn_is_refused():
    assert codes(b"<html/>") == ["not-bpmn"]


WARNED = {
    "a message without a name": ("named-by-id", around(catch('<bpmn:messageEventDefinition messageRef="M0"/>'))),
    "a signal without a name": ("named-by-id", around(catch('<bpmn:signalEventDefinition signalRef="S0"/>'))),
    "an error without a code": ("named-by-id", boundary('<bpmn:errorEventDefinition errorRef="E0"/>')),
    "a cycle that has one turn": ("cycle-once", around(catch(TIMER.format("<bpmn:timeCycle>R/P1D</bpmn:timeCycle>")))),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_runs_in_one_clear_way_is_only_warned_of(name):
    code, body = WARNED[name]
    found = definitions.check("f.bpmn", diagram(body))
    assert all(problem.severity == "warning" for problem in found)
    assert (code, "T") in {(problem.code, problem.element_id) for problem in found}


def test_a_called_process_of_the_file_that_is_not_executable_is_warned_of():
    source = diagram(around('<bpmn:callActivity id="T" calledElement="Q"/>'))
    source = source.replace(b"</bpmn:definitions>", b'<bpmn:process id="Q"/></bpmn:definitions>')
    (problem,) = definitions.check("f.bpmn", source)
    assert (problem.code, problem.element_id, problem.severity) == ("called-not-executable", "T", "warning")


def test_missing_form_and_people_are_only_warned_of():
    found = definitions.check("f.bpmn", diagram(around('<bpmn:userTask id="T"/>')))
    assert sorted((p.code, p.severity) for p in found) == [("form-missing", "warning"), ("nobody-assigned", "warning")]


def test_an_action_without_a_name_is_warned_of():
    found = definitions.check("f.bpmn", diagram(around(catch('<bpmn:messageEventDefinition messageRef="M"/>'))))
    assert [(p.code, p.severity, p.element_id) for p in found] == [("action-unnamed", "warning", "T")]


def test_a_binding_by_version_tag_is_warned_of():
    called = '<zeebe:calledElement processId="q" bindingType="versionTag" versionTag="1"/>'
    found = definitions.check("f.bpmn", diagram(around(extended("callActivity", called))))
    assert [(p.code, p.severity, p.element_id) for p in found] == [("binding-ignored", "warning", "T")]


def test_a_problem_reads_as_lint_prints_it():
    (problem,) = errors(diagram(around('<bpmn:task id="T" startQuantity="0"/>')))
    assert str(problem).startswith("f.bpmn:3: T: token-quantity: ")


@pytest.mark.parametrize(
    "body",
    [
        around(
            '<bpmn:task id="T"/>',
            more="<bpmn:dataObject id='d'/><bpmn:textAnnotation id='n'><bpmn:text>x</bpmn:text></bpmn:textAnnotation>",
        ),
        around(extended("task", '<other:thing xmlns:other="urn:x" a="1"/>')),
        '<bpmn:startEvent id="End"/><bpmn:task id="Start"/><bpmn:task id="Root"/>'
        + flow("End", "Start")
        + flow("Start", "Root"),
        around(catch(TIMER.format("<bpmn:timeDuration>PT36H</bpmn:timeDuration>"))),
        boundary(TIMER.format("<bpmn:timeCycle>0 0 9 * * MON-FRI</bpmn:timeCycle>")),
        around(extended("userTask", '<zeebe:taskSchedule dueDate="2026-03-01T09:00:00+01:00"/>')),
        around(catch('<bpmn:messageEventDefinition messageRef="MK"/>')),
        around('<bpmn:sendTask id="T" messageRef="M"/>'),
        around(extended("sendTask", '<zeebe:taskDefinition type="mail"/>')),
        boundary("<bpmn:errorEventDefinition/>"),
        around(catch('<bpmn:linkEventDefinition name="L"/>', "intermediateThrowEvent")).replace(flow("T", "e"), "")
        + '<bpmn:intermediateCatchEvent id="C"><bpmn:linkEventDefinition name="L"/></bpmn:intermediateCatchEvent>'
        + flow("C", "e"),
    ],
)
def test_what_modelers_write_is_accepted(body):
    assert errors(diagram(body)) == []
