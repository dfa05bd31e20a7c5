"""How the product itself is doing: the times in which it was behind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Trouble(Base):
    """One episode in which something was wrong; administrators are told of its beginning and of its end, once each."""

    __tablename__ = "troubles"
    key: Mapped[int] = key_column()
    kind: Mapped[str] = mapped_column(String(20))  # lag dispatcher worker redis mail
    present: Mapped[str | None] = mapped_column(String(20), unique=True)  # the kind, while it lasts: one at a time
    began_at: Mapped[datetime] = mapped_column(Moment, index=True)
    told_at: Mapped[datetime | None] = mapped_column(Moment)  # None: it has not lasted long enough yet
    fine_since: Mapped[datetime | None] = mapped_column(Moment)  # it may be over
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    facts: Mapped[dict] = mapped_column(Json)
