"""The older dialect of Camunda: read where its meaning is clear, refused where it would run otherwise than drawn."""

from __future__ import annotations

import pytest

from service.bpmnio.feel import evaluate
from service.engine import definitions, elements, juel, steps
from tests.engine.diagrams import around, codes, diagram, errors, extended, flow
from tests.engine.driver import Case


def read(node: str) -> elements.Element:
    (program,) = definitions.load("f.bpmn", diagram(around(node)))
    return program.process.elements["T"]


def test_people_dates_and_forms_are_read_with_a_warning():
    node = (
        '<bpmn:userTask id="T" camunda:assignee="${who}" camunda:candidateGroups="a,b"'
        ' camunda:dueDate="2026-03-01T09:00:00Z" camunda:formKey="camunda-forms:deployment:forms/check.form"/>'
    )
    task = read(node)
    assert task.assignment == elements.Assignment("= who", "a,b")
    assert (task.due, task.form) == ("2026-03-01T09:00:00Z", "check")
    warnings = definitions.check("f.bpmn", diagram(around(node)))
    assert {(w.code, w.severity, w.element_id, w.line) for w in warnings} == {("camunda-7", "warning", "T", 3)}
    assert [w.message.split(" was read")[0] for w in warnings] == [
        "The assignee, ${who},", "camunda:assignee, camunda:candidateGroups", "camunda:dueDate", "camunda:formKey",
    ]  # fmt: skip


def test_what_the_newer_dialect_says_goes_before():
    node = extended("userTask", '<zeebe:assignmentDefinition assignee="new"/>', 'camunda:assignee="old"')
    assert read(node).assignment.assignee == "new"


def test_a_topic_is_a_job_type():
    assert read('<bpmn:serviceTask id="T" camunda:type="external" camunda:topic="mail"/>').job_type == "mail"


def test_groups_of_which_some_are_expressions_are_a_list():
    task = read('<bpmn:userTask id="T" camunda:candidateGroups="board, ${team},x"/>')
    assert task.assignment.groups == '= flatten(["board", team, "x"])'
    for team, groups in (("dev", ("board", "dev", "x")), (["dev", "ops"], ("board", "dev", "ops", "x"))):
        case = Case(
            diagram(around('<bpmn:userTask id="T" camunda:candidateGroups="board, ${team},x"/>')), {"team": team}
        )
        assert case.of(steps.TaskOpened)[0].groups == groups


@pytest.mark.parametrize(
    ("written", "feel"),
    [
        ("${approved}", "= approved"),
        ("#{ !approved }", "= not(approved)"),
        ("${a == 'x' &amp;&amp; b != 2 || !c.d}", '= a = "x" and (b != 2) or not(c.d)'),
        ("${a eq 1 and b ge 2 or not c}", "= a = 1 and (b >= 2) or not(c)"),
        ("${a + b * 2 &gt; c % 3}", "= (a + (b * 2)) > modulo(c, 3)"),
        ("${a - b - c lt 0}", "= ((a - b) - c) < 0"),
        ("${a ? b : c}", "= (if a then b else c)"),
        ("${list[0] == map['key']}", "= list[1] = map.key"),
        ('${name == "it\'s \\" so"}', '= name = "it\'s \\" so"'),
        ("${-n lt 1.5}", "= -(n) < 1.5"),
        ("${loopCounter == 0}", "= (loopCounter - 1) = 0"),
    ],
)
def test_conditions_are_put_into_feel_with_a_warning(written, feel):
    source = diagram(around('<bpmn:exclusiveGateway id="T"/>').replace(flow("T", "e"), flow("T", "e", written)))
    (program,) = definitions.load("f.bpmn", source)
    assert program.process.elements["T_e"].condition == feel
    (warning,) = [problem for problem in definitions.check("f.bpmn", source) if problem.code == "camunda-7"]
    assert (warning.element_id, warning.severity, f"“{feel}”" in warning.message) == ("T_e", "warning", True)


@pytest.mark.parametrize(
    ("value", "empty"), [(None, True), ("", True), ([], True), ({}, True), ("a", False), ([1], False), (0, False)]
)
def test_empty_means_what_it_meant(value, empty):
    assert evaluate(juel.feel("${empty x}"), {"x": value}).value is empty
    assert evaluate(juel.feel("${not empty x}"), {"x": value}).value is not empty


