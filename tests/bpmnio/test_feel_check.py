"""Checking FEEL without evaluating it: problems with their place, and the names that an expression needs."""

import pytest

from service.bpmnio import feel


@pytest.mark.parametrize(
    ("expression", "variables", "paths"),
    [
        ("=release.training", {"release"}, {"release.training"}),
        ("every c in changes satisfies c.approved", {"changes"}, {"changes"}),
        ("some t in release.tests satisfies t.passed and limit > 1", {"release", "limit"}, {"release.tests", "limit"}),
        ("for x in list, y in x.inner return y + z", {"list", "z"}, {"list", "z"}),
        (
            "changes[approved and item.cost > limit].id",
            {"changes", "approved", "limit"},
            {"changes", "approved", "limit"},
        ),
        ("(function(a, b) a + b + c)(1, d)", {"c", "d"}, {"c", "d"}),
        ("{a: x, b: a + y}.b", {"x", "y"}, {"x", "y"}),
        (
            "count(changes) > 0 and now() < release.window.end",
            {"changes", "release"},
            {"changes", "release.window.end"},
        ),
        ('context put(value: v, context: {}, key: "k")', {"v"}, {"v"}),
        ("x instance of date and time", {"x"}, {"x"}),
        ('"text with release.training in it"', set(), set()),
        ("get or else(is defined(a.b), c)", {"a", "c"}, {"a.b", "c"}),
        ("now > deadline", {"now", "deadline"}, {"now", "deadline"}),
        ("`odd name` + 1", {"odd name"}, {"odd name"}),
    ],
)
def test_free_names_are_found(expression: str, variables: set[str], paths: set[str]) -> None:
    checked = feel.check(expression)
    assert checked.problems == ()
    assert checked.variables == variables
    assert checked.paths == paths


@pytest.mark.parametrize(
    ("expression", "code", "position"),
    [
        ("=1 + ", "SYNTAX", 5),
        ("", "SYNTAX", 0),
        ("=", "SYNTAX", 1),
        ("a = ", "SYNTAX", 4),
        ("frobnicate(1)", "UNKNOWN_FUNCTION", 0),
        ("=1 + frobnicate(1)", "UNKNOWN_FUNCTION", 5),
        ("x" * 9000, "TOO_LONG", 0),
    ],
)
def test_problems_say_what_and_where(expression: str, code: str, position: int) -> None:
    problem = feel.check(expression).problems[0]
    assert (problem.code, problem.position) == (code, position)


def test_all_built_in_functions_are_known() -> None:
    for name in feel.functions():
        if name not in ("@", "date and time"):
            assert [p for p in feel.check(f"{name}(1)").problems if p.code == "UNKNOWN_FUNCTION"] == [], name


def test_names_of_several_words_are_read_when_they_are_told() -> None:
    assert feel.check("go-live date + 1", names=["go-live date"]).variables == {"go-live date"}


def test_unary_tests_are_checked_as_such() -> None:
    assert feel.check("> 5, [1..limit]", unary_tests=True).variables == {"limit"}
    assert feel.check("> 5, [1..limit]").problems != ()


def test_an_expression_of_a_form_knows_only_what_browsers_know() -> None:
    assert feel.check("get or else(a, 1)", in_form=True).problems != ()
    assert feel.check("is defined(a)", in_form=True).problems[0].code == "UNKNOWN_FUNCTION"
    assert feel.check('contains(a, "x")', in_form=True).problems == ()
