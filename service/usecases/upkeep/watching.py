"""Watching over the product itself: administrators hear once that it has fallen behind, and once that it is over.

Every process that lives may look, as often as it likes: what is wrong is a row of its own while it lasts, and whoever
changes that row first tells.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from service import errors
from service.domain import clock, policy
from service.storage import db, keys, writing
from service.storage.models.operation import Trouble
from service.storage.queries import health, people
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.telling import notices

log = logging.getLogger(__name__)

LAG, DISPATCHER, WORKER, REDIS, MAIL = "lag", "dispatcher", "worker", "redis", "mail"
AT_ONCE = (LAG, MAIL)  # these are wrong only once they have lasted
CAUSES_LAG = (DISPATCHER, WORKER, REDIS)
FINE_FOR = timedelta(seconds=20)  # before it is called over
LOOK_S = 10.0


def look() -> None:
    """See what is wrong, and tell administrators of what has lasted, and of what is over."""
    now = clock.now()
    survey = health.survey(settings.current().redis_url, now)
    wrong = troubles(survey, now)
    known = {row.kind: row for row in health.present_troubles()}
    for kind, facts in wrong.items():
        row = known.get(kind) or _suspect(kind, facts, now)
        if row is not None:
            _go_on(row, facts, now)
    for kind, row in known.items():
        if kind not in wrong and not _unknown(kind, survey, wrong):
            _fine(row, now)


def troubles(survey: health.Survey, now: datetime) -> dict[str, dict[str, Any]]:
    """What is wrong at this moment, by kind, with its facts."""
    found: dict[str, dict[str, Any]] = {}
    if survey.redis_problem is not None:
        found[REDIS] = {"error": survey.redis_problem}
    elif survey.signs is not None:
        alive = {sign.kind for sign in survey.signs}
        found |= {kind: {} for kind in (DISPATCHER, WORKER) if kind not in alive}
    late, bound = survey.standing.late_s(now), settings.current().lag_alert_seconds
    if late > bound and not any(kind in found for kind in CAUSES_LAG):
        found[LAG] = {"seconds": round(late)}
    if survey.standing.refused is not None:
        found[MAIL] = {"error": survey.standing.refused}
    return found


def _unknown(kind: str, survey: health.Survey, wrong: Mapping[str, Any]) -> bool:
    """Nobody can say now whether this is over."""
    if kind in (DISPATCHER, WORKER):
        return survey.redis_problem is not None
    return kind == LAG and survey.standing.late_s(clock.now()) > settings.current().lag_alert_seconds


def _suspect(kind: str, facts: Mapping[str, Any], now: datetime) -> Row | None:
    """Note that it began; None where somebody else does at the same moment."""
    began_at = now - timedelta(seconds=facts.get("seconds", 0))
    try:
        with db.transaction() as session:
            row = {"kind": kind, "present": kind, "began_at": began_at, "facts": dict(facts)}
            writing.insert_rows(session, Trouble, [{"key": keys.next_key(session), **row}])
    except errors.StaleWrite:
        return None
    return next((row for row in health.present_troubles() if row.kind == kind), None)


def _go_on(row: Row, facts: Mapping[str, Any], now: datetime) -> None:
    if row.fine_since is not None:
        with db.transaction() as session:
            writing.update_where(session, Trouble, {"fine_since": None}, key=row.key, present=row.kind)
    patience = timedelta(seconds=0 if row.kind in AT_ONCE else settings.current().lag_alert_seconds)
    if row.told_at is not None or now - row.began_at < patience:
        return
    with db.transaction() as session:
        if writing.update_where(
            session, Trouble, {"told_at": now, "facts": dict(facts)}, key=row.key, present=row.kind, told_at=None
        ):
            log.warning("trouble: %s %s", row.kind, dict(facts))
            _tell(session, f"trouble:{row.key}", f"operation.{row.kind}", {"since": row.began_at, **facts}, now)


def _fine(row: Row, now: datetime) -> None:
    """It is not wrong any more; it is over when that has lasted a little."""
    with db.transaction() as session:
        if row.told_at is None:
            writing.delete_where(session, Trouble, key=row.key, present=row.kind, told_at=None)
        elif row.fine_since is None:
            writing.update_where(session, Trouble, {"fine_since": now}, key=row.key, present=row.kind, fine_since=None)
        elif now - row.fine_since >= FINE_FOR:
            over = {"present": None, "ended_at": row.fine_since}
            if writing.update_where(session, Trouble, over, key=row.key, present=row.kind):
                values = {"what": f"trouble-{row.kind}", "since": row.began_at, "until": row.fine_since}
                _tell(session, f"trouble:{row.key}:over", "operation.over", values, now)


def _tell(session: Session, cause: str, kind: str, values: Mapping[str, Any], now: datetime) -> None:
    told = dict.fromkeys(sorted(people.names_with_role(policy.ADMINISTRATOR)), policy.ADMINISTRATOR)
    notices.tell(
        session, cause=cause, recipients=told, kind=kind, values=values, link="/administration/operation", urgent=True,
        now=now,
    )  # fmt: skip
