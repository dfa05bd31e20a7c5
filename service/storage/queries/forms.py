"""Forms that are deployed, by id and version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, func, select

from service.storage import db
from service.storage.models.definitions import Deployment, Form
from service.storage.types import Row

_COLUMNS = list(Form.__table__.c)


def by_key(key: int) -> Row | None:
    """One version of a form."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Form.key == key)).first()


def latest(form_id: str) -> Row | None:
    """The newest version of a form."""
    with db.reading() as session:
        return session.execute(
            select(*_COLUMNS).where(Form.form_id == form_id).order_by(Form.version.desc()).limit(1)
        ).first()


def version(form_id: str, number: int) -> Row | None:
    """One version of a form."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Form.form_id == form_id, Form.version == number)).first()


def versions(form_id: str) -> Sequence[Row]:
    """All versions of a form, newest first, with deployed_at and deployed_by."""
    statement = (
        select(
            Form.key,
            Form.form_id,
            Form.version,
            Form.file,
            Deployment.at.label("deployed_at"),
            Deployment.by.label("deployed_by"),
        )
        .join(Deployment, Deployment.key == Form.deployment_key)
        .where(Form.form_id == form_id)
        .order_by(Form.version.desc())
    )
    with db.reading() as session:
        return session.execute(statement).all()


def all_latest() -> Sequence[Row]:
    """The newest version of every form, by id."""
    newest = select(Form.form_id, func.max(Form.version).label("version")).group_by(Form.form_id).subquery()
    statement = (
        select(
            Form.key,
            Form.form_id,
            Form.version,
            Form.file,
            Deployment.at.label("deployed_at"),
            Deployment.by.label("deployed_by"),
        )
        .join(newest, and_(newest.c.form_id == Form.form_id, newest.c.version == Form.version))
        .join(Deployment, Deployment.key == Form.deployment_key)
        .order_by(Form.form_id)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def ids(keys: Iterable[int]) -> dict[int, str]:
    """Which form each of these versions is one of, by key."""
    wanted = list(keys)
    if not wanted:
        return {}
    with db.reading() as session:
        rows = session.execute(select(Form.key, Form.form_id).where(Form.key.in_(wanted)))
        return {row.key: row.form_id for row in rows}


def newest_keys(form_ids: Iterable[str]) -> dict[str, int]:
    """Key of the newest version by form id, for those that exist."""
    wanted = list(form_ids)
    if not wanted:
        return {}
    with db.reading() as session:
        rows = session.execute(select(Form.form_id, Form.key).where(Form.form_id.in_(wanted)).order_by(Form.version))
        return {row.form_id: row.key for row in rows}
