"""Who was told what, when and how, and who was not: the page of one deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from service.domain import clock, policy
from service.storage.queries import releases
from service.storage.types import Row
from service.usecases import stories
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages

BEGUN, LEVEL, NOW, DUE, ENDED = "begun", "level", "now", "due", "ended"
_AT_ONCE = (BEGUN, DUE, LEVEL, ENDED, NOW)  # what stands first where moments are the same


@dataclass(frozen=True)
class Mark:
    """One entry of the timeline. more: how many repeats like it wait after it; last: when the last of them is due."""

    kind: str
    at: datetime
    rung: stories.Rung | None = None
    more: int = 0
    last: datetime | None = None

    @property
    def people(self) -> Sequence[tuple[Row, Sequence[Row]]]:
        """Each notice with its deliveries."""
        receipts = self.rung.receipts if self.rung else ()
        return [(found[0], found) for _, given in groupby(receipts, lambda one: one.key) if (found := list(given))]


def marks(story: stories.Story) -> list[Mark]:
    """The timeline of a deadline; repeats of a rung that are still to come stand in one entry."""
    row = story.deadline
    found = [Mark(BEGUN, row.started_at), Mark(DUE, row.due_at)]
    found += [Mark(NOW, clock.now())] if row.state == "open" else []
    found += [Mark(ENDED, row.ended_at)] if row.ended_at else []
    shown: set[int] = set()
    for rung in story.rungs:
        level = rung.level
        if level.state == "fired":
            found.append(Mark(LEVEL, level.fire_at, rung))
        elif level.level not in shown:
            shown.add(level.level)
            later = [one.level for one in story.rungs if one.level.level == level.level]
            rest = [one for one in later if one.state == level.state and one.repeat > level.repeat]
            found.append(Mark(LEVEL, level.fire_at, rung, len(rest), rest[-1].fire_at if rest else None))
    return sorted(found, key=lambda one: (one.at, _AT_ONCE.index(one.kind)))


@pages.get("/deadlines/<key:key>")
@access.signed_in
def deadline(key: int) -> str:
    who = auth.actor()
    story = stories.tell(key, actor=who)
    row = story.deadline
    release = releases.get(row.release_number) if row.release_number is not None else None
    frame.learn_titles(_names(story))
    return frame.show(
        "deadline.html",
        one=row,
        release=release,
        marks=marks(story),
        next=story.next,
        may_move=row.state == "open" and policy.may_move_deadline(who, row) is None,
        now=clock.now(),
    )


def _names(story: stories.Story) -> list[str | None]:
    row = story.deadline
    people = [row.assignee, row.manager, row.coordinator]
    for rung in story.rungs:
        people += [one.user for one in (*rung.receipts, *rung.untold)]
        people += [*rung.would.told, *(one.user for one in rung.would.missed)] if rung.would else []
    return people
