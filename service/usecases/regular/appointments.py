"""Keeping appointments: each once, in one transaction with what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.domain import clock
from service.storage import appointments, db
from service.storage.queries import appointments as stored
from service.storage.types import Row, Session
from service.usecases.regular import releasepolicy, reporting


@dataclass(frozen=True)
class _Keeper:
    """keep: what is done in the transaction; prepare: what is slow, before it."""

    keep: Callable[[Session, Row, Any, datetime], None]
    prepare: Callable[[Row], Any] = lambda _: None


_KEEPERS: Mapping[str, _Keeper] = {
    releasepolicy.REVIEW: _Keeper(lambda session, row, _, now: releasepolicy.remind(session, row, now)),
    reporting.TURN: _Keeper(reporting.send, reporting.prepare),
}


def keep(key: int) -> bool:
    """Do what is due; answers False, and does nothing, where that is done, not due, or cancelled."""
    row = stored.due(key, clock.now())
    if row is None:
        return False
    keeper = _KEEPERS[row.kind]
    prepared = keeper.prepare(row)
    with db.transaction() as session:
        now = clock.now()
        claimed = appointments.claim(session, key, now)
        if claimed is None:
            return False
        keeper.keep(session, claimed, prepared, now)
    return True
