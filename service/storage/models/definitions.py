"""What process owners deployed: diagrams, forms and decisions, each version kept for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Deployment(Base):
    """One delivery of files by one person."""

    __tablename__ = "deployments"
    key: Mapped[int] = key_column()
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(String(80))


class Definition(Base):
    """One version of one executable process of a diagram. The XML as it came is the truth."""

    __tablename__ = "definitions"
    key: Mapped[int] = key_column()
    deployment_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("deployments.key"))
    process_id: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(255))
    version_tag: Mapped[str | None] = mapped_column(String(255))
    file: Mapped[str] = mapped_column(String(255))
    source: Mapped[bytes] = mapped_column(LargeBinary)
    checksum: Mapped[str] = mapped_column(String(64))
    facts: Mapped[list[str]] = mapped_column(Json, default=list)  # names of facts its expressions mention
    forms: Mapped[list[str]] = mapped_column(Json, default=list)
    called: Mapped[list[str]] = mapped_column(Json, default=list)
    decisions: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("process_id", "version"),)


class Form(Base):
    """One version of a form-js schema."""

    __tablename__ = "forms"
    key: Mapped[int] = key_column()
    deployment_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("deployments.key"))
    form_id: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    file: Mapped[str] = mapped_column(String(255))
    body: Mapped[dict] = mapped_column(Json)
    checksum: Mapped[str] = mapped_column(String(64))
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("form_id", "version"),)


class Decision(Base):
    """One version of one decision of a DMN file; a decision runs with those of its own file that it requires."""

    __tablename__ = "decisions"
    key: Mapped[int] = key_column()
    deployment_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("deployments.key"))
    decision_id: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(255))
    file: Mapped[str] = mapped_column(String(255))
    source: Mapped[bytes] = mapped_column(LargeBinary)
    checksum: Mapped[str] = mapped_column(String(64))
    facts: Mapped[list[str]] = mapped_column(Json, default=list)  # names of facts its expressions mention
    __table_args__ = (UniqueConstraint("decision_id", "version"),)
