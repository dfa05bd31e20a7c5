"""Open deadlines get another due moment, and tasks a first one; who is concerned hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock, escalation, holding, policy
from service.domain.calendars import Calendar
from service.storage import db, history, ladders, locking, writing
from service.storage.models.instances import Instance, Task
from service.storage.queries import deadlines as stored
from service.storage.queries import releases, tasks
from service.storage.types import Row, Session
from service.usecases.context import peeking
from service.usecases.deadlines import setting
from service.usecases.telling import keypoints, notices
from service.usecases.worktime import calendars


def move(
    deadline_key: int, due_at: datetime, *, reason: str = "", revision: int | None = None, actor: policy.Actor
) -> None:
    """Give an open deadline another due moment; the levels not yet fired move with it, fired ones stay fired.

    revision: only if it is still this one. Raises NotFound, Forbidden, StaleWrite, Conflict where it is over, and
    InvalidInput for a moment that is not after its start.
    """
    with db.transaction() as session:
        row = stored.get(deadline_key)
        if row is None:
            raise errors.NotFound("There is no such deadline.")
        policy.require(policy.may_move_deadline(actor, row))
        locking.instance(session, row.instance_key)
        row = stored.get(deadline_key) or row
        if revision is not None and row.revision != revision:
            raise errors.StaleWrite()
        if row.thing == escalation.RELEASE:
            raise errors.Conflict("This is the end of the release's window. Change the window of the release instead.")
        shift(session, row, due_at)
        release = releases.get(row.release_number) if row.release_number is not None else None
        tell_moved(session, row, release, due_at, reason, actor)


def move_of_task(task_key: int, due_at: datetime, *, reason: str, actor: policy.Actor) -> None:
    """Give an open task another due moment, and its deadline with it where it has one.

    A task without a due moment gets one, with the default ladder. Raises NotFound, Forbidden, Conflict where it is
    over, and InvalidInput as `move`.
    """
    with db.transaction() as session:
        seen = tasks.get(task_key)
        if seen is None:
            raise errors.NotFound(f"There is no task {task_key}.")
        release = releases.get(seen.release_number) if seen.release_number is not None else None
        policy.require(policy.may_move_deadline(actor, release))
        locking.instance(session, seen.instance_key)
        task, row = tasks.get(task_key), stored.open_of_task(task_key)
        if task is None or task.state != "open":
            raise errors.Conflict(f"The task “{seen.name}” is over.")
        if row is not None:
            shift(session, row, due_at)
        elif task.due_at is None:
            _give(session, task, release, due_at)
        elif due_at <= task.opened_at:
            raise errors.InvalidInput({"due_at": ["must be after the task was opened"]})
        else:
            date_task(session, task_key, due_at)
        tell_moved(session, task, release, due_at, reason, actor)


def shift(session: Session, row: Row, due_at: datetime) -> None:
    """The deadline, its levels that wait, and its task."""
    if due_at <= row.started_at:
        raise errors.InvalidInput({"due_at": ["must be after the deadline's start"]})
    if not ladders.move(session, row.key, due_at):
        raise errors.Conflict(f"The deadline of “{row.name}” is over.")
    calendar = calendars.Book().of(row.clock, row.service, row.assignee)
    try:
        moments = planned(ladders.levels(session, row.key), row, due_at, calendar)
    except ValueError as problem:
        raise errors.InvalidInput({"due_at": [str(problem)]}) from None
    ladders.move_levels(session, moments)
    if row.task_key is not None:
        date_task(session, row.task_key, due_at)


def _give(session: Session, task: Row, release: Row | None, due_at: datetime) -> None:
    """A due date for a task that has none. Whoever keeps the instance alive reads it again, to know of the deadline."""
    now = clock.now()
    if due_at <= now:
        raise errors.InvalidInput({"due_at": ["must be in the future"]})
    thing = escalation.APPROVAL if task.approval else escalation.TASK
    row = setting.blank(thing, task.name, task.element, now, due_at) | {
        "activation_key": task.activation_key, "instance_key": task.instance_key, "task_key": task.key,
        "release_number": task.release_number, "phase": task.phase, "moved": True,
    }  # fmt: skip
    calendar, held = calendars.of_release(release), holding.on_hold(release)
    setting.put(session, row, stored.of_task(task.key), None, calendar, held)
    instance = locking.instance(session, task.instance_key)
    writing.update_where(session, Instance, {"revision": instance.revision + 1}, key=instance.key)
    date_task(session, task.key, due_at)


def date_task(session: Session, task_key: int, due_at: datetime | None) -> None:
    """Whoever has read the task before has read another due date."""
    task = tasks.get(task_key)
    if task is not None:
        writing.update_where(session, Task, {"due_at": due_at, "revision": task.revision + 1}, key=task_key)


def tell_moved(
    session: Session, row: Row, release: Row | None, due_at: datetime, reason: str, actor: policy.Actor
) -> None:
    """Into history, and to those whom it concerns. row: a task, or a deadline."""
    now, task_key = clock.now(), keypoints.task_of(row)
    data = {"from": row.due_at.isoformat() if row.due_at else None, "to": due_at.isoformat(), "reason": reason}
    data |= {"task": task_key, "name": row.name} if task_key is not None else {}
    entry = history.Entry("deadline.moved", row.element, row.activation_key, data)
    head = history.append_to_instance(session, row.instance_key, [entry], at=now, actor=actor.name)
    cause, alerts = f"moved:{row.instance_key}:{head.count}", peeking.alerts(row.activation_key)
    told = keypoints.moved(row, release, due_at, reason, cause=cause, actor=actor, alerts=alerts)
    notices.tell_all(session, [told], now=now)


def planned(levels: Sequence[Any], row: Any, due_at: datetime, calendar: Calendar) -> dict[int, datetime]:
    """New moments of the waiting levels, by key. Raises ValueError where the calendar never comes to one of them."""
    rungs: dict[int, escalation.Rung] = {}
    for level in levels:
        moment, _, every = level.moment.partition(" repeat ")
        times = max(level.repeat, rungs[level.level].times if level.level in rungs else 0)
        rungs[level.level] = escalation.Rung(moment, tuple(level.recipients), every or None, times)
    numbers = sorted(rungs)
    planned = escalation.levels([rungs[number] for number in numbers], row.started_at, due_at, calendar, row.clock)
    moments = {(numbers[one.level - 1], one.repeat): one.fire_at for one in planned}
    unfired = [level for level in levels if level.state in ladders.UNFIRED]
    if any((level.level, level.repeat) not in moments for level in unfired):
        raise ValueError("is too far away: the calendar comes to no moment for each level of the ladder")
    return {level.key: moments[level.level, level.repeat] for level in unfired}
