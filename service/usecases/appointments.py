"""Keeping appointments: each once, in one transaction with what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from service.domain import clock
from service.storage import appointments, db
from service.storage.types import Row, Session
from service.usecases import releasepolicy

_KEEPERS: Mapping[str, Callable[[Session, Row, datetime], None]] = {releasepolicy.REVIEW: releasepolicy.remind}


def keep(key: int) -> bool:
    """Do what is due; answers False, and does nothing, where that is done, not due, or cancelled."""
    with db.transaction() as session:
        now = clock.now()
        row = appointments.claim(session, key, now)
        if row is None:
            return False
        _KEEPERS[row.kind](session, row, now)
    return True
