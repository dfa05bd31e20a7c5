"""Releases: the record beside the diagram's run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Category(Base):
    """A category of releases and the model it selects by release type (S2-5, S2-6)."""

    __tablename__ = "categories"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    models: Mapped[dict] = mapped_column(Json)  # release type or "*" -> process id


class Release(Base):
    """A release. status: open, closed, terminated, backed-out; `phase` follows the diagram."""

    __tablename__ = "releases"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # shown as R-1
    title: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16))  # major minor emergency
    kind: Mapped[str] = mapped_column(String(16))  # software hardware both
    category: Mapped[str] = mapped_column(String(80))
    service: Mapped[str] = mapped_column(String(120), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    classification: Mapped[str | None] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(255))  # process id of the diagram
    from_template: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    phase: Mapped[str | None] = mapped_column(String(80))
    phase_name: Mapped[str | None] = mapped_column(String(255))
    window_start: Mapped[datetime | None] = mapped_column(Moment)
    window_end: Mapped[datetime | None] = mapped_column(Moment)
    requester: Mapped[str] = mapped_column(String(80))
    manager: Mapped[str | None] = mapped_column(String(80))
    coordinator: Mapped[str | None] = mapped_column(String(80))
    instance_key: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("instances.key"))
    outcome: Mapped[str | None] = mapped_column(String(255))  # name of the end event
    created_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    held_at: Mapped[datetime | None] = mapped_column(Moment)  # on hold since then; null: it runs
    held_by: Mapped[str | None] = mapped_column(String(80))
    held_reason: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer, default=1)


class ReleaseFact(Base):
    """A fact that has no records of its own yet, written by form fields with `tidegate.record`."""

    __tablename__ = "release_facts"
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)  # dotted, e.g. release.rollout
    value: Mapped[object] = mapped_column(Json, nullable=True)


class ReleasePerson(Base):
    """Somebody's part in one release: stakeholder or board."""

    __tablename__ = "release_people"
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"), primary_key=True)
    part: Mapped[str] = mapped_column(String(20), primary_key=True)
    user: Mapped[str] = mapped_column(String(80), primary_key=True)


class Milestone(Base):
    """A milestone that was reached."""

    __tablename__ = "milestones"
    key: Mapped[int] = key_column()
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"), index=True)
    activation_key: Mapped[int] = mapped_column(BigInteger)
    milestone: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(255), default="")
    reached_at: Mapped[datetime] = mapped_column(Moment)


class Comment(Base):
    """What somebody said about a release."""

    __tablename__ = "comments"
    key: Mapped[int] = key_column()
    release_number: Mapped[int] = mapped_column(ForeignKey("releases.number"))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    text: Mapped[str] = mapped_column(Text)
    __table_args__ = (Index(None, "release_number", "at"),)
