"""Deploying models: versions, refusals with their place, and running instances that keep theirs."""

from __future__ import annotations

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import definitions, forms
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

ONE = d.diagram(d.start() + d.user("a", form="a") + d.end() + d.chain("start", "a", "end"))
TWO = d.diagram(d.start() + d.user("a", form="a") + d.user("b") + d.end() + d.chain("start", "a", "b", "end"))
FORM = b'{"id": "a", "type": "default", "components": [{"type": "textfield", "id": "F", "key": "x", "label": "X"}]}'


def test_changed_files_make_new_versions_and_unchanged_ones_do_not(house: Flask, owner: policy.Actor) -> None:
    first = models.deploy([("a.bpmn", ONE), ("a.form", FORM)], actor=owner)
    assert [found[1:3] for found in first.definitions] == [("p", 1)]
    assert [found[1:3] for found in first.forms] == [("a", 1)]
    again = models.deploy([("a.bpmn", ONE), ("a.form", FORM)], actor=owner)
    assert again.unchanged == ["p", "a"]
    assert [found[1:3] for found in again.definitions] == [("p", 1)]
    second = models.deploy([("a.bpmn", TWO), ("a.form", FORM)], actor=owner)
    assert [found[1:3] for found in second.definitions] == [("p", 2)]
    assert [row.version for row in definitions.versions("p")] == [2, 1]


def test_a_running_instance_keeps_its_version(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("a.bpmn", ONE), ("a.form", FORM)], actor=owner)
    old = running.start("p", actor=owner)
    models.deploy([("a.bpmn", TWO)], actor=owner)
    new = running.start("p", actor=owner)
    ended = tasks_.complete(old.opened[0]["key"], {"x": "1"}, actor=cast.actor("max"))
    assert ended.status == "completed"
    assert [t["element"] for t in tasks_.complete(new.opened[0]["key"], {}, actor=cast.actor("max")).opened] == ["b"]


def test_only_process_owners_deploy(house: Flask) -> None:
    for name in ("cora", "max", "nora"):
        with pytest.raises(errors.Forbidden):
            models.deploy([("a.bpmn", ONE), ("a.form", FORM)], actor=cast.actor(name))


BAD = {
    "malformed": (b"<bpmn:definitions", "bad.bpmn"),
    "dtd": (b'<!DOCTYPE x [<!ENTITY e "boom">]><x>&e;</x>', "bad.bpmn"),
    "unknown element": (
        d.diagram(d.start() + d.element("choreographyTask", "g") + d.end() + d.chain("start", "g", "end")),
        "bad.bpmn",
    ),
    "unsafe expression": (
        d.diagram(
            d.start()
            + d.element("exclusiveGateway", "g", default="flow_g_end")
            + d.end()
            + d.end("other")
            + d.chain("start", "g", "end")
            + d.flow("g", "other", "__import__('os').system('id')")
        ),
        "bad.bpmn",
    ),
    "form that is not deployed": (ONE, "bad.bpmn"),
    "form that is no json": (b"{", "bad.form"),
    "form with a key twice": (
        b'{"id": "f", "components": [{"type": "textfield", "id": "A", "key": "x"},'
        b'{"type": "number", "id": "B", "key": "x"}]}',
        "bad.form",
    ),
    "form with a key named like a fact": (
        b'{"id": "f", "components": [{"type": "textfield", "id": "A", "key": "release"}]}',
        "bad.form",
    ),
    "another file": (b"hello", "notes.txt"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_refused_with_their_place_and_nothing_is_stored(
    what: str, house: Flask, owner: policy.Actor
) -> None:
    source, name = BAD[what]
    with pytest.raises(errors.InvalidDefinition) as refused:
        models.deploy([("good.form", FORM.replace(b'"a"', b'"good"')), (name, source)], actor=owner)
    assert {problem.file for problem in refused.value.problems if problem.severity == "error"} == {name}
    for problem in refused.value.problems:
        assert problem.code
        assert len(problem.message) > 20
    assert definitions.latest("p") is None
    assert forms.latest("good") is None


def test_an_element_that_cannot_run_is_named_with_its_line(house: Flask) -> None:
    problems = models.check([("bad.bpmn", BAD["unknown element"][0])])
    found = next(problem for problem in problems if problem.element_id == "g")
    assert found.line == 5
    assert found.severity == "error"


def test_a_process_with_an_endless_name_is_refused(house: Flask) -> None:
    problems = models.check([("long.bpmn", d.diagram(d.start() + d.end() + d.chain("start", "end"), name="n" * 256))])
    assert [problem.code for problem in problems if problem.severity == "error"] == ["too-long"]


def looking_at(name: str, **task: str) -> bytes:
    """A task, then a gateway that looks at a variable."""
    body = d.start() + d.user("a", **task) + d.element("exclusiveGateway", "g", default="flow_g_end") + d.end()
    ways = d.chain("start", "a", "g", "end") + d.end("other") + d.flow("g", "other", f"={name} = 1")
    return d.diagram(body + ways)


def unknown(source: bytes, *more: tuple[str, bytes]) -> list[str]:
    return [p.message for p in models.check([("p.bpmn", source), *more]) if p.code == "unknown-variable"]


def test_variables_are_known_from_forms_that_are_sent_or_deployed(house: Flask, owner: policy.Actor) -> None:
    assert unknown(looking_at("x", form="a")) == []  # the form is missing, so that nobody knows
    assert unknown(looking_at("x", form="a"), ("a.form", FORM)) == []
    models.deploy([("a.form", FORM)], actor=owner)
    assert unknown(looking_at("x", form="a")) == []
    (message,) = unknown(looking_at("xx", form="a"))
    assert message.startswith("The variable xx in the condition is not known;")


def test_what_another_diagram_calls_may_get_any_variables(house: Flask, owner: policy.Actor) -> None:
    assert len(unknown(looking_at("given"))) == 1
    call = d.element("callActivity", "c", '<zeebe:calledElement processId="p"/>')
    caller = d.diagram(d.start() + call + d.end() + d.chain("start", "c", "end"), process="caller")
    models.deploy([("caller.bpmn", caller)], actor=owner)
    assert unknown(looking_at("given")) == []
