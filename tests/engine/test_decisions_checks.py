"""What is wrong with a DMN file is said by line, element and code, before it is deployed."""

from __future__ import annotations

import pytest

from service import errors
from service.engine import decisions
from tests.support.decisions import decision, dmn, literal, only

ROW = ["> 1", '"x"']


def problems(source: bytes, severity: str = "error") -> list[errors.Problem]:
    return [problem for problem in decisions.check("rules.dmn", source) if problem.severity == severity]


REFUSED = [
    ("malformed-xml", b"<definitions"),
    ("doctype", b'<!DOCTYPE x [<!ENTITY a "b">]><definitions/>'),
    ("not-dmn", b"<definitions/>"),
    ("not-dmn", b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'),
    ("no-decision", dmn()),
    ("id-missing", dmn(decision("", literal("1")))),
    ("bad-id", dmn(decision("1st", literal("1")))),
    ("duplicate-id", dmn(decision("d1", literal("1")), decision("d1", literal("2")))),
    ("decision-logic-missing", dmn(decision("d1", ""))),
    ("decision-logic-missing", dmn(decision("d1", literal("")))),
    ("decision-logic-unsupported", dmn(decision("d1", "<context/>"))),
    ("decision-logic-unsupported", dmn(decision("d1", "<invocation/>"))),
    ("missing-reference", dmn(decision("d1", literal("1"), requires=["d2"]))),
    ("missing-reference", dmn(decision("d1", literal("1"), requires=["in:d1"]))),
    (
        "requirement-circle",
        dmn(decision("a", literal("b"), requires=["b"]), decision("b", literal("a"), requires=["a"])),
    ),
    ("requirement-circle", dmn(decision("a", literal("a"), requires=["a"]))),
    ("knowledge-model", dmn(decision("d1", "<knowledgeRequirement/>" + literal("1")))),
    ("hit-policy", only(["a"], ["r"], ROW, policy="LAST")),
    ("aggregation", only(["a"], ["r"], ROW, policy="COLLECT", aggregation="AVERAGE")),
    ("aggregation", only(["a"], ["r"], ROW, policy="UNIQUE", aggregation="SUM")),
    ("aggregation", only(["a"], ["r", "s"], ["1", "2", "3"], policy="COLLECT", aggregation="SUM")),
    ("priority-missing", only(["a"], ["r"], ROW, policy="PRIORITY")),
    ("priority-missing", only(["a"], ["r"], ROW, policy="OUTPUT ORDER")),
    ("output-missing", only(["a"], [], ["1"])),
    ("output-missing", only(["a"], ["r"], ["1", ""])),
    ("output-name", only(["a"], ["r", ""], ["1", "2", "3"])),
    ("output-name", only(["a"], ["r", "r"], ["1", "2", "3"])),
    ("output-name", only(["a"], ["r-s", "t"], ["1", "2", "3"])),
    ("input-missing", only([""], ["r"], ["1", "2"])),
    ("rule-incomplete", only(["a"], ["r"], ["1"])),
    ("rules-overlap", only(["a", "b"], ["r"], ["1", "-", "2"], ["1", "", "3"])),
    ("feel-syntax", only(["a +"], ["r"], ROW)),
    ("feel-syntax", only(["a"], ["r"], [">", "1"])),
    ("feel-syntax", only(["a"], ["r"], ["1", '"x'])),
    ("feel-syntax", only(["a"], ["r"], ["nonsense(?)", "1"])),
    ("feel-syntax", only(["a"], ["r"], ROW, allowed={"a": "[1.."})),
    ("feel-syntax", only(["a"], ["r"], ROW, defaults={"r": "1 +"})),
    ("feel-syntax", dmn(decision("d1", literal("if a then")))),
    ("not-feel", dmn(decision("d1", literal("1")), attributes='expressionLanguage="http://groovy.org"')),
    ("not-feel", dmn(decision("d1", literal("1").replace(">", ' expressionLanguage="juel">', 1)))),
    ("too-many-elements", only(["a"], ["r"], *([str(at), "1"] for at in range(2500)))),
]


@pytest.mark.parametrize(("code", "source"), REFUSED, ids=[f"{code}-{at}" for at, (code, _) in enumerate(REFUSED)])
def test_what_would_not_run_is_refused_by_code(code: str, source: bytes) -> None:
    found = problems(source)
    assert {problem.code for problem in found} == {code}, found
    assert found[0].line
    with pytest.raises(errors.InvalidDefinition):
        decisions.read("rules.dmn", source)


def test_a_problem_names_line_element_rule_and_place() -> None:
    source = only(["age"], ["fee"], ["< 18", "1"], [">= 18 and", "2"])
    (problem,) = problems(source)
    assert (problem.line, problem.element_id) == (5, "rule_2")
    assert "rule 2, age" in problem.message
    assert "character 10" in problem.message


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("type-unknown", only(["a"], ["r"], ROW, types={"a": "Money"})),
        ("rules-missing", only(["a"], ["r"])),
        ("output-missing", only(["a"], ["r", "s"], ["1", "2", ""])),
    ],
)
def test_what_is_odd_is_a_warning(code: str, source: bytes) -> None:
    assert problems(source) == []
    assert [problem.code for problem in problems(source, "warning")] == [code]


def test_names_of_several_words_are_read_where_the_file_draws_them() -> None:
    parts = ['<inputData id="i" name="due date"/>', decision("d1", literal("due date + 1"), requires=["in:i"])]
    assert problems(dmn(*parts)) == []


def test_a_wide_graph_of_requirements_is_checked_quickly() -> None:
    wide = [decision("d0", literal("1"))]
    for layer in range(1, 60):
        wide += [decision(f"d{layer}_{side}", literal("1"), requires=_before(layer)) for side in "ab"]
    assert problems(dmn(*wide)) == []


def _before(layer: int) -> list[str]:
    return ["d0"] if layer == 1 else [f"d{layer - 1}_a", f"d{layer - 1}_b"]
