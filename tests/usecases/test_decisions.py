"""Decisions deployed beside diagrams: versions, the manifest of an instance, facts, history."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage import db
from service.storage.queries import decisions, definitions, history, instances
from service.usecases.deploying import models, moving
from service.usecases.releases import tasks as tasks_
from service.usecases.running import advancing
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d
from tests.support.decisions import decision, dmn, literal, only

ONE = only(["n"], ["size"], ["> 2", '"big"'], ["<= 2", '"small"'])
TWO = only(["n"], ["size"], ["> 2", '"huge"'], ["<= 2", '"tiny"'])


def diagram(called: str = "d1", more: str = "") -> bytes:
    rule = d.element(
        "businessRuleTask", "rule", f'<zeebe:calledDecision decisionId="{called}" resultVariable="size"/>{more}'
    )
    body = d.start() + d.user("a") + rule + d.user("b") + d.end() + d.chain("start", "a", "rule", "b", "end")
    return d.diagram(body)


LIVE = '<zeebe:properties><zeebe:property name="tidegate.binding" value="live"/></zeebe:properties>'


def size_after(begun: advancing.Outcome, **values: Any) -> Any:
    """Finish the first task, and look at what the decision gave."""
    tasks_.complete(begun.opened[0]["key"], values, actor=cast.actor("max"))
    (found,) = [e for e in history.of_instance(begun.instance_key) if e.event == "element.result"]
    return found.data["result"]


def test_a_decision_is_deployed_with_its_diagram_and_versions_count(house: Flask, owner: policy.Actor) -> None:
    first = models.deploy([("p.bpmn", diagram()), ("risk.dmn", ONE)], actor=owner)
    assert [found[1:] for found in first.decisions] == [("d1", 1, "d1")]
    assert definitions.latest("p").decisions == ["d1"]
    again = models.deploy([("risk.dmn", ONE)], actor=owner)
    assert (again.unchanged, [found[1:3] for found in again.decisions]) == (["d1"], [("d1", 1)])
    models.deploy([("risk.dmn", TWO)], actor=owner)
    assert [row.version for row in decisions.versions("d1")] == [2, 1]
    assert decisions.version("d1", 1).source == ONE


def test_a_diagram_without_its_decision_is_refused(house: Flask, owner: policy.Actor) -> None:
    with pytest.raises(errors.InvalidDefinition) as refused:
        models.deploy([("p.bpmn", diagram())], actor=owner)
    (problem,) = [problem for problem in refused.value.problems if problem.severity == "error"]
    assert (problem.code, problem.element_id) == ("decision-missing", "rule")
    assert models.check([("p.bpmn", diagram())], alone=True) == models.check([("p.bpmn", diagram())])[:-1]


def test_a_decision_in_two_files_and_a_broken_one_are_refused(house: Flask, owner: policy.Actor) -> None:
    problems = models.check([("a.dmn", ONE), ("b.dmn", TWO)])
    assert [(problem.file, problem.code) for problem in problems] == [("b.dmn", "decision-twice")]
    with pytest.raises(errors.InvalidDefinition):
        models.deploy([("a.dmn", ONE), ("b.dmn", only(["n"], ["r"], [">", "1"]))], actor=owner)
    assert decisions.latest("d1") is None


def test_an_instance_keeps_the_version_of_its_start(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", diagram()), ("risk.dmn", ONE)], actor=owner)
    old = running.start("p", variables={"n": 3}, actor=owner)
    models.deploy([("risk.dmn", TWO)], actor=owner)
    new = running.start("p", variables={"n": 3}, actor=owner)
    assert (size_after(old), size_after(new)) == ("big", "huge")
    manifest = instances.get(old.instance_key).manifest
    assert manifest["decisions"] == {"d1": str(decisions.version("d1", 1).key)}


def test_a_live_task_follows_new_versions(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", diagram(more=LIVE)), ("risk.dmn", ONE)], actor=owner)
    begun = running.start("p", variables={"n": 3}, actor=owner)
    models.deploy([("risk.dmn", TWO)], actor=owner)
    assert size_after(begun) == "huge"


def test_a_decision_chosen_by_an_expression_joins_the_manifest(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", diagram("=&quot;d&quot; + string(1)")), ("risk.dmn", ONE)], actor=owner)
    begun = running.start("p", variables={"n": 1}, actor=owner)
    assert instances.get(begun.instance_key).manifest["decisions"] == {}
    assert size_after(begun) == "small"
    assert list(instances.get(begun.instance_key).manifest["decisions"]) == ["d1"]


def test_a_decision_sees_the_facts_that_only_it_names(house: Flask, owner: policy.Actor) -> None:
    rules = dmn(decision("d1", literal("release.scope"), requires=[]))
    models.deploy([("p.bpmn", diagram()), ("risk.dmn", rules)], actor=owner)
    assert decisions.latest("d1").facts == ["release"]
    assert size_after(running.start("p", actor=owner)) == "standalone"


def test_history_keeps_inputs_and_rules_with_the_version(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", diagram()), ("risk.dmn", TWO)], actor=owner)
    models.deploy([("risk.dmn", ONE)], actor=owner)
    begun = running.start("p", variables={"n": 1}, actor=owner)
    size_after(begun)
    (found,) = [e for e in history.of_instance(begun.instance_key) if e.event == "element.result"]
    assert found.data["decisions"] == [
        {"decision": "d1", "name": "d1", "result": "small", "inputs": {"n": 1}, "rules": [2], "version": 2}
    ]


def test_a_moved_instance_uses_the_newest_decision(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", diagram()), ("risk.dmn", ONE)], actor=owner)
    begun = running.start("p", variables={"n": 3}, actor=owner)
    models.deploy([("risk.dmn", TWO)], actor=owner)
    with db.transaction() as session:
        moving.move(session, begun.instance_key, moving.target("p"), {}, actor=owner)
    assert size_after(begun) == "huge"
