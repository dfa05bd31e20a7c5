"""Decisions as DMN says: hit policies, types, allowed values, defaults, and decisions that require others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.bpmnio.dmn import evaluation
from service.bpmnio.dmn.failing import DecisionFailed
from service.engine import decisions
from tests.support.decisions import DMN_1_3, decision, dmn, literal, only, table

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAMESPACES = (
    DMN_1_3, "http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
)  # fmt: skip
OVERLAPPING = (["age"], ["fee"], [">= 18", "10"], ["< 65", "5"], [">= 65", "3"])


def make(source: bytes, decision: str = "d1", /, **variables: Any) -> evaluation.Outcome:
    model, _ = decisions.read("rules.dmn", source)
    return evaluation.evaluate(model, decision, variables, now=NOW)


def value(source: bytes, decision: str = "d1", /, **variables: Any) -> Any:
    return make(source, decision, **variables).value


def refused(source: bytes, decision: str = "d1", /, **variables: Any) -> DecisionFailed:
    with pytest.raises(DecisionFailed) as caught:
        make(source, decision, **variables)
    return caught.value


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_tables_of_every_version_of_dmn_are_read(namespace: str) -> None:
    drawn = table(["age"], ["fee"], ["< 18", '"child"'], [">= 18", '"adult"'])
    assert value(dmn(decision("d1", drawn), namespace=namespace), age=7) == "child"


@pytest.mark.parametrize(
    ("test", "given", "passes"),
    [
        ("-", None, True), ("", "x", True), ("> 5", 6, True), ("> 5", 5, False), ("[1..3]", 3, True),
        ("]1..3]", 1, False), ('"a","b"', "b", True), ('not("a","b")', "b", False), ("? > limit * 2", 5, True),
        ('starts with(?, "ab")', "abc", True), ("true", True, True), ("null", None, True), ("[1..3], > 10", 11, True),
        ('< date("2026-04-01")', "2026-03-01", False), ('date(?) < date("2026-04-01")', "2026-03-01", True),
    ],
)  # fmt: skip
def test_cells_are_unary_tests(test: str, given: Any, passes: bool) -> None:
    source = only(["x"], ["r"], [test, "true"], policy="COLLECT")
    assert value(source, x=given, limit=2) == ([True] if passes else [])


def test_unique_takes_the_rule_that_matches_and_says_which() -> None:
    outcome = make(only(["a", "b"], ["r"], ['"x"', "> 1", "1"], ['"x"', "<= 1", "2"]), a="x", b=1)
    assert (outcome.value, outcome.made[0].rules, dict(outcome.made[0].inputs)) == (2, (2,), {"a": "x", "b": 1})


def test_unique_refuses_several_rules_with_their_numbers() -> None:
    failure = refused(only(*OVERLAPPING), age=30)
    assert failure.code == "several-rules-match"
    assert "rules 1, 2" in failure.detail
    assert "age = 30" in failure.detail


def test_first_takes_the_first_that_matches() -> None:
    outcome = make(only(*OVERLAPPING, policy="FIRST"), age=30)
    assert (outcome.value, outcome.made[0].rules) == (10, (1,))


def test_any_takes_what_all_agree_on() -> None:
    source = only(["a"], ["r"], ["> 1", '"same"'], ["> 2", '"same"'], ["> 3", '"other"'], policy="ANY")
    assert make(source, a=3).made[0].rules == (1, 2)
    assert refused(source, a=4).code == "rules-disagree"


def test_any_tells_true_from_one() -> None:
    assert refused(only(["a"], ["r"], ["> 1", "true"], ["> 2", "1"], policy="ANY"), a=3).code == "rules-disagree"


def test_priority_takes_the_highest_of_the_allowed_results() -> None:
    source = only(
        ["a"], ["r"], ["> 1", '"low"'], ["> 2", '"high"'], ["> 3", '"mid"'], policy="PRIORITY",
        allowed={"r": '"high","mid","low"'},
    )  # fmt: skip
    outcome = make(source, a=4)
    assert (outcome.value, outcome.made[0].rules) == ("high", (2,))


def test_output_order_lists_results_by_priority_and_rule_order_by_rule() -> None:
    rows = (["> 1", '"low"'], ["> 2", '"high"'], ["> 3", '"mid"'])
    allowed = {"r": '"high","mid","low"'}
    assert value(only(["a"], ["r"], *rows, policy="OUTPUT ORDER", allowed=allowed), a=4) == ["high", "mid", "low"]
    assert value(only(["a"], ["r"], *rows, policy="RULE ORDER", allowed=allowed), a=4) == ["low", "high", "mid"]


def test_priority_goes_by_the_first_output_then_the_next() -> None:
    source = only(
        ["a"], ["r", "s"], ["> 1", '"x"', "2"], ["> 2", '"x"', "1"], ["> 3", '"y"', "1"], policy="OUTPUT ORDER",
        allowed={"r": '"y","x"', "s": "1,2"},
    )  # fmt: skip
    assert value(source, a=4) == [{"r": "y", "s": 1}, {"r": "x", "s": 1}, {"r": "x", "s": 2}]


@pytest.mark.parametrize(
    ("aggregation", "result"), [("", [0.1, 0.2, 7]), ("SUM", 7.3), ("MIN", 0.1), ("MAX", 7), ("COUNT", 3)]
)
def test_collect_lists_or_aggregates(aggregation: str, result: Any) -> None:
    source = only(
        ["a"], ["r"], ["> 1", "0.1"], ["> 2", "0.2"], ["> 3", "7"], ["> 9", "1"], policy="COLLECT",
        aggregation=aggregation,
    )  # fmt: skip
    assert value(source, a=4) == result


def test_sums_of_texts_are_refused() -> None:
    source = only(["a"], ["r"], ["> 1", '"x"'], ["> 2", "1"], policy="COLLECT", aggregation="SUM")
    assert refused(source, a=3).code == "wrong-type"


@pytest.mark.parametrize(
    ("policy", "aggregation", "result"),
    [("COLLECT", "", []), ("RULE ORDER", "", []), ("COLLECT", "COUNT", 0)],
)
def test_lists_and_counts_may_be_empty(policy: str, aggregation: str, result: Any) -> None:
    assert value(only(["a"], ["r"], ["> 1", "1"], policy=policy, aggregation=aggregation), a=0) == result


@pytest.mark.parametrize(("policy", "aggregation"), [("UNIQUE", ""), ("FIRST", ""), ("ANY", ""), ("COLLECT", "SUM")])
def test_no_match_where_one_is_needed_is_refused(policy: str, aggregation: str) -> None:
    failure = refused(only(["a"], ["r"], ["> 1", "1"], policy=policy, aggregation=aggregation), a=0)
    assert failure.code == "no-rule-matches"
    assert "a = 0" in failure.detail


def test_defaults_stand_for_rules_that_do_not_match() -> None:
    source = only(["a"], ["r", "s"], ["> 1", "1", "2"], defaults={"r": '"none"', "s": "a"})
    assert value(source, a=0) == {"r": "none", "s": 0}
    assert value(only(["a"], ["r"], ["> 1", "1"], defaults={"r": "null"}), a=0) is None


def test_several_outputs_are_a_context() -> None:
    source = only(["a"], ["risk", "boards"], ["> 1", '"high"', '["cab", "ecab"]'])
    assert value(source, a=2) == {"risk": "high", "boards": ["cab", "ecab"]}


def test_a_missing_input_is_named() -> None:
    failure = refused(only(["likelihood"], ["r"], ['"high"', "1"], ["-", "2"], policy="FIRST"))
    assert failure.code == "null-value"
    assert "likelihood" in failure.detail
    assert failure.expression == "likelihood"


def test_a_column_made_for_nothing_takes_nothing() -> None:
    rows = (["null", '"unknown"'], ["not(null)", '"known"'])
    assert value(only(["a"], ["r"], *rows)) == "unknown"
    assert value(only(["a"], ["r"], *rows), a=1) == "known"


def test_a_column_that_no_rule_looks_at_needs_no_value() -> None:
    assert value(only(["a", "b"], ["r"], ["-", "> 1", "1"]), b=2) == 1


def test_the_word_null_in_a_text_is_no_null() -> None:
    assert refused(only(["a"], ["r"], ['"null"', "1"])).code == "null-value"


def test_unknown_names_in_cells_are_named() -> None:
    assert "limit" in refused(only(["a"], ["r"], ["> limit", "1"]), a=1).detail
    assert "price" in refused(only(["a"], ["r"], ["> 0", "price"]), a=1).detail


@pytest.mark.parametrize(
    ("type_", "given"),
    [("number", "5"), ("string", 5), ("boolean", "true"), ("integer", True), ("date", "tomorrow"), ("context", [1])],
)
def test_inputs_of_the_wrong_type_are_refused(type_: str, given: Any) -> None:
    failure = refused(only(["a"], ["r"], ["not(null)", "1"], types={"a": type_}), a=given)
    assert failure.code == "wrong-type"
    assert type_ in failure.detail


def test_texts_of_moments_are_moments_where_the_column_says_so() -> None:
    source = only(["due"], ["r"], ['< date("2026-04-01")', "1"], ["-", "2"], types={"due": "date"}, policy="FIRST")
    assert value(source, due="2026-03-31") == 1
    assert value(source, due="2026-04-01") == 2
    source = only(["at"], ["r"], ["< now()", '"past"'], [">= now()", '"to come"'], types={"at": "dateTime"})
    assert value(source, at="2026-03-02T11:59:00Z") == "past"
    source = only(["spent"], ["r"], ['> duration("P1D")', "1"], types={"spent": "dayTimeDuration"}, defaults={"r": "0"})
    assert value(source, spent="PT25H") == 1


def test_values_that_are_not_allowed_are_refused() -> None:
    source = only(["a"], ["r"], ['"low"', "1"], ["-", "2"], policy="FIRST", allowed={"a": '"low","high"'})
    assert value(source, a="high") == 2
    assert refused(source, a="huge").code == "value-not-allowed"
    source = only(["a"], ["r"], ["-", "a"], allowed={"r": '"low","high"'})
    assert refused(source, a="huge").code == "value-not-allowed"


def test_types_of_the_file_bring_their_allowed_values() -> None:
    kind = (
        '<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low","high"</text>'
        "</allowedValues></itemDefinition>"
    )
    source = dmn(kind, decision("d1", table(["a"], ["r"], ["-", "1"], types={"a": "tLevel"})))
    assert value(source, a="low") == 1
    assert refused(source, a="huge").code == "value-not-allowed"
    assert refused(source, a=3).code == "wrong-type"


def test_what_a_decision_requires_is_made_first() -> None:
    source = (
        dmn(
            decision("fee", literal("base fee * 2 + score"), requires=["base", "d score"]),
            decision("base", table(["age"], ["x"], ["< 18", "5"], [">= 18", "10"]), name="base fee"),
            decision("d score", literal("age / 10"), variable='name="score"', requires=["in:i"]),
            '<inputData id="i" name="age"/>',
        )
        .replace(b'"d score"', b'"d_score"')
        .replace(b"#d score", b"#d_score")
    )
    outcome = make(source, "fee", age=20)
    assert outcome.value == 22
    assert [made.decision for made in outcome.made] == ["base", "d_score", "fee"]


def test_outputs_of_a_required_table_are_seen_by_their_names() -> None:
    source = dmn(
        decision("top", literal('kind + ": " + string join(sizes) + string(many)'), requires=["one", "list", "two"]),
        decision("one", table(["n"], ["kind"], ["> 1", '"much"'])),
        decision("list", table(["n"], ["sizes", "other"], ["> 0", '"a"', "1"], ["> 1", '"b"', "2"], policy="COLLECT")),
        decision("two", table(["n"], ["many", "few"], ["> 1", "7", "0"])),
    )
    assert value(source, "top", n=2) == "much: ab7"


def test_a_decision_that_two_require_is_made_once() -> None:
    source = dmn(
        decision("top", literal("left + right"), requires=["left", "right"]),
        decision("left", literal("base + 1"), requires=["base"]),
        decision("right", literal("base + 2"), requires=["base"]),
        decision("base", literal("n * 10")),
    )
    outcome = make(source, "top", n=1)
    assert (outcome.value, [made.decision for made in outcome.made]) == (23, ["base", "left", "right", "top"])


def test_only_what_is_required_is_made() -> None:
    source = dmn(decision("d1", literal("1 + 1")), decision("other", literal("missing + 1")))
    assert [made.decision for made in make(source).made] == ["d1"]


def test_expressions_that_miss_a_variable_are_refused() -> None:
    failure = refused(dmn(decision("d1", literal("price"))))
    assert failure.code == "null-value"
    assert "price" in failure.detail
    assert value(dmn(decision("d1", literal("null")))) is None


def test_an_endless_expression_is_stopped() -> None:
    source = dmn(decision("d1", literal("for a in 1..100000, b in 1..100000 return a")))
    assert refused(source).code == "expression-failed"


def test_what_history_keeps_of_a_decision_is_plain() -> None:
    source = only(["due"], ["r"], ['< date("2026-04-01")', "due"], types={"due": "date"})
    (made,) = make(source, due="2026-03-31").made
    assert made.told() == {
        "decision": "d1", "name": "d1", "result": "2026-03-31", "inputs": {"due": "2026-03-31"}, "rules": [1],
    }  # fmt: skip
