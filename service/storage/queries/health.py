"""Whether what this product stands on is there, and the figures that operators watch."""

from __future__ import annotations

import functools

from sqlalchemy import func, select

from service.domain import clock
from service.storage import db, queue, upgrades
from service.storage.models.instances import Incident, Instance, Job, Task, Timer
from service.storage.models.notices import Deadline, DeadlineLevel, Delivery


def schema() -> tuple[str | None, str | None]:
    """The revision the database has, and the one this version needs."""
    with db.reading() as session:
        return upgrades.current(session.connection()), upgrades.newest()


@functools.cache
def _queue(url: str) -> queue.Queue:
    return queue.Queue(url)


def alive(redis_url: str) -> dict[str, int]:
    """How many dispatchers and workers gave a sign of life lately. Raises ExternalFailure when Redis is away."""
    return _queue(redis_url).alive()


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
        "timers_due": select(func.count(Timer.ref)).where(Timer.due_at < now),
        "jobs_open": select(func.count(Job.key)).where(Job.state == "open"),
        "jobs_failed": select(func.count(Job.key)).where(Job.state == "failed"),
        "incidents_open": select(func.count(Incident.key)).where(Incident.state == "open"),
        "deliveries_waiting": select(func.count(Delivery.key)).where(Delivery.state == "waiting"),
        "deliveries_dead": select(func.count(Delivery.key)).where(Delivery.state == "dead"),
    }
    statement = select(*(query.scalar_subquery().label(name) for name, query in counts.items()))
    with db.reading() as session:
        return {name: float(value) for name, value in session.execute(statement).one()._mapping.items()}
