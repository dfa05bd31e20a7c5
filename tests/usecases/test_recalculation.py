"""Due moments that are worked out anew: somebody else holds the task, or a calendar was changed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.domain import policy
from service.storage import locking, outbox
from service.storage.queries import deadlines as stored
from service.storage.queries import history, notices, recalculations, tasks
from service.usecases.accounts import people
from service.usecases.context import live
from service.usecases.deadlines import firing, holding, recalculation, rescheduling
from service.usecases.deploying import models
from service.usecases.releases import releases
from service.usecases.releases import tasks as tasks_
from service.usecases.worktime import calendars
from tests import cast
from tests.support import drawing as d
from tests.support.keyblocks import another_process
from tests.usecases.working import work

LADDER = "50%: assignee\nPT0S: assignee coordinator"
MODEL = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + d.user("build", groups="build-team", deadline="PT8H", clock="assignee", escalation=LADDER)
    + d.user("test", assignee="tom", deadline="P1D", clock="assignee", escalation=LADDER)
    + d.user("dated", groups="build-team", deadline="2026-03-05T12:00:00Z", clock="assignee", escalation=LADDER)
    + d.user("office", groups="build-team", deadline="P2D", clock="working", escalation=LADDER)
    + "".join(d.end(f"end_{name}") for name in ("build", "test", "dated", "office"))
    + d.chain("start", "fork")
    + "".join(d.chain("fork", name, f"end_{name}") for name in ("build", "test", "dated", "office")),
    process="minor_release",
    name="Minor",
)
ADA, MAX, BEA = (cast.actor(name) for name in ("ada", "max", "bea"))
EVENINGS = {"zone": "UTC", "hours": dict.fromkeys(["monday", "tuesday", "wednesday", "thursday"], "18:00-22:00")}
GIVEN = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": "Portal"}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def number(house: Flask, owner: policy.Actor) -> int:
    """A release that began on Monday, 2 March at nine; Bea and Tom work in the evenings."""
    calendars.create("evenings", EVENINGS, actor=ADA)
    for name in ("bea", "tom"):
        people.edit_user(name, {"calendar": "evenings"}, actor=ADA)
    models.deploy([("minor.bpmn", MODEL)], actor=owner)
    return releases.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))


def due(number: int) -> dict[str, datetime]:
    rows = {row.element: row for row in stored.listing(MAX, release=number)[0]}
    for row in tasks.of_release(number):
        assert row.due_at == rows[row.element].due_at
    return {name: row.due_at for name, row in rows.items()}


def levels(number: int, element: str) -> list[datetime]:
    row = next(row for row in stored.listing(MAX, release=number)[0] if row.element == element)
    return [level.fire_at for level in stored.levels([row.key])[row.key]]


def task(number: int, element: str) -> int:
    return next(int(row.key) for row in tasks.of_release(number) if row.element == element)


def recalculate(calendar: str) -> int:
    """Have it done; answers how many deadlines moved."""
    key = recalculation.start(calendar, actor=ADA)
    work()
    done = recalculations.get(key)
    assert done is not None
    assert (done.state, done.done) == (recalculation.DONE, done.total)
    return int(done.moved)


def test_the_clock_of_the_assignee_is_that_of_who_holds_the_task(number: int, time: Any) -> None:
    """The service's while nobody does; taking, handing over and giving back move the deadline and its levels."""
    assert due(number)["build"] == at(2, 17)
    assert due(number)["test"] == at(3, 18), "Tom has it from the beginning: his next working day"
    assert levels(number, "test") == [at(2, 20), at(3, 18)]
    key = task(number, "build")
    before = tasks.get(key).revision
    tasks_.claim(key, actor=BEA)
    assert due(number)["build"] == at(3, 22)
    assert levels(number, "build") == [at(2, 22), at(3, 22)]
    assert tasks.get(key).revision > before + 1
    live.forget()
    time.turn(hours=2)
    tasks_.delegate(key, "max", actor=BEA)
    assert due(number)["build"] == at(2, 17), "counted from when the task was opened"
    tasks_.delegate(key, "tom", actor=MAX)
    assert due(number)["build"] == at(3, 22)
    tasks_.delegate(key, "bea", actor=cast.actor("tom"))
    tasks_.unclaim(key, actor=BEA)
    assert due(number)["build"] == at(2, 17)
    assert levels(number, "build") == [at(2, 13), at(2, 17)]
    dated = task(number, "dated")
    tasks_.claim(dated, actor=BEA)
    assert due(number)["dated"] == at(5, 12), "a date stays, shares of the time count in her hours"
    assert levels(number, "dated") == [at(3, 20), at(5, 12)]
    office = due(number)["office"]
    tasks_.claim(task(number, "office"), actor=BEA)
    assert due(number)["office"] == office, "that counts for the service"


