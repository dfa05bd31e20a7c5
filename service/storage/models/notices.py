"""Deadlines, their ladders, and what was told to whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    column,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain import readers
from service.storage.models.base import Base, Json, Moment, key_column

_STILL_OPEN = column("state") == "open"


class Deadline(Base):
    """A due moment of one activation, of a milestone or of a release. state: open, met, done late (late), cancelled.

    subject: what the deadline of a milestone or release is known by; one of them is open at a time.
    """

    __tablename__ = "deadlines"
    key: Mapped[int] = key_column()
    activation_key: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    thing: Mapped[str] = mapped_column(String(12), server_default="task")  # task approval phase milestone release
    subject: Mapped[str | None] = mapped_column(String(140))
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    task_key: Mapped[int | None] = mapped_column(BigInteger)
    element: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    phase: Mapped[str | None] = mapped_column(String(80))
    as_drawn: Mapped[str] = mapped_column(String(255), default="")
    clock: Mapped[str] = mapped_column(String(10), default="elapsed")
    started_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(10))  # open met late cancelled
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    moved: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # by somebody, or by a hold
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "subject", unique=True, sqlite_where=_STILL_OPEN, postgresql_where=_STILL_OPEN),
    )


class DeadlineLevel(Base):
    """One rung of a ladder, or one repeat of it. Firing is a guarded update: exactly once per level."""

    __tablename__ = "deadline_levels"
    key: Mapped[int] = key_column()
    deadline_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("deadlines.key"))
    activation_key: Mapped[int | None] = mapped_column(BigInteger)
    level: Mapped[int] = mapped_column(Integer)
    repeat: Mapped[int] = mapped_column(Integer)
    moment: Mapped[str] = mapped_column(String(40))  # as written in the ladder
    recipients: Mapped[list[str]] = mapped_column(Json)
    last: Mapped[bool] = mapped_column(Boolean, default=False)  # of its ladder: it reaches people whatever they prefer
    fire_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(10))  # waiting held fired cancelled
    asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when a dispatcher last enqueued it
    fired_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        UniqueConstraint("activation_key", "level", "repeat"),
        Index(None, "deadline_key", "level", "repeat", unique=True),
        Index(None, "state", "fire_at"),
    )


class Notice(Base):
    """What one reader was told, and why. A person's is the inbox entry; deliveries carry it further.

    What a group is told is in nobody's inbox: deliveries carry it to the group's chats.
    """

    __tablename__ = "notices"
    key: Mapped[int] = key_column()
    cause: Mapped[str] = mapped_column(String(120))  # 'level:123' or 'job:45': with the reader, unique
    reader: Mapped[str] = mapped_column(String(readers.LONGEST))
    as_: Mapped[str] = mapped_column("as_recipient", String(120), default="")  # coordinator, group:x, ...
    kind: Mapped[str] = mapped_column(String(40))
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    instance_key: Mapped[int | None] = mapped_column(BigInteger)
    task_key: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(String(255), default="")
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        UniqueConstraint("cause", "reader"),
        Index(None, "reader", "read_at"),
        Index(None, "reader", "asked_at"),
    )


class Bundle(Base):
    """What travels as one message to one reader: made before it is sent, so that a repeat is the same message.

    state: waiting, sent, dead.
    """

    __tablename__ = "bundles"
    key: Mapped[int] = key_column()
    reader: Mapped[str] = mapped_column(String(readers.LONGEST))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(254))
    size: Mapped[int] = mapped_column(Integer)  # how many notices
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    made_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    message_id: Mapped[str] = mapped_column(String(255))
    answer: Mapped[str | None] = mapped_column(Text)  # what the other side said last
    outage: Mapped[bool] = mapped_column(Boolean, default=False)  # it waits because the other side was away
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "reader", "made_at"))


class Delivery(Base):
    """The receipt of a notice on one channel: what became of it there, and why.

    state: waiting, held (until `look_at`), sent, dead, skipped. reason: no-address, rate, ... What waits is gathered
    into bundles; from then on the bundle is what is tried, and its fate is written here.
    """

    __tablename__ = "deliveries"
    key: Mapped[int] = key_column()
    notice_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("notices.key"), index=True)
    reader: Mapped[str] = mapped_column(String(readers.LONGEST))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(20))
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    told_at: Mapped[datetime] = mapped_column(Moment)
    look_at: Mapped[datetime | None] = mapped_column(Moment, index=True)  # when to gather it; None once that is done
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    bundle: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bundles.key"), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime] = mapped_column(Moment)  # when it is to go, or to be tried again
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    message_id: Mapped[str | None] = mapped_column(String(255))
    answer: Mapped[str | None] = mapped_column(Text)  # what the other side said last
    __table_args__ = (Index(None, "reader", "state"), Index(None, "state", "key"))
