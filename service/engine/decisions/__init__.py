"""One entry to decisions: check a DMN file, and read the decisions that it holds."""

from __future__ import annotations

from service.bpmnio import feel
from service.bpmnio.dmn import model as dmn
from service.bpmnio.dmn.model import Model
from service.engine import limits, xml
from service.engine.decisions import checks, reading
from service.engine.facts import FACTS
from service.engine.findings import Findings
from service.errors import InvalidDefinition, Problem

__all__ = ["Model"]


USUAL = limits.Limits()


def read(file: str, source: bytes, allowed: limits.Limits = USUAL) -> tuple[Model, list[Problem]]:
    """The decisions of a file and the warnings; raises InvalidDefinition with all problems."""
    model, problems = _examine(file, source, allowed)
    if model is None or any(problem.severity == "error" for problem in problems):
        raise InvalidDefinition(problems)
    return model, problems


def deployed(file: str, source: bytes) -> Model:
    """The decisions of a file that was deployed once: what runs goes on, whatever is checked or allowed now."""
    model = reading.read(xml.parse(file, source, len(source)), Findings(file))
    assert model is not None
    return model


def check(file: str, source: bytes, allowed: limits.Limits = USUAL) -> list[Problem]:
    """Everything that is wrong with a DMN file, by line; never raises for a bad one."""
    return _examine(file, source, allowed)[1]


def facts(model: Model, decision: str) -> frozenset[str]:
    """The facts of the record that a decision and those that it requires mention."""
    named: set[str] = set()
    for needed in model.needed(decision):
        for _where, cell, unary in dmn.expressions(needed):
            named |= feel.check(cell.text, unary_tests=unary).variables
    return frozenset(named.intersection(FACTS))


def _examine(file: str, source: bytes, allowed: limits.Limits) -> tuple[Model | None, list[Problem]]:
    found = Findings(file)
    try:
        root = xml.parse(file, source, allowed.file_bytes)
    except xml.Refused as refused:
        return None, [refused.problem]
    drawn = reading.read(root, found)
    if drawn is not None and not found.failed:
        checks.run(drawn, found, allowed)
    return drawn, found.problems()