def test_what_has_fired_stays_fired(number: int, time: Any) -> None:
    key = task(number, "build")
    time.turn(hours=5)
    claimed = [
        level.key for row in stored.listing(MAX, release=number)[0] for level in stored.levels([row.key])[row.key]
    ]
    assert firing.fire_all(claimed) == 1
    tasks_.claim(key, actor=BEA)
    row = stored.open_of_task(key)
    assert [(level.state, level.fire_at) for level in stored.levels([row.key])[row.key]] == [
        ("fired", at(2, 13)),
        ("waiting", at(3, 22)),
    ]
    time.now = at(2, 23)
    assert outbox.LEVELS in outbox.peek(time.now, time.now, time.now)
    assert firing.fire_all(claimed) == 2, "Tom's half time, and that of the office"
    assert firing.fire_all(claimed) == 0


@pytest.mark.parametrize("by", ["somebody", "hold"])
def test_a_due_moment_that_was_moved_stays_whoever_holds_the_task(number: int, time: Any, by: str) -> None:
    key = task(number, "build")
    if by == "somebody":
        rescheduling.move_of_task(key, at(6, 12), reason="Agreed.", actor=MAX)
    else:
        holding.hold(number, "Wait.", actor=MAX)
        time.turn(days=1)
        holding.resume(number, actor=MAX)
    before = due(number)["build"]
    assert before != at(2, 17)
    tasks_.claim(key, actor=BEA)
    assert due(number)["build"] == before
    calendars.change("standard", {"country": "DE", "closures": [{"first": "2026-03-03"}]}, actor=ADA)
    recalculate("standard")
    assert due(number)["build"] == before


@pytest.mark.req("S2-3")
def test_a_changed_calendar_moves_what_is_open_when_asked(number: int, time: Any) -> None:
    """As previewed: count, old and new moments; only what counts in it, with its levels, history and notices."""
    tasks_.claim(task(number, "build"), actor=BEA)
    before = due(number)
    calendars.change(
        "standard", {"closures": [{"first": "2026-03-03", "last": "2026-03-03", "name": "Move"}]}, actor=ADA
    )
    assert due(number) == before
    seen = recalculation.preview("standard", actor=ADA)
    assert (seen.looked_at, seen.more) == (2, False), "dated and office; what has a holder counts in theirs"
    moved = {change.row.element: change.due_at for change in seen.changes if change.moves}
    assert moved == {"office": at(5, 9)}
    assert due(number) == before
    live.forget()
    assert recalculate("standard") == 1
    assert due(number) == {**before, "office": at(5, 9)}
    assert levels(number, "office") == [at(2, 17), at(5, 9)]
    entry = next(
        event for event in history.of_release(number, limit=50, before=None) if event.event == "deadline.moved"
    )
    assert entry.data["reason"] == "The calendar “Standard” has changed."
    told = {(row.reader, row.kind) for row in notices.listing(ADA, release=number)[0]}
    assert ("bea", "deadline.moved") in told
    assert recalculate("standard") == 0
    assert recalculation.preview("standard", actor=ADA).changes == []
    calendars.change("evenings", {"hours": {"monday": "20:00-22:00", "tuesday": "20:00-22:00"}}, actor=ADA)
    assert recalculate("evenings") == 2
    assert due(number) == {**before, "office": at(5, 9), "build": at(10, 22), "test": at(3, 20)}


def test_what_is_under_way_is_the_newest_whichever_process_began_it(number: int, time: Any) -> None:
    with another_process():
        recalculation.go_on(recalculation.start("standard", actor=ADA))
    time.turn(minutes=1)
    begun = recalculation.start("standard", actor=ADA)
    with pytest.raises(errors.Conflict):
        recalculation.start("standard", actor=ADA)
    first, cursor = recalculations.listing("standard", limit=1)
    rest, end = recalculations.listing("standard", limit=1, cursor=cursor)
    assert ([row.key for row in first], len(rest), end) == ([begun], 1, None)


