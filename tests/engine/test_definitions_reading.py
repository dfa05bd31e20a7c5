"""What a diagram says arrives in `elements.Process`, as it was drawn."""

from __future__ import annotations

import pytest

from service.domain import escalation
from service.engine import definitions, elements
from service.errors import InvalidDefinition
from tests.engine import diagrams
from tests.engine.diagrams import around, diagram, extended, flow, props


def process(body: str, **more: str) -> elements.Process:
    (program,) = definitions.load("f.bpmn", diagram(body, **more))
    return program.process


def thing(body: str) -> elements.Element:
    return process(body).elements["T"]


def test_a_user_task_has_form_people_dates_and_mappings():
    task = thing(
        around(
            extended(
                "userTask",
                '<zeebe:userTask/><zeebe:formDefinition formId="check"/>'
                '<zeebe:assignmentDefinition assignee="=who" candidateGroups="a, b" candidateUsers=\'=["x"]\'/>'
                '<zeebe:taskSchedule dueDate="=now + duration(&quot;P1D&quot;)" followUpDate="2026-03-01T09:00:00Z"/>'
                '<zeebe:priorityDefinition priority="80"/>'
                '<zeebe:ioMapping><zeebe:input source="=a" target="b"/><zeebe:output source="=c" target="d.e"/>'
                "</zeebe:ioMapping>" + props(button="Done") + "",
            )
        )
    )
    assert (task.form, task.name, task.line, task.process, task.parent) == ("check", "Thing", 3, "P", None)
    assert task.assignment == elements.Assignment("=who", "a, b", '=["x"]')
    assert (task.due, task.follow_up) == ('=now + duration("P1D")', "2026-03-01T09:00:00Z")
    assert (task.priority, task.button) == ("80", "Done")
    assert task.inputs == (elements.Mapping_("=a", "b"),)
    assert task.outputs == (elements.Mapping_("=c", "d.e"),)


def test_approval_criteria_deadline_and_ladder_are_read():
    task = thing(
        around(
            extended(
                "userTask",
                '<zeebe:assignmentDefinition candidateGroups="board"/>'
                + props(
                    approval="2", deadline="P2D", clock="working", criterion__Ready="=package.ready",
                    escalation="80%: assignee&#10;PT0S: manager repeat P1D x2",
                ),
            )
        )
    )  # fmt: skip
    assert task.approval == elements.Approval("2")
    assert (task.deadline, task.clock, task.criteria) == ("P2D", "working", {"Ready": "=package.ready"})
    assert task.ladder == (
        escalation.Rung("80%", ("assignee",)),
        escalation.Rung("PT0S", ("manager",), repeat="P1D", times=2),
    )


def test_a_task_without_ladder_has_none_of_its_own():
    assert thing(around('<bpmn:userTask id="T"/>')).ladder is None


def test_jobs_have_type_retries_and_headers():
    task = thing(
        around(
            extended(
                "serviceTask",
                '<zeebe:taskDefinition type="tidegate.notify" retries="5"/><zeebe:taskHeaders>'
                '<zeebe:header key="to" value="all"/><zeebe:header key="empty" value=""/></zeebe:taskHeaders>',
            )
        )
    )
    assert (task.job_type, task.retries, dict(task.headers)) == ("tidegate.notify", "5", {"to": "all"})


def test_a_message_boundary_event_without_correlation_key_is_an_action():
    boundary = (
        '<bpmn:boundaryEvent id="B" name="Terminate" attachedToRef="T" cancelActivity="false"><bpmn:extensionElements>'
        + props(roles="coordinator, group:ops", reason="required", form="why")
        + '</bpmn:extensionElements><bpmn:messageEventDefinition messageRef="M"/></bpmn:boundaryEvent>'
    )
    event = process(around('<bpmn:userTask id="T"/>', more=boundary)).elements["B"]
    assert event.action == elements.Action("go", "Terminate", ("coordinator", "group:ops"), True, "why")
    assert event.event == elements.Event("message", name="go", interrupting=False, attached_to="T")


def test_a_message_with_correlation_key_comes_from_outside():
    definition = '<bpmn:messageEventDefinition messageRef="MK"/>'
    event = thing(around(f'<bpmn:intermediateCatchEvent id="T">{definition}</bpmn:intermediateCatchEvent>'))
    assert event.action is None
    assert event.event == elements.Event("message", name="order", correlation="=number")


def test_an_event_definition_may_stand_at_the_outermost_level():
    shared = diagrams.SHARED + '<bpmn:messageEventDefinition id="MD" messageRef="M"/>'
    refers = "<bpmn:eventDefinitionRef>MD</bpmn:eventDefinitionRef>"
    catch = f'<bpmn:intermediateCatchEvent id="T">{refers}</bpmn:intermediateCatchEvent>'
    event = process(around(catch), shared=shared).elements["T"].event
    assert event == elements.Event("message", name="go")


def test_multi_instance_is_read():
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=waves" inputElement="wave" outputCollection="results" outputElement="=result"/>'
        "</bpmn:extensionElements><bpmn:completionCondition>=done</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    assert thing(around(f'<bpmn:userTask id="T">{loop}</bpmn:userTask>')).loop == elements.Loop(
        sequential=True,
        collection="=waves",
        element_variable="wave",
        output_collection="results",
        output_element="=result",
        completion_condition="=done",
    )


