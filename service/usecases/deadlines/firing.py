"""Levels of ladders fire: each once, telling the people it names at that moment (S2-3)."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from service.domain import clock, naming, policy
from service.storage import db, history, ladders, locking, outbox, tally
from service.storage.queries import deadlines as stored
from service.usecases.telling import notices, recipients, values
from service.usecases.worktime import forecasts

log = logging.getLogger(__name__)


def fire(level_key: int) -> bool:
    """Fire one level: claim it and tell the people it names, in one transaction (S2-3).

    Answers False, and does nothing, where it has fired, is not due, or its activation has left.
    """
    return fire_all([level_key]) == 1


def fire_all(level_keys: Sequence[int]) -> int:
    """Fire several levels in one transaction; answers how many were still to fire.

    Recipients are those of this moment; a person named twice by a level is told once. History tells it.
    """
    with db.transaction() as session:
        now = clock.now()
        locking.instances_of_levels(session, level_keys)
        levels = ladders.claim(session, level_keys, now)
        if not levels:
            return 0
        deadlines = stored.by_keys({level.deadline_key for level in levels})
        directory = recipients.Directory()
        directory.meet(deadlines.values())
        foreseen = forecasts.of(deadlines.values(), now=now)
        entries: dict[int, list[history.Entry]] = defaultdict(list)
        tellings = []
        for level in levels:
            deadline = deadlines[level.deadline_key]
            tally.observe(tally.LATE, outbox.LEVELS, (now - level.fire_at).total_seconds())
            one = _telling(level, deadline, directory, forecasts.said(foreseen.get(deadline.activation_key), now))
            tellings.append(one)
            entries[deadline.instance_key].append(_fired(level, deadline, one))
        notices.tell_all(session, tellings, now=now)
        history.append_to_instances(session, entries, at=now, actor=policy.SYSTEM.name)
    return len(levels)


def _telling(
    level: Any, deadline: Any, directory: recipients.Directory, foreseen: Mapping[str, Any]
) -> notices.Telling:
    meant = directory.resolve(level.recipients, deadline)
    if not meant.told:
        log.warning("deadline %s: nobody to tell: %s", deadline.key, " ".join(level.recipients))
    return notices.Telling(
        cause=f"level:{level.key}",
        recipients=meant.told,
        groups=meant.groups,
        missed=meant.missed,
        kind=_kind(level, deadline),
        values={**values.of_deadline(deadline, directory), **foreseen},
        link=_link(deadline),
        release_number=deadline.release_number,
        instance_key=deadline.instance_key,
        task_key=deadline.task_key,
        urgent=level.last,
    )


def _fired(level: Any, deadline: Any, one: notices.Telling) -> history.Entry:
    data = {
        "name": naming.called(deadline.name, deadline.item), "kind": one.kind, "due": deadline.due_at.isoformat(),
        "level": level.level, "repeat": level.repeat, "recipients": list(level.recipients),
        "told": sorted(one.recipients),
    }  # fmt: skip
    data |= {"task": deadline.task_key} if deadline.task_key is not None else {}
    return history.Entry("deadline.level.fired", deadline.element, deadline.activation_key, data)


def _kind(level: Any, deadline: Any) -> str:
    if level.fire_at < deadline.due_at:
        return "deadline.near"
    return "deadline.due" if level.fire_at == deadline.due_at else "deadline.overdue"


def _link(deadline: Any) -> str:
    if deadline.task_key is not None:
        return f"/tasks/{deadline.task_key}"
    return f"/releases/R-{deadline.release_number}" if deadline.release_number is not None else ""
