"""Instances that may move to another version, moves that were made, and runs over many with their progress."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Label, Select, case, func, select

from service.storage import db
from service.storage.models.definitions import Definition
from service.storage.models.instances import Instance
from service.storage.models.migrations import Migration, MigrationItem, MigrationRun
from service.storage.models.releases import Release
from service.storage.types import Row


def candidates(process_id: str, *, instances: Iterable[int] | None = None) -> Sequence[Row]:
    """Active instances of a definition, the oldest first: without state, with their version and release's title."""
    light = [column for column in Instance.__table__.c if column.name != "state"]
    statement = (
        select(*light, Definition.version, Definition.process_id, Release.title)
        .join(Definition, Definition.key == Instance.definition_key)
        .outerjoin(Release, Release.number == Instance.release_number)
        .where(Definition.process_id == process_id, Instance.status == "active")
        .order_by(Instance.key)
    )
    if instances is not None:
        statement = statement.where(Instance.key.in_(list(instances)))
    with db.reading() as session:
        return session.execute(statement).all()


def last_move(instance_key: int) -> Row | None:
    """The newest move of an instance that was not undone."""
    statement = (
        select(*Migration.__table__.c)
        .where(Migration.instance_key == instance_key, Migration.undone_at.is_(None))
        .order_by(Migration.at.desc(), Migration.key.desc())
        .limit(1)
    )
    with db.reading() as session:
        return session.execute(statement).first()


def undoable(instance_key: int) -> Row | None:
    """The move that can be undone: the instance has not gone on since. With the versions' numbers."""
    earlier, later = Definition.__table__.alias(), Definition.__table__.alias()
    statement = (
        select(
            Migration.key,
            Migration.at,
            Migration.by,
            earlier.c.version.label("from_version"),
            later.c.version.label("to_version"),
        )
        .join(Instance, Instance.key == Migration.instance_key)
        .join(earlier, earlier.c.key == Migration.from_key)
        .join(later, later.c.key == Migration.to_key)
        .where(
            Migration.instance_key == instance_key,
            Migration.undone_at.is_(None),
            Migration.revision == Instance.revision,
            Instance.status == "active",
        )
        .order_by(Migration.at.desc(), Migration.key.desc())
        .limit(1)
    )
    with db.reading() as session:
        return session.execute(statement).first()


def item(key: int) -> Row | None:
    """One instance of a run, with what the run is."""
    statement = (
        select(
            *MigrationItem.__table__.c,
            MigrationRun.to_key,
            MigrationRun.undoes,
            MigrationRun.mapping,
            MigrationRun.anew,
            MigrationRun.by,
        )
        .join(MigrationRun, MigrationRun.key == MigrationItem.run_key)
        .where(MigrationItem.key == key)
    )
    with db.reading() as session:
        return session.execute(statement).first()


def run(key: int) -> Row | None:
    """A run with its progress: total, done, failed, waiting."""
    with db.reading() as session:
        return session.execute(_runs().where(MigrationRun.key == key)).first()


def runs(process_id: str, *, limit: int = 50, before: int | None = None) -> Sequence[Row]:
    """The runs of a definition, the newest first, with their progress."""
    statement = _runs().where(MigrationRun.process_id == process_id).order_by(MigrationRun.key.desc()).limit(limit)
    if before is not None:
        statement = statement.where(MigrationRun.key < before)
    with db.reading() as session:
        return session.execute(statement).all()


def items(run_key: int, *, state: str | None = None, limit: int = 50, after: int = 0) -> Sequence[Row]:
    """The instances of a run in the order of their keys, with the titles of their releases."""
    statement = (
        select(*MigrationItem.__table__.c, Release.title)
        .outerjoin(Release, Release.number == MigrationItem.release_number)
        .where(MigrationItem.run_key == run_key, MigrationItem.key > after)
        .order_by(MigrationItem.key)
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(MigrationItem.state == state)
    with db.reading() as session:
        return session.execute(statement).all()


def moved(run_key: int) -> list[Row]:
    """The instances that a run has moved: instance_key, release_number."""
    statement = select(MigrationItem.instance_key, MigrationItem.release_number).where(
        MigrationItem.run_key == run_key, MigrationItem.state == "done"
    )
    with db.reading() as session:
        return list(session.execute(statement))


def _runs() -> Select[Any]:
    def count(state: str) -> Label[int]:
        return func.coalesce(func.sum(case((MigrationItem.state == state, 1), else_=0)), 0).label(state)

    return (
        select(
            *MigrationRun.__table__.c,
            Definition.version,
            func.count(MigrationItem.key).label("total"),
            count("done"),
            count("failed"),
            count("waiting"),
        )
        .join(Definition, Definition.key == MigrationRun.to_key)
        .outerjoin(MigrationItem, MigrationItem.run_key == MigrationRun.key)
        .group_by(MigrationRun.key, Definition.version)
    )
