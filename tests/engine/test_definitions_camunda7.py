"""The older dialect of Camunda: read where that is trivial, refused where it would run otherwise than drawn."""

from __future__ import annotations

import pytest

from service.engine import definitions, elements
from tests.engine.diagrams import around, codes, diagram, extended


def read(node: str) -> elements.Element:
    (program,) = definitions.load("f.bpmn", diagram(around(node)))
    return program.process.elements["T"]


def test_people_dates_and_forms_are_read_with_a_warning():
    node = (
        '<bpmn:userTask id="T" camunda:assignee="${who}" camunda:candidateGroups="a,b"'
        ' camunda:dueDate="2026-03-01T09:00:00Z" camunda:formKey="camunda-forms:deployment:forms/check.form"/>'
    )
    task = read(node)
    assert task.assignment == elements.Assignment("=who", "a,b")
    assert (task.due, task.form) == ("2026-03-01T09:00:00Z", "check")
    (warning,) = definitions.check("f.bpmn", diagram(around(node)))
    assert (warning.code, warning.severity, warning.element_id, warning.line) == ("camunda-7", "warning", "T", 3)


def test_what_the_newer_dialect_says_goes_before():
    node = extended("userTask", '<zeebe:assignmentDefinition assignee="new"/>', 'camunda:assignee="old"')
    assert read(node).assignment.assignee == "new"


def test_a_topic_is_a_job_type():
    assert read('<bpmn:serviceTask id="T" camunda:type="external" camunda:topic="mail"/>').job_type == "mail"


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ('<bpmn:serviceTask id="T" camunda:class="org.Thing"/>', "camunda-7"),
        ('<bpmn:serviceTask id="T" camunda:delegateExpression="${bean}"/>', "camunda-7"),
        ('<bpmn:userTask id="T" camunda:assignee="${bean.find(1)}"/>', "not-feel"),
        ('<bpmn:userTask id="T" camunda:dueDate="${dateTime().plusDays(1)}"/>', "not-feel"),
        (extended("userTask", "<camunda:taskListener/>"), "camunda-7"),
        (extended("task", "<camunda:inputOutput/>"), "camunda-7"),
    ],
)
def test_code_and_listeners_are_refused(node, code):
    assert code in codes(diagram(around(node)))
