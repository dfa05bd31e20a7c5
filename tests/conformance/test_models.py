"""Models of other products: each is read or refused, quickly, and every problem says where it is."""

from __future__ import annotations

import time

import pytest

from service.engine import definitions
from service.errors import InvalidDefinition
from tests.conformance.conftest import SHARED

FILES = sorted([*SHARED.glob("models/**/*.bpmn*"), *SHARED.glob("betsy/**/*.bpmn")])


def test_the_models_are_there():
    assert len(FILES) > 100


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(file.relative_to(SHARED).parts[-2:]))
def test_is_read_or_refused_quickly_with_place_and_advice(file):
    source = file.read_bytes()
    began = time.process_time()
    problems = definitions.check(file.name, source)
    assert time.process_time() - began < 2
    for problem in problems:
        assert problem.line is not None, problem
        assert problem.element_id or problem.code == "no-process", problem
        assert len(problem.message) > 20, problem
    if any(problem.severity == "error" for problem in problems):
        with pytest.raises(InvalidDefinition):
            definitions.load(file.name, source)
    else:
        assert all(program.private()[0].task_specs for program in definitions.load(file.name, source))
