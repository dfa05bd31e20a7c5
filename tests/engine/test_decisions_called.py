"""Business rule tasks that call decisions: results, history, incidents, versions."""

from __future__ import annotations

from dataclasses import replace

from service.engine import decisions, steps
from tests.engine.drawing import Node, chain, decide, drawn, each, end, file, script, start, user
from tests.engine.driver import Case
from tests.support.decisions import decision, dmn, literal, only, table

RISK = only(["likelihood"], ["class"], ['"high"', '"bad"'], ['"low"', '"good"'])


def flow(*nodes: Node) -> bytes:
    return file(drawn(chain(*nodes)))


def test_the_result_goes_to_its_variable_and_history_keeps_how_it_was_made() -> None:
    case = Case(flow(start(), decide("D", "d1", "risk"), user("A"), end()), {"likelihood": "high"}, rules=RISK)
    assert case.variables() == {"likelihood": "high", "risk": "bad"}
    (left,) = case.of(steps.Left, "D")
    assert left.result == "bad"
    assert left.decisions == (
        {"decision": "d1", "name": "d1", "result": "bad", "inputs": {"likelihood": "high"}, "rules": [1]},
    )


def test_a_decision_sees_inputs_of_its_task_and_facts_and_gives_to_outputs() -> None:
    rules = dmn(decision("d1", literal("{class: level + release.kind}")))
    task = decide("D", "d1", "found", inputs={"level": "=1 + 1"}, outputs={"risk": "=found.class"})
    case = Case(
        flow(start(), script("X", '="x"', "level"), task, user("A"), end()),
        facts={"release": {"kind": 3}},
        rules=rules,
    )
    assert case.variables() == {"level": "x", "risk": 5}


def test_which_decision_is_called_may_be_an_expression() -> None:
    rules = dmn(decision("fast", literal("1")), decision("slow", literal("2")))
    source = flow(start(), decide("D", '=if hurry then "fast" else "slow"'), user("A"), end())
    assert Case(source, {"hurry": False}, rules=rules).variables()["result"] == 2


def test_a_decision_for_each_entry_of_a_collection() -> None:
    rules = only(["n"], ["size"], ["> 2", '"big"'], ["<= 2", '"small"'])
    task = decide("D", "d1", "size", loop=each("=[1, 3]", "n", into="sizes", of="=size"))
    assert Case(flow(start(), task, user("A"), end()), rules=rules).variables()["sizes"] == ["small", "big"]


def incident(case: Case) -> steps.IncidentRaised:
    (found,) = case.of(steps.IncidentRaised)
    return found


def test_a_missing_input_waits_in_an_incident_until_it_is_there() -> None:
    case = Case(flow(start(), decide("D", "d1", "risk"), user("A"), end()), rules=RISK)
    found = incident(case)
    assert (found.element, found.code, found.expression) == ("D", "null-value", "likelihood")
    assert "d1" in found.message
    case.set(likelihood="low").retry("D")
    assert case.open == ["A"]
    assert case.variables()["risk"] == "good"


def test_no_match_and_several_matches_wait_in_an_incident() -> None:
    source = flow(start(), decide("D", "d1"), end())
    assert incident(Case(source, {"likelihood": "odd"}, rules=RISK)).code == "no-rule-matches"
    twice = only(["likelihood"], ["class"], ['"high"', "1"], ["not(null)", "2"])
    assert incident(Case(source, {"likelihood": "high"}, rules=twice)).code == "several-rules-match"


def test_an_unknown_decision_waits_in_an_incident() -> None:
    source = flow(start(), decide("D", '="d" + string(2)'), end())
    assert incident(Case(source, rules=RISK)).code == "called-decision-missing"


def test_a_decision_without_a_name_is_an_incident() -> None:
    assert incident(Case(flow(start(), decide("D", "=nothing"), end()), rules=RISK)).code == "null-value"


def test_required_decisions_are_told_too() -> None:
    rules = dmn(
        decision("top", table(["base"], ["r"], ["> 1", '"much"']), requires=["base"]),
        decision("base", literal("n + 1")),
    )
    case = Case(flow(start(), decide("D", "top"), user("A"), end()), {"n": 2}, rules=rules)
    (left,) = case.of(steps.Left, "D")
    assert [(one["decision"], one["result"], one.get("rules")) for one in left.decisions] == [
        ("base", 3, None), ("top", "much", [1]),
    ]  # fmt: skip


def test_a_live_task_follows_new_versions_and_others_keep_theirs() -> None:
    source = flow(start(), user("A"), decide("D", "d1"), decide("L", "d1", "live", binding="live"), user("B"), end())
    case = Case(source, rules=dmn(decision("d1", literal("1"))))
    newer, _ = decisions.read("r.dmn", dmn(decision("d1", literal("2"))))
    case.world = replace(case.world, newest_decisions={"d1": newer})
    case.complete("A")
    assert case.variables() == {"result": 1, "live": 2}
