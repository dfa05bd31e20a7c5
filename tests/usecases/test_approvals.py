"""Approvals by several people: quorum, denial, four eyes, too few deciders."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage.queries import instances, notices, tasks
from service.usecases.accounts import people
from service.usecases.deploying import models
from service.usecases.releases import releases
from service.usecases.releases import tasks as tasks_
from service.usecases.running import incidents
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d


def approval(rule: str) -> bytes:
    """One task by the review board's own hands, then its approval, then one task for each outcome."""
    return d.diagram(
        d.start()
        + d.user("plan", groups="release-review-board")
        + d.user("approve", groups="release-review-board", approval=rule)
        + d.element("exclusiveGateway", "decided", default="flow_decided_no")
        + d.user("yes")
        + d.user("no")
        + d.end("end_yes")
        + d.end("end_no")
        + d.chain("start", "plan", "approve", "decided")
        + d.flow("decided", "yes", '=approve.outcome = "approved"')
        + d.flow("decided", "no")
        + d.chain("yes", "end_yes")
        + d.chain("no", "end_no")
    )


def ask(rule: str, owner: policy.Actor, planner: str = "max") -> Any:
    """A run that waits for the approval; `planner` finished the task before it."""
    models.deploy([("a.bpmn", approval(rule))], actor=owner)
    run = running.start("p", actor=owner)
    return tasks_.complete(run.opened[0]["key"], {}, actor=cast.actor(planner)).opened[0]


@pytest.mark.req("S0-21", "S2-38")
def test_a_quorum_of_two_needs_two_different_deciders(house: Flask, owner: policy.Actor) -> None:
    task = ask("2", owner)
    assert {name: task["approval"][name] for name in ("rule", "needed", "deciders")} == {
        "rule": 2,
        "needed": 2,
        "deciders": ["rita", "rolf", "rosa"],
    }
    first = tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))
    assert first.opened == ()
    with pytest.raises(errors.AlreadyDecided):
        tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))
    second = tasks_.decide(task["key"], "approved", "Fine.", actor=cast.actor("rosa"))
    assert [opened["element"] for opened in second.opened] == ["yes"]


@pytest.mark.req("S2-38")
def test_nobody_but_a_decider_decides(house: Flask, owner: policy.Actor) -> None:
    task = ask("any", owner)
    for name in ("max", "ada", "cora", "tom"):
        with pytest.raises(errors.Forbidden):
            tasks_.decide(task["key"], "approved", actor=cast.actor(name))
    assert tasks.votes(task["key"]) == []


@pytest.mark.req("S2-39")
def test_one_denial_under_all_denies_and_the_run_goes_the_drawn_way(house: Flask, owner: policy.Actor) -> None:
    task = ask("all", owner)
    tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))
    outcome = tasks_.decide(task["key"], "denied", "The window is too short.", actor=cast.actor("rolf"))
    assert [opened["element"] for opened in outcome.opened] == ["no"]


def test_a_quorum_out_of_reach_denies(house: Flask, owner: policy.Actor) -> None:
    task = ask("2", owner)
    tasks_.decide(task["key"], "denied", "No.", actor=cast.actor("rita"))
    outcome = tasks_.decide(task["key"], "denied", "No.", actor=cast.actor("rolf"))
    assert [opened["element"] for opened in outcome.opened] == ["no"]


def test_a_denial_says_why(house: Flask, owner: policy.Actor) -> None:
    task = ask("any", owner)
    with pytest.raises(errors.InvalidInput) as refused:
        tasks_.decide(task["key"], "denied", " ", actor=cast.actor("rita"))
    assert list(refused.value.errors) == ["comment"]


def test_who_did_the_work_does_not_approve_it(house: Flask, owner: policy.Actor) -> None:
    task = ask("any", owner, planner="rita")
    assert task["approval"]["deciders"] == ["rolf", "rosa"]
    with pytest.raises(errors.Forbidden):
        tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))


def test_a_decision_through_complete_counts_the_same(house: Flask, owner: policy.Actor) -> None:
    task = ask("any", owner)
    outcome = tasks_.complete(task["key"], {"outcome": "approved", "comment": "Go."}, actor=cast.actor("rosa"))
    assert [opened["element"] for opened in outcome.opened] == ["yes"]


def test_too_few_deciders_is_an_incident_that_more_people_resolve(house: Flask, owner: policy.Actor) -> None:
    task = ask("4", owner)
    found, _ = instances.incidents(policy.SYSTEM, instance=task["instance_key"])
    assert [(incident.code, incident.element) for incident in found] == [("too-few-deciders", "approve")]
    incidents.retry(found[0].key, actor=cast.actor("max"))
    again, _ = instances.incidents(policy.SYSTEM, instance=task["instance_key"])
    assert [incident.code for incident in again] == ["too-few-deciders"]
    assert again[0].key != found[0].key
    people.set_groups("fred", ["finance", "release-review-board"], actor=cast.actor("ada"))
    incidents.retry(again[0].key, actor=cast.actor("max"))
    assert instances.incidents(policy.SYSTEM, instance=task["instance_key"])[0] == []
    assert tasks.get(task["key"]).approval["deciders"] == ["fred", "rita", "rolf", "rosa"]


