"""Guarded updates on deadlines and their levels: whoever changes a state first, wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, case, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.types import Row

_QUIET = {"synchronize_session": False}
WAITING, HELD = "waiting", "held"
UNFIRED = (WAITING, HELD)


def claim(session: Session, level_keys: Sequence[int], now: datetime) -> Sequence[Row]:
    """Turn those of these levels that wait and are due into fired ones; who else tries at once gets none of them."""
    statement = (
        update(DeadlineLevel)
        .where(DeadlineLevel.key.in_(level_keys), DeadlineLevel.state == "waiting", DeadlineLevel.fire_at <= now)
        .values(state="fired", fired_at=now)
        .returning(*DeadlineLevel.__table__.c)
    )
    return session.execute(statement, execution_options=_QUIET).all()


def end(session: Session, keys_by_outcome: Mapping[str, Sequence[int]], now: datetime) -> None:
    """Close the open deadlines of these activations and cancel the levels that still wait."""
    everything = [key for found in keys_by_outcome.values() for key in found]
    if not everything:
        return
    done = list(keys_by_outcome.get("completed", ()))
    state = case(
        (Deadline.activation_key.not_in(done), "cancelled"),
        (Deadline.due_at < now, "late"),
        else_="met",
    )
    closed = session.execute(
        update(Deadline)
        .where(Deadline.activation_key.in_(everything), Deadline.state == "open")
        .values(state=state, ended_at=now, revision=Deadline.revision + 1),
        execution_options=_QUIET,
    )
    if closed.rowcount:  # type: ignore[attr-defined]
        session.execute(
            update(DeadlineLevel)
            .where(DeadlineLevel.activation_key.in_(everything), DeadlineLevel.state.in_(UNFIRED))
            .values(state="cancelled"),
            execution_options=_QUIET,
        )


def end_own(
    session: Session, number: int, thing: str, now: datetime, *, element: str | None = None, done: bool
) -> None:
    """Close the open deadlines of a release's own, of this kind, and cancel the levels that still wait."""
    state = case((Deadline.due_at < now, "late"), else_="met") if done else literal("cancelled")
    statement = update(Deadline).where(
        Deadline.release_number == number,
        Deadline.activation_key.is_(None),
        Deadline.thing == thing,
        Deadline.state == "open",
    )
    statement = statement.where(Deadline.element == element) if element is not None else statement
    values = {"state": state, "ended_at": now, "revision": Deadline.revision + 1}
    closed = session.execute(statement.values(values).returning(Deadline.key), execution_options=_QUIET).scalars().all()
    if closed:
        session.execute(
            update(DeadlineLevel)
            .where(DeadlineLevel.deadline_key.in_(closed), DeadlineLevel.state.in_(UNFIRED))
            .values(state="cancelled"),
            execution_options=_QUIET,
        )


def move(session: Session, deadline_key: int, due_at: datetime, *, by_somebody: bool = True) -> bool:
    """Set another due moment on an open deadline; False where it is over. by_somebody: it stays as it is."""
    moved = session.execute(
        update(Deadline)
        .where(Deadline.key == deadline_key, Deadline.state == "open")
        .values(due_at=due_at, moved=Deadline.moved | by_somebody, revision=Deadline.revision + 1),
        execution_options=_QUIET,
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def levels(session: Session, deadline_key: int) -> Sequence[Row]:
    """All levels of a deadline in their order."""
    statement = select(*DeadlineLevel.__table__.c).where(DeadlineLevel.deadline_key == deadline_key)
    return session.execute(statement.order_by(DeadlineLevel.level, DeadlineLevel.repeat)).all()


def move_levels(session: Session, fire_at: Mapping[int, datetime]) -> None:
    """Give waiting levels, by key, another moment; which of them is the last may change by that."""
    if not fire_at:
        return
    table = cast(Table, DeadlineLevel.__table__)
    statement = (
        update(table)
        .where(table.c.key == bindparam("level_key"), or_(table.c.state == WAITING, table.c.state == HELD))
        .values(fire_at=bindparam("new_moment"), asked_at=None)
    )
    session.connection().execute(statement, [{"level_key": key, "new_moment": at} for key, at in fire_at.items()])
    _mark_last(session, list(fire_at))


def _mark_last(session: Session, level_keys: Sequence[int]) -> None:
    """Of the levels that have not fired, beside each of these, the one that comes last."""
    beside, moved = aliased(DeadlineLevel), aliased(DeadlineLevel)
    newest = (
        select(beside.key)
        .where(beside.deadline_key == DeadlineLevel.deadline_key, beside.state.in_(UNFIRED))
        .order_by(beside.fire_at.desc(), beside.level.desc(), beside.repeat.desc())
        .limit(1)
        .correlate(DeadlineLevel)
        .scalar_subquery()
    )
    statement = (
        update(DeadlineLevel)
        .where(DeadlineLevel.deadline_key.in_(select(moved.deadline_key).where(moved.key.in_(level_keys))))
        .where(DeadlineLevel.state.in_(UNFIRED))
        .values(last=DeadlineLevel.key == newest)
    )
    session.execute(statement, execution_options=_QUIET)
