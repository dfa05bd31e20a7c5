"""Running and finished diagrams, their activations and incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from service.domain import policy
from service.storage import db
from service.storage.models.instances import Activation, Incident, Instance, Job, Subscription, Timer
from service.storage.queries import pages, releases
from service.storage.types import Row

_LIGHT = [column for column in Instance.__table__.c if column.name != "state"]
_ACTIVATION = list(Activation.__table__.c)
_INCIDENT = list(Incident.__table__.c)
_SUBSCRIPTION = list(Subscription.__table__.c)


def get(key: int) -> Row | None:
    """One instance without the engine's state."""
    with db.reading() as session:
        return session.execute(select(*_LIGHT).where(Instance.key == key)).first()


def state(key: int) -> tuple[int, bytes] | None:
    """Revision and engine state of an instance."""
    with db.reading() as session:
        row = session.execute(select(Instance.revision, Instance.state).where(Instance.key == key)).first()
    return (row.revision, row.state) if row else None


def activations(instance_key: int, *, open_only: bool = False) -> Sequence[Row]:
    """The activations of an instance in the order they were entered."""
    statement = (
        select(*_ACTIVATION)
        .where(Activation.instance_key == instance_key)
        .order_by(Activation.entered_at, Activation.key)
    )
    if open_only:
        statement = statement.where(Activation.left_at.is_(None))
    with db.reading() as session:
        return session.execute(statement).all()


def activation(key: int) -> Row | None:
    """One activation."""
    with db.reading() as session:
        return session.execute(select(*_ACTIVATION).where(Activation.key == key)).first()


def incident(key: int) -> Row | None:
    """One incident."""
    with db.reading() as session:
        return session.execute(select(*_INCIDENT).where(Incident.key == key)).first()


def incidents(
    actor: policy.Actor,
    *,
    state: str | None = "open",
    release: int | None = None,
    instance: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Row], str | None]:
    """Incidents the actor may see, newest first."""
    limit = pages.bounded(limit)
    statement = select(*_INCIDENT).order_by(Incident.key.desc()).limit(limit + 1)
    if state:
        statement = statement.where(Incident.state == state)
    if release is not None:
        statement = statement.where(Incident.release_number == release)
    if instance is not None:
        statement = statement.where(Incident.instance_key == instance)
    if not policy.may_see_everything(actor):
        statement = statement.where(Incident.release_number.in_(releases.visible_numbers(actor)))
    if cursor:
        statement = statement.where(Incident.key < pages.decode(cursor, pages.key)[0])
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.key])


def timers(instance_key: int) -> dict[str, datetime]:
    """When each armed timer of an instance is due, by the engine's ref."""
    statement = select(Timer.ref, Timer.due_at).where(Timer.instance_key == instance_key)
    with db.reading() as session:
        return {row.ref: row.due_at for row in session.execute(statement)}


def timer_element(instance_key: int, ref: str) -> str | None:
    """The element that an armed timer stands in."""
    with db.reading() as session:
        return session.execute(
            select(Timer.element).where(Timer.instance_key == instance_key, Timer.ref == ref)
        ).scalar_one_or_none()


def has_incident(instance_key: int, code: str) -> bool:
    """Whether an instance has an open incident of this code."""
    statement = select(Incident.key).where(
        Incident.instance_key == instance_key, Incident.code == code, Incident.state == "open"
    )
    with db.reading() as session:
        return session.execute(statement.limit(1)).first() is not None


def subscription(key: int) -> Row | None:
    """One open subscription."""
    with db.reading() as session:
        return session.execute(select(*_SUBSCRIPTION).where(Subscription.key == key)).first()


def waiting_in(instance_key: int, message: str, correlation: str | None) -> Row | None:
    """The subscription of one instance, no action, that waits longest for this message."""
    statement = select(*_SUBSCRIPTION).where(
        Subscription.instance_key == instance_key,
        Subscription.kind == "message",
        Subscription.message == message,
        Subscription.action.is_(False),
    )
    if correlation is not None:
        statement = statement.where(or_(Subscription.correlation.is_(None), Subscription.correlation == correlation))
    with db.reading() as session:
        return session.execute(statement.order_by(Subscription.opened_at, Subscription.key)).first()


def jobs(instance_key: int, *, states: Iterable[str] = ("open", "failed")) -> Sequence[Row]:
    """Jobs of an instance in these states."""
    with db.reading() as session:
        return session.execute(
            select(*Job.__table__.c).where(Job.instance_key == instance_key, Job.state.in_(list(states)))
        ).all()


def job(key: int) -> Row | None:
    """One job."""
    with db.reading() as session:
        return session.execute(select(*Job.__table__.c).where(Job.key == key)).first()
