"""A release on hold: nobody finishes work, no clock runs; what is due moves by the time it stood still."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from service.domain import deadlines, durations, workinghours
from service.domain.calendars import Calendar

OVER = {"held_at": None, "held_by": None, "held_reason": None}  # the columns of a release that is not on hold


def on_hold(release: Any) -> bool:
    """Whether this release (a row, or None for a run without one) is on hold."""
    return release is not None and release.held_at is not None


def refusal(release: Any) -> str | None:
    """Why nothing can be finished now, or None. release: a row with number, held_at, held_by and held_reason."""
    if not on_hold(release):
        return None
    since = release.held_at.isoformat(timespec="seconds")
    return f"R-{release.number} is on hold since {since}, says {release.held_by}: {release.held_reason}"


def moves(as_drawn: str) -> bool:
    """Whether a deadline drawn like this moves with a hold: a length of time does, a date stays what it is."""
    return durations.is_duration(as_drawn)


def moved(moment: datetime, held_from: datetime, resumed_at: datetime, clock: str, calendar: Calendar) -> datetime:
    """A moment after a hold: as far from its end as it was from its beginning, by this clock.

    What had passed before the hold stays. Where the calendar comes to no such moment, elapsed time counts.
    """
    if moment <= held_from:
        return moment
    if clock != deadlines.ELAPSED:
        with contextlib.suppress(ValueError):
            left = workinghours.between(held_from, moment, calendar)
            found = workinghours.add(resumed_at, durations.Duration(clock=left), calendar)
            # The end of a day and the beginning of the next are as far: what was due when work began is so again.
            return workinghours.opens_at(found, calendar) if workinghours.is_open(moment, calendar) else found
    return moment + (resumed_at - held_from)
