"""What dispatcher and workers do with notices, in the test's own process and by the test's own clock."""

from __future__ import annotations

from typing import Any

from service.domain import clock
from service.storage import db, outbox
from service.storage.models.notices import Bundle, Delivery
from service.usecases.sending import deliveries

MOST = 10_000


def gather() -> None:
    """Gather what is due to be gathered."""
    deliveries.gather(_due(outbox.DELIVERIES))


def carry() -> list[bool]:
    """Gather, then send each bundle that is due; for each whether it was sent."""
    gather()
    return [deliveries.deliver(key) for key in _due(outbox.BUNDLES)]


def due_levels() -> list[int]:
    """The levels of ladders that are due."""
    return _due(outbox.LEVELS)


def _due(kind: str) -> list[int]:
    now = clock.now()
    with db.transaction() as session:
        keys = outbox.claim(session, kind, now, now, MOST)
        for key in keys:
            outbox.postpone(session, kind, key, None)
    return keys


def all_bundles() -> list[Any]:
    """Every bundle, in their order."""
    return _all(Bundle)


def all_deliveries() -> list[Any]:
    """Every receipt, in their order."""
    return _all(Delivery)


def _all(model: Any) -> list[Any]:
    with db.reading() as session:
        found = session.query(model).order_by(model.key).all()
        session.expunge_all()
    return found