@pytest.mark.parametrize(
    "written",
    [
        "${bean.find(1)}", "${find(1)}", "${a == b == c}", "${a", "${}", "${a b}", "${1 +}", "${x.y z}", "${a[b]}",
        "${a ? b}", "Hello ${name}", "${a}${b}", "${if}", "${'x}", "${a;b}", "${" + "(" * 90 + "a" + ")" * 90 + "}",
        "${" + "!" * 90 + "a}",
    ],
)  # fmt: skip
def test_what_is_code_or_unclear_is_not_translated(written):
    with pytest.raises(juel.Untranslatable):
        juel.feel(written)


def test_timers_loops_and_called_processes_are_put_into_feel():
    timer = '<bpmn:intermediateCatchEvent id="T"><bpmn:timerEventDefinition><bpmn:timeDuration>${wait}'
    timer += "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    assert read(timer).event.expression == "= wait"
    several = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="{}" camunda:elementVariable="one">'
    several += "<bpmn:completionCondition>${{nrOfCompletedInstances/nrOfInstances >= 0.5}}</bpmn:completionCondition>"
    several = f'<bpmn:task id="T">{several}</bpmn:multiInstanceLoopCharacteristics></bpmn:task>'
    for written in ("${order.items}", "order.items"):
        loop = read(several.format(written)).loop
        assert (loop.collection, loop.element_variable) == ("= order.items", "one")
        assert loop.completion_condition == "= (numberOfCompletedInstances / numberOfInstances) >= 0.5"
    assert read('<bpmn:callActivity id="T" calledElement="${which}"/>').called_process == "= which"


def test_what_a_called_process_gets_and_gives_back_is_read():
    node = (
        '<bpmn:callActivity id="T" calledElement="q"><bpmn:extensionElements>'
        '<camunda:in businessKey="#{execution.processBusinessKey}"/><camunda:in source="a" target="b"/>'
        '<camunda:in sourceExpression="${c + 1}" target="d"/><camunda:out variables="all"/>'
        "</bpmn:extensionElements></bpmn:callActivity>"
    )
    call = read(node)
    assert [(m.source, m.target) for m in call.inputs] == [("= a", "b"), ("= (c + 1)", "d")]
    assert (call.propagate_parent, call.propagate_child, call.outputs) == (False, True, ())


def test_forms_of_html_are_not_shown_and_that_is_told():
    source = diagram(around('<bpmn:userTask id="T" camunda:formKey="embedded:app:forms/x.html"/>'))
    assert "form-not-by-id" in {problem.code for problem in definitions.check("f.bpmn", source)}
    assert read('<bpmn:userTask id="T" camunda:formKey="embedded:app:forms/x.html"/>').form is None


def test_in_files_of_no_dialect_such_expressions_are_refused():
    source = diagram(around('<bpmn:exclusiveGateway id="T"/>').replace(flow("T", "e"), flow("T", "e", "${approved}")))
    plain = source.replace(b' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"', b"")
    (problem,) = errors(plain)
    assert (problem.code, problem.element_id) == ("not-feel", "T_e")
    assert "write = approved" in problem.message


def test_a_condition_whose_language_is_feel_needs_no_sign():
    condition = '<bpmn:conditionExpression language="https://www.omg.org/spec/DMN/20191111/FEEL/">a > 1'
    body = around('<bpmn:exclusiveGateway id="T"/>').replace(flow("T", "e"), flow("T", "e", "X"))
    source = diagram(body.replace("<bpmn:conditionExpression>X", condition))
    (program,) = definitions.load("f.bpmn", source)
    assert program.process.elements["T_e"].condition == "= a > 1"


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ('<bpmn:serviceTask id="T" camunda:class="org.Thing"/>', "camunda-7"),
        ('<bpmn:serviceTask id="T" camunda:delegateExpression="${bean}"/>', "camunda-7"),
        ('<bpmn:userTask id="T" camunda:assignee="${bean.find(1)}"/>', "not-feel"),
        ('<bpmn:userTask id="T" camunda:dueDate="${dateTime().plusDays(1)}"/>', "not-feel"),
        (extended("userTask", "<camunda:taskListener/>"), "camunda-7"),
        (extended("task", "<camunda:inputOutput/>"), "camunda-7"),
        ('<bpmn:serviceTask id="T" camunda:type="mail"/>', "camunda-7"),
        ('<bpmn:userTask id="T" camunda:candidateGroups="a,${b.c()}"/>', "not-feel"),
        (
            '<bpmn:callActivity id="T" calledElement="q"><bpmn:extensionElements><camunda:in variables="all"/>'
            '<camunda:in source="a" target="b"/></bpmn:extensionElements></bpmn:callActivity>',
            "camunda-7",
        ),
    ],
)
def test_code_and_listeners_are_refused(node, code):
    assert codes(diagram(around(node))) == [code]
