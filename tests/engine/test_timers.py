"""Timers: when they are due, that they fire then and not before, cycles, cron, wall time, several threads."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.engine import definitions, process, steps
from tests.engine.drawing import boundary, catch, chain, cycle, date, drawn, duration, end, file, fork, start, sub, user
from tests.engine.driver import NOON, Case


def waiting(event):
    return file(drawn(chain(start(), user("A"), catch("T", event), user("Z"), end())))


def at_border(event, interrupting=False):
    return file(
        drawn(
            chain(start(), user("A"), user("Z"), end()),
            boundary("T", "A", event, interrupting),
            chain("T", user("X"), end("E2")),
        )
    )


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (duration("PT1H"), timedelta(hours=1)),
        (duration("=span"), timedelta(hours=2)),
        (duration('=duration("P1D") + duration("PT1H")'), timedelta(hours=25)),
        (duration("P1W"), timedelta(days=7)),
        (duration("PT0S"), timedelta()),
        (date("2026-03-03T12:00:00Z"), timedelta(days=1)),
        (date("2026-03-03T13:00:00+01:00"), timedelta(days=1)),
        (date("=moment"), timedelta(hours=3)),
        (date('=now() + duration("PT5M")'), timedelta(minutes=5)),
        (date("2020-01-01T00:00:00Z"), None),
    ],
)
def test_a_timer_is_due_at_its_moment_and_fires_then_and_not_before(event, after):
    case = Case(waiting(event), {"span": "PT2H", "moment": "2026-03-02T15:00:00Z"}).complete("A")
    (armed,) = case.of(steps.TimerArmed)
    if after is None:
        assert case.wait().open == ["Z"]
        return
    assert armed.due_at == case.step.next_due == NOON + after
    if after:
        case.until(NOON + after - timedelta(microseconds=1))
        assert case.open == ["T:timer"]
        assert case.facts == []
    case.until(NOON + after)
    assert case.open == ["Z"]
    assert [f.fired for f in case.of(steps.TimerDisarmed)] == [True]
    assert case.step.next_due is None


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (duration("=missing"), "null-value"),
        (duration("=17"), "wrong-type"),
        (duration('="soon"'), "wrong-type"),
        (date("=[1]"), "wrong-type"),
        (date('=assert(null, "no")'), "expression-failed"),
    ],
)
def test_a_timer_that_cannot_be_worked_out_is_an_incident_and_the_rest_goes_on(event, code):
    case = Case(at_border(event))
    assert [(f.element, f.code) for f in case.of(steps.IncidentRaised)] == [("T", code)]
    assert sorted(case.open) == ["A", "T:incident"]
    if code == "null-value":
        case.set(missing="PT1H").retry("T")
        assert case.step.next_due == NOON + timedelta(hours=1)
    assert case.complete("A").open == ["Z"]


def test_a_cycle_fires_as_often_as_it_says_and_each_time_anew():
    case = Case(at_border(cycle("R3/PT1H")))
    for number in range(1, 4):
        case.wait(hours=1)
        assert case.open.count("X") == number
    assert case.step.next_due is None
    case.wait(hours=5)
    assert case.open.count("X") == 3
    armed = case.of(steps.TimerArmed)
    assert [f.due_at for f in armed] == [NOON + timedelta(hours=n) for n in (1, 2, 3)]
    assert len({f.ref for f in armed}) == 3
    assert case.complete("A").open.count("X") == 3


def test_a_daily_cycle_catches_up_what_it_missed_and_stays_at_its_hour():
    case = Case(at_border(cycle("R/P1D"))).wait(days=3, hours=12)
    assert case.open.count("X") == 3
    assert case.step.next_due == NOON + timedelta(days=4)


def test_a_cycle_given_by_feel_and_one_with_a_first_moment():
    assert Case(at_border(cycle("=c")), {"c": "R2/PT10M"}).wait(hours=1).open.count("X") == 2
    case = Case(at_border(cycle("R2/2026-03-02T18:00:00Z/PT1H")))
    assert case.step.next_due == NOON + timedelta(hours=6)


def test_a_month_from_the_last_day_does_not_creep():
    case = Case(at_border(cycle("R/P1M")), now=datetime(2026, 1, 31, 9, tzinfo=UTC))
    for _ in range(3):
        case.until(case.step.next_due)
    assert [f.due_at.day for f in case.of(steps.TimerArmed)] == [28, 31, 30, 31]


@pytest.mark.parametrize(
    ("line", "dues"),
    [
        ("0 0 9 * * MON-FRI", ["2026-03-03T09:00", "2026-03-04T09:00"]),
        ("0 9 * * 6", ["2026-03-07T09:00", "2026-03-14T09:00"]),
    ],
)
def test_a_cycle_may_be_a_cron_line(line, dues):
    case = Case(at_border(cycle(line)))
    case.until(case.step.next_due)
    assert [f.due_at.isoformat()[:16] for f in case.of(steps.TimerArmed)] == dues


def test_a_cron_line_is_wall_time_in_the_zone():
    case = Case(at_border(cycle("0 9 * * *")), zone="Europe/Berlin", now=datetime(2026, 3, 28, 12, tzinfo=UTC))
    case.until(case.step.next_due)
    assert [f.due_at.hour for f in case.of(steps.TimerArmed)] == [7, 7]
    winter = Case(at_border(cycle("0 9 * * *")), zone="Europe/Berlin")
    assert winter.step.next_due.hour == 8


def test_a_day_is_the_same_wall_time_next_day_and_24_hours_are_not():
    eve = datetime(2026, 3, 28, 11, tzinfo=UTC)
    day = Case(at_border(duration("P1D")), zone="Europe/Berlin", now=eve)
    assert day.step.next_due - eve == timedelta(hours=23)
    hours = Case(at_border(duration("PT24H")), zone="Europe/Berlin", now=eve)
    assert hours.step.next_due - eve == timedelta(hours=24)


def test_an_interrupting_timer_ends_the_task_and_a_done_task_ends_the_timer():
    case = Case(at_border(duration("P1D"), interrupting=True)).wait(days=1)
    assert case.open == ["X"]
    assert [f.outcome for f in case.of(steps.TaskClosed)] == ["cancelled"]
    done = Case(at_border(duration("P1D"), interrupting=True)).complete("A")
    assert [f.fired for f in done.of(steps.TimerDisarmed)] == [False]
    assert done.step.next_due is None
    assert done.wait(days=2).open == ["Z"]


def test_timers_of_one_moment_fire_in_the_order_in_which_they_were_armed():
    body = drawn(
        chain(start(), fork("F"), catch("T1", duration("PT2H")), user("A"), end()),
        chain("F", catch("T2", duration("PT1H")), user("B"), end("E2")),
        chain("F", catch("T3", duration("PT2H")), user("C"), end("E3")),
    )
    case = Case(file(body)).wait(hours=3)
    assert [f.element for f in case.of(steps.TimerDisarmed)] == ["T2", "T1", "T3"]


def test_a_timer_in_a_chain_counts_from_when_it_was_reached_even_when_the_engine_was_away():
    body = drawn(chain(start(), catch("T1", duration("PT1H")), catch("T2", duration("PT1H")), user("A"), end()))
    case = Case(file(body)).wait(hours=10)
    assert case.open == ["T2:timer"]
    assert case.step.next_due == NOON + timedelta(hours=11)


def test_a_timer_at_a_phase_counts_from_its_entry_and_ends_what_is_inside():
    inner = sub("P1", chain(start("s"), user("I"), end("e")))
    body = drawn(
        chain(start(), user("A"), inner, end()),
        boundary("T", "P1", duration("P2D")),
        chain("T", user("X"), end("E2")),
    )
    case = Case(file(body)).wait(hours=5).complete("A")
    assert case.step.next_due == NOON + timedelta(days=2, hours=5)
    assert case.wait(days=2).open == ["X"]


def test_very_many_missed_turns_are_caught_up_in_portions():
    limits = process.Limits(steps=200)
    case = Case(at_border(cycle("R/PT1S")), limits=limits).wait(hours=1)
    first = case.open.count("X")
    assert 0 < first <= 200
    assert case.step.next_due <= case.world.now
    assert case.of(steps.IncidentRaised) == []
    case.wait()
    assert case.open.count("X") > first


def test_two_threads_with_different_clocks_do_not_disturb_each_other():
    (program,) = definitions.load("t.bpmn", at_border(cycle("R/PT1H")))
    wrong: list[str] = []

    def run(day: int) -> None:
        now = datetime(2026, 1, day, tzinfo=UTC)
        for _ in range(30):
            instance, step = process.start(program, variables={"day": day}, world=process.World(now))
            for turn in range(1, 6):
                moment = now + timedelta(hours=turn)
                if step.next_due != moment:
                    wrong.append(f"{step.next_due} instead of {moment}")
                early = instance.tick(process.World(moment - timedelta(seconds=1)))
                step = instance.tick(process.World(moment))
                if early.facts or not step.facts:
                    wrong.append(f"{len(early.facts)} early, {len(step.facts)} in time")

    threads = [threading.Thread(target=run, args=(day,)) for day in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
