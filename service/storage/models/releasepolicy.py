"""The release policy: one document in versions, its owner, and its reviews."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Moment, key_column

ONLY = 1  # the key of the one policy


class ReleasePolicy(Base):
    """Who owns the policy, which version is in force, and when it is to be reviewed next."""

    __tablename__ = "release_policy"
    key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(String(80))
    ladder: Mapped[str] = mapped_column(Text)  # who is told when of a review that is near or overdue
    in_force: Mapped[int | None] = mapped_column(Integer)
    review_at: Mapped[datetime | None] = mapped_column(Moment)
    revision: Mapped[int] = mapped_column(Integer)


class PolicyVersion(Base):
    """One version of the text, kept for good."""

    __tablename__ = "release_policy_versions"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)  # Markdown
    note: Mapped[str] = mapped_column(Text, default="")  # what changed, and why
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class PolicyReview(Base):
    """Somebody reviewed a version, found it right, and said until when."""

    __tablename__ = "release_policy_reviews"
    key: Mapped[int] = key_column()
    version: Mapped[int] = mapped_column(Integer, ForeignKey("release_policy_versions.number"))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, default="")
    review_at: Mapped[datetime] = mapped_column(Moment)