def test_a_vote_while_deciders_are_too_few_changes_nothing(house: Flask, owner: policy.Actor) -> None:
    task = ask("4", owner)
    with pytest.raises(errors.Conflict, match="Too few"):
        tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))
    assert tasks.get(task["key"]).state == "open"
    assert tasks.votes(task["key"]) == []


def test_retrying_does_not_let_in_who_may_not_decide(house: Flask, owner: policy.Actor) -> None:
    task = ask("4", owner, planner="rita")
    with pytest.raises(errors.Forbidden):
        tasks_.claim(task["key"], actor=cast.actor("max"))
    (incident,), _ = instances.incidents(policy.SYSTEM, instance=task["instance_key"])
    incidents.retry(incident.key, actor=cast.actor("max"))
    assert tasks.get(task["key"]).approval["deciders"] == ["rolf", "rosa"]


BESIDE = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + d.user("work", groups="release-review-board")
    + d.user("approve", groups="release-review-board", approval="all")
    + d.element("parallelGateway", "join")
    + d.end()
    + d.chain("start", "fork", "work", "join", "end")
    + d.chain("fork", "approve", "join")
)


def test_who_worked_on_it_after_it_opened_does_not_approve_it_either(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("b.bpmn", BESIDE)], actor=owner)
    opened = {task["element"]: task["key"] for task in running.start("p", actor=owner).opened}
    tasks_.complete(opened["work"], {}, actor=cast.actor("rita"))
    with pytest.raises(errors.Forbidden, match="four eyes"):
        tasks_.decide(opened["approve"], "approved", actor=cast.actor("rita"))
    for name in ("rolf", "rosa"):
        outcome = tasks_.decide(opened["approve"], "approved", actor=cast.actor(name))
    assert outcome.status == "completed"


def test_all_means_all_who_still_may(house: Flask, owner: policy.Actor) -> None:
    task = ask("all", owner)
    people.deactivate("rosa", actor=cast.actor("ada"))
    tasks_.decide(task["key"], "approved", actor=cast.actor("rita"))
    outcome = tasks_.decide(task["key"], "approved", actor=cast.actor("rolf"))
    assert [opened["element"] for opened in outcome.opened] == ["yes"]


def test_deciders_who_join_later_hear_that_they_are_asked(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("a.bpmn", approval("4"))], actor=owner)
    given = {"title": "T", "type": "minor", "kind": "software", "category": "standard", "service": "S", "model": "p"}
    number = releases.create(given | {"manager": "max"}, actor=cast.actor("cora"))
    (plan,) = tasks.of_release(number, state="open")
    opened = tasks_.complete(plan.key, {}, actor=cast.actor("max")).opened[0]
    people.set_groups("fred", ["release-review-board"], actor=cast.actor("ada"))
    (incident,), _ = instances.incidents(policy.SYSTEM, release=number)
    incidents.retry(incident.key, actor=cast.actor("max"))
    assert tasks.get(opened["key"]).approval["deciders"] == ["fred", "rita", "rolf", "rosa"]
    for name in ("fred", "rita"):
        asked = [row for row in notices.inbox(name)[0] if row.kind == "approval.asked"]
        assert len(asked) == 1


def test_who_leaves_may_settle_an_approval_by_all_or_leave_too_few(house: Flask, owner: policy.Actor) -> None:
    task = ask("all", owner)
    for name in ("rita", "rolf"):
        tasks_.decide(task["key"], "approved", actor=cast.actor(name))
    people.deactivate("rosa", actor=cast.actor("ada"))
    done = tasks.get(task["key"])
    assert (done.state, done.values["outcome"], done.values["by"]) == ("completed", "approved", "rolf")
    assert [t.element for t in tasks.open_of_instance(task["instance_key"])] == ["yes"]

    other = ask("any", owner)
    people.deactivate("rita", actor=cast.actor("ada"))
    assert instances.incidents(policy.SYSTEM, instance=other["instance_key"])[0] == []
    people.deactivate("rolf", actor=cast.actor("ada"))
    (incident,), _ = instances.incidents(policy.SYSTEM, instance=other["instance_key"])
    assert incident.code == "too-few-deciders"
    people.reactivate("rosa", actor=cast.actor("ada"))
    incidents.retry(incident.key, actor=cast.actor("max"))
    tasks_.decide(other["key"], "approved", actor=cast.actor("rosa"))
    assert tasks.get(other["key"]).state == "completed"
