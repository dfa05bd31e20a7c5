"""How likely a deadline is to be missed, and by when somebody must act: from how long the same took before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NEWEST = 60  # cases looked at: fewer say less, more say what is not true any more
FEWEST = 8  # finished cases below which nothing is said
USUALLY = 0.8  # the share of the cases that are done in the time that `act_by` leaves
LIKELY, POSSIBLE = 0.5, 0.25
IN_HOURS = 0.75  # the share of endings within working hours from which on lengths count in working time
ROUNDING = 1e-9

Between = Callable[[datetime, datetime], timedelta]  # the time that counts between two moments
Span = tuple[datetime, datetime]
Before = Callable[[datetime, timedelta], datetime]  # the moment that lies so much counting time earlier


@dataclass(frozen=True)
class Stay:
    """One earlier or present stay in the same activity. finished: false for one that is open, withdrawn or skipped.

    pauses: from when to when it was on hold, which does not count.
    """

    entered_at: datetime
    left_at: datetime | None
    finished: bool
    pauses: Sequence[Span] = ()


@dataclass(frozen=True)
class Length:
    """How long a stay took, in seconds that count; of one that was not finished, at least that long."""

    seconds: float
    finished: bool


@dataclass(frozen=True)
class Forecast:
    """What earlier cases say about a deadline that is still ahead.

    chance: of missing it, 0 to 1; None where it has taken longer by now than every earlier case. act_by: when work
    must begin at the latest, so that four of five earlier cases would have been done in time. cases: those it rests on,
    finished or known to take longer than until the due moment. comparable: those of them that took at least as long as
    this one has by now; longer: how many of these took longer than until the due moment. working: lengths count in
    working time.
    """

    chance: float | None
    act_by: datetime
    cases: int
    comparable: int
    longer: int
    working: bool = False

    @property
    def level(self) -> str:
        """`likely` or `possible` to be missed; else empty."""
        if self.chance is None or self.chance >= LIKELY:
            return "likely"
        return "possible" if self.chance >= POSSIBLE else ""


@dataclass(frozen=True)
class Hours:
    """Working time, as its calendar counts it."""

    between: Between
    before: Before
    is_open: Callable[[datetime], bool]


ELAPSED = Hours(lambda start, end: end - start, lambda moment, length: moment - length, lambda moment: True)


def forecast(
    stays: Iterable[Stay],
    *,
    started_at: datetime,
    due_at: datetime,
    now: datetime,
    hours: Hours,
    pauses: Sequence[Span] = (),
) -> Forecast | None:
    """The forecast of a deadline that is still ahead; None where too few cases are finished, or it is missed already.

    Lengths count in working time where most of the cases ended within working hours, else in elapsed time. Time on
    hold does not count: neither that of the cases nor, by `pauses`, that of the deadline itself.
    """
    found = list(stays)
    ended = [one.left_at for one in found if one.finished and one.left_at is not None]
    if len(ended) < FEWEST or due_at <= now:
        return None
    working = sum(hours.is_open(at) for at in ended) >= IN_HOURS * len(ended)
    measure = hours if working else ELAPSED
    lengths = _lengths(found, now, measure.between)
    gone = _lasted(started_at, now, pauses, measure.between)
    allowed = gone + measure.between(now, due_at).total_seconds()
    left = timedelta(seconds=usual(lengths))
    known = [one.seconds for one in lengths if one.finished or one.seconds > allowed]
    return Forecast(
        chance=chance(lengths, gone, allowed),
        act_by=measure.before(due_at, left),
        cases=len(known),
        comparable=sum(seconds > gone for seconds in known),
        longer=sum(seconds > allowed for seconds in known),
        working=working,
    )


def chance(lengths: Sequence[Length], gone: float, allowed: float) -> float | None:
    """The chance that what has taken `gone` seconds takes more than `allowed`; None where nothing took that long yet.

    Kaplan and Meier's estimate among those that took longer than `gone`: what was not finished counts for as long as
    it was watched. It is drawn a little to the middle, as though one more case had been missed by half, since a few
    cases are never proof that something cannot happen.
    """
    compared = [one for one in lengths if one.seconds > gone]
    if not compared:
        return None
    return (surviving(compared, allowed) * len(compared) + 0.5) / (len(compared) + 1)


def surviving(lengths: Iterable[Length], seconds: float) -> float:
    """The estimated share of cases that take longer than this."""
    return next((share for at, share in reversed(list(_curve(lengths))) if at <= seconds), 1.0)


def usual(lengths: Iterable[Length]) -> float:
    """The seconds within which `USUALLY` of the cases are finished; where too many are not, those of the longest."""
    curve = list(_curve(lengths))
    return next((at for at, share in curve if share <= 1 - USUALLY + ROUNDING), curve[-1][0])


def _curve(lengths: Iterable[Length]) -> Iterator[tuple[float, float]]:
    """Each length with the share of cases that take longer, the shortest first."""
    share, watched = 1.0, sorted(lengths, key=lambda one: (one.seconds, not one.finished))
    for place, one in enumerate(watched):
        if one.finished:
            share *= 1 - 1 / (len(watched) - place)
        yield one.seconds, share


def _lengths(stays: Iterable[Stay], now: datetime, between: Between) -> list[Length]:
    return [Length(_lasted(one.entered_at, one.left_at or now, one.pauses, between), one.finished) for one in stays]


def _lasted(start: datetime, end: datetime, pauses: Iterable[Span], between: Between) -> float:
    """The seconds that count from start to end, less those within pauses."""
    within = ((max(since, start), min(until, end)) for since, until in pauses)
    paused = sum(between(since, until).total_seconds() for since, until in within if since < until)
    return between(start, end).total_seconds() - paused
