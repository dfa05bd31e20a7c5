"""People's tasks: who, when, how; deadlines of activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.domain import escalation
from service.engine import steps
from tests.engine.drawing import assigned, chain, drawn, each, end, file, schedule, service, start, sub, user
from tests.engine.driver import NOON, Case


def one(*parts, facts=None, variables=None, zone="UTC", **more):
    return Case(file(drawn(chain(start(), user("A", *parts, **more), end()))), variables, facts=facts, zone=zone)


def opened(case):
    (fact,) = case.of(steps.TaskOpened)
    return fact


def test_static_assignments_are_lists_separated_by_commas():
    fact = opened(one(assigned(assignee="kim", candidateGroups="qa, ops", candidateUsers="lee")))
    assert (fact.assignee, fact.groups, fact.users) == ("kim", ("qa", "ops"), ("lee",))


def test_assignments_by_feel_give_lists_and_null_is_nobody():
    parts = assigned(assignee="=nobody", candidateGroups='=[team, "ops"]', candidateUsers="=release.people")
    given = {"team": "qa", "nobody": None}
    fact = opened(one(parts, variables=given, facts={"release": {"people": ["kim"]}}))
    assert (fact.assignee, fact.groups, fact.users) == (None, ("qa", "ops"), ("kim",))


def test_a_text_where_a_list_is_needed_keeps_the_task_closed():
    case = one(assigned(candidateGroups='="qa,ops"'))
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("A", "wrong-type", '="qa,ops"')
    assert case.of(steps.TaskOpened) == []
    assert case.open == ["A:incident"]


def test_retry_opens_the_task_without_entering_it_twice():
    case = one(assigned(candidateGroups="=teams"), variables={"teams": "qa"}, inputs={"x": "=1"})
    case.set(teams=["qa"]).retry("A")
    assert opened(case).groups == ("qa",)
    assert case.path == ["S", "A"]


def test_due_and_follow_up_dates():
    fact = opened(one(schedule(dueDate='=now() + duration("P3D")', followUpDate="2026-03-04T08:00:00+01:00")))
    assert fact.due_at == NOON + timedelta(days=3)
    assert fact.follow_up_at == datetime(2026, 3, 4, 7, tzinfo=UTC)


def test_the_priority_is_fifty_unless_it_is_given():
    assert opened(one()).priority == 50
    assert opened(one('<zeebe:priorityDefinition priority="=40 + 2"/>')).priority == 42


def test_form_button_and_approval_are_told():
    form = '<zeebe:formDefinition formId="plan"/>'
    who = assigned(candidateGroups="board")
    fact = opened(
        one(form, who, button="Decide", approval='=if risk = "high" then 3 else 2', variables={"risk": "high"})
    )
    assert (fact.form, fact.button, fact.approval) == ("plan", "Decide", 3)
    assert opened(one(who, approval="all")).approval == "all"


@pytest.mark.parametrize("rule", ["=0", '="some"', "=true", "=1.5", "=nothing"])
def test_an_approval_rule_that_is_none_is_an_incident(rule):
    case = one(assigned(candidateGroups="board"), approval=rule)
    assert case.of(steps.IncidentRaised)[0].expression == rule
    assert case.of(steps.TaskOpened) == []


def test_a_deadline_counts_from_when_the_activity_is_entered():
    case = one(deadline="P2D", escalation="PT0S: assignee")
    (fact,) = case.of(steps.DeadlineSet)
    assert (fact.due_at, fact.started_at, fact.as_drawn, fact.clock) == (
        NOON + timedelta(days=2),
        NOON,
        "P2D",
        "elapsed",
    )
    assert fact.ladder == (escalation.Rung("PT0S", ("assignee",)),)
    assert opened(case).due_at is None


def test_a_deadline_by_feel_is_a_duration_or_a_moment():
    span = one(deadline='=if risk then duration("PT4H") else duration("PT8H")', variables={"risk": True})
    assert span.of(steps.DeadlineSet)[0].as_drawn == "PT4H"
    assert span.of(steps.DeadlineSet)[0].due_at == NOON + timedelta(hours=4)
    moment = one(deadline="=release.window", facts={"release": {"window": datetime(2026, 4, 1, 8, tzinfo=UTC)}})
    assert moment.of(steps.DeadlineSet)[0].due_at == datetime(2026, 4, 1, 8, tzinfo=UTC)


def test_a_working_day_ends_when_work_ends():
    (fact,) = one(deadline="P1D", clock="working", zone="Europe/Berlin").of(steps.DeadlineSet)
    assert (fact.due_at, fact.clock) == (NOON + timedelta(days=1), "working")
    friday = Case(
        file(drawn(chain(start(), user("A", deadline="P1D", clock="working"), end()))),
        now=datetime(2026, 3, 6, 12, tzinfo=UTC),
    )
    assert friday.of(steps.DeadlineSet)[0].due_at == datetime(2026, 3, 9, 12, tzinfo=UTC)


def test_a_deadline_that_fails_is_an_incident_and_the_task_opens_all_the_same():
    case = one(deadline="=missing.one")
    assert [type(f).__name__ for f in case.facts][-2:] == ["IncidentRaised", "TaskOpened"]
    assert case.open == ["A"]
    case.set(missing={"one": "P1D"}).retry("A", "task")
    assert case.of(steps.DeadlineSet)[0].due_at == NOON + timedelta(days=1)
    assert case.complete("A").status == "completed"


def test_phases_jobs_and_children_of_loops_have_deadlines_of_their_own():
    inner = sub(
        "P1",
        chain(start("s"), user("I", loop=each('=["PT1H","PT2H"]', "span"), deadline="=span"), end("e")),
        phase="build",
        deadline="P15D",
    )
    case = Case(file(drawn(chain(start(), inner, service("J", deadline="PT8H"), end()))))
    assert [(f.element, f.due_at - NOON, f.phase) for f in case.of(steps.DeadlineSet)] == [
        ("P1", timedelta(days=15), "build"),
        ("I", timedelta(hours=1), "build"),
        ("I", timedelta(hours=2), "build"),
    ]
    case.complete("I").complete("I")
    assert [f.element for f in case.of(steps.DeadlineSet)][-1] == "J"


def test_skipping_a_task_and_a_job():
    case = Case(file(drawn(chain(start(), user("A", outputs={"x": "=1"}), service("J"), end()))))
    case.skip("A", "task").skip("J", "job")
    assert case.status == "completed"
    assert case.story() == ["+S", "-S", "+A", "~A", "+J", "~J", "+E", "-E", "completed"]
    assert [f.outcome for f in case.of(steps.TaskClosed) + case.of(steps.JobGone)] == ["skipped", "skipped"]
    assert case.variables() == {}
