"""DMN files that mean harm: nothing of them runs, each is answered quickly, and the process lives on."""

from __future__ import annotations

import time

import pytest

from service.bpmnio.dmn import evaluation
from service.bpmnio.dmn.failing import DecisionFailed
from service.engine import decisions
from service.errors import ScriptFailed
from tests.support.decisions import decision, dmn, literal, only

CODE = "__import__('os').system('touch /tmp/tidegate-was-here')"
QUICK_S = 5


def codes(source: bytes) -> set[str]:
    began = time.process_time()
    found = {problem.code for problem in decisions.check("bad.dmn", source)}
    assert time.process_time() - began < QUICK_S
    return found


@pytest.mark.parametrize(
    "source",
    [
        only([CODE], ["r"], ["1", "1"]), only(["a"], ["r"], [CODE, "1"]), only(["a"], ["r"], ["1", CODE]),
        only(["a"], ["r"], ["1", "1"], defaults={"r": CODE}), only(["a"], ["r"], ["1", "1"], allowed={"a": CODE}),
        dmn(decision("d1", literal(CODE))), dmn(decision("d1", literal("${" + CODE + "}"))),
    ],
)  # fmt: skip
def test_code_is_no_expression(source: bytes) -> None:
    assert codes(source) == {"feel-syntax"}


def test_entities_are_refused_before_they_grow() -> None:
    bomb = (
        b'<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><definitions>&b;</definitions>'
    )
    assert codes(bomb) == {"doctype"}
    assert codes(b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><definitions/>') == {"doctype"}


def test_deep_and_huge_files_are_refused() -> None:
    deep = dmn("<decision>" * 2000 + "</decision>" * 2000)
    assert codes(deep) & {"malformed-xml", "id-missing"}
    assert codes(dmn(" " * (5 * 1024 * 1024))) == {"file-too-large"}
    assert codes(only(["a"], ["r"], ["(" * 3000 + "1" + ")" * 3000, "1"])) == {"feel-syntax"}
    assert codes(only(["a"], ["r"], ["1", "1" * 10_000])) == {"feel-syntax"}


@pytest.mark.parametrize(
    "text",
    [
        "for a in 1..1000000, b in 1..1000000 return a", 'string join(for i in 1..1000000 return "xxxxxxxxxx")',
        "(function(x) x(x))(function(x) x(x))", "count(for i in 1..100000000 return i)",
    ],
)  # fmt: skip
def test_endless_expressions_are_stopped(text: str) -> None:
    model, _ = decisions.read("bad.dmn", dmn(decision("d1", literal(text)), decision("d2", literal("1 + 1"))))
    began = time.process_time()
    with pytest.raises(ScriptFailed) as caught:
        evaluation.evaluate(model, "d1", {})
    assert time.process_time() - began < QUICK_S
    assert isinstance(caught.value, DecisionFailed)
    assert evaluation.evaluate(model, "d2", {}).value == 2