@pytest.mark.parametrize("year", [2299, 2400, 9000])
def test_a_moment_that_nobody_can_count_to_is_refused_with_words(number: int, year: int) -> None:
    row = next(row for row in stored.listing(MAX, release=number)[0] if row.element == "office")
    with pytest.raises(errors.InvalidInput) as refused:
        rescheduling.move(row.key, datetime(year, 12, 30, tzinfo=UTC), actor=MAX)
    assert refused.value.errors.keys() == {"due_at"}
    assert due(number)["office"] == row.due_at


def test_only_administrators_work_deadlines_out_anew(number: int) -> None:
    for act in (recalculation.preview, recalculation.start):
        with pytest.raises(errors.Forbidden):
            act("standard", actor=MAX)
        with pytest.raises(errors.NotFound):
            act("mars", actor=ADA)
    with pytest.raises(errors.InvalidInput):
        recalculation.start("standard", reason="x" * 3_000, actor=ADA)
    assert due(number)["office"] == at(4, 9) == at(2, 9) + timedelta(days=2)


@pytest.fixture
def many(house: Flask, owner: policy.Actor) -> list[int]:
    """Releases whose deadlines a closed day moves, and how many: two of each."""
    models.deploy([("minor.bpmn", MODEL)], actor=owner)
    numbers = [releases.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora")) for _ in range(5)]
    calendars.change("standard", {"closures": [{"first": "2026-03-03"}]}, actor=ADA)
    return numbers


def moves(numbers: list[int]) -> Counter[int]:
    """How often history says of each release that its deadline was moved."""
    events = [event for number in numbers for event in history.of_release(number, limit=200, before=None)]
    return Counter(event.release_number for event in events if event.event == "deadline.moved")


def test_a_worker_goes_on_slice_by_slice_and_says_how_far_it_is(
    many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalculation, "SLICE_S", 0.0)
    monkeypatch.setattr(recalculation, "RUNS", 2)
    key = recalculation.start("standard", reason="We move.", actor=ADA)
    with pytest.raises(errors.Conflict):
        recalculation.start("standard", actor=ADA)
    seen = []
    while not recalculation.go_on(key):
        row = recalculations.get(key)
        assert outbox.RECALCULATIONS in outbox.peek(row.at, row.at, row.at), "the next slice is asked for at once"
        seen.append((row.state, row.done, row.moved, row.total))
    assert seen == [("waiting", 4 * runs, 2 * runs, 20) for runs in (1, 2, 3, 4, 5)]
    row = recalculations.newest("standard")
    assert (row.key, row.state, row.done, row.moved, row.by, row.reason) == (key, "done", 20, 10, "ada", "We move.")
    assert moves(many) == dict.fromkeys(many, 2)
    assert not recalculation.go_on(key)


def test_what_breaks_off_goes_on_where_it_was_and_whoever_comes_second_leaves_it(
    many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third run fails, and meanwhile somebody else has done all: each deadline moves once, and is told once."""
    monkeypatch.setattr(recalculation, "SLICE_S", 60.0)
    key, real, runs = recalculation.start("standard", actor=ADA), locking.instance, []

    def fails(session: Any, instance: int) -> Any:
        runs.append(instance)
        if len(runs) == 3:
            raise RuntimeError("the plug was pulled")
        return real(session, instance)

    monkeypatch.setattr(locking, "instance", fails)
    with pytest.raises(RuntimeError):
        recalculation.go_on(key)
    row = recalculations.get(key)
    assert (row.done, row.moved, row.position) == (8, 4, runs[1])
    monkeypatch.setattr(locking, "instance", real)
    late = recalculation._Progress(row)
    rows = stored.counted_in_next_runs("standard", row.position, 1)
    work()
    for act in (lambda: late.take(rows, 0.0), lambda: late.note(asked_at=None)):
        with pytest.raises(errors.StaleWrite):
            act()
    assert (recalculations.get(key).done, recalculations.get(key).moved) == (20, 10)
    assert moves(many) == dict.fromkeys(many, 2)
