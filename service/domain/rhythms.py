"""When something comes again: daily, weekly or monthly at a time of day in a zone, right over daylight saving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
RHYTHMS = (DAILY, WEEKLY, MONTHLY)
LAST_DAY = 28  # that every month has


@dataclass(frozen=True)
class Rhythm:
    """every: daily, weekly or monthly. day: of the week (1 is Monday) or of the month (1 to 28); daily has none."""

    every: str
    day: int
    at: time
    zone: str

    def after(self, moment: datetime) -> datetime:
        """The first moment of it later than this one, in UTC. A wall time that a day leaps over is an hour later."""
        day = moment.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        while not self._on(day) or self._moment(day) <= moment:
            day += timedelta(days=1)
        return self._moment(day)

    def before(self, moment: datetime) -> datetime:
        """The last moment of it earlier than this one, in UTC."""
        day = moment.astimezone(ZoneInfo(self.zone)).date() + timedelta(days=1)
        while not self._on(day) or self._moment(day) >= moment:
            day -= timedelta(days=1)
        return self._moment(day)

    def _on(self, day: date) -> bool:
        return self.every == DAILY or self.day == (day.isoweekday() if self.every == WEEKLY else day.day)

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)
