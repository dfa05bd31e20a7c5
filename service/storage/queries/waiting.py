"""What is open in an instance: asked once when it is brought to life."""

from __future__ import annotations

from sqlalchemy import func, select

from service.storage import db
from service.storage.models.instances import Activation, Incident, Task
from service.storage.models.notices import Deadline


def activations(instance_key: int) -> dict[str, int]:
    """Keys of open activations by the engine's ref."""
    statement = select(Activation.ref, Activation.key)
    statement = statement.where(Activation.instance_key == instance_key, Activation.left_at.is_(None))
    with db.reading() as session:
        return {row.ref: row.key for row in session.execute(statement)}


def occurrences(instance_key: int) -> dict[str, int]:
    """How often each element was entered."""
    statement = select(Activation.element, func.count().label("times"))
    statement = statement.where(Activation.instance_key == instance_key).group_by(Activation.element)
    with db.reading() as session:
        return {row.element: row.times for row in session.execute(statement)}


def tasks(instance_key: int) -> dict[str, int]:
    """Keys of open tasks by the engine's ref."""
    statement = select(Task.ref, Task.key).where(Task.instance_key == instance_key, Task.state == "open")
    with db.reading() as session:
        return {row.ref: row.key for row in session.execute(statement)}


def deadlines(instance_key: int) -> set[int]:
    """Activation keys that have an open deadline."""
    statement = select(Deadline.activation_key).where(Deadline.instance_key == instance_key, Deadline.state == "open")
    with db.reading() as session:
        return {key for key in session.scalars(statement) if key is not None}


def incidents(instance_key: int) -> set[str]:
    """Refs that have an open incident."""
    statement = select(Incident.ref).where(Incident.instance_key == instance_key, Incident.state == "open")
    with db.reading() as session:
        return {ref for ref in session.scalars(statement) if ref}


def who_completed_tasks_in(instance_key: int, parent_ref: str | None) -> set[str]:
    """Names of those who completed tasks, approvals aside, directly inside one activation."""
    statement = (
        select(Task.closed_by, Task.approval)
        .join(Activation, Activation.key == Task.activation_key)
        .where(Task.instance_key == instance_key, Task.state == "completed", Activation.parent_ref == parent_ref)
    )
    with db.reading() as session:
        return {row.closed_by for row in session.execute(statement) if row.closed_by and row.approval is None}
