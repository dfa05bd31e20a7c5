"""The table of the risk class: what it says, that it is complete, and that a process owner can change it."""

from __future__ import annotations

import itertools
import re

import pytest
from flask import Flask
from lxml import etree

from service.bpmnio.dmn import evaluation
from service.domain import policy
from service.engine import decisions, steps
from service.storage.queries import history
from service.usecases.demo import demo
from service.usecases.deploying import models
from tests.models import drawings, routes
from tests.models.stored import Stored
from tests.models.walk import Walk
from tests.usecases.conftest import Clock

LEVELS = ("low", "medium", "high")
DMN = {"dmn": "https://www.omg.org/spec/DMN/20191111/MODEL/"}


def risk(**given: str) -> str:
    model, problems = decisions.read("release_risk.dmn", drawings.rules())
    assert problems == []
    value: str = evaluation.evaluate(model, "release_risk", given).value
    return value


@pytest.mark.parametrize(("likelihood", "impact"), list(itertools.product(LEVELS, LEVELS)))
def test_every_rating_has_one_class(likelihood: str, impact: str) -> None:
    high = (likelihood == "high" and impact != "low") or (impact == "high" and likelihood != "low")
    expected = "high" if high else "low" if likelihood == impact == "low" else "medium"
    assert risk(risk_likelihood=likelihood, risk_impact=impact) == expected


def test_what_nobody_has_rated_is_medium() -> None:
    assert risk() == "medium"


@pytest.mark.parametrize("model", ["major_release", "minor_release"])
def test_the_analysis_gives_the_class_and_history_says_why(model: str) -> None:
    walk = Walk(model)
    routes.assess(
        walk if model == "minor_release" else routes.register(walk), risk_likelihood="high", risk_impact="high"
    )
    assert walk.case.variables()["risk"] == {"class": "high"}
    assert "risk_class" not in walk.case.variables()
    (left,) = walk.case.of(steps.Left, "rule_classify_risk")
    assert left.decisions[0]["inputs"] == {"Likelihood": "high", "Impact": "high"}
    assert left.decisions[0]["rules"] == [1]


def test_the_documentation_shows_the_table_as_it_is() -> None:
    rows = []
    for rule in etree.fromstring(drawings.rules()).iterfind(".//dmn:rule", DMN):
        cells = [cell.replace('"', "").replace(",", ", ") for cell in rule.itertext() if cell.strip().startswith('"')]
        rows.append("| " + " | ".join(cells) + " |")
    text = (drawings.ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in text


def careful() -> bytes:
    """The table with one cell changed: medium likelihood and medium impact are a high risk."""
    changed, count = re.subn(
        rb'(<inputEntry id="rule_4_impact">\s*<text>)"low","medium"', rb'\1"low"', drawings.rules()
    )
    changed, more = re.subn(rb'(<inputEntry id="rule_2_impact">\s*<text>)"high"', rb'\1"medium","high"', changed)
    assert (count, more) == (1, 1)
    return changed


@pytest.mark.req("S1-6")
def test_a_process_owner_changes_the_table_and_new_releases_obey(
    house: Flask, owner: policy.Actor, time: Clock
) -> None:
    models.deploy(demo.shipped_files(), actor=owner)
    running = routes.register(Stored("major_release", time.turn, forgets=True))
    models.deploy([("release_risk.dmn", careful())], actor=owner)
    new = routes.register(Stored("major_release", time.turn, forgets=True))
    for release in (running, new):
        routes.assess(release, risk_likelihood="medium", risk_impact="medium")
        release.do("choose_changes", "schedule_release", "plan_training", "plan_rollout")
    assert [release.task("approve_plan").approval["needed"] for release in (running, new)] == [2, 3]
    told = [event.data for event in history.of_release(new.number, limit=500) if event.event == "element.result"]
    assert [(one["version"], one["rules"]) for data in told for one in data.get("decisions", ())] == [(2, [2])]
