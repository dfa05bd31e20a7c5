"""The story of a deadline: its levels with who was told and who was not, and whom the next one would tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from service import errors
from service.domain import clock, policy
from service.storage import ladders
from service.storage.queries import deadlines, notices, releases, untold
from service.storage.types import Row
from service.usecases.releases import tasks
from service.usecases.telling import audience, recipients


@dataclass(frozen=True)
class Rung:
    """A level: receipts are the notices with their deliveries, one row for each pair; would: whom it would reach
    now, substitutes too, while it is still to fire.
    """

    level: Row
    receipts: Sequence[Row] = ()
    untold: Sequence[Row] = ()
    would: recipients.Meant | None = None


@dataclass(frozen=True)
class Story:
    """A deadline with its levels, earliest first."""

    deadline: Row
    rungs: Sequence[Rung] = field(default_factory=list)

    @property
    def next(self) -> Rung | None:
        """The level that fires next."""
        return next((rung for rung in self.rungs if rung.would is not None), None)


def see(key: int, *, actor: policy.Actor) -> Row:
    """A deadline for somebody who sees its release, or its task. Raises NotFound, Forbidden."""
    row = deadlines.get(key)
    if row is None:
        raise errors.NotFound(f"There is no deadline {key}.")
    if policy.may_see_everything(actor):
        return row
    if row.release_number is not None and releases.may_see(actor, row.release_number):
        return row
    if row.task_key is None:
        raise errors.Forbidden("You take no part in what this deadline belongs to.")
    tasks.see(row.task_key, actor=actor)
    return row


def tell(key: int, *, actor: policy.Actor) -> Story:
    """The story of one deadline. Raises NotFound, Forbidden."""
    row = see(key, actor=actor)
    levels = deadlines.levels([key])[key]
    causes = [f"level:{level.key}" for level in levels if level.state == "fired"]
    receipts, missed = defaultdict(list), defaultdict(list)
    for receipt in notices.of_causes(causes):
        receipts[receipt.cause].append(receipt)
    for one in untold.of_causes(causes):
        missed[one.cause].append(one)
    would = _would(row, [level for level in levels if row.state == "open" and level.state in ladders.UNFIRED])
    causes_of = {level.key: f"level:{level.key}" for level in levels}
    rungs = [Rung(one, receipts[causes_of[one.key]], missed[causes_of[one.key]], would.get(one.key)) for one in levels]
    return Story(row, rungs)


def _would(deadline: Row, ahead: Sequence[Row]) -> dict[int, recipients.Meant]:
    """Whom each of these levels would reach if it fired now."""
    directory = recipients.Directory()
    meant = {level.key: directory.resolve(level.recipients, deadline) for level in ahead}
    there = audience.Audience(audience.readers_of(meant.values()), clock.now())
    return {level.key: there.reached(meant[level.key], urgent=level.last) for level in ahead}
