"""Running releases move to another version of their model, with all that people did so far, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from service import errors
from service.domain import policy
from service.storage import db, outbox
from service.storage.models.base import Base
from service.storage.models.instances import Activation, Instance, Subscription, Task, Timer, Vote
from service.storage.models.migrations import Migration, MigrationItem
from service.storage.models.notices import Deadline, DeadlineLevel, Notice
from service.storage.queries import definitions, forms, history
from service.storage.queries import instances as stored
from service.storage.queries import migrations as moves
from service.usecases.context import live
from service.usecases.deadlines import firing, rescheduling
from service.usecases.deploying import migrations, models
from service.usecases.releases import tasks
from service.usecases.running import instances as running
from tests import cast
from tests.support import drawing as d

FORM = b'{"id": "f", "type": "default", "components": [{"type": "textfield", "id": "F", "key": "x", "label": "%s"}]}'


def model(*names: str, timer: str = "", first: str = "build", **properties: str) -> bytes:
    """A task with a form and a deadline, then these tasks; `timer` hangs on the first one."""
    given = {"deadline": "P1D", "escalation": "50%: candidates\nPT0S: candidates", **properties}
    body = d.start() + d.user(first, name=first.title(), groups="build-team", form="f", **given)
    body += "".join(d.user(name, groups="build-team") for name in names) + d.end()
    body += d.chain("start", first, *names, "end")
    if timer:
        event = f"<bpmn:timerEventDefinition><bpmn:timeDuration>{timer}</bpmn:timeDuration></bpmn:timerEventDefinition>"
        body += d.element("boundaryEvent", "late", "", event, attachedToRef=first, cancelActivity="false")
        body += d.user("chase", groups="build-team") + d.end("chased") + d.chain("late", "chase", "chased")
    return d.diagram(body)


def deploy(diagram: bytes, label: bytes = b"One") -> None:
    models.deploy([("p.bpmn", diagram), ("f.form", FORM % label)], actor=cast.actor("petra"))


def rows(table: type[Base]) -> list[dict[str, Any]]:
    """Everything in a table, in the order of its key."""
    with db.reading() as session:
        key = list(table.__table__.primary_key)
        return [dict(row._mapping) for row in session.execute(select(*table.__table__.c).order_by(*key))]


EVERYTHING = (Instance, Activation, Task, Timer, Subscription, Deadline, DeadlineLevel, Notice, Vote)


def all_rows() -> dict[str, list[dict[str, Any]]]:
    return {table.__tablename__: rows(table) for table in EVERYTHING}


@pytest.fixture
def bea() -> policy.Actor:
    return cast.actor("bea")


@pytest.fixture
def instance(house: Flask, owner: policy.Actor) -> int:
    """A run of the first version, with its first task open."""
    deploy(model("test", timer="P3D"))
    return running.start("p", actor=owner).instance_key


def test_deploying_never_touches_what_runs(instance: int, owner: policy.Actor, bea: policy.Actor) -> None:
    before = all_rows()
    deploy(model("review", "test", first="make"), b"Two")
    assert all_rows() == before
    live.forget()
    (task,) = rows(Task)
    tasks.complete(task["key"], {"x": "1"}, actor=bea)
    assert [one["element"] for one in rows(Task) if one["state"] == "open"] == ["test"]


def test_what_people_did_stays(instance: int, time: Any, owner: policy.Actor, bea: policy.Actor) -> None:
    (task,) = rows(Task)
    tasks.claim(task["key"], actor=bea)
    tasks.save_draft(task["key"], {"x": "half"}, actor=bea)
    time.turn(hours=12)
    (level,) = [one["key"] for one in rows(DeadlineLevel) if one["fire_at"] <= time.now]
    firing.fire(level)
    before = all_rows()
    deploy(model("review", "test", timer="P9D", deadline="P7D"), b"Two")
    done = migrations.migrate(instance, actor=owner)
    after = all_rows()
    for table in ("activations", "timers", "deadlines", "deadline_levels", "notices"):
        assert after[table] == before[table], table
    kept = {"key", "ref", "assignee", "draft", "due_at", "groups", "opened_at", "claimed_at", "activation_key"}
    assert {name: after["tasks"][0][name] for name in kept} == {name: before["tasks"][0][name] for name in kept}
    assert after["timers"][0]["due_at"] == time.now - timedelta(hours=12) + timedelta(days=3)
    assert done.revision == before["instances"][0]["revision"] + 1
    assert [one["element"] for one in tasks.complete(task["key"], {"x": "1"}, actor=bea).opened] == ["review"]


def test_the_instance_uses_the_newest_forms_from_then_on(instance: int, owner: policy.Actor) -> None:
    (task,) = rows(Task)
    deploy(model("test", timer="P3D"), b"Two")
    newest = forms.latest("f")
    assert newest is not None
    assert task["form_key"] != newest.key
    migrations.migrate(instance, actor=owner)
    assert rows(Task)[0]["form_key"] == newest.key
    assert rows(Instance)[0]["manifest"]["forms"] == {"f": str(newest.key)}
    with pytest.raises(errors.Conflict, match="already"):
        migrations.migrate(instance, actor=owner)


def test_a_task_with_another_id_is_the_same_task(instance: int, owner: policy.Actor, bea: policy.Actor) -> None:
    (before,) = rows(Task)
    deploy(model("test", first="make", timer="P3D"))
    with pytest.raises(errors.CannotMigrate) as refused:
        migrations.migrate(instance, actor=owner)
    (place,) = refused.value.facts["places"]
    assert (place["element"], place["code"], place["suggestions"]) == ("build", "element-gone", ["make"])
    migrations.migrate(instance, mapping={"build": "make"}, actor=owner)
    (after,) = rows(Task)
    assert (after["key"], after["ref"]) == (before["key"], before["ref"])
    assert (after["element"], after["name"]) == ("make", "Make")
    assert {one["element"] for one in rows(Activation) if one["left_at"] is None} == {"make"}
    assert {(one["element"], one["name"]) for one in rows(Deadline)} == {("make", "Make")}
    tasks.complete(after["key"], {"x": "1"}, actor=bea)
    assert [one["state"] for one in rows(Deadline)] == ["met"]
    told = {entry.event: entry.data for entry in history.of_instance(instance)}
    assert told["instance.migrated"] == {
        "from_version": 1,
        "to_version": 2,
        "mapping": {"build": "make"},
        "deadlines": "keep",
        "by": "petra",
    }


def test_what_is_new_at_a_border_is_armed_and_what_is_gone_is_not(
    instance: int, time: Any, owner: policy.Actor
) -> None:
    deploy(model("test"))
    migrations.migrate(instance, actor=owner)
    assert rows(Timer) == []
    deploy(model("test", timer="P2D"))
    time.turn(hours=1)
    migrations.migrate(instance, actor=owner)
    assert [one["due_at"] for one in rows(Timer)] == [time.now + timedelta(days=2)]
    time.turn(days=2)
    assert running.fire_timers(instance)
    assert sorted(one["element"] for one in rows(Task) if one["state"] == "open") == ["build", "chase"]


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_move_is_undone_until_the_next_step(
    instance: int, time: Any, owner: policy.Actor, bea: policy.Actor, forgotten: bool
) -> None:
    before = all_rows()
    deploy(model("review", first="make"), b"Two")
    migrations.migrate(instance, mapping={"build": "make"}, actor=owner)
    (task,) = rows(Task)
    tasks.save_draft(task["key"], {"x": "later"}, actor=bea)
    assert moves.undoable(instance) is not None
    if forgotten:
        live.forget()
    time.turn(hours=1)
    migrations.undo(instance, actor=owner)
    after = all_rows()
    for table in ("activations", "timers", "subscriptions", "deadlines", "deadline_levels"):
        assert after[table] == before[table], table
    changed = {"revision", "history_count", "history_hash"}
    assert {k: v for k, v in after["instances"][0].items() if k not in changed} == {
        k: v for k, v in before["instances"][0].items() if k not in changed
    }
    newer = {"draft": {"x": "later"}, "revision": after["tasks"][0]["revision"]}
    assert after["tasks"][0] == before["tasks"][0] | newer
    assert moves.undoable(instance) is None
    with pytest.raises(errors.Conflict, match="nothing to undo"):
        migrations.undo(instance, actor=owner)
    tasks.complete(task["key"], {"x": "1"}, actor=bea)
    assert [one["element"] for one in rows(Task) if one["state"] == "open"] == ["test"]


def test_a_move_is_not_undone_after_a_step(instance: int, owner: policy.Actor, bea: policy.Actor) -> None:
    deploy(model("review", "test", timer="P3D"))
    migrations.migrate(instance, actor=owner)
    tasks.complete(rows(Task)[0]["key"], {"x": "1"}, actor=bea)
    assert moves.undoable(instance) is None
    with pytest.raises(errors.Conflict, match="step"):
        migrations.undo(instance, actor=owner)
    deploy(model("review", timer="P3D"))
    migrations.migrate(instance, actor=owner)
    assert [one["before"] is None for one in rows(Migration)] == [True, False]


def test_a_refused_move_changes_nothing(instance: int, owner: policy.Actor) -> None:
    before = all_rows()
    deploy(model("test", first="make"))
    with pytest.raises(errors.CannotMigrate, match="Build"):
        migrations.migrate(instance, actor=owner)
    assert all_rows() == before
    assert rows(Migration) == []


def test_votes_on_an_approval_stay(house: Flask, owner: policy.Actor) -> None:
    def approval(*names: str) -> bytes:
        task = d.user("ok", groups="release-review-board", approval="all")
        more = "".join(d.user(name) for name in names)
        return d.diagram(d.start() + task + more + d.end() + d.chain("start", "ok", *names, "end"))

    deploy(approval())
    key = running.start("p", actor=owner).instance_key
    (task,) = rows(Task)
    tasks.decide(task["key"], "approved", "", actor=cast.actor("rita"))
    deploy(approval("after"))
    migrations.migrate(key, actor=owner)
    assert rows(Task)[0]["approval"] == task["approval"]
    for name in ("rolf", "rosa"):
        tasks.decide(task["key"], "approved", "", actor=cast.actor(name))
    assert [(one["element"], one["state"]) for one in rows(Task)] == [("ok", "completed"), ("after", "open")]


def test_a_preview_says_what_becomes_of_every_running_instance(
    instance: int, owner: policy.Actor, bea: policy.Actor
) -> None:
    further = running.start("p", actor=owner)
    tasks.complete(further.opened[0]["key"], {"x": "1"}, actor=bea)
    ended = running.start("p", actor=owner)
    last = tasks.complete(ended.opened[0]["key"], {"x": "1"}, actor=bea).opened
    tasks.complete(last[0]["key"], {}, actor=bea)
    deploy(model("test", first="make"))
    fresh = running.start("p", actor=owner).instance_key
    seen = all_rows()
    found = migrations.preview("p", actor=owner)
    assert all_rows() == seen
    assert [(one.row.key, one.row.version, one.plan.verdict) for one in found.prospects] == [
        (instance, 1, "mapping"),
        (further.instance_key, 1, "clean"),
    ]
    assert (found.version, found.there) == (2, 1)
    assert found.counts == {"clean": 1, "mapping": 1, "blocked": 0}
    assert list(found.unmapped) == ["build"]
    assert fresh not in {one.row.key for one in found.prospects}
    mapped = migrations.preview("p", mapping={"build": "make"}, actor=owner)
    assert mapped.counts == {"clean": 2, "mapping": 0, "blocked": 0}


def test_a_preview_of_a_diagram_that_is_not_deployed(instance: int, owner: policy.Actor) -> None:
    found = migrations.preview("p", source=("p.bpmn", model("test", first="make")), actor=owner)
    assert (found.version, found.counts) == (None, {"clean": 0, "mapping": 1, "blocked": 0})
    found = migrations.preview("p", source=("p.bpmn", model("test", "more")), actor=owner)
    assert found.counts == {"clean": 1, "mapping": 0, "blocked": 0}
    assert len(definitions.versions("p")) == 1


def test_only_process_owners_and_administrators_move_releases(instance: int) -> None:
    deploy(model("test"))
    for name in ("max", "cora", "nora"):
        for forbidden in (migrations.preview, migrations.start):
            with pytest.raises(errors.Forbidden):
                forbidden("p", actor=cast.actor(name))
        for refused in (migrations.migrate, migrations.undo, migrations.undo_run):
            with pytest.raises(errors.Forbidden):
                refused(instance, actor=cast.actor(name))


def work(time: Any) -> int:
    """Move what is due, as a worker would."""
    with db.transaction() as session:
        keys = outbox.claim(session, outbox.MOVES, time.now, time.now - timedelta(seconds=3), 100)
    return sum(migrations.move_next(key) for key in keys)


def test_all_are_moved_by_the_workers_and_brought_back(
    instance: int, time: Any, owner: policy.Actor, bea: policy.Actor
) -> None:
    others = [running.start("p", actor=owner) for _ in range(3)]
    deploy(model("review", "test", timer="P3D"))
    tasks.complete(others[0].opened[0]["key"], {"x": "1"}, actor=bea)
    deploy(model("test", first="make", timer="P3D"))
    run = migrations.start("p", actor=owner)
    started = moves.run(run)
    assert started is not None
    assert (started.total, started.waiting, started.version) == (4, 4, 3)
    assert work(time) == 1
    ended = moves.run(run)
    assert ended is not None
    assert (ended.done, ended.failed, ended.waiting) == (1, 3, 0)
    assert "Build" in moves.items(run, state="failed")[0].message
    again = migrations.start("p", mapping={"build": "make"}, actor=owner)
    assert work(time) == 3
    assert {row.version for row in moves.candidates("p")} == {3}
    tasks.complete(others[1].opened[0]["key"], {"x": "1"}, actor=bea)
    back = migrations.undo_run(again, actor=owner)
    assert work(time) == 2
    undone = moves.run(back)
    assert undone is not None
    assert (undone.done, undone.failed, undone.undoes) == (2, 1, again)
    assert "step" in moves.items(back, state="failed")[0].message
    assert sorted(row.version for row in moves.candidates("p")) == [1, 1, 3, 3]
    with pytest.raises(errors.Conflict, match="undone another"):
        migrations.undo_run(back, actor=owner)


def test_an_item_of_a_run_is_done_once(instance: int, time: Any, owner: policy.Actor) -> None:
    deploy(model("review", timer="P3D"))
    migrations.start("p", actor=owner)
    (item,) = rows(MigrationItem)
    assert migrations.move_next(item["key"])
    before = all_rows()
    assert not migrations.move_next(item["key"])
    assert all_rows() == before
    with pytest.raises(errors.Conflict, match="No running release"):
        migrations.start("p", actor=owner)


def test_a_called_process_that_runs_moves_with_its_caller(house: Flask, owner: policy.Actor, bea: policy.Actor) -> None:
    call = d.element("callActivity", "call", '<zeebe:calledElement processId="q"/>')
    caller = d.diagram(d.start() + call + d.end() + d.chain("start", "call", "end"))

    def called(*names: str) -> bytes:
        inside = d.start() + "".join(d.user(name, groups="build-team") for name in names) + d.end()
        inside += d.chain("start", *names, "end")
        return d.diagram(inside, process="q")

    models.deploy([("p.bpmn", caller), ("q.bpmn", called("a"))], actor=owner)
    key = running.start("p", actor=owner).instance_key
    models.deploy([("q.bpmn", called("a", "b"))], actor=owner)
    found = migrations.preview("p", actor=owner)
    assert [(place.process, place.element) for place in found.prospects[0].plan.places] == [("p", "call"), ("q", "a")]
    migrations.migrate(key, actor=owner)
    opened = tasks.complete(rows(Task)[0]["key"], {}, actor=bea).opened
    assert [one["element"] for one in opened] == ["b"]
    row = stored.get(key)
    newest = definitions.latest("q")
    assert row is not None
    assert newest is not None
    assert row.manifest["processes"]["q"] == str(newest.key)


def ladder() -> list[tuple[int, str, list[str]]]:
    return [
        (one["level"], one["state"], one["recipients"])
        for one in sorted(rows(DeadlineLevel), key=lambda one: (one["level"], one["repeat"]))
    ]


def test_deadlines_are_worked_out_anew_where_asked_for_and_back(
    instance: int, time: Any, owner: policy.Actor, bea: policy.Actor
) -> None:
    (before,) = rows(Deadline)
    time.turn(hours=12)
    assert firing.fire_all([one["key"] for one in rows(DeadlineLevel)]) == 1
    deploy(
        model("test", timer="P3D", deadline="P3D", escalation="50%: candidates\nPT0S: user:tom\nP1D: manager"), b"Two"
    )
    migrations.migrate(instance, anew=True, actor=owner)
    (after,) = rows(Deadline)
    assert (after["key"], after["as_drawn"]) == (before["key"], "P3D")
    assert after["due_at"] == before["started_at"] + timedelta(days=3) == rows(Task)[0]["due_at"]
    assert ladder() == [(1, "fired", ["candidates"]), (2, "waiting", ["user:tom"]), (3, "waiting", ["manager"])]
    migrations.undo(instance, actor=owner)
    (back,) = rows(Deadline)
    assert (back["due_at"], back["as_drawn"]) == (before["due_at"], "P1D")
    assert ladder() == [(1, "fired", ["candidates"]), (2, "waiting", ["candidates"])]
    time.turn(hours=12)
    assert firing.fire_all([one["key"] for one in rows(DeadlineLevel)]) == 1


def test_a_deadline_that_is_no_longer_drawn_goes_and_a_new_one_comes(
    instance: int, time: Any, owner: policy.Actor, bea: policy.Actor
) -> None:
    plain = d.start() + d.user("build", name="Build", groups="build-team", form="f") + d.end()
    deploy(d.diagram(plain + d.chain("start", "build", "end")), b"Two")
    migrations.migrate(instance, anew=True, actor=owner)
    assert ([one["state"] for one in rows(Deadline)], rows(Task)[0]["due_at"]) == (["cancelled"], None)
    assert {state for _, state, _ in ladder()} == {"cancelled"}
    assert firing.fire_all([one["key"] for one in rows(DeadlineLevel)]) == 0


def test_a_deadline_that_was_withdrawn_comes_back_and_tells_nobody_twice(
    instance: int, time: Any, owner: policy.Actor
) -> None:
    (before,) = rows(Deadline)
    time.turn(hours=12)
    assert firing.fire_all([one["key"] for one in rows(DeadlineLevel)]) == 1
    plain = d.start() + d.user("build", name="Build", groups="build-team", form="f") + d.end()
    deploy(d.diagram(plain + d.chain("start", "build", "end")), b"Two")
    migrations.migrate(instance, anew=True, actor=owner)
    migrations.undo(instance, actor=owner)
    (back,) = rows(Deadline)
    assert (back["key"], back["state"], back["ended_at"], back["due_at"]) == (
        before["key"], "open", None, before["due_at"],
    )  # fmt: skip
    assert rows(Task)[0]["due_at"] == before["due_at"]
    assert ladder() == [(1, "fired", ["candidates"]), (2, "waiting", ["candidates"])]
    time.turn(hours=12)
    assert firing.fire_all([one["key"] for one in rows(DeadlineLevel)]) == 1


def test_a_task_whose_deadline_was_withdrawn_can_be_given_a_due_date(
    instance: int, time: Any, owner: policy.Actor
) -> None:
    plain = d.start() + d.user("build", name="Build", groups="build-team", form="f") + d.end()
    deploy(d.diagram(plain + d.chain("start", "build", "end")), b"Two")
    migrations.migrate(instance, anew=True, actor=owner)
    later = time.now + timedelta(days=2)
    rescheduling.move_of_task(rows(Task)[0]["key"], later, reason="Agreed.", actor=cast.actor("max"))
    (row,) = rows(Deadline)
    assert (row["state"], row["due_at"], row["moved"]) == ("open", later, True)
    assert [(level, state) for level, state, _ in ladder()][:2] == [(1, "waiting"), (2, "waiting")]


@pytest.mark.parametrize("changed", ["PT0S: candidates repeat P1D x2", "PT0S: candidates repeat P2D x5"])
def test_a_ladder_that_differs_only_in_its_repeats_is_another_one(
    house: Flask, owner: policy.Actor, changed: str
) -> None:
    deploy(model(escalation="PT0S: candidates repeat P1D x5"))
    run = running.start("p", actor=owner).instance_key
    deploy(model(escalation=changed), b"Two")
    migrations.migrate(run, anew=True, actor=owner)
    (row,) = rows(Deadline)
    _, _, every, times = changed.split()[1:]
    shift, count = timedelta(days=int(every[1])), int(times[1:])
    moments = sorted(one["fire_at"] for one in rows(DeadlineLevel))
    assert moments == [row["due_at"] + shift * number for number in range(count + 1)]


def test_a_due_date_that_somebody_moved_stays_when_the_others_are_worked_out_anew(
    instance: int, time: Any, owner: policy.Actor
) -> None:
    (task,) = rows(Task)
    later = time.now + timedelta(days=9)
    rescheduling.move_of_task(task["key"], later, reason="Agreed.", actor=cast.actor("max"))
    deploy(model("test", timer="P3D", deadline="P3D"), b"Two")
    migrations.migrate(instance, anew=True, actor=owner)
    assert rows(Deadline)[0]["due_at"] == rows(Task)[0]["due_at"] == later


def test_without_being_asked_for_deadlines_stay_and_a_new_one_ends_with_its_task(
    house: Flask, time: Any, owner: policy.Actor, bea: policy.Actor
) -> None:
    plain = d.start() + d.user("build", name="Build", groups="build-team", form="f") + d.end()
    deploy(d.diagram(plain + d.chain("start", "build", "end")))
    run = running.start("p", actor=owner).instance_key
    time.turn(hours=1)
    deploy(model(deadline="P3D"), b"Two")
    migrations.migrate(run, anew=True, actor=owner)
    (row,) = rows(Deadline)
    assert (row["state"], row["started_at"], row["due_at"]) == (
        "open",
        time.now - timedelta(hours=1),
        time.now + timedelta(days=3, hours=-1),
    )
    tasks.complete(rows(Task)[0]["key"], {"x": "1"}, actor=bea)
    assert rows(Deadline)[0]["state"] == "met"
