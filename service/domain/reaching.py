"""What reaches a person when: from what they prefer and whether they are away, for one notice on one channel.

The inbox is always told. On every other channel a notice goes at once, is held until a moment, or is skipped, each with
a reason. What is urgent goes at once, whatever they prefer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

WAITING, HELD, SKIPPED = "waiting", "held", "skipped"
NO_ADDRESS, OPTED_OUT, ON_LEAVE, QUIET, DIGEST = "no-address", "opted-out", "on-leave", "quiet", "digest"

GROUPS = ("deadlines", "approvals", "tasks", "progress", "incidents", "reports")
_GROUPS_OF = {
    "deadline": "deadlines",
    "approval": "approvals",
    "task": "tasks",
    "incident": "incidents",
    "report": "reports",
    "policy": "reports",
}

OFF, HOURLY, DAILY = "off", "hourly", "daily"
DIGESTS = (OFF, HOURLY, DAILY)

DayOff = Callable[[date], bool]
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONGEST_QUIET_DAYS = 40  # beyond that many days off in a row, quiet ends all the same


def group_of(kind: str) -> str:
    """What a kind of notice is about, as people prefer it: `deadline.due` is about deadlines."""
    return _GROUPS_OF.get(kind.partition(".")[0], "progress")


def weekend(day: date) -> bool:
    return day.weekday() >= 5


@dataclass(frozen=True)
class Preferences:
    """What a person wants to hear of by other channels than the inbox, and when.

    muted: channel -> groups they do not want there. Quiet hours are those of the person's zone, and may run across
    midnight; quiet_days: their days off are quiet as a whole. digest_at: when the daily digest comes.
    """

    muted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_days: bool = False
    digest: str = OFF
    digest_at: time = time(8)

    def is_quiet(self, moment: datetime, zone: str, day_off: DayOff = weekend) -> bool:
        """Whether they want to be left alone at this moment."""
        local = moment.astimezone(ZoneInfo(zone))
        if self.quiet_days and day_off(local.date()):
            return True
        first, last = self.quiet_from, self.quiet_until
        if first is None or last is None:
            return False
        now = local.time()
        return first <= now < last if first < last else now >= first or now < last

    def quiet_ends(self, now: datetime, zone: str, day_off: DayOff = weekend) -> datetime:
        """The first moment from now on that is not quiet."""
        if not self.is_quiet(now, zone, day_off):
            return now
        today = now.astimezone(ZoneInfo(zone)).date()
        ends = [time(0)] if self.quiet_until is None else [time(0), self.quiet_until]
        for number in range(_LONGEST_QUIET_DAYS):
            for moment in sorted(one for end in ends for one in _moments(today + number * _DAY, end, zone)):
                if moment > now and not self.is_quiet(moment, zone, day_off):
                    return moment
        return now + _LONGEST_QUIET_DAYS * _DAY

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
    kind: str,
    urgent: bool,
    away: bool,
    now: datetime,
    zone: str,
    day_off: DayOff = weekend,
) -> Decision:
    """What becomes of a notice of this kind for a person who has an address on this channel."""
    if urgent:
        return AT_ONCE
    if group_of(kind) in preferences.muted.get(channel, ()):
        return Decision(SKIPPED, OPTED_OUT)
    if away:
        return Decision(SKIPPED, ON_LEAVE)
    if preferences.digest != OFF:
        comes = preferences.next_digest(now, zone)
        return Decision(HELD, DIGEST, preferences.quiet_ends(comes, zone, day_off))
    if preferences.is_quiet(now, zone, day_off):
        return Decision(HELD, QUIET, preferences.quiet_ends(now, zone, day_off))
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
