"""One command on one instance: lock, step the engine in memory, store all it answered. Part of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.domain import policy
from service.engine import process, steps
from service.storage import db, writing
from service.storage.history import Entry
from service.storage.models.instances import Instance
from service.storage.types import Session
from service.usecases.context import live
from service.usecases.context import locked as locks
from service.usecases.running import recording

Command = Callable[[process.Instance, process.World], steps.Step]


@dataclass(frozen=True)
class Outcome:
    """What a command led to: rows of the tasks that opened, keys of the jobs that are still to be done."""

    instance_key: int
    release_number: int | None
    status: str
    opened: Sequence[Mapping[str, Any]] = ()
    pending: Sequence[int] = ()
    revision: int = 0


def advance(
    session: Session,
    instance_key: int,
    command: Command,
    *,
    actor: policy.Actor,
    event: Entry | None = None,
    release_number: int | None = locks.UNKNOWN,
) -> Outcome:
    """Run one engine command and store its Step; the caller opened the transaction and commits it."""
    locked = locks.lock(session, instance_key, release_number=release_number)
    if event:
        locked.entries.append(event)
    return step(locked, command, actor=actor)


def step(
    locked: locks.Locked,
    command: Command,
    *,
    actor: policy.Actor,
    closing: Mapping[str, Mapping[str, Any]] | None = None,
    names: Mapping[str, str] | None = None,
) -> Outcome:
    """The second half of `advance`, for use cases that look before they step.

    closing: columns to set on the tasks (by ref) that this command completes, e.g. the values given; names: theirs.
    """
    answer = command(locked.live.instance, locked.world)
    recorder = recording.Recorder(locked, actor, closing or {}, names or {})
    recorder.absorb(answer.facts)
    recorder.flush()
    columns = recorder.instance_columns(answer.status)
    columns |= {"state": answer.state, "revision": locked.row.revision + 1, "status": answer.status}
    if locked.live.library.grown:
        columns["manifest"] = {**locked.row.manifest, **locked.live.library.manifest()}
    writing.update_where(locked.session, Instance, columns, key=locked.row.key)
    _keep_after_commit(locked, answer.status)
    return Outcome(
        instance_key=locked.row.key,
        release_number=locked.row.release_number,
        status=answer.status,
        opened=recorder.opened,
        pending=recorder.pending,
        revision=locked.row.revision + 1,
    )


def _keep_after_commit(locked: locks.Locked, status: str) -> None:
    """Put the live instance back once its new revision is committed; a rollback forgets it."""
    locked.live.revision = locked.row.revision + 1
    if status == "active":
        db.after_commit(locked.session, lambda: live.put(locked.row.key, locked.live))