def test_lanes_the_innermost_one_counts():
    lanes = (
        '<bpmn:laneSet><bpmn:lane id="L1" name="Outer"><bpmn:flowNodeRef>T</bpmn:flowNodeRef><bpmn:childLaneSet>'
        '<bpmn:lane id="L2" name="Inner"><bpmn:flowNodeRef>T</bpmn:flowNodeRef></bpmn:lane></bpmn:childLaneSet>'
        "</bpmn:lane></bpmn:laneSet>"
    )
    assert thing(lanes + around('<bpmn:userTask id="T"/>')).lane == "Inner"


def test_the_order_of_children_does_not_matter():
    body = '<bpmn:userTask id="T"><bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>'
    body += (
        "</bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements/><bpmn:documentation>why</bpmn:documentation>"
    )
    body += "</bpmn:userTask>"
    backwards = flow("s", "T") + flow("T", "e") + '<bpmn:endEvent id="e"/>' + body + '<bpmn:startEvent id="s"/>'
    task = thing(backwards)
    assert (task.documentation, task.loop.cardinality if task.loop else None) == ("why", "2")


def test_facts_forms_and_called_processes_are_collected():
    body = (
        '<bpmn:startEvent id="s"/>'
        + extended("userTask", '<zeebe:formDefinition formId="f1"/>' + props(criterion__A="=release.risk = 1"))
        + '<bpmn:callActivity id="C"><bpmn:extensionElements><zeebe:calledElement processId="other"/>'
        "</bpmn:extensionElements></bpmn:callActivity>"
        '<bpmn:callActivity id="C2"><bpmn:extensionElements><zeebe:calledElement processId="=package.plan"/>'
        "</bpmn:extensionElements></bpmn:callActivity>"
        + "".join(flow(*pair) for pair in (("s", "T"), ("T", "C"), ("C", "C2")))
    )
    read = process(body)
    assert (read.facts, read.forms, read.called) == ({"release", "package"}, {"f1"}, {"other"})


def test_a_name_bound_by_the_expression_itself_is_no_fact():
    body = around(extended("userTask", props(criterion__A="=every children in list satisfies children.ok")))
    assert process(body).facts == frozenset()


def test_only_a_plain_start_event_starts_by_itself():
    started = '<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="M"/></bpmn:startEvent>'
    assert process(around('<bpmn:task id="T"/>')).starts_by_itself
    assert not process(started + '<bpmn:task id="T"/>' + flow("s", "T")).starts_by_itself


def test_version_tag_and_names():
    tagged = '<bpmn:extensionElements><zeebe:versionTag value="1.2"/></bpmn:extensionElements>'
    read = process(tagged + around('<bpmn:task id="T"/>'), process='id="P" name="Release" isExecutable="true"')
    assert (read.id, read.name, read.version_tag, read.line) == ("P", "Release", "1.2", 1)


def test_a_phase_with_criteria_gets_a_gate_for_the_coordinator():
    phase = extended(
        "subProcess",
        props(phase="build", criterion__Packed="=package.ready"),
        content='<bpmn:startEvent id="i"/>',
    )
    read = process(around(phase))
    gate = read.elements["T.gate"]
    assert (gate.gate, gate.type, gate.parent, gate.drawn) == (True, "userTask", "T", False)
    assert gate.criteria == {"Packed": "=package.ready"}
    assert gate.assignment.groups == "coordinator"


def test_flows_without_id_get_one():
    body = '<bpmn:startEvent id="s"/><bpmn:task id="T"/><bpmn:sequenceFlow sourceRef="s" targetRef="T"/>'
    flows = [e for e in process(body).elements.values() if e.type == "sequenceFlow"]
    assert [(f.source, f.target, f.drawn, bool(f.id)) for f in flows] == [("s", "T", False, True)]


def test_two_flows_without_id_between_the_same_elements_stay_two():
    between = '<bpmn:sequenceFlow sourceRef="s" targetRef="T"/>'
    body = f'<bpmn:startEvent id="s"/><bpmn:task id="T"/>{between}{between}'
    assert len([e for e in process(body).elements.values() if e.type == "sequenceFlow"]) == 2


def test_every_executable_process_of_a_file_is_a_program():
    second = '</bpmn:process><bpmn:process id="Q" isExecutable="true"><bpmn:startEvent id="q"/>'
    third = '</bpmn:process><bpmn:process id="R"><bpmn:startEvent id="r"/>'
    programs = definitions.load("f.bpmn", diagram('<bpmn:startEvent id="s"/>' + second + third))
    assert [program.process.id for program in programs] == ["P", "Q"]


def test_private_copies_are_independent_of_each_other():
    (program,) = definitions.load("f.bpmn", diagram(around('<bpmn:userTask id="T"/>')))
    (one, _), (other, _) = program.private(), program.private()
    one.task_specs.clear()
    assert "T" in other.task_specs
    assert "T" in program.private()[0].task_specs


def test_loading_a_bad_diagram_raises_with_all_problems():
    body = '<bpmn:startEvent id="s"/><bpmn:userTask id="T"/><bpmn:task id="G" startQuantity="0"/>'
    with pytest.raises(InvalidDefinition) as refused:
        definitions.load("f.bpmn", diagram(body))
    assert {problem.code for problem in refused.value.problems} >= {"unreachable", "token-quantity"}


@pytest.mark.parametrize("written", ["true", "false"])
def test_true_and_false_are_conditions_without_an_equals_sign(written):
    drawn = process(
        around(
            f"<bpmn:task id='T'><bpmn:standardLoopCharacteristics><bpmn:loopCondition>{written}"
            "</bpmn:loopCondition></bpmn:standardLoopCharacteristics></bpmn:task>"
        )
    )
    loop = drawn.elements["T"].loop
    assert loop is not None
    assert loop.condition == f"={written}"
