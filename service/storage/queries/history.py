"""What happened, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from service.storage import db
from service.storage.models.instances import Activation
from service.storage.models.ledger import Event
from service.storage.types import Row

_COLUMNS = list(Event.__table__.c)


def of_release(number: int, *, limit: int = 100, before: int | None = None) -> Sequence[Row]:
    """Events of one release, newest first; `before` is the id of the last row of the page before."""
    return _page(Event.release_number == number, limit, before)


def of_instance(key: int, *, limit: int = 500, before: int | None = None) -> Sequence[Row]:
    """Events of one instance, newest first."""
    return _page(Event.instance_key == key, limit, before)


def phases_entered(release: int) -> Sequence[str]:
    """The elements of the phases that a release entered, in order; of a phase that runs several times the first."""
    statement = (
        select(Event.element)
        .join(Activation, Activation.key == Event.activation_key)
        .where(Event.release_number == release, Event.event == "phase.entered")
        .where(or_(Activation.loop_index.is_(None), Activation.loop_index == 1))
        .order_by(Event.id)
    )
    with db.reading() as session:
        return [element for element in session.scalars(statement) if element]


def of_administration(*, limit: int = 100, before: int | None = None) -> Sequence[Row]:
    """Events of administration: people, groups, deployments."""
    return _page(Event.chain == "admin", limit, before)


def chain(name: str) -> Sequence[Row]:
    """A whole chain in its order, to check its hashes."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Event.chain == name).order_by(Event.seq)).all()


def _page(condition: Any, limit: int, before: int | None) -> Sequence[Row]:
    statement = select(*_COLUMNS).where(condition).order_by(Event.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Event.id < before)
    with db.reading() as session:
        return session.execute(statement).all()
