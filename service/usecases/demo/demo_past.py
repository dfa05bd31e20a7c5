"""The past of the demo: releases of the last months, made by real use under a clock that leaps.

So a newcomer finds forecasts, reports with figures, and a ledger in which people were told and did something about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from service.domain import calendars, clock, policy, workinghours
from service.storage import db, outbox
from service.storage.queries import tasks
from service.usecases.deadlines import firing, holding
from service.usecases.demo import demo_answers, demo_people, demo_work
from service.usecases.releases import releases as releases_
from service.usecases.running import instances
from service.usecases.telling import notices
from service.usecases.worktime import calendars as calendars_

BEGAN = timedelta(days=176)  # how long ago the organisation took the product into use
NOTICED = timedelta(hours=5)  # into the working day: what is urgent takes until the evening
LATEST = timedelta(minutes=50)  # nobody is later than this
LONGEST_WAIT = timedelta(days=30)  # for what no person does: timers
USUAL = timedelta(hours=2)  # what takes so long where nothing says until when
# the shares of the time until it is due that tasks take, one after the other; more than 1: late
SHARES = (0.35, 0.7, 0.9, 0.25, 1.2, 1.3, 1.25, 0.55, 0.8, 0.4, 0.95, 0.6, 0.3)


@dataclass(frozen=True)
class Past:
    """A release of the past. held: for how long it was on hold in the middle, and why."""

    days_ago: int
    title: str
    type: str
    service: str
    held: tuple[timedelta, str] | None = None


PAST = (
    Past(171, "Login fails after midnight", "emergency", "Claims portal"),
    Past(150, "Interest booked on the wrong day", "emergency", "Payments"),
    Past(
        141,
        "Broker extranet, spring fixes",
        "minor",
        "Broker extranet",
        (timedelta(days=2), "The test bench is needed for an audit."),
    ),
    Past(117, "Reminders sent to paid customers", "emergency", "Payments"),
    Past(98, "Photo upload stops at 2 MB", "emergency", "Claims portal"),
    Past(79, "Certificate of the bank gateway expired", "emergency", "Payments"),
    Past(58, "Premiums rounded up twice", "emergency", "Broker extranet"),
    Past(37, "Refunds queued for hours", "emergency", "Payments"),
    Past(16, "Policy numbers collide", "emergency", "Claims portal"),
)


class Leaping:
    """A clock that stands still until it is told to leap, and never goes back."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        return self._moment

    def to(self, moment: datetime) -> None:
        self._moment = max(self._moment, moment)


def live(prepare: Callable[[], Any]) -> None:
    """Everything up to now: what `prepare` sets up long ago, then the releases of `PAST`, one after the other."""
    now = clock.now()
    leaping = Leaping(now - BEGAN)
    with clock.replaced(leaping):
        prepare()
        hours = calendars_.of_service("")
        for number, past in enumerate(PAST):
            day = (now - timedelta(days=past.days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
            leaping.to(workinghours.opens_at(day, hours) + NOTICED)
            _release(past, leaping, hours, (*SHARES[number:], *SHARES[:number]))
        _read(demo_people.PEOPLE)


def _release(past: Past, leaping: Leaping, hours: calendars.Calendar, shares: Sequence[float]) -> None:
    coordinator = "carl" if past.type == "minor" else "cora"
    values = {"title": past.title, "type": past.type, "service": past.service, "kind": "software"}
    actor = demo_work.person(coordinator)
    number = releases_.create({**values, "category": "standard", "manager": "max"}, actor=actor)
    instance = demo_work.instance_of(number)
    answers = demo_answers.of_the_past(past.type, clock.now())
    left, pace = past.held, cycle(shares)
    ends: dict[int, datetime] = {}
    while (ahead := _next(number, instance, ends, pace, hours)) is not None:
        task, moment = ahead
        if _reached(moment, leaping) and task is not None:
            demo_work.finish(task, answers)
        if left is not None and len(ends) > len(shares) // 2:
            _hold(number, left, leaping)
            ends.clear()
            left = None
    _read(("max", coordinator))


def _read(names: Iterable[str]) -> None:
    for name in names:
        notices.mark_all_read(actor=demo_work.person(name))


def _next(
    number: int, instance: int, ends: dict[int, datetime], pace: Iterator[float], hours: calendars.Calendar
) -> tuple[Any, datetime] | None:
    """The task that is finished next, and when; no task: what waits for a timer. None where the release is over."""
    while demo_work.work_of_the_system(instance):
        pass
    todo = list(tasks.of_release(number, state="open"))
    for task in todo:
        if task.key not in ends:
            ends[task.key] = _end(task, next(pace), hours)
    if todo:
        task = min(todo, key=lambda one: ends[one.key])
        return task, ends[task.key]
    if releases_.see(number, actor=policy.SYSTEM).status != "open":
        return None
    return None, clock.now() + LONGEST_WAIT


def _end(task: Any, share: float, hours: calendars.Calendar) -> datetime:
    """When somebody is done with a task: what may take longer than a day is handed in while people work."""
    now, due_at = clock.now(), task.due_at or clock.now() + USUAL
    moment = min(now + share * (due_at - now), due_at + LATEST)
    if due_at - now <= timedelta(days=1):
        return moment
    return next(
        (at for at in (moment - hour * timedelta(hours=1) for hour in range(66)) if _works(at, now, hours)), moment
    )


def _works(moment: datetime, since: datetime, hours: calendars.Calendar) -> bool:
    return moment > since and workinghours.is_open(moment, hours)


def _reached(moment: datetime, leaping: Leaping) -> bool:
    """Fire what comes due before this moment; False where a timer came before it, which may have opened work."""
    fire = {outbox.LEVELS: firing.fire_all, outbox.TIMERS: _fire_timers}
    while True:
        found = outbox.peek(clock.now(), moment, clock.now())
        kind, due_at = min(
            ((one, at) for one, at in found.items() if one in fire), key=lambda one: one[1], default=("", moment)
        )
        leaping.to(due_at)
        if not kind:
            return True
        with db.transaction() as session:
            keys = outbox.claim(session, kind, clock.now(), clock.now(), 100)
        fire[kind](keys)
        if kind == outbox.TIMERS:
            return False


def _fire_timers(keys: list[int]) -> None:
    for key in keys:
        instances.fire_timers(key)


def _hold(number: int, held: tuple[timedelta, str], leaping: Leaping) -> None:
    length, reason = held
    manager = demo_work.person("max")
    holding.hold(number, reason, actor=manager)
    leaping.to(clock.now() + length)
    holding.resume(number, actor=manager)
