"""What is due now, and asking for each thing once at a time.

Fourteen tables hold what waits for a moment. A row is due when its moment has come and nobody asked for it lately;
asking is a guarded update of `asked_at`, so that several dispatchers may run. Where Redis or a worker lost it, the row
is due again a lease later: that is the sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select, tuple_, update
from sqlalchemy.orm import Session

from service.storage import db
from service.storage.models.announcements import AnnouncementMail
from service.storage.models.appointments import Appointment
from service.storage.models.base import Base, Moment
from service.storage.models.calendars import Recalculation
from service.storage.models.instances import Incident, Job, Subscription, Task, Timer
from service.storage.models.ledger import Breakdown
from service.storage.models.messages import Message, Start
from service.storage.models.migrations import MigrationItem
from service.storage.models.notices import Bundle, DeadlineLevel, Delivery
from service.storage.models.webhooks import WebhookEvent

LEVELS, TIMERS, JOBS, MESSAGES, DELIVERIES = "levels", "timers", "jobs", "messages", "deliveries"
SUBSCRIPTIONS, STARTS, MOVES, APPROVALS, BUNDLES = "subscriptions", "starts", "moves", "approvals", "bundles"
HOOKS, ANNOUNCEMENTS, APPOINTMENTS, RECALCULATIONS = "hooks", "announcements", "appointments", "recalculations"
KINDS = (
    LEVELS,
    TIMERS,
    JOBS,
    MESSAGES,
    SUBSCRIPTIONS,
    STARTS,
    MOVES,
    APPROVALS,
    DELIVERIES,
    BUNDLES,
    HOOKS,
    ANNOUNCEMENTS,
    APPOINTMENTS,
    RECALCULATIONS,
)

UNEXPECTED = "unexpected-failure"  # the code of the incident of a run whose timers cannot fire


@dataclass(frozen=True)
class _Source:
    """A table of waiting things: what identifies a row, what to hand to the worker, and when it is due.

    leased_until: the column that says how long somebody is at work on it, where a row can be in somebody's hands.
    """

    model: type[Base]
    identity: tuple[Any, ...]
    key: Any
    due_at: Any
    waiting: tuple[ColumnElement[bool], ...]
    leased_until: Any = None

    def free(self, now: Any) -> tuple[ColumnElement[bool], ...]:
        """Waiting, and in nobody's hands."""
        if self.leased_until is None:
            return self.waiting
        return (*self.waiting, or_(self.leased_until.is_(None), self.leased_until < now))

    def due(self, at: Any) -> tuple[ColumnElement[bool], ...]:
        """Due, and not asked for lately. at: has the moments `now`, `until`, `stale` and `ahead`."""
        asked_at = self.model.asked_at  # type: ignore[attr-defined]
        return (
            *self.free(at.now),
            self.due_at <= at.until,
            or_(asked_at.is_(None), ~asked_at.between(at.stale, at.ahead)),
        )


