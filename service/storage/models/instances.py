"""Running diagrams: instances, their activations, and everything that waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    or_,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.models.base import Base, Json, Moment, key_column


class Instance(Base):
    """One run of a definition. `state` is the engine's own; `revision` guards every cached copy of it."""

    __tablename__ = "instances"
    key: Mapped[int] = key_column()
    definition_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("definitions.key"), index=True)
    business_key: Mapped[str | None] = mapped_column(String(255))
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    status: Mapped[str] = mapped_column(String(16))  # active completed cancelled
    revision: Mapped[int] = mapped_column(Integer)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    manifest: Mapped[dict] = mapped_column(Json)  # {"processes": {id: definition key}, "forms": {id: form key}}
    fact_names: Mapped[list[str]] = mapped_column(Json, default=list)
    started_by: Mapped[str | None] = mapped_column(String(80))
    start_correlation: Mapped[str | None] = mapped_column(String(255), index=True)  # key of the message that began it
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_element: Mapped[str | None] = mapped_column(String(255))
    history_count: Mapped[int] = mapped_column(Integer, default=0)
    history_hash: Mapped[str] = mapped_column(String(64), default="")


class Activation(Base):
    """One stay of a token in one element: what tasks, deadlines, jobs, approvals and incidents refer to."""

    __tablename__ = "activations"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"))
    ref: Mapped[str] = mapped_column(String(64))  # the engine's identity
    path: Mapped[str] = mapped_column(Text, default="")
    parent_ref: Mapped[str | None] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(255))
    process: Mapped[str] = mapped_column(String(255), default="")
    type: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(255), default="")
    loop_index: Mapped[int | None] = mapped_column(Integer)
    occurrence: Mapped[int] = mapped_column(Integer, default=1)
    entered_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(16))
    __table_args__ = (UniqueConstraint("instance_key", "ref"), Index(None, "instance_key", "left_at"))

    @classmethod
    def takes_time(cls) -> ColumnElement[bool]:
        """Still there, or not passed at once, as most are: of these it is asked how long they took."""
        return or_(cls.left_at.is_(None), cls.left_at > cls.entered_at)


Index(
    "ix_activations_durations",
    Activation.process,
    Activation.element,
    Activation.left_at,
    sqlite_where=Activation.takes_time(),
    postgresql_where=Activation.takes_time(),
)


class Task(Base):
    """Work for a person. state: open, completed, cancelled, skipped."""

    __tablename__ = "tasks"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    activation_key: Mapped[int] = mapped_column(BigInteger)
    ref: Mapped[str] = mapped_column(String(64))
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    element: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    item: Mapped[str | None] = mapped_column(String(120))  # which one of several alike
    phase: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12))
    assignee: Mapped[str | None] = mapped_column(String(80))
    groups: Mapped[list[str]] = mapped_column(Json, default=list)
    users: Mapped[list[str]] = mapped_column(Json, default=list)
    form_key: Mapped[int | None] = mapped_column(BigInteger)
    button: Mapped[str | None] = mapped_column(String(80))
    gate: Mapped[bool] = mapped_column(Boolean, default=False)
    criteria: Mapped[dict] = mapped_column(Json, default=dict)  # label -> FEEL
    approval: Mapped[dict | None] = mapped_column(Json)  # {"rule": any|all|n, "needed": n, "deciders": [names]}
    draft: Mapped[dict | None] = mapped_column(Json)
    values: Mapped[dict | None] = mapped_column(Json)  # what was answered
    priority: Mapped[int] = mapped_column(Integer, default=50)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    follow_up_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    reconsider_at: Mapped[datetime | None] = mapped_column(Moment)  # an approval: who decides has changed
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "state", "reconsider_at"),
        Index(None, "assignee", "state"),
        Index(None, "activation_key"),
    )


class TaskCandidate(Base):
    """A group or user who may take a task; only while it is open (rows go when it closes)."""

    __tablename__ = "task_candidates"
    task_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("tasks.key"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(5), primary_key=True)  # group or user
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    __table_args__ = (Index(None, "kind", "name"),)


class Vote(Base):
    """One decision of one decider on an approval task."""

    __tablename__ = "votes"
    key: Mapped[int] = key_column()
    task_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("tasks.key"))
    user: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(10))  # approved or denied
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("task_key", "user"),)


class Timer(Base):
    """An armed timer of an instance. Deleted when it fires or is disarmed: history has the story."""

    __tablename__ = "timers"
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), primary_key=True)
    element: Mapped[str] = mapped_column(String(255))
    due_at: Mapped[datetime] = mapped_column(Moment, index=True)
    held: Mapped[bool] = mapped_column(Boolean, default=False)  # its release is on hold
    asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when a dispatcher last enqueued it


class Subscription(Base):
    """A message or signal the instance waits for; an action when people trigger it. Deleted when it is gone."""

    __tablename__ = "subscriptions"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    ref: Mapped[str] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(8), server_default="message")  # message or signal
    message: Mapped[str] = mapped_column(String(255))  # the name of the message or signal
    process: Mapped[str] = mapped_column(String(255), server_default="")  # in which the element is drawn
    correlation: Mapped[str | None] = mapped_column(String(255))
    attached_to: Mapped[str | None] = mapped_column(String(64))
    interrupting: Mapped[bool] = mapped_column(Boolean, default=True)
    action: Mapped[bool] = mapped_column(Boolean, default=False)
    label: Mapped[str] = mapped_column(String(255), default="")
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    reason_required: Mapped[bool] = mapped_column(Boolean, default=False)
    form_key: Mapped[int | None] = mapped_column(BigInteger)
    phase: Mapped[str | None] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    look_at: Mapped[datetime | None] = mapped_column(Moment, index=True)  # when to look for kept messages; null: done
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index(None, "message", "correlation"),)


def _is_internal(context: DefaultExecutionContext) -> bool:
    return str(context.get_current_parameters()["type"]).startswith("tidegate.")


class Job(Base):
    """A service task's work for a worker. state: open, done, cancelled, failed (no retries left: an incident)."""

    __tablename__ = "jobs"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    activation_key: Mapped[int] = mapped_column(BigInteger)
    release_number: Mapped[int | None] = mapped_column(Integer)
    ref: Mapped[str] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255), default="")
    type: Mapped[str] = mapped_column(String(255))
    headers: Mapped[dict] = mapped_column(Json, default=dict)
    variables: Mapped[dict] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(10))
    retries: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    internal: Mapped[bool] = mapped_column(Boolean, default=_is_internal)  # run by our own workers
    due_at: Mapped[datetime] = mapped_column(Moment)  # not before (back-off)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when a dispatcher last enqueued it
    lease: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    worker: Mapped[str | None] = mapped_column(String(120))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index(None, "state", "internal", "due_at"), Index(None, "state", "type", "due_at"))


class Incident(Base):
    """Where an instance waits for help. state: open, resolved, cancelled."""

    __tablename__ = "incidents"
    key: Mapped[int] = key_column()
    instance_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("instances.key"), index=True)
    release_number: Mapped[int | None] = mapped_column(Integer, index=True)
    activation_key: Mapped[int | None] = mapped_column(BigInteger)
    job_key: Mapped[int | None] = mapped_column(BigInteger)
    ref: Mapped[str | None] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(255))
    code: Mapped[str] = mapped_column(String(80))
    message: Mapped[str] = mapped_column(Text)
    expression: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), index=True)
    raised_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str | None] = mapped_column(String(80))
