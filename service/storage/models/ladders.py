"""Ladders that administrators set for what is due without one of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Moment


class DefaultLadder(Base):
    """The ladder of one kind of thing, where it is another than the shipped one."""

    __tablename__ = "default_ladders"
    thing: Mapped[str] = mapped_column(String(12), primary_key=True)  # task approval phase milestone release
    text: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