# Nothing is put off for so long: whoever asked for it had a clock that ran ahead, and may have asked in vain.
AHEAD = timedelta(minutes=1)
# Written into the statements rather than handed over with them: the database then plans each only once.
_WAITING: ColumnElement[str] = literal_column("'waiting'")
_OPEN: ColumnElement[str] = literal_column("'open'")
_KEPT: ColumnElement[str] = literal_column("'kept'")
_ONE: ColumnElement[int] = literal_column("1")
_SOURCES = {
    LEVELS: _Source(
        DeadlineLevel,
        (DeadlineLevel.key,),
        DeadlineLevel.key,
        DeadlineLevel.fire_at,
        (DeadlineLevel.state == _WAITING,),
    ),
    TIMERS: _Source(Timer, (Timer.instance_key, Timer.ref), Timer.instance_key, Timer.due_at, (Timer.held.is_(False),)),
    JOBS: _Source(
        Job,
        (Job.key,),
        Job.key,
        Job.due_at,
        (Job.state == _OPEN, Job.internal.is_(True)),
        Job.leased_until,
    ),
    MESSAGES: _Source(Message, (Message.key,), Message.key, Message.due_at, (Message.state.in_((_WAITING, _KEPT)),)),
    SUBSCRIPTIONS: _Source(Subscription, (Subscription.key,), Subscription.key, Subscription.look_at, ()),
    STARTS: _Source(Start, (Start.key,), Start.key, Start.due_at, ()),
    MOVES: _Source(
        MigrationItem,
        (MigrationItem.key,),
        MigrationItem.key,
        MigrationItem.due_at,
        (MigrationItem.state == _WAITING,),
    ),
    APPROVALS: _Source(Task, (Task.key,), Task.key, Task.reconsider_at, (Task.state == _OPEN,)),
    DELIVERIES: _Source(Delivery, (Delivery.key,), Delivery.key, Delivery.look_at, ()),
    BUNDLES: _Source(
        Bundle,
        (Bundle.key,),
        Bundle.key,
        Bundle.due_at,
        (Bundle.state == _WAITING,),
        Bundle.leased_until,
    ),
    APPOINTMENTS: _Source(
        Appointment,
        (Appointment.key,),
        Appointment.key,
        Appointment.due_at,
        (Appointment.state == _WAITING,),
    ),
    RECALCULATIONS: _Source(
        Recalculation,
        (Recalculation.key,),
        Recalculation.key,
        Recalculation.due_at,
        (Recalculation.state == _WAITING,),
    ),
    HOOKS: _Source(
        WebhookEvent,
        (WebhookEvent.key,),
        WebhookEvent.key,
        WebhookEvent.due_at,
        (WebhookEvent.state == _WAITING,),
        WebhookEvent.leased_until,
    ),
    ANNOUNCEMENTS: _Source(
        AnnouncementMail,
        (AnnouncementMail.key,),
        AnnouncementMail.key,
        AnnouncementMail.due_at,
        (AnnouncementMail.state == _WAITING,),
        AnnouncementMail.leased_until,
    ),
}


_MOMENTS = {name: bindparam(name, type_=Moment) for name in ("now", "until", "stale", "ahead")}
_GIVEN = SimpleNamespace(**_MOMENTS)
_ONCE = select(*(moment.label(name) for name, moment in _MOMENTS.items())).subquery("at")


def _earliest(source: _Source) -> Any:
    first = select(source.due_at).where(*source.due(_ONCE.c)).order_by(source.due_at).limit(_ONE)
    return first.correlate(_ONCE).scalar_subquery()


# Each moment is handed over once, however many tables there are.
_PEEK = select(*(_earliest(source).label(kind) for kind, source in _SOURCES.items())).select_from(_ONCE)


