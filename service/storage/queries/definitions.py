"""Diagrams and forms that are deployed, by id and version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, func, select

from service.storage import db
from service.storage.models.definitions import Definition, Deployment, Form
from service.storage.models.instances import Instance
from service.storage.types import Row

_LIGHT = [column for column in Definition.__table__.c if column.name != "source"]
_FORM = list(Form.__table__.c)


def latest(process_id: str) -> Row | None:
    """The newest version of a process, without its source."""
    statement = (
        select(*_LIGHT)
        .where(Definition.process_id == process_id, Definition.retired_at.is_(None))
        .order_by(Definition.version.desc())
        .limit(1)
    )
    with db.reading() as session:
        return session.execute(statement).first()


def version(process_id: str, number: int) -> Row | None:
    """One version of a process, without its source."""
    with db.reading() as session:
        return session.execute(
            select(*_LIGHT).where(Definition.process_id == process_id, Definition.version == number)
        ).first()


def by_key(key: int) -> Row | None:
    """One version by its key, without its source."""
    with db.reading() as session:
        return session.execute(select(*_LIGHT).where(Definition.key == key)).first()


def by_keys(keys: Iterable[int]) -> Sequence[Row]:
    """Several versions by key, without their sources."""
    with db.reading() as session:
        return session.execute(select(*_LIGHT).where(Definition.key.in_(list(keys)))).all()


def source(key: int) -> tuple[str, bytes, str] | None:
    """File name, XML and process id of one version."""
    with db.reading() as session:
        row = session.execute(
            select(Definition.file, Definition.source, Definition.process_id).where(Definition.key == key)
        ).first()
    return (row.file, row.source, row.process_id) if row else None


def all_latest() -> Sequence[Row]:
    """The newest version of every process by name, with deployed_at, deployed_by and how many instances are active."""
    newest = (
        select(Definition.process_id, func.max(Definition.version).label("version"))
        .where(Definition.retired_at.is_(None))
        .group_by(Definition.process_id)
        .subquery()
    )
    running = (
        select(Definition.process_id, func.count().label("running"))
        .join(Instance, Instance.definition_key == Definition.key)
        .where(Instance.status == "active")
        .group_by(Definition.process_id)
        .subquery()
    )
    statement = (
        select(
            *_LIGHT,
            Deployment.at.label("deployed_at"),
            Deployment.by.label("deployed_by"),
            func.coalesce(running.c.running, 0).label("running"),
        )
        .join(newest, and_(newest.c.process_id == Definition.process_id, newest.c.version == Definition.version))
        .join(Deployment, Deployment.key == Definition.deployment_key)
        .outerjoin(running, running.c.process_id == Definition.process_id)
        .order_by(Definition.name, Definition.process_id)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def versions(process_id: str) -> Sequence[Row]:
    """All versions of a process, newest first, with deployed_at, deployed_by and active instances of each."""
    running = (
        select(Instance.definition_key, func.count().label("running"))
        .where(Instance.status == "active")
        .group_by(Instance.definition_key)
        .subquery()
    )
    statement = (
        select(
            *_LIGHT,
            Deployment.at.label("deployed_at"),
            Deployment.by.label("deployed_by"),
            func.coalesce(running.c.running, 0).label("running"),
        )
        .join(Deployment, Deployment.key == Definition.deployment_key)
        .outerjoin(running, running.c.definition_key == Definition.key)
        .where(Definition.process_id == process_id)
        .order_by(Definition.version.desc())
    )
    with db.reading() as session:
        return session.execute(statement).all()


def newest_keys(process_ids: Iterable[str]) -> dict[str, int]:
    """Key of the newest version by process id, for those that exist."""
    wanted = list(process_ids)
    if not wanted:
        return {}
    statement = (
        select(Definition.process_id, Definition.key)
        .where(Definition.process_id.in_(wanted), Definition.retired_at.is_(None))
        .order_by(Definition.version)
    )
    with db.reading() as session:
        return {row.process_id: row.key for row in session.execute(statement)}


def known(process_id: str) -> bool:
    """Some version of it is deployed."""
    return latest(process_id) is not None
