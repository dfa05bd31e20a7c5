"""Why somebody was told, or not told, of a deadline: one finding for each level of its ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service import errors
from service.domain import policy, readers
from service.storage import ladders
from service.storage.queries import people
from service.storage.types import Row
from service.usecases.ledger import stories
from service.usecases.telling import audience, recipients

INBOX_ALONE, INBOX = "inbox-alone", "inbox"
NOT_NAMED, NOT_DUE, AWAY_NOW, ON_HOLD = "not-named", "not-due", "away-now", "on-hold"
OTHERS_NEXT, OTHERS_HELD, WITHDRAWN = "not-meant", "not-meant-on-hold", "cancelled"


@dataclass(frozen=True)
class Finding:
    """What is the matter with one level. code: a word for programs; values: what its sentence names.

    inbox: told, with a finding for each delivery besides (sent, waiting, held, dead, skipped, with its reason);
    inbox-alone: told without any; not-named: the level told others; inactive: they had left; on-leave: away with
    nobody to stand in; not-due: they would be told; away-now: they would be, and who stands in for them; on-hold: they
    would be, but the release is on hold; not-meant: others would be; not-meant-on-hold: others, when it goes on;
    cancelled: what it is about was over before.
    """

    level: Row
    code: str
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Explanation:
    """Whether a person was told at all, and why or why not."""

    deadline: Row
    user: str
    told: bool
    findings: Sequence[Finding]


def explain(deadline_key: int, user: str, *, actor: policy.Actor) -> Explanation:
    """Why this person was or was not told by each level. Raises NotFound, Forbidden, InvalidInput for an unknown name.

    Repeats of a level that say the same stand as one finding.
    """
    story = stories.tell(deadline_key, actor=actor)
    if people.user(user) is None:
        raise errors.InvalidInput({"user": [f"there is nobody named {user}"]})
    findings: list[Finding] = []
    for rung in story.rungs:
        for one in _findings(rung, story.deadline, user):
            if not any(_same(one, before) for before in findings):
                findings.append(one)
    return Explanation(story.deadline, user, any(one.code in (INBOX, INBOX_ALONE) for one in findings), findings)


def _findings(rung: stories.Rung, deadline: Row, user: str) -> list[Finding]:
    level = rung.level
    if level.state == "cancelled":
        ended = {"state": deadline.state, "ended_at": deadline.ended_at}
        return [Finding(level, WITHDRAWN, level.fire_at, ended)]
    if level.state in ladders.UNFIRED:
        meant = rung.would
        if meant is not None and user in meant.told and level.state == ladders.HELD:
            return [Finding(level, ON_HOLD, level.fire_at, {"as": meant.told[user]})]
        if meant is not None and user in meant.told:
            instead = _standing_in(user, meant)
            code = NOT_DUE if instead is None else AWAY_NOW
            return [Finding(level, code, level.fire_at, {"as": meant.told[user], "told": instead or []})]
        others = sorted(meant.told) if meant is not None else []
        code = OTHERS_HELD if level.state == ladders.HELD else OTHERS_NEXT
        return [Finding(level, code, level.fire_at, {"recipients": list(level.recipients), "told": others})]
    missed = [
        Finding(level, one.reason, level.fired_at, {"as": one.recipient}) for one in rung.untold if one.user == user
    ]
    own = [row for row in rung.receipts if row.reader == user]
    if own:
        stand_ins = {row.reader for row in rung.receipts if row.as_ == f"{audience.SUBSTITUTE}{user}"}
        return [*_told(level, own, sorted(stand_ins)), *missed]
    if missed:
        return missed
    others = sorted({name for row in rung.receipts if (name := readers.person(row.reader))})
    return [Finding(level, NOT_NAMED, level.fired_at, {"recipients": list(level.recipients), "told": others})]


def _standing_in(user: str, meant: recipients.Meant) -> list[str] | None:
    """Who would be told in place of somebody who is away, perhaps nobody; None while they are there."""
    found = [name for name, part in meant.told.items() if part == f"{audience.SUBSTITUTE}{user}"]
    alone = any(one.user == user and one.reason == recipients.ON_LEAVE for one in meant.missed)
    return found if found or alone else None


def _told(level: Row, receipts: Sequence[Row], stand_ins: Sequence[str]) -> list[Finding]:
    first = receipts[0]
    carried = [row for row in receipts if row.delivery_key is not None]
    values = {"as": first.as_, "read_at": first.read_at}
    found = [Finding(level, INBOX if carried else INBOX_ALONE, first.asked_at, values)]
    for row in carried:
        at = row.sent_at or row.next_attempt_at or row.asked_at
        told = {"channel": row.channel, "address": row.address, "reason": row.reason or "", "answer": row.answer}
        found.append(Finding(level, row.delivery_state, at, {**told, "told": stand_ins}))
    return found


def _same(one: Finding, other: Finding) -> bool:
    """A repeat of the same rung of which there is nothing new to say."""
    if one.level.level != other.level.level or one.code != other.code or one.level.state == "fired":
        return False
    return one.values == other.values
