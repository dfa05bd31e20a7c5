"""Decisions that are deployed, by id and version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, func, select

from service.storage import db
from service.storage.models.definitions import Decision, Deployment
from service.storage.types import Row

_LIGHT = [column for column in Decision.__table__.c if column.name != "source"]
_DEPLOYED = (Deployment.at.label("deployed_at"), Deployment.by.label("deployed_by"))


def by_key(key: int) -> Row | None:
    """One version of a decision, with the source of its file."""
    with db.reading() as session:
        return session.execute(select(*Decision.__table__.c).where(Decision.key == key)).first()


def latest(decision_id: str) -> Row | None:
    """The newest version of a decision, without its source."""
    statement = select(*_LIGHT).where(Decision.decision_id == decision_id).order_by(Decision.version.desc()).limit(1)
    with db.reading() as session:
        return session.execute(statement).first()


def version(decision_id: str, number: int) -> Row | None:
    """One version of a decision, with the source of its file."""
    statement = select(*Decision.__table__.c).where(Decision.decision_id == decision_id, Decision.version == number)
    with db.reading() as session:
        return session.execute(statement).first()


def versions(decision_id: str) -> Sequence[Row]:
    """All versions of a decision, newest first, with deployed_at and deployed_by."""
    statement = (
        select(*_LIGHT, *_DEPLOYED)
        .join(Deployment, Deployment.key == Decision.deployment_key)
        .where(Decision.decision_id == decision_id)
        .order_by(Decision.version.desc())
    )
    with db.reading() as session:
        return session.execute(statement).all()


def all_latest() -> Sequence[Row]:
    """The newest version of every decision by name, with deployed_at and deployed_by."""
    newest = (
        select(Decision.decision_id, func.max(Decision.version).label("version"))
        .group_by(Decision.decision_id)
        .subquery()
    )
    statement = (
        select(*_LIGHT, *_DEPLOYED)
        .join(newest, and_(newest.c.decision_id == Decision.decision_id, newest.c.version == Decision.version))
        .join(Deployment, Deployment.key == Decision.deployment_key)
        .order_by(Decision.name, Decision.decision_id)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def newest_keys(decision_ids: Iterable[str]) -> dict[str, int]:
    """Key of the newest version by decision id, for those that exist."""
    wanted = list(decision_ids)
    if not wanted:
        return {}
    statement = (
        select(Decision.decision_id, Decision.key).where(Decision.decision_id.in_(wanted)).order_by(Decision.version)
    )
    with db.reading() as session:
        return {row.decision_id: row.key for row in session.execute(statement)}
