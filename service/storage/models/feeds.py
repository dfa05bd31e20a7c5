"""Calendar feeds: secret links by which calendar programs read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Feed(Base):
    """A secret link to a calendar, with the rights that its owner has when it is read; only its SHA-256 is kept."""

    __tablename__ = "feeds"
    key: Mapped[int] = key_column()
    owner: Mapped[str] = mapped_column(String(80), index=True)
    service: Mapped[str | None] = mapped_column(String(120))  # None: the owner's own calendar
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    made_at: Mapped[datetime] = mapped_column(Moment)  # when the present link was made
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    shown: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # what was shown the last time, to number changes
    revision: Mapped[int] = mapped_column(Integer, default=1)
