"""What stands still while a release is on hold: the timers of its runs, and the levels of its deadlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.orm import Session

from service.storage import ladders
from service.storage.models.instances import Instance, Task, Timer
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.types import Row

_QUIET = {"synchronize_session": False}


def runs(session: Session, number: int) -> Sequence[int]:
    """The active instances of a release, in the order in which they are locked."""
    statement = select(Instance.key).where(Instance.release_number == number, Instance.status == "active")
    return session.execute(statement.order_by(Instance.key)).scalars().all()


def begin(session: Session, number: int) -> None:
    """Hold the timers and what no deadline has fired yet."""
    _turn(session, number, ladders.WAITING, ladders.HELD)


def end(session: Session, number: int) -> None:
    """Let them wait for their moments again."""
    _turn(session, number, ladders.HELD, ladders.WAITING)


def deadlines(session: Session, number: int) -> Sequence[Row]:
    """The open deadlines of a release, with who holds their tasks."""
    statement = select(*Deadline.__table__.c, Task.assignee).outerjoin(Task, Task.key == Deadline.task_key)
    return session.execute(statement.where(*_open(number))).all()


def levels(session: Session, deadline_keys: Sequence[int]) -> Sequence[Row]:
    """The levels of these deadlines that are held."""
    here = DeadlineLevel.deadline_key.in_(deadline_keys)
    return session.execute(select(*DeadlineLevel.__table__.c).where(here, DeadlineLevel.state == ladders.HELD)).all()


def move_deadlines(session: Session, due_at: Mapping[int, datetime]) -> None:
    """Give deadlines, by key, another due moment, and the tasks that they belong to."""
    if not due_at:
        return
    moments = [{"of": key, "at": at} for key, at in due_at.items()]
    deadline, task = cast(Table, Deadline.__table__), cast(Table, Task.__table__)
    session.connection().execute(
        update(deadline).where(deadline.c.key == bindparam("of")).values(_at(deadline) | {"moved": True}), moments
    )
    whose = select(deadline.c.task_key).where(deadline.c.key == bindparam("of")).scalar_subquery()
    dated = update(task).where(task.c.key == whose).values(_at(task))
    session.connection().execute(dated, moments)


def _at(table: Table) -> dict[str, Any]:
    return {"due_at": bindparam("at"), "revision": table.c.revision + 1}


def _turn(session: Session, number: int, before: str, after: str) -> None:
    timers = (
        update(Timer).where(Timer.instance_key.in_(_runs(number))).values(held=after == ladders.HELD, asked_at=None)
    )
    session.execute(timers, execution_options=_QUIET)
    climbing = (
        update(DeadlineLevel)
        .where(
            DeadlineLevel.deadline_key.in_(select(Deadline.key).where(*_open(number))), DeadlineLevel.state == before
        )
        .values(state=after, asked_at=None)
    )
    session.execute(climbing, execution_options=_QUIET)


def _runs(number: int) -> Select[Any]:
    return select(Instance.key).where(Instance.release_number == number)


def _open(number: int) -> tuple[Any, ...]:
    return (Deadline.release_number == number, Deadline.state == "open")
