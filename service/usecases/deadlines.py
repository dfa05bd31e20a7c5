"""Deadlines: setting them with their ladders, ending them, moving them, and firing what they climb to."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from service import errors
from service.domain import clock, escalation, holding, naming, policy
from service.domain.calendars import Calendar
from service.engine import steps
from service.storage import db, history, keys, ladders, locking, outbox, tally, writing
from service.storage.models.instances import Instance, Task
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.queries import deadlines as stored
from service.storage.queries import releases, tasks
from service.storage.types import Row, Session
from service.usecases import calendars, defaults, forecasts, keypoints, notices, peeking, recipients

log = logging.getLogger(__name__)

LONGEST_NAME = 255


@dataclass(frozen=True)
class Set:
    """A deadline that the engine set: of which activation and task, and what kind of thing that is."""

    activation_key: int
    fact: steps.DeadlineSet
    task_key: int | None
    thing: str


@dataclass(frozen=True)
class Own:
    """What a deadline belongs to that no activation has: a milestone, or the release itself.

    subject: what it is known by; one deadline of it is open at a time.
    """

    thing: str
    subject: str
    name: str
    element: str


def of_activity(activation_key: int, fact: steps.DeadlineSet, task_key: int | None, approval: bool) -> Set:
    """What the engine set for an activity: an approval, another task, or a phase or something else without a task."""
    thing = escalation.PHASE if task_key is None else escalation.APPROVAL if approval else escalation.TASK
    return Set(activation_key, fact, task_key, thing)


# a row, its ladder (None is the default one), and the calendar in which that counts
Made = tuple[dict[str, Any], Sequence[escalation.Rung] | None, Calendar]


def rows(
    session: Session,
    facts: Sequence[Set],
    *,
    instance_key: int,
    release_number: int | None,
    now: datetime,
    calendar: Calendar,
    of_assignees: Mapping[int, Calendar] = MappingProxyType({}),
    held: bool = False,
) -> None:
    """Insert deadlines that the engine set, and every level of their ladders.

    For the caller's transaction; two statements, none without facts, one more where a ladder is the default one.
    calendar: in which ladders count, but those of the activations in `of_assignees`. held: the release is on hold, so
    nothing fires until it goes on.
    """
    made = [
        (
            _drawn_deadline(one, instance_key, release_number, now),
            one.fact.ladder,
            of_assignees.get(one.activation_key, calendar),
        )
        for one in facts
    ]
    _store(session, made, held)


def _store(session: Session, made: Sequence[Made], held: bool) -> None:
    if not made:
        return
    usual = defaults.rungs() if any(ladder is None for _, ladder, _ in made) else {}
    for (row, _, _), key in zip(made, keys.take(session, len(made)), strict=True):
        row["key"] = key
    levels = [
        level
        for row, ladder, calendar in made
        for level in _levels(row, usual[row["thing"]] if ladder is None else ladder, calendar, held)
    ]
    for row, key in zip(levels, keys.take(session, len(levels)), strict=True):
        row["key"] = key
    writing.insert_rows(session, Deadline, [row for row, _, _ in made])
    writing.insert_rows(session, DeadlineLevel, levels)


def date_own(
    session: Session,
    own: Own,
    release: Row,
    due_at: datetime | None,
    ladder: Sequence[escalation.Rung] | None,
    now: datetime,
) -> datetime | None:
    """Set, move or withdraw the deadline of a milestone or release; answers when it was due before.

    For the caller's transaction, which has locked the release and its instance.
    """
    before = stored.open_of_subject(own.subject)
    if before is None:
        if due_at is not None:
            row = _row(own.thing, own.name, own.element, now, due_at) | {
                "subject": own.subject,
                "instance_key": release.instance_key,
                "release_number": release.number,
                "moved": True,
            }
            _store(session, [(row, ladder, calendars.of_release(release))], holding.on_hold(release))
        return None
    if due_at is None or due_at <= before.started_at:
        ladders.end_own(session, release.number, own.thing, now, element=own.element, done=False)
    elif due_at != before.due_at:
        _move(session, before, due_at)
    return before.due_at


def redraw(session: Session, one: Set, before: Row | None, calendar: Calendar, locked: Any) -> None:
    """Set a deadline by another drawing, for the caller's transaction; levels that have fired stay, with their numbers.

    before: the open deadline that the activity has, if it has one. locked: the instance, its release, the moment.
    """
    row = _drawn_deadline(one, locked.row.key, locked.row.release_number, locked.now)
    held = holding.on_hold(locked.release)
    if before is None:
        _store(session, [(row, one.fact.ladder, calendar)], held)
    else:
        row["key"] = before.key
        ladder = one.fact.ladder if one.fact.ladder is not None else defaults.rungs()[one.thing]
        _replace_levels(session, before.key, _levels(row, ladder, calendar, held))
        columns = {name: row[name] for name in ("name", "element", "as_drawn", "clock", "due_at", "phase")}
        writing.update_where(session, Deadline, {**columns, "revision": before.revision + 1}, key=before.key)
    if one.task_key is not None and one.fact.due_at is not None:
        date_task(session, one.task_key, one.fact.due_at)


def _replace_levels(session: Session, deadline_key: int, levels: Sequence[dict[str, Any]]) -> None:
    fired = {(level.level, level.repeat) for level in ladders.levels(session, deadline_key) if level.fired_at}
    wanted = [level for level in levels if (level["level"], level["repeat"]) not in fired]
    for level, key in zip(wanted, keys.take(session, len(wanted)), strict=True):
        level["key"] = key
    writing.delete_where(session, DeadlineLevel, deadline_key=deadline_key, state=list(ladders.UNFIRED))
    writing.insert_rows(session, DeadlineLevel, wanted)


def end(session: Session, activation_keys_by_outcome: Mapping[str, Iterable[int]], now: datetime) -> None:
    """Close the deadlines of activations that left: met or late when completed, else cancelled; no level fires again.

    For the caller's transaction; one statement where none of them has a deadline, else two.
    """
    ladders.end(session, {outcome: list(found) for outcome, found in activation_keys_by_outcome.items()}, now)


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
        _move(session, row, due_at)
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
            _move(session, row, due_at)
        elif task.due_at is None:
            _give(session, task, release, due_at)
        elif due_at <= task.opened_at:
            raise errors.InvalidInput({"due_at": ["must be after the task was opened"]})
        else:
            date_task(session, task_key, due_at)
        tell_moved(session, task, release, due_at, reason, actor)


def _move(session: Session, row: Row, due_at: datetime) -> None:
    """The deadline, its levels that wait, and its task."""
    if due_at <= row.started_at:
        raise errors.InvalidInput({"due_at": ["must be after the deadline's start"]})
    if not ladders.move(session, row.key, due_at):
        raise errors.Conflict(f"The deadline of “{row.name}” is over.")
    calendar = calendars.Book().of(row.clock, row.service, row.assignee)
    ladders.move_levels(session, planned(ladders.levels(session, row.key), row, due_at, calendar))
    if row.task_key is not None:
        date_task(session, row.task_key, due_at)


def _give(session: Session, task: Row, release: Row | None, due_at: datetime) -> None:
    """A due date for a task that has none. Whoever keeps the instance alive reads it again, to know of the deadline."""
    now = clock.now()
    if due_at <= now:
        raise errors.InvalidInput({"due_at": ["must be in the future"]})
    thing = escalation.APPROVAL if task.approval else escalation.TASK
    row = _row(thing, task.name, task.element, now, due_at) | {
        "activation_key": task.activation_key, "instance_key": task.instance_key, "task_key": task.key,
        "release_number": task.release_number, "phase": task.phase, "moved": True,
    }  # fmt: skip
    _store(session, [(row, None, calendars.of_release(release))], holding.on_hold(release))
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


def fire(level_key: int) -> bool:
    """Fire one level: claim it and tell the people it names, in one transaction (S2-3).

    Answers False, and does nothing, where it has fired, is not due, or its activation has left.
    """
    return fire_all([level_key]) == 1


def fire_all(level_keys: Sequence[int]) -> int:
    """Fire several levels in one transaction; answers how many were still to fire.

    Recipients are those of this moment; a person named twice by a level is told once. History tells it.
    """
    with db.transaction() as session:
        now = clock.now()
        locking.instances_of_levels(session, level_keys)
        levels = ladders.claim(session, level_keys, now)
        if not levels:
            return 0
        deadlines = stored.by_keys({level.deadline_key for level in levels})
        directory = recipients.Directory()
        directory.meet(deadlines.values())
        foreseen = forecasts.of(deadlines.values(), now=now)
        entries: dict[int, list[history.Entry]] = defaultdict(list)
        tellings = []
        for level in levels:
            deadline = deadlines[level.deadline_key]
            tally.observe(tally.LATE, outbox.LEVELS, (now - level.fire_at).total_seconds())
            one = _telling(level, deadline, directory, forecasts.said(foreseen.get(deadline.activation_key), now))
            tellings.append(one)
            entries[deadline.instance_key].append(_fired(level, deadline, one))
        notices.tell_all(session, tellings, now=now)
        history.append_to_instances(session, entries, at=now, actor=policy.SYSTEM.name)
    return len(levels)


def _telling(
    level: Any, deadline: Any, directory: recipients.Directory, foreseen: Mapping[str, Any]
) -> notices.Telling:
    meant = directory.resolve(level.recipients, deadline)
    if not meant.told:
        log.warning("deadline %s: nobody to tell: %s", deadline.key, " ".join(level.recipients))
    return notices.Telling(
        cause=f"level:{level.key}",
        recipients=meant.told,
        missed=meant.missed,
        kind=_kind(level, deadline),
        values={**_values(deadline, directory), **foreseen},
        link=_link(deadline),
        release_number=deadline.release_number,
        instance_key=deadline.instance_key,
        task_key=deadline.task_key,
        urgent=level.last,
    )


def _fired(level: Any, deadline: Any, one: notices.Telling) -> history.Entry:
    data = {
        "name": naming.called(deadline.name, deadline.item), "kind": one.kind, "due": deadline.due_at.isoformat(),
        "level": level.level, "repeat": level.repeat, "recipients": list(level.recipients),
        "told": sorted(one.recipients),
    }  # fmt: skip
    data |= {"task": deadline.task_key} if deadline.task_key is not None else {}
    return history.Entry("deadline.level.fired", deadline.element, deadline.activation_key, data)


def _drawn_deadline(one: Set, instance_key: int, release_number: int | None, now: datetime) -> dict[str, Any]:
    fact = one.fact
    assert fact.due_at is not None
    row = _row(one.thing, fact.name or fact.element, fact.element, fact.started_at or now, fact.due_at)
    return row | {
        "activation_key": one.activation_key, "instance_key": instance_key, "release_number": release_number,
        "task_key": one.task_key, "phase": fact.phase, "as_drawn": fact.as_drawn[:LONGEST_NAME], "clock": fact.clock,
    }  # fmt: skip


def _row(thing: str, name: str, element: str, started_at: datetime, due_at: datetime) -> dict[str, Any]:
    return {
        "activation_key": None, "instance_key": None, "release_number": None, "task_key": None, "subject": None,
        "thing": thing, "element": element, "name": name[:LONGEST_NAME], "phase": None, "as_drawn": "",
        "clock": "elapsed", "started_at": started_at, "due_at": due_at, "state": "open", "ended_at": None,
        "revision": 1, "moved": False,
    }  # fmt: skip


def _levels(
    row: Mapping[str, Any], rungs: Sequence[escalation.Rung], calendar: Calendar, held: bool
) -> list[dict[str, Any]]:
    found = escalation.levels(rungs, row["started_at"], row["due_at"], calendar, row["clock"])
    return [
        {
            "deadline_key": row["key"], "activation_key": row["activation_key"], "level": level.level,
            "repeat": level.repeat, "moment": _drawn(level, rungs), "recipients": list(level.recipients),
            "fire_at": level.fire_at, "state": ladders.HELD if held else ladders.WAITING, "asked_at": None,
            "fired_at": None, "last": level is found[-1],
        }
        for level in found
    ]  # fmt: skip


def _drawn(level: escalation.Level, rungs: Sequence[escalation.Rung]) -> str:
    """The moment as in the ladder; a repeat also says after what: `P1D repeat P1D`."""
    every = rungs[level.level - 1].repeat
    return f"{level.moment} repeat {every}" if every else level.moment


def planned(levels: Sequence[Any], row: Any, due_at: datetime, calendar: Calendar) -> dict[int, datetime]:
    """New moments of the waiting levels, by key."""
    rungs: dict[int, escalation.Rung] = {}
    for level in levels:
        moment, _, every = level.moment.partition(" repeat ")
        times = max(level.repeat, rungs[level.level].times if level.level in rungs else 0)
        rungs[level.level] = escalation.Rung(moment, tuple(level.recipients), every or None, times)
    numbers = sorted(rungs)
    planned = escalation.levels([rungs[number] for number in numbers], row.started_at, due_at, calendar, row.clock)
    moments = {(numbers[one.level - 1], one.repeat): one.fire_at for one in planned}
    return {level.key: moments[level.level, level.repeat] for level in levels if level.state in ladders.UNFIRED}


def _kind(level: Any, deadline: Any) -> str:
    if level.fire_at < deadline.due_at:
        return "deadline.near"
    return "deadline.due" if level.fire_at == deadline.due_at else "deadline.overdue"


def _values(deadline: Any, directory: recipients.Directory) -> dict[str, Any]:
    if deadline.release_number is not None:
        release = f"R-{deadline.release_number} {deadline.release_title}"
    else:
        release = f"{deadline.model_name} {deadline.instance_key}"
    holders = ", ".join(directory.holders(deadline))
    return {
        "name": naming.called(deadline.name, deadline.item),
        "release": release,
        "due": deadline.due_at,
        "assignee": holders,
    }


def _link(deadline: Any) -> str:
    if deadline.task_key is not None:
        return f"/tasks/{deadline.task_key}"
    return f"/releases/R-{deadline.release_number}" if deadline.release_number is not None else ""
