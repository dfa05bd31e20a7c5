"""What reaches a person when: from what they prefer and whether they are away, for one notice on one channel.

The inbox is always told. On every other channel a notice goes at once, is held until a moment, or is skipped, each with
a reason. What is urgent goes at once, whatever they prefer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from service.domain import workinghours
from service.domain.calendars import Calendar

WAITING, HELD, SKIPPED = "waiting", "held", "skipped"
NO_ADDRESS, OPTED_OUT, ON_LEAVE, GONE = "no-address", "opted-out", "on-leave", "gone"
QUIET, DIGEST = "quiet", "digest"

PROGRESS = "progress"
GROUPS = ("deadlines", "approvals", "tasks", PROGRESS, "incidents", "reports", "operation")
FAMILIES: Mapping[str, str] = {  # how the kinds of notices begin, and which group they belong to
    "deadline": "deadlines",
    "approval": "approvals",
    "task": "tasks",
    "release": PROGRESS,
    "phase": PROGRESS,
    "milestone": PROGRESS,
    "action": PROGRESS,
    "window": PROGRESS,
    "back-out": PROGRESS,
    "job": PROGRESS,
    "incident": "incidents",
    "report": "reports",
    "policy": "reports",
    "operation": "operation",
    "webhook": "operation",
}

OFF, HOURLY, DAILY = "off", "hourly", "daily"
DIGESTS = (OFF, HOURLY, DAILY)

USUAL = Calendar()  # Monday to Friday, without holidays
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONGEST_QUIET = timedelta(days=40)  # beyond that, quiet ends all the same


def group_of(kind: str) -> str:
    """What a kind of notice is about, as people prefer it: `deadline.due` is about deadlines."""
    return FAMILIES.get(kind.partition(".")[0], PROGRESS)


@dataclass(frozen=True)
class Preferences:
    """What a person wants to hear of by other channels than the inbox, and when.

    muted: channel -> groups they do not want there. Quiet hours are those of the person's zone, and may run across
    midnight; quiet_days: days on which no hours of their calendar begin are quiet as a whole; quiet_outside: what
    is not its working time is quiet. digest_at: when the daily digest comes.
    """

    muted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_days: bool = False
    quiet_outside: bool = False
    digest: str = OFF
    digest_at: time = time(8)

    @property
    def by_calendar(self) -> bool:
        """Whether what is quiet depends on the calendar."""
        return self.quiet_days or self.quiet_outside

    def is_quiet(self, moment: datetime, zone: str, calendar: Calendar = USUAL) -> bool:
        """Whether they want to be left alone at this moment."""
        outside = self.quiet_outside and not workinghours.is_open(moment, calendar)
        return outside or self._is_quiet_by_clock(moment, zone, calendar)

    def quiet_ends(self, now: datetime, zone: str, calendar: Calendar = USUAL) -> datetime:
        """The first moment from now on that is not quiet."""
        moment, latest = now, now + _LONGEST_QUIET
        while moment < latest:
            if self._is_quiet_by_clock(moment, zone, calendar):
                moment = self._clock_ends(moment, zone, calendar)
            elif self.quiet_outside and not workinghours.is_open(moment, calendar):
                moment = _opens_at(moment, calendar) or latest
            else:
                return moment
        return latest

    def _is_quiet_by_clock(self, moment: datetime, zone: str, calendar: Calendar) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        if self.quiet_days and not calendar.hours_on(local.date()):
            return True
        first, last = self.quiet_from, self.quiet_until
        if first is None or last is None:
            return False
        now = local.time()
        return first <= now < last if first < last else now >= first or now < last

    def _clock_ends(self, now: datetime, zone: str, calendar: Calendar) -> datetime:
        """When the quiet hours or the day off of this moment end, as far as the next day tells."""
        today = now.astimezone(ZoneInfo(zone)).date()
        ends = [time(0)] if self.quiet_until is None else [time(0), self.quiet_until]
        days = (today + number * _DAY for number in range(3))
        moments = sorted(one for day in days for end in ends for one in _moments(day, end, zone) if one > now)
        over = (one for one in moments if not self._is_quiet_by_clock(one, zone, calendar))
        return next(over, moments[-1])

    def next_digest(self, now: datetime, zone: str) -> datetime:
        """When the digest comes that a notice of now belongs to."""
        local = now.astimezone(ZoneInfo(zone))
        if self.digest == HOURLY:
            begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            return now + timedelta(hours=1) - begun
        days = (local.date() + number * _DAY for number in range(3))
        return min(one for day in days for one in _moments(day, self.digest_at, zone) if one > now)


@dataclass(frozen=True)
class Decision:
    """What to do with a notice on a channel: state waiting (at once), held (until then) or skipped, and why."""

    state: str
    reason: str | None = None
    until: datetime | None = None


AT_ONCE = Decision(WAITING)


def decide(
    preferences: Preferences,
    *,
    channel: str,
    group: str,
    urgent: bool,
    away: bool,
    now: datetime,
    zone: str,
    calendar: Calendar = USUAL,
) -> Decision:
    """What becomes of a notice of this group for a person who has an address on this channel."""
    if urgent:
        return AT_ONCE
    if group in preferences.muted.get(channel, ()):
        return Decision(SKIPPED, OPTED_OUT)
    if away:
        return Decision(SKIPPED, ON_LEAVE)
    if preferences.digest != OFF:
        comes = preferences.next_digest(now, zone)
        return Decision(HELD, DIGEST, preferences.quiet_ends(comes, zone, calendar))
    if preferences.is_quiet(now, zone, calendar):
        return Decision(HELD, QUIET, preferences.quiet_ends(now, zone, calendar))
    return AT_ONCE


class Absence(Protocol):
    """Days on which somebody is away, both included, and who stands in for them."""

    first_day: date
    last_day: date
    substitute: str | None


def away(absences: Iterable[Absence], now: datetime, zone: str) -> Absence | None:
    """The absence that holds now, in the zone of the person."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return next((one for one in absences if one.first_day <= today <= one.last_day), None)


def stand_in(name: str, substitutes: Mapping[str, str | None]) -> str | None:
    """Who stands in for somebody who is away: the first in the chain who is not, None where it ends or goes round.

    substitutes: who is away -> who stands in for them. Who is not in it is there.
    """
    seen = {name}
    current = substitutes.get(name)
    while current is not None and current in substitutes:
        if current in seen:
            return None
        seen.add(current)
        current = substitutes[current]
    return None if current in seen else current


def _opens_at(moment: datetime, calendar: Calendar) -> datetime | None:
    try:
        return workinghours.opens_at(moment, calendar)
    except ValueError:  # it never opens again
        return None


def _moments(day: date, hour: time, zone: str) -> list[datetime]:
    """When the clocks of the zone show this time on this day: once, twice, or where they skip it the moment they do."""
    local = datetime.combine(day, hour, ZoneInfo(zone))
    found = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = {
        one
        for one in found
        if one.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == local.replace(tzinfo=None)
    }
    return sorted(shown) or [_skipped(min(found), max(found), local)]


def _skipped(before: datetime, after: datetime, local: datetime) -> datetime:
    """The moment between these two at which the clocks jump over a time that they never show."""
    while after - before > _MINUTE:
        middle = before + (after - before) / 2
        shown = middle.astimezone(local.tzinfo).replace(tzinfo=None)
        before, after = (middle, after) if shown < local.replace(tzinfo=None) else (before, middle)
    return after.replace(second=0, microsecond=0)
