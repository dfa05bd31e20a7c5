"""What people want to hear of by other channels than the inbox, and when; they say so, or an administrator does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from service import errors
from service.domain import clock, policy, reaching
from service.storage import db, history, writing
from service.storage.history import Entry
from service.storage.models.reaching import Preference
from service.storage.queries import people
from service.storage.queries import reaching as stored
from service.usecases.telling import audience

DEFAULT: Mapping[str, Any] = {
    "muted": {},
    "quiet_from": None,
    "quiet_until": None,
    "quiet_days": False,
    "quiet_outside": False,
    "digest": reaching.OFF,
    "digest_at": "08:00",
}
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HOUR_ADVICE = "write it like 07:30"


def get(name: str, *, actor: policy.Actor) -> dict[str, Any]:
    """What a person prefers, and its `revision`: 0 where they never said. Raises Forbidden, NotFound."""
    policy.require(policy.may_choose_for(actor, name))
    _existing(name)
    return _stored(name)


def change(name: str, changes: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Change some of what a person prefers: muted {channel: groups}, quiet_from and quiet_until (HH:MM, or None),
    quiet_days, quiet_outside, digest, digest_at.

    It holds for what is told from now on. Raises Forbidden, NotFound, InvalidInput with the fields, and StaleWrite
    where `revision` is not that of what is stored.
    """
    policy.require(policy.may_choose_for(actor, name))
    _existing(name)
    with db.transaction() as session:
        before = _stored(name)
        if revision is not None and revision != before["revision"]:
            raise errors.StaleWrite()
        after = {**before, **changes}
        problems = _problems(changes, after)
        if problems:
            raise errors.InvalidInput(problems)
        row = {**{field: after[field] for field in DEFAULT}, "changed_at": clock.now()}
        row |= {"muted": {channel: sorted(groups) for channel, groups in after["muted"].items() if groups}}
        seen = before["revision"]
        if not seen:
            writing.insert_rows(session, Preference, [{**row, "user": name, "revision": 1}])
        elif not writing.update_where(session, Preference, {**row, "revision": seen + 1}, user=name, revision=seen):
            raise errors.StaleWrite()
        entry = Entry("person.preferences", data={"name": name, "changes": dict(changes)})
        history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)


def _stored(name: str) -> dict[str, Any]:
    row = stored.preferences(name)
    if row is None:
        return {**DEFAULT, "revision": 0}
    return {field: getattr(row, field) for field in (*DEFAULT, "revision")}


def _problems(changes: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    found = {field: ["cannot be changed"] for field in changes if field not in DEFAULT}
    for field in ("quiet_from", "quiet_until", "digest_at"):
        if after[field] is not None and not _HOUR.fullmatch(str(after[field])):
            found[field] = [_HOUR_ADVICE]
    if after["digest_at"] is None:
        found["digest_at"] = [_HOUR_ADVICE]
    if (after["quiet_from"] is None) != (after["quiet_until"] is None):
        missing = "quiet_from" if after["quiet_from"] is None else "quiet_until"
        found[missing] = ["say from when until when, or neither"]
    elif after["quiet_from"] is not None and after["quiet_from"] == after["quiet_until"]:
        found["quiet_until"] = ["must be another time than the beginning"]
    if after["digest"] not in reaching.DIGESTS:
        found["digest"] = [f"use one of {', '.join(reaching.DIGESTS)}"]
    for channel, groups in after["muted"].items():
        if channel not in audience.CHANNELS:
            found["muted"] = [f"use one of the channels {', '.join(audience.CHANNELS)}"]
        elif unknown := sorted(set(groups) - set(reaching.GROUPS)):
            found["muted"] = [f"{', '.join(unknown)}: known are {', '.join(reaching.GROUPS)}"]
    return found


def _existing(name: str) -> None:
    if people.user(name) is None:
        raise errors.NotFound(f"There is nobody named {name}.")
