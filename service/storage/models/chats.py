"""Where people and groups can be reached by chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain import readers
from service.storage.models.base import Base, Moment, key_column


class ChatAddress(Base):
    """A chat that one person or one group reads. `url` is secret: `shown` is what people see of it."""

    __tablename__ = "chat_addresses"
    key: Mapped[int] = key_column()
    reader: Mapped[str] = mapped_column(String(readers.LONGEST))
    name: Mapped[str] = mapped_column(String(80))  # receipts name it
    url: Mapped[str] = mapped_column(String(2000))
    shown: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("reader", "name"),)
