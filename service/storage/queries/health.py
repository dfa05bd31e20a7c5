"""Whether what this product stands on is there, how far behind it is, and the figures that operators watch."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, select

from service import errors
from service.domain import clock
from service.storage import db, outbox, queue, revisions
from service.storage.models.instances import Incident, Instance, Job, Task, Timer
from service.storage.models.ledger import Breakdown
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery
from service.storage.models.operation import Trouble
from service.storage.models.webhooks import WebhookEvent
from service.storage.types import Row

MAIL_PATIENCE = timedelta(minutes=10)


def schema() -> tuple[str | None, str]:
    """The revision the database has, and the one this version needs."""
    with db.reading() as session:
        return revisions.current(session.connection()), revisions.newest()


def database_seconds() -> float:
    """How long the database takes to answer the smallest question."""
    began = time.perf_counter()
    with db.reading() as session:
        session.execute(select(1))
    return time.perf_counter() - began


@functools.cache
def transport(redis_url: str) -> queue.Queue:
    """The way to Redis, kept."""
    return queue.Queue(redis_url)


def alive(redis_url: str) -> dict[str, int]:
    """How many dispatchers and workers gave a sign of life lately. Raises ExternalFailure when Redis is away."""
    return transport(redis_url).alive()


@dataclass(frozen=True)
class Standing:
    """How things stand: what is due and not done by kind, what was given up or fails, leases that are over."""

    backlog: Mapping[str, outbox.Backlog]
    failing: int
    dead_mails: int
    dead_events: int
    incidents: int
    leases_over: int
    refused: str | None

    def late_s(self, now: datetime) -> float:
        """For how long the longest waits."""
        moments = [one.since for one in self.backlog.values() if one.since is not None]
        return max(0.0, (now - min(moments)).total_seconds()) if moments else 0.0


def standing(now: datetime) -> Standing:
    """Two statements. refused: the mail server's words, where it has taken nothing for ten minutes."""
    counts = {
        "failing": select(func.count(Breakdown.key)),
        "dead_mails": select(func.count(Bundle.key)).where(Bundle.state == "dead"),
        "dead_events": select(func.count(WebhookEvent.key)).where(WebhookEvent.state == "dead"),
        "incidents": select(func.count(Incident.key)).where(Incident.state == "open"),
        "leases_over": select(
            select(func.count(Job.key)).where(Job.state == "open", Job.leased_until < now).scalar_subquery()
            + select(func.count(Bundle.key))
            .where(Bundle.state == "waiting", Bundle.leased_until < now)
            .scalar_subquery()
        ),
        "refused": _refused(now),
    }
    statement = select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    with db.reading() as session:
        row = session.execute(statement).one()._mapping
    return Standing(outbox.backlog(now), **row)


def _refused(now: datetime) -> Select[Any]:
    lately = now - MAIL_PATIENCE
    mails = Bundle.channel == "email"
    taken = exists().where(
        mails, Bundle.state == "sent", Bundle.due_at > lately - MAIL_PATIENCE, Bundle.sent_at > lately
    )
    tried = (mails, Bundle.state == "waiting", Bundle.attempts > 0, Bundle.made_at <= lately)
    return select(Bundle.answer).where(*tried, ~taken).order_by(Bundle.due_at.desc()).limit(1)


@dataclass(frozen=True)
class Survey:
    """Everything at one moment. What Redis says is None where it is not configured or does not answer."""

    standing: Standing
    database_s: float
    redis_s: float | None = None
    redis_problem: str | None = None
    signs: Sequence[queue.Sign] | None = None
    lengths: Mapping[str, int] | None = None
    counted: Mapping[str, float] = field(default_factory=dict)


def survey(redis_url: str, now: datetime) -> Survey:
    """Ask the database and Redis how things stand."""
    found = Survey(standing(now), database_seconds())
    if not redis_url:
        return found
    there = transport(redis_url)
    try:
        return replace(
            found, redis_s=there.ping(), signs=there.signs(), lengths=there.lengths(), counted=there.counted()
        )
    except errors.ExternalFailure as problem:
        return replace(found, redis_problem=problem.detail)


def present_troubles() -> Sequence[Row]:
    """What is wrong now, also where it has not lasted long enough to be told."""
    with db.reading() as session:
        return session.execute(select(*Trouble.__table__.c).where(Trouble.present.is_not(None))).all()


def episodes(limit: int) -> Sequence[Row]:
    """What administrators were told of, the newest first."""
    statement = select(*Trouble.__table__.c).where(Trouble.told_at.is_not(None))
    with db.reading() as session:
        return session.execute(statement.order_by(Trouble.began_at.desc()).limit(limit)).all()


def figures() -> dict[str, float]:
    """What is open, late or stuck, by name; one statement."""
    now = clock.now()
    counts = {
        "instances_active": select(func.count(Instance.key)).where(Instance.status == "active"),
        "tasks_open": select(func.count(Task.key)).where(Task.state == "open"),
        "tasks_overdue": select(func.count(Task.key)).where(Task.state == "open", Task.due_at < now),
        "deadlines_open": select(func.count(Deadline.key)).where(Deadline.state == "open"),
        "deadlines_overdue": select(func.count(Deadline.key)).where(Deadline.state == "open", Deadline.due_at < now),
        "levels_due": select(func.count(DeadlineLevel.key)).where(
            DeadlineLevel.state == "waiting", DeadlineLevel.fire_at < now
        ),
        "timers_armed": select(func.count(Timer.ref)),
        "timers_due": select(func.count(Timer.ref)).where(Timer.due_at < now, Timer.held.is_(False)),
        "jobs_open": select(func.count(Job.key)).where(Job.state == "open"),
        "jobs_failed": select(func.count(Job.key)).where(Job.state == "failed"),
        "incidents_open": select(func.count(Incident.key)).where(Incident.state == "open"),
        "deliveries_waiting": select(func.count(Delivery.key)).where(Delivery.state == "waiting"),
        "deliveries_held": select(func.count(Delivery.key)).where(Delivery.state == "held"),
        "deliveries_dead": select(func.count(Delivery.key)).where(Delivery.state == "dead"),
    }
    statement = select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    with db.reading() as session:
        return {name: float(value) for name, value in session.execute(statement).one()._mapping.items()}
