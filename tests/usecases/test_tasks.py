"""Tasks of people: who may take them, what completing does, what is refused."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage import db
from service.storage import history as chains
from service.storage.queries import history, instances, tasks
from service.usecases.context import live
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

BUILD = d.diagram(
    d.start()
    + d.user("build", name="Build", groups="build-team", form="build")
    + d.user("check", name="Check", groups="test-team")
    + d.end()
    + d.chain("start", "build", "check", "end")
)
BUILD_FORM = b"""{"id": "build", "type": "default", "schemaVersion": 18, "components": [
  {"type": "textfield", "id": "F1", "key": "reference", "label": "Reference", "validate": {"required": true}},
  {"type": "number", "id": "F2", "key": "size", "label": "Size"},
  {"type": "textfield", "id": "F3", "key": "secret", "label": "Secret", "conditional": {"hide": "=true"}}]}"""


@pytest.fixture
def build(house: Flask, owner: policy.Actor) -> Any:
    """A run that waits at the task Build."""
    models.deploy([("build.bpmn", BUILD), ("build.form", BUILD_FORM)], actor=owner)
    return running.start("p", actor=owner)


def test_a_candidate_takes_a_task_and_finishes_it(build: Any) -> None:
    bea, key = cast.actor("bea"), build.opened[0]["key"]
    tasks_.claim(key, actor=bea)
    outcome = tasks_.complete(key, {"reference": "portal-4.0"}, actor=bea)
    assert [task["element"] for task in outcome.opened] == ["check"]
    done = tasks.get(key)
    assert (done.state, done.closed_by, done.values) == ("completed", "bea", {"reference": "portal-4.0", "size": None})


def test_second_completion_is_refused_with_who_and_when(build: Any) -> None:
    bea, key = cast.actor("bea"), build.opened[0]["key"]
    tasks_.complete(key, {"reference": "x"}, actor=bea)
    with pytest.raises(errors.TaskNotOpen) as refused:
        tasks_.complete(key, {"reference": "y"}, actor=cast.actor("max"))
    assert refused.value.facts["by"] == "bea"
    assert "2026-03-02" in refused.value.facts["at"]
    assert tasks.get(key).values["reference"] == "x"


def test_a_stranger_may_neither_see_nor_finish_it(build: Any) -> None:
    for act in (tasks_.see, tasks_.claim, lambda key, *, actor: tasks_.complete(key, {"reference": "x"}, actor=actor)):
        with pytest.raises(errors.Forbidden):
            act(build.opened[0]["key"], actor=cast.actor("nora"))
    assert tasks.get(build.opened[0]["key"]).state == "open"


def test_a_task_held_by_one_is_not_finished_by_another(build: Any) -> None:
    key = build.opened[0]["key"]
    tasks_.claim(key, actor=cast.actor("bea"))
    with pytest.raises(errors.TaskTaken):
        tasks_.claim(key, actor=cast.actor("max"))
    with pytest.raises(errors.Forbidden, match="bea holds this task"):
        tasks_.complete(key, {"reference": "x"}, actor=cast.actor("max"))


def test_a_missing_field_is_named_and_nothing_is_stored(build: Any) -> None:
    key = build.opened[0]["key"]
    with pytest.raises(errors.InvalidInput) as refused:
        tasks_.complete(key, {"size": 3}, actor=cast.actor("bea"))
    assert list(refused.value.errors) == ["reference"]
    assert tasks.get(key).state == "open"
    assert instances.get(build.instance_key).revision == build.revision


def test_unknown_fields_are_refused_and_hidden_ones_are_not_stored(build: Any) -> None:
    key, bea = build.opened[0]["key"], cast.actor("bea")
    with pytest.raises(errors.InvalidInput) as refused:
        tasks_.complete(key, {"reference": "x", "is_admin": True}, actor=bea)
    assert list(refused.value.errors) == ["is_admin"]
    tasks_.complete(key, {"reference": "x", "secret": "y"}, actor=bea)
    assert "secret" not in tasks.get(key).values


@pytest.mark.req("S0-22")
def test_a_delegated_task_is_the_other_persons_and_history_tells_who_gave_it(build: Any) -> None:
    key = build.opened[0]["key"]
    tasks_.claim(key, actor=cast.actor("bea"))
    tasks_.delegate(key, "tom", actor=cast.actor("bea"))
    assert [task.key for task in tasks.listing(cast.actor("tom"), mine=True)[0]] == [key]
    told = next(event for event in history.of_instance(build.instance_key) if event.event == "task.delegated")
    assert (told.actor, told.data["to"]) == ("bea", "tom")


@pytest.mark.req("S0-23")
def test_the_delegate_finishes_it_and_others_do_not(build: Any) -> None:
    key = build.opened[0]["key"]
    tasks_.delegate(key, "tom", actor=cast.actor("max"))
    tasks_.save_draft(key, {"reference": "half"}, actor=cast.actor("tom"))
    with pytest.raises(errors.Forbidden):
        tasks_.complete(key, {"reference": "x"}, actor=cast.actor("bea"))
    tasks_.complete(key, {"reference": "whole"}, actor=cast.actor("tom"))
    assert tasks.get(key).closed_by == "tom"


def test_two_people_at_once_one_wins_and_the_other_hears_who(house: Flask, build: Any) -> None:
    key, answers = build.opened[0]["key"], []
    barrier = threading.Barrier(2)

    def finish(name: str) -> None:
        with house.app_context():
            barrier.wait()
            try:
                tasks_.complete(key, {"reference": name}, actor=cast.actor(name))
                answers.append(("won", name))
            except errors.TaskNotOpen as refused:
                answers.append(("lost", refused.facts["by"]))
            db.db.session.remove()

    threads = [threading.Thread(target=finish, args=(name,)) for name in ("bea", "max")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = dict(answers)
    assert set(outcomes) == {"won", "lost"}
    assert outcomes["won"] == outcomes["lost"]


FOUR = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + "".join(d.user(f"t{n}", groups="build-team") + d.chain("fork", f"t{n}", "join") for n in range(4))
    + d.element("parallelGateway", "join")
    + d.user("last", groups="build-team")
    + d.end()
    + d.chain("start", "fork")
    + d.chain("join", "last", "end")
)


def test_four_tasks_of_one_run_at_once_all_succeed(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("four.bpmn", FOUR)], actor=owner)
    run = running.start("p", actor=owner)
    failed: list[BaseException] = []
    barrier = threading.Barrier(4)

    def finish(key: int) -> None:
        with house.app_context():
            barrier.wait()
            try:
                tasks_.complete(key, {}, actor=cast.actor("bea"))
            except BaseException as problem:
                failed.append(problem)
            db.db.session.remove()

    threads = [threading.Thread(target=finish, args=(task["key"],)) for task in run.opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [task.element for task in tasks.open_of_instance(run.instance_key)] == ["last"]


def test_a_run_goes_on_from_what_was_stored(build: Any) -> None:
    live.forget()
    outcome = tasks_.complete(build.opened[0]["key"], {"reference": "x"}, actor=cast.actor("bea"))
    live.forget()
    over = tasks_.complete(outcome.opened[0]["key"], {}, actor=cast.actor("tom"))
    assert over.status == "completed"
    assert instances.get(build.instance_key).end_element == "end"
    assert instances.activations(build.instance_key, open_only=True) == []


def test_the_history_of_a_run_is_a_chain_that_shows_tampering(build: Any) -> None:

    tasks_.complete(build.opened[0]["key"], {"reference": "x"}, actor=cast.actor("bea"))
    rows = history.chain(chains.instance_chain(build.instance_key))
    assert chains.first_broken(rows) is None
    changed = [SimpleNamespace(**row._mapping, _mapping=dict(row._mapping)) for row in rows]
    changed[1]._mapping["actor"] = "mallory"
    assert chains.first_broken(changed) == 2


PIERS = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics"
    ' inputCollection="=[&quot;north&quot;, &quot;south&quot;]" inputElement="pier"/></bpmn:extensionElements>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)


def test_tasks_that_are_alike_are_told_apart(house: Flask, owner: policy.Actor) -> None:
    given = '<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="build-team"/>'
    sound = d.element("userTask", "sound", given, PIERS, name="Sound the pier")
    models.deploy([("p.bpmn", d.diagram(d.start() + sound + d.end() + d.chain("start", "sound", "end")))], actor=owner)
    run = running.start("p", actor=owner)
    assert [(task["name"], task["item"]) for task in run.opened] == [
        ("Sound the pier", "north"),
        ("Sound the pier", "south"),
    ]
    tasks_.complete(run.opened[1]["key"], {}, actor=cast.actor("bea"))
    told = [
        (event.event, event.data["name"])
        for event in history.of_instance(run.opened[0]["instance_key"])
        if "task." in event.event
    ]
    assert sorted(told) == [
        ("task.completed", "Sound the pier · south"),
        ("task.opened", "Sound the pier · north"),
        ("task.opened", "Sound the pier · south"),
    ]
