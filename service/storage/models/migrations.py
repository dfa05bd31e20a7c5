"""Moves of running instances to other versions: each move with what it takes to undo it, and runs over many."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Migration(Base):
    """One instance moved. It can be undone while the instance is at the revision that the move made."""

    __tablename__ = "migrations"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    run_key: Mapped[int | None] = mapped_column(BigInteger)
    from_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("definitions.key"))
    to_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("definitions.key"))
    mapping: Mapped[dict] = mapped_column(Json, default=dict)
    anew: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # deadlines worked out again
    revision: Mapped[int] = mapped_column(Integer)
    before: Mapped[bytes | None] = mapped_column(LargeBinary)  # the state; dropped when a later move takes its place
    manifest: Mapped[dict] = mapped_column(Json)  # before, as are the facts' names
    fact_names: Mapped[list[str]] = mapped_column(Json, default=list)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(String(80))
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    undone_by: Mapped[str | None] = mapped_column(String(80))


class MigrationRun(Base):
    """A move of many instances, or the undoing of one: done by the workers, each instance by itself."""

    __tablename__ = "migration_runs"
    key: Mapped[int] = key_column()
    process_id: Mapped[str] = mapped_column(String(255), index=True)
    to_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("definitions.key"))
    undoes: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("migration_runs.key"))
    mapping: Mapped[dict] = mapped_column(Json, default=dict)
    anew: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # deadlines worked out again
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(String(80))


class MigrationItem(Base):
    """One instance of a run. state: waiting, done, failed."""

    __tablename__ = "migration_items"
    key: Mapped[int] = key_column()
    run_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("migration_runs.key"))
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"))
    release_number: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    message: Mapped[str | None] = mapped_column(Text)  # why it failed
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "run_key", "state"))
