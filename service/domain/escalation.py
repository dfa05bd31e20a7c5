"""Escalation ladders: who is told what before and after a due moment (design section 1).

A ladder has one entry a line (or between semicolons): `MOMENT: recipients [repeat DURATION xN]`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.domain import deadlines, durations
from service.domain.calendars import Calendar

RECIPIENTS = ("assignee", "candidates", "coordinator", "manager", "stakeholders", "board")
MOST_REPEATS = 20
MOST_RUNGS = 50
LONGEST_NAME = 80  # of a person or a group
LONGEST_MOMENT = 40  # with the repeat

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_REPEAT = re.compile(r"(.*?)\s*\brepeat\b(.*)", re.IGNORECASE)
_TIMES = re.compile(r"(\S+)\s+[x×](\d+)", re.IGNORECASE)
_NAMED = re.compile(r"(group|user):\S+")


@dataclass(frozen=True)
class Rung:
    """One entry of a ladder.

    moment: a duration from the due moment as drawn (`-P1D`, `PT0S`, `P1D`) or a share of the time (`80%`).
    recipients: assignee, candidates, coordinator, manager, stakeholders, board, group:x, user:x.
    repeat: ISO duration between repeats, with `times` (1..20) repeats after the first.
    """

    moment: str
    recipients: tuple[str, ...]
    repeat: str | None = None
    times: int = 0


@dataclass(frozen=True)
class Level:
    """One rung, or one repeat of it (repeat 0 is the rung itself), at its moment."""

    level: int
    repeat: int
    moment: str
    recipients: tuple[str, ...]
    fire_at: datetime


DEFAULT = (
    Rung("80%", ("assignee", "candidates")),
    Rung("PT0S", ("assignee", "candidates", "coordinator")),
    Rung("P1D", ("manager",), repeat="P1D", times=5),
)


_OWN = (
    Rung("-P1D", ("coordinator", "manager")),
    Rung("PT0S", ("coordinator", "manager")),
    Rung("P1D", ("manager",), repeat="P1D", times=5),
)
TASK, APPROVAL, PHASE, MILESTONE, RELEASE = "task", "approval", "phase", "milestone", "release"
SHIPPED = {TASK: DEFAULT, APPROVAL: DEFAULT, PHASE: DEFAULT, MILESTONE: _OWN, RELEASE: _OWN}


def parse(text: str) -> tuple[Rung, ...]:
    """Read a ladder; raises ValueError that names the line of the ladder and says what to do."""
    entries = [
        (number, entry.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        for entry in line.split(";")
        if entry.strip()
    ]
    if not entries:
        raise ValueError("The ladder is empty. Write one entry a line, like “PT0S: assignee candidates”, or remove it.")
    if len(entries) > MOST_RUNGS:
        raise ValueError(f"The ladder has {len(entries)} entries; {MOST_RUNGS} are the most.")
    return tuple(_rung(number, entry) for number, entry in entries)


def levels(
    rungs: Sequence[Rung],
    started_at: datetime,
    due_at: datetime,
    calendar: Calendar = deadlines.PLAIN,
    clock: str = deadlines.ELAPSED,
) -> list[Level]:
    """All moments of a ladder, earliest first. Levels count from 1 in the order of the ladder.

    A rung before the start of the time fires at once; a repeat is counted from its rung, so that months and days keep
    their date and wall time in the calendar's zone. What the calendar never comes to is left out.
    """
    found = []
    for number, rung in enumerate(rungs, start=1):
        with contextlib.suppress(ValueError):
            first = _first(rung, started_at, due_at, calendar, clock)
            for repeat in range(rung.times + 1):
                moment = first
                if repeat and rung.repeat:
                    every = durations.parse(rung.repeat) * repeat
                    moment = deadlines.shift(first, every, clock=clock, calendar=calendar)
                fire_at = max(moment, started_at).astimezone(UTC)
                found.append(Level(number, repeat, rung.moment, rung.recipients, fire_at))
    return sorted(found, key=lambda level: (level.fire_at, level.level, level.repeat))


def written(rungs: Sequence[Rung]) -> str:
    """The ladder in its notation."""
    lines = []
    for rung in rungs:
        repeat = f" repeat {rung.repeat} x{rung.times}" if rung.repeat else ""
        lines.append(f"{rung.moment}: {' '.join(rung.recipients)}{repeat}")
    return "\n".join(lines)


def drawn(rung: Rung) -> str:
    """The moment as in the ladder; where it repeats also after what: `P1D repeat P1D`."""
    return f"{rung.moment} repeat {rung.repeat}" if rung.repeat else rung.moment


def is_recipient(name: str) -> bool:
    """Whether a ladder may name it: one of `RECIPIENTS`, `group:x` or `user:x`."""
    return name in RECIPIENTS or _NAMED.fullmatch(name) is not None


def _first(rung: Rung, started_at: datetime, due_at: datetime, calendar: Calendar, clock: str) -> datetime:
    share = _SHARE.fullmatch(rung.moment)
    if share is None:
        return deadlines.shift(due_at, durations.parse(rung.moment), clock=clock, calendar=calendar)
    return deadlines.after_share(started_at, due_at, float(share[1]) / 100, clock=clock, calendar=calendar)


def _rung(number: int, entry: str) -> Rung:
    where = f"Line {number} of the ladder"
    moment, colon, rest = entry.partition(":")
    if not colon:
        raise ValueError(f"{where}, “{entry}”, has no colon. Write “MOMENT: recipients”, like “P1D: manager”.")
    split = _REPEAT.fullmatch(rest)
    names, repeat = (split[1], split[2].strip()) if split else (rest, None)
    every, times = _repeat(where, repeat) if repeat is not None else (None, 0)
    rung = Rung(_moment(where, moment.strip()), _recipients(where, names), every, times)
    if len(drawn(rung)) > LONGEST_MOMENT:
        raise ValueError(f"{where}: write the moment and the repeat shorter, with at most {LONGEST_MOMENT} characters.")
    return rung


def _moment(where: str, text: str) -> str:
    share = _SHARE.fullmatch(text)
    if share:
        if not 0 < float(share[1]) <= 100:
            raise ValueError(f"{where}: the share {text} must be above 0 % and at most 100 %.")
        return f"{share[1]}%"
    try:
        durations.parse(text)
    except ValueError:
        raise ValueError(
            f"{where}: “{text}” is not a moment. Write a duration from the due moment, like -P1D, PT0S or P1D,"
            " or a share of the time, like 80%."
        ) from None
    return text


def _recipients(where: str, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not names:
        raise ValueError(f"{where} names nobody. Add recipients: {', '.join(RECIPIENTS)}, group:x or user:x.")
    for name in names:
        if not is_recipient(name):
            known = f"Known are {', '.join(RECIPIENTS)}, group:x and user:x."
            advice = f"Write one entry a line. {known}" if name.endswith(":") else known
            raise ValueError(f"{where}: “{name}” is not a recipient. {advice}")
        if len(name.partition(":")[2]) > LONGEST_NAME:
            raise ValueError(f"{where}: “{name}” is longer than {LONGEST_NAME} characters; no person or group is.")
    return names


def _repeat(where: str, text: str) -> tuple[str, int]:
    match = _TIMES.fullmatch(text)
    if match is None:
        raise ValueError(f"{where}: after “repeat” write a duration and how often, like “repeat P1D x5”.")
    try:
        every = durations.parse(match[1])
    except ValueError as problem:
        raise ValueError(f"{where}: {problem}") from None
    if every.roughly <= timedelta():
        raise ValueError(f"{where}: the time between repeats, {match[1]}, must be above zero.")
    times = int(match[2])
    if not 1 <= times <= MOST_REPEATS:
        raise ValueError(f"{where}: x{times} is not possible; a rung repeats 1 to {MOST_REPEATS} times.")
    return match[1], times
