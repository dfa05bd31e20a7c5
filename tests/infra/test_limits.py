"""Every limit is a setting, with the same default everywhere, and reaches those who keep to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from service import config, errors
from service.bpmnio import bounds
from service.engine import limits
from service.usecases import settings
from service.usecases.deploying import models

# Kept by the web server, not by the engine.
AT_THE_DOOR = {"max_upload_bytes", "max_files"}


@pytest.fixture
def tight() -> Iterator[None]:
    """Settings with limits of their own."""
    before = settings.current()
    settings.use(replace(before, feel_ms=99, max_elements=2, max_steps=77, max_nesting=55, max_expression_length=20))
    yield
    settings.use(before)


def test_every_limit_of_the_engine_is_a_setting_with_the_same_default() -> None:
    wanted = config.Settings()
    names = set()
    for owner, own in ((limits.Limits(), limits.setting), (bounds.Bounds(), bounds.setting)):
        for field in fields(owner):
            name = own(field.name).removeprefix(config.PREFIX).lower()
            names.add(name)
            assert getattr(wanted, name) == getattr(owner, field.name), name
    all_limits = {field.name for field in fields(wanted) if field.name.startswith("max_")} | {"feel_ms"}
    assert all_limits == names | AT_THE_DOOR


def test_settings_reach_the_engine_and_the_expressions(tight: None) -> None:
    assert settings.engine_limits().steps == 77
    assert settings.engine_limits().nesting == 55
    assert (bounds.current().feel_ms, bounds.current().nesting) == (99, 55)


def test_settings_reach_the_check_of_files(tight: None) -> None:
    diagram = b"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
      <bpmn:process id="P" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:task id="a"/><bpmn:task id="b"/>
      </bpmn:process></bpmn:definitions>"""
    found = {problem.code: problem.message for problem in models.check([("a.bpmn", diagram)], alone=True)}
    assert "at most 2 are accepted (TIDEGATE_MAX_ELEMENTS)" in found["too-many-elements"]
    deep = b'{"id": "f", "components": [], "x": ' + b"[" * 60 + b"]" * 60 + b"}"
    (problem,) = models.check([("f.form", deep)], alone=True)
    assert (problem.code, "55 levels deep (TIDEGATE_MAX_NESTING)" in problem.message) == ("too-deep", True)


@pytest.mark.parametrize("text", ["0", "-1", "many", "99999999"])
def test_limits_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(errors.InvalidSettings, match="TIDEGATE_MAX_NESTING"):
        config.Settings.from_env({"TIDEGATE_MAX_NESTING": text}, complete=False)
