"""Who was told what, when and how, and who was not: the page of one deadline, and the ledger of everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import request

from service.domain import clock, naming, policy
from service.storage.queries import ledger as stored
from service.storage.queries import people, releases
from service.storage.types import Row
from service.usecases.ledger import answers, explaining, stories
from service.usecases.worktime import forecasts
from service.web import access, auth, explained
from service.web.pages import events, frame, words

pages = frame.pages

BEGUN, LEVEL, NOW, DUE, ENDED, HAPPENED = "begun", "level", "now", "due", "ended", "happened"
_AT_ONCE = (BEGUN, DUE, LEVEL, HAPPENED, ENDED, NOW)  # what stands first where moments are the same


@dataclass(frozen=True)
class Mark:
    """One entry of the timeline. more: how many repeats like it wait after it; last: when the last of them is due.

    event: what moved the levels, in words.
    """

    kind: str
    at: datetime
    rung: stories.Rung | None = None
    next: bool = False
    more: int = 0
    last: datetime | None = None
    event: events.Told | None = None

    @property
    def people(self) -> Sequence[tuple[Row, Sequence[Row]]]:
        """Each notice with its deliveries."""
        receipts = self.rung.receipts if self.rung else ()
        return [(found[0], found) for _, given in groupby(receipts, lambda one: one.key) if (found := list(given))]


def marks(story: stories.Story, happened: Iterable[events.Told] = ()) -> list[Mark]:
    """The timeline of a deadline with what moved it; repeats of a rung that are still to come stand in one entry."""
    row = story.deadline
    found = [Mark(BEGUN, row.started_at), Mark(DUE, row.due_at)]
    found += [Mark(HAPPENED, one.at, event=one) for one in happened]
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
            until = rest[-1].fire_at if rest else None
            found.append(Mark(LEVEL, level.fire_at, rung, rung is story.next, len(rest), until))
    return sorted(found, key=lambda one: (one.at, _AT_ONCE.index(one.kind)))


@pages.get("/deadlines/<key:key>")
@access.signed_in
def deadline(key: int) -> str:
    """The ladder as a timeline; `?person=` explains why that person was told or was not."""
    who = auth.actor()
    story = stories.tell(key, actor=who)
    row = story.deadline
    release = releases.get(row.release_number) if row.release_number is not None else None
    words.in_zone_of(row.service)
    person = request.args.get("person") or None
    found = explaining.explain(key, person, actor=who) if person else None
    frame.learn_titles([*_names(story), person])
    return frame.show(
        "deadline.html",
        one=row,
        release=release,
        marks=marks(story, _moves(row, release)),
        next=story.next,
        explained=found,
        sentences=[(one, _sentence(one)) for one in found.findings] if found else (),
        people=people.users(active_only=True) if policy.may_see_everything(who) else (),
        forecast=forecasts.of([row]).get(row.activation_key),
        may_move=row.state == "open" and row.thing != "release" and policy.may_move_deadline(who, row) is None,
        now=clock.now(),
    )


def _moves(row: Row, release: Row | None) -> list[events.Told]:
    """When it was given another due moment, and when its clock stood still."""
    runs = {row.instance_key, release.instance_key if release else row.instance_key}
    found = [
        one
        for one in stored.answers(runs, ("deadline.moved", "release.held", "release.resumed"), row.started_at)
        if (one.activation_key == row.activation_key or one.event != "deadline.moved")
        and (row.ended_at is None or one.at <= row.ended_at)
    ]
    return events.told(found, {row.element: naming.called(row.name or row.element, row.item)})


def _sentence(one: explaining.Finding) -> str:
    return explained.sentence(one, words.exact, frame.title_of, words.recipient)


def _names(story: stories.Story) -> list[str | None]:
    row = story.deadline
    found = [row.assignee, row.manager, row.coordinator]
    for rung in story.rungs:
        found += [*(one.reader for one in rung.receipts), *(one.user for one in rung.untold)]
        found += [*rung.would.told, *(one.user for one in rung.would.missed)] if rung.would else []
    return found


@pages.get("/administration/ledger")
@access.requires(policy.may_administer)
def whole_ledger() -> str:
    """Everything that was told and was not, filtered by what the address says."""
    given = {name: request.args.get(name, "").strip() for name in ("release", "user", "state", "channel")}
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value}
    wanted["reader"] = wanted.pop("user", None)
    if given["release"]:
        wanted["release"] = _number(given["release"])
    lines, cursor = answers.lines(actor=auth.actor(), cursor=request.args.get("cursor"), **wanted)
    learn(lines)
    return frame.show("ledger.html", lines=together(lines), cursor=cursor, given=given, people=people.users())


def _number(text: str) -> int:
    """The number of a release, with or without its R; 0, which none has, for anything else."""
    digits = text.upper().removeprefix("R-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


@dataclass(frozen=True)
class Told:
    """A person and a cause, with the lines for the ways in which they were told."""

    lines: Sequence[answers.Line]

    @property
    def row(self) -> Row:
        return self.lines[0].row

    @property
    def level(self) -> Row | None:
        return self.lines[0].level

    @property
    def answered(self) -> answers.Answer | None:
        return self.lines[0].answered


def together(lines: Iterable[answers.Line]) -> list[Told]:
    """Lines of the same notice in one place; the inbox first. Each who was not told stands alone."""
    found: dict[int, list[answers.Line]] = {}
    for line in lines:
        found.setdefault(line.row.notice_key or line.row.key, []).append(line)
    return [Told(sorted(one, key=lambda line: line.row.channel != "inbox")) for one in found.values()]


def learn(lines: Iterable[answers.Line]) -> None:
    """Look up the people of several lines at once."""
    found = list(lines)
    frame.learn_titles([line.row.reader for line in found] + [line.answered.by for line in found if line.answered])
