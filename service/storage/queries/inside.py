"""What is open inside an activity, on any level of sub-processes and call activities."""

from __future__ import annotations

from sqlalchemy import select

from service.storage import db
from service.storage.models.instances import Activation, Task
from service.storage.types import Row


def open_tasks(instance_key: int, activation_key: int) -> list[Row]:
    """The open tasks of an activity itself and of what it encloses: key, assignee, groups, users."""
    statement = (
        select(Task.key, Task.assignee, Task.groups, Task.users, Task.activation_key, Activation.path)
        .join(Activation, Activation.key == Task.activation_key)
        .where(Task.instance_key == instance_key, Task.state == "open")
        .order_by(Task.key)
    )
    with db.reading() as session:
        ref = session.execute(select(Activation.ref).where(Activation.key == activation_key)).scalar_one_or_none()
        rows = session.execute(statement).all()
    return [row for row in rows if row.activation_key == activation_key or ref in row.path.split("/")]
