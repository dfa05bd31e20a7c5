"""Playing a diagram that calls decisions: the files beside it, or those that are named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from service.usecases.play import play
from tests.engine.diagrams import around, diagram, extended
from tests.support.decisions import decision, dmn, literal, only

COMPLETED, REFUSED, STUCK = 0, 1, 3
RISK = only(["likelihood"], ["class"], ['"high"', '"bad"'], ['"low"', '"good"'])
CALLS = diagram(around(extended("businessRuleTask", '<zeebe:calledDecision decisionId="d1" resultVariable="risk"/>')))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "f.bpmn").write_bytes(CALLS)
    return tmp_path


def played(folder: Path, **options: Any) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = play.run(play.Options(str(folder / "f.bpmn"), **options), out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def result(lines: list[dict[str, Any]]) -> Any:
    (line,) = [line for line in lines if line["event"] == "element.completed" and line["element"] == "T"]
    return line["result"]


def test_a_decision_beside_the_diagram_is_made_and_told(folder: Path) -> None:
    (folder / "risk.dmn").write_bytes(RISK)
    code, lines = played(folder, variables='{"likelihood": "high"}')
    assert (code, result(lines), lines[-1]["variables"]["risk"]) == (COMPLETED, "bad", "bad")
    (line,) = [line for line in lines if "decisions" in line]
    assert line["decisions"][0]["rules"] == [1]


def test_named_files_take_the_place_of_those_beside_it(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "risk.dmn").write_bytes(RISK)
    elsewhere = tmp_path_factory.mktemp("rules") / "other.dmn"
    elsewhere.write_bytes(dmn(decision("d1", literal("null"))))
    code, lines = played(folder, decisions=(str(elsewhere),))
    assert (code, result(lines)) == (COMPLETED, None)


def test_a_named_file_with_a_mistake_is_refused(folder: Path) -> None:
    (folder / "odd.dmn").write_bytes(only(["a"], ["r"], [">", "1"]))
    code, lines = played(folder, decisions=(str(folder / "odd.dmn"),))
    assert (code, lines[0]["event"], lines[0]["code"]) == (REFUSED, "refused", "feel-syntax")


def test_a_broken_file_beside_it_counts_only_where_its_decision_is_missing(folder: Path) -> None:
    (folder / "odd.dmn").write_bytes(only(["a"], ["r"], [">", "1"]))
    assert played(folder)[0] == REFUSED
    (folder / "risk.dmn").write_bytes(RISK)
    assert played(folder, variables='{"likelihood": "low"}')[0] == COMPLETED


def test_without_the_decision_the_play_is_stuck_and_says_so(folder: Path) -> None:
    code, lines = played(folder)
    assert code == STUCK
    assert [line["code"] for line in lines if line["event"] == "incident"] == ["called-decision-missing"]
    assert "d1" in lines[-1]["reason"]