class Lookout:
    """Looks for what is due several times a second, over a connection that it keeps.

    It speaks to the driver itself: what a session and SQLAlchemy do for a statement costs far more than this one.
    """

    def __init__(self) -> None:
        self._connection: Any = None
        self._text = ""
        self._constants: Mapping[str, Any] = {}
        self._written = self._read = _as_it_is

    def peek(self, now: datetime, until: datetime, stale: datetime) -> dict[str, datetime]:
        """For each kind that has something due by `until`, its earliest moment. One statement."""
        given = {"now": now, "until": until, "stale": stale, "ahead": now + AHEAD}
        try:
            if self._connection is None:
                self._connect()
            cursor = self._connection.cursor()
            moments = {name: self._written(moment) for name, moment in given.items()}
            cursor.execute(self._text, {**self._constants, **moments})
            row = cursor.fetchone()
            cursor.close()
        except Exception:
            self.close()  # the server may be gone: the next look connects anew
            raise
        return {kind: self._read(moment) for kind, moment in zip(_SOURCES, row, strict=True) if moment is not None}

    def close(self) -> None:
        """Give the connection up; another look opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        self._connection, dialect = db.own_connection()
        compiled = _PEEK.compile(dialect=dialect)
        self._text, self._constants = str(compiled), compiled.params
        moment = Moment().dialect_impl(dialect)
        self._written = moment.bind_processor(dialect) or _as_it_is
        self._read = moment.result_processor(dialect, None) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def peek(now: datetime, until: datetime, stale: datetime) -> dict[str, datetime]:
    """One look, as a `Lookout` has it."""
    lookout = Lookout()
    try:
        return lookout.peek(now, until, stale)
    finally:
        lookout.close()


def claim(session: Session, kind: str, now: datetime, stale: datetime, most: int) -> list[int]:
    """Mark up to `most` due rows as asked for; answers their keys (timers: the instances'), earliest first."""
    source = _SOURCES[kind]
    chosen: Select[Any] = select(*source.identity).where(*source.due(_GIVEN)).order_by(source.due_at).limit(most)
    if session.get_bind().dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    values = {"now": now, "until": now, "stale": stale, "ahead": now + AHEAD}
    rows = session.execute(chosen, values).all()
    if not rows:
        return []
    target = source.identity[0] if len(source.identity) == 1 else tuple_(*source.identity)
    wanted = [row[0] for row in rows] if len(source.identity) == 1 else [tuple(row) for row in rows]
    statement = update(source.model).where(target.in_(wanted)).values(asked_at=now)
    session.execute(statement, execution_options={"synchronize_session": False})
    return list(dict.fromkeys(row[0] for row in rows))


def postpone(session: Session, kind: str, key: int, until: datetime | None) -> None:
    """Do not ask for a row again before this moment: it failed in a way that another attempt at once would not mend.

    None: ask again at once.
    """
    source = _SOURCES[kind]
    statement = update(source.model).where(source.key == key).values(asked_at=until)
    session.execute(statement, execution_options={"synchronize_session": False})


def still_waits(session: Session, kind: str, key: int) -> bool:
    """Whether a row is yet to be done, in whosever hands it is; until this transaction ends, nobody finishes it."""
    source = _SOURCES[kind]
    statement = select(source.key).where(source.key == key, source.due_at.is_not(None), *source.waiting)
    if session.get_bind().dialect.name == "postgresql":
        statement = statement.with_for_update()
    return session.execute(statement).first() is not None


@dataclass(frozen=True)
class Backlog:
    """How much of a kind is due and not done, and since when; what keeps failing is counted apart."""

    due: int
    since: datetime | None
    failing: int


def backlog(now: datetime) -> dict[str, Backlog]:
    """What is due and not done, by kind; one statement.

    Timers that cannot fire have an incident of their run instead of a breakdown.
    """
    with db.reading() as session:
        row_of = session.execute(_BACKLOG, {"now": now}).one()._mapping
    return {
        kind: Backlog(row_of[f"{kind}_due"], row_of[f"{kind}_since"], row_of[f"{kind}_failing"]) for kind in _SOURCES
    }


def _failing(kind: str, source: _Source) -> ColumnElement[bool]:
    if kind == TIMERS:
        stuck = (Incident.instance_key == source.key, Incident.code == UNEXPECTED, Incident.state == "open")
        return exists().where(*stuck)
    return exists().where(Breakdown.kind == kind, Breakdown.subject == source.key)


def _behind(kind: str, source: _Source) -> list[Any]:
    due = (*source.free(_GIVEN.now), source.due_at <= _GIVEN.now)
    failing = _failing(kind, source)
    count = select(func.count()).select_from(source.model).where(*due)
    return [
        count.where(~failing).scalar_subquery().label(f"{kind}_due"),
        select(func.min(source.due_at)).where(*due, ~failing).scalar_subquery().label(f"{kind}_since"),
        count.where(failing).scalar_subquery().label(f"{kind}_failing"),
    ]


_BACKLOG = select(*(column for kind, source in _SOURCES.items() for column in _behind(kind, source)))
