"""What starts the newest version of a process from outside: messages, signals, and time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from service import errors
from service.domain import clock, policy
from service.engine import starts
from service.engine.definitions import Program
from service.storage import db, keys, locking, writing
from service.storage.models.messages import Start
from service.storage.queries import definitions
from service.storage.queries import starts as stored
from service.storage.types import Session
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.definitions import programs
from service.usecases.running import instances, messages
from service.usecases.worktime import calendars

log = logging.getLogger(__name__)


def plan(program: Program, now: datetime) -> list[starts.Start]:
    """What the start events of a process wait for from now on. Raises ScriptFailed, naming the element."""
    return _planned(program, now, calendars.standard().zone)


def _planned(program: Program, now: datetime, zone: str) -> list[starts.Start]:
    record = facts.empty(now)
    planned = [starts.plan(element, record, now, zone) for element in starts.drawn(program.process)]
    return list({(one.element, one.kind, one.name): one for one in planned}.values())


def register(session: Session, definition_key: int, process_id: str, planned: Sequence[starts.Start]) -> bool:
    """Put the start events of the newest version in the place of those before; answers whether that changed anything.

    A timer that is drawn as before goes on where it stood: no moment comes twice, and none is left out.
    """
    before = {(row.element, row.kind, row.name): row for row in locking.starts(session, process_id)}
    wanted = {(one.element, one.kind, one.name) for one in planned}
    if wanted == before.keys() and all(row.definition_key == definition_key for row in before.values()):
        return False
    now, rows = clock.now(), []
    for one in planned:
        old = before.get((one.element, one.kind, one.name))
        schedule, due_at = (old.schedule, old.due_at) if old is not None else (one.schedule, one.due_at)
        rows.append(
            {
                "key": keys.next_key(session),
                "process_id": process_id,
                "definition_key": definition_key,
                "element": one.element,
                "kind": one.kind,
                "name": one.name,
                "schedule": None if schedule is None else dict(schedule),
                "due_at": now if one.kind == "message" else due_at,
            }
        )
    if before:
        writing.delete_where(session, Start, process_id=process_id)
    writing.insert_rows(session, Start, rows)
    return True


def catch_up() -> list[str]:
    """Let the newest version of each process listen that was deployed before its kind of start event could; once.

    Answers the ids of these processes. A timer counts from now. What cannot be planned is logged and left out.
    """
    caught = []
    for row in definitions.all_latest():
        try:
            planned = plan(programs.program(row.key), clock.now())
            with db.transaction() as session:
                if register(session, row.key, row.process_id, planned):
                    caught.append(row.process_id)
        except Exception as problem:
            log.warning("the start events of %s do not listen: %s", row.process_id, problem)
    return caught


def attend(key: int) -> None:
    """A timer of a start event may be due, or messages may be kept for it (worker)."""
    row = stored.get(key)
    if row is None or row.due_at is None or row.due_at > clock.now():
        return
    if row.kind == "timer":
        fire(key)
        return
    messages.start_with_kept(row)
    with db.transaction() as session:
        # A run that ended meanwhile has asked again, by another moment.
        writing.update_where(session, Start, {"due_at": None}, key=key, due_at=row.due_at)


def fire(key: int) -> bool:
    """Start the instance of one moment, and wait for the next one, in one transaction: each moment starts one."""
    row = stored.get(key)
    if row is None:
        return False
    if row.due_at is None or row.due_at > clock.now():
        return False
    prepared = instances.prepare(row.definition_key)
    ran = prepared.run({}, clock.now(), at=row.element)
    with db.transaction() as session:
        current = locking.start(session, key)
        if current is None or (current.due_at, current.element) != (row.due_at, row.element):
            return False
        cause = {"timer": current.name, "due": current.due_at.isoformat()}
        begun = instances.Beginning(current.element, cause)
        instances.begin(session, prepared, ran, actor=policy.SYSTEM, begun=begun)
        next_one = starts.following(current.schedule, calendars.standard().zone)
        columns = {"schedule": next_one or current.schedule, "due_at": starts.due_at(next_one), "asked_at": None}
        writing.update_where(session, Start, columns, key=key)
    return True


def refusal(program: Program, now: datetime) -> errors.ScriptFailed | None:
    """Why one of its start events can never start it; None where all can. No database is asked."""
    try:
        _planned(program, now, settings.current().zone)
    except errors.ScriptFailed as failed:
        return failed
    return None
