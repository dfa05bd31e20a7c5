"""The models of the betsy suite, their scripts and conditions put into FEEL: each leaves the trace that it must."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from service.usecases.play import play
from tests.conformance.conftest import SHARED

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
# The suite expects a third script here that its models do not hold: behind the sub-process they repeat the first one.
AS_DRAWN = {
    name: Counter(SCRIPT_task1=2, SCRIPT_task2=1) for name in ("AdHocSubProcess_Parallel", "AdHocSubProcess_Sequential")
}
SILENT = {"CREATE_LOG_FILE"}
TOLD = {
    "CREATE_MARKER_FILE": "MARKER_exists",
    "INCREMENT_INTEGER_VARIABLE_AND_LOG": "INCREMENT",
    "CREATE_TIMESTAMP_LOG_1": "EXECUTION_parallel",
    "CREATE_TIMESTAMP_LOG_2": "EXECUTION_parallel",
}


def models() -> list[dict[str, Any]]:
    return json.loads((SHARED / "betsy.expected.json").read_text())


def in_feel(source: bytes) -> bytes:
    root = etree.fromstring(source)
    for script in root.iter(f"{BPMN}script"):
        task, text = script.getparent(), (script.text or "").strip()
        box = etree.SubElement(task, f"{BPMN}extensionElements")
        increments = text.startswith("INCREMENT")
        expression = "=integerVariable + 1" if increments else f'="{text}"'
        variable = "integerVariable" if increments else "last"
        etree.SubElement(box, f"{ZEEBE}script", expression=expression, resultVariable=variable)
        task.set("name", text)
        task.remove(script)
    for name in ("conditionExpression", "loopCondition", "condition", "activationCondition"):
        for condition in root.iter(f"{BPMN}{name}"):
            text = "".join(condition.itertext()).strip()
            condition.text = "=" + (f"contains(test, {text[14:-1]})" if text.startswith("test.contains(") else text)
    return etree.tostring(root)


def played(file: Path, case: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    given = {"test": case["test"] or "", "integerVariable": case["integerVariable"]}
    code = play.run(play.Options(str(file), auto=True, variables=json.dumps(given)), out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def trace(lines: list[dict[str, Any]]) -> Counter[str]:
    scripts = [line for line in lines if line["event"] == "element.completed" and line["type"] == "scriptTask"]
    assert all("result" in line for line in scripts)
    left = [line["name"] for line in scripts]
    told = [TOLD.get(name, name) for name in left if name not in SILENT]
    if any(line["event"] == "incident" for line in lines):
        told.append("ERROR_runtime")
    return Counter(told)


def test_all_models_of_the_suite_are_played():
    assert len(models()) == 47
    assert len(CASES) == 73
    assert AS_DRAWN.keys() < {model["name"] for model in models()}


CASES = [(model, case) for model in models() for case in model["cases"]]


@pytest.mark.parametrize(("model", "case"), CASES, ids=[f"{m['name']}-{c['n']}" for m, c in CASES])
def test_leaves_its_trace(model, case, tmp_path):
    file = tmp_path / f"{model['name']}.bpmn"
    file.write_bytes(in_feel((SHARED / "betsy" / model["file"]).read_bytes()))
    code, lines = played(file, case)
    expected = AS_DRAWN.get(model["name"]) or Counter(case["expect"])
    if "EXECUTION_parallel" in expected:
        expected["EXECUTION_parallel"] = 2
    assert trace(lines) == expected
    assert code == (play.STUCK if "ERROR_runtime" in expected else play.COMPLETED)
