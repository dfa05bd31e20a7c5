"""Rows of open activations whose element has another name in the version that their instance moved to."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from service.storage import writing
from service.storage.models.instances import Activation, Incident, Job, Subscription, Task, Timer
from service.storage.models.notices import Deadline

LONGEST_NAME = 255


def activation(session: Session, instance_key: int, ref: str, key: int | None, element: str, name: str) -> None:
    """Give the rows of one activation their element's id and name; what has ended keeps the old ones."""
    here = {"instance_key": instance_key, "ref": ref}
    named = {"element": element, "name": name[:LONGEST_NAME]}
    writing.update_where(session, Timer, {"element": element}, **here)
    writing.update_where(session, Subscription, {"element": element}, **here)
    if key is None:
        return
    writing.update_where(session, Activation, named, key=key)
    writing.update_where(session, Task, named, **here, state="open")
    writing.update_where(session, Job, named, **here, state=["open", "failed"])
    writing.update_where(session, Incident, {"element": element}, **here, state="open")
    deadline = {"element": element, "name": named["name"] or element}
    writing.update_where(session, Deadline, deadline, activation_key=key, state="open")


def task(session: Session, key: int, columns: dict[str, Any]) -> None:
    """Give an open task what it shows in the new version."""
    writing.update_where(session, Task, columns, key=key, state="open")
