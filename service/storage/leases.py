"""Leases on rows: renewed every second by a thread while the work runs, lost when the process dies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError

from service.domain import clock
from service.storage.db import db
from service.storage.models.announcements import AnnouncementMail
from service.storage.models.instances import Job
from service.storage.models.notices import Bundle
from service.storage.models.webhooks import WebhookEvent

log = logging.getLogger(__name__)

RENEWALS_A_LEASE = 3
Leased = type[Job] | type[Bundle] | type[WebhookEvent] | type[AnnouncementMail]


@contextmanager
def kept(model: Leased, key: int, token: str, seconds: float) -> Iterator[None]:
    """Within the block, keep the lease of this row alive. Outside of any transaction, within an application context."""
    over = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(db.engine, model, key, token, seconds, over), name=f"lease-{key}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew(engine: Engine, model: Leased, key: int, token: str, seconds: float, over: threading.Event) -> None:
    while not over.wait(seconds / RENEWALS_A_LEASE):
        until = clock.now() + timedelta(seconds=seconds)
        statement = update(model).where(model.key == key, model.lease == token).values(leased_until=until)
        try:
            with engine.begin() as connection:
                if not connection.execute(statement).rowcount:
                    return
        except SQLAlchemyError as problem:
            log.warning("the lease of %s could not be renewed: %s", key, problem)
