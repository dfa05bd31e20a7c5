"""What earlier cases say about deadlines that are still ahead."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from service.domain import clock, durations, forecasting, workinghours
from service.domain.calendars import Calendar
from service.storage.queries import durations as found
from service.storage.types import Row
from service.usecases.worktime import calendars

COMPLETED = "completed"


def of(ahead: Iterable[Any], *, now: datetime | None = None) -> dict[int, forecasting.Forecast]:
    """Forecasts by activation key, of those of these deadlines or tasks that are open, and due later than now.

    Rows have activation_key, state and due_at. Two statements, and one for each place of a model that they are in.
    """
    moment = now or clock.now()
    due = {
        row.activation_key: row.due_at for row in ahead if row.state == "open" and row.due_at and row.due_at > moment
    }
    places = found.places(due)
    newest = found.newest({_place(row) for row in places.values()}, forecasting.NEWEST)
    stood = _standstill(places.values(), newest.values())
    hours = {service: _hours(calendars.of_service(service)) for service in {row.service for row in places.values()}}
    told = {}
    for key, row in places.items():
        stays = [_stay(one, stood, moment) for one in newest[_place(row)] if one.key != key]
        one = None
        with contextlib.suppress(ValueError):  # so far ahead that no calendar counts to it: nothing is said
            one = forecasting.forecast(
                stays,
                started_at=row.entered_at,
                due_at=due[key],
                now=moment,
                hours=hours[row.service],
                pauses=stood.get(row.release_number, ()),
            )
        if one is not None:
            told[key] = one
    return told


def said(forecast: forecasting.Forecast | None, now: datetime) -> dict[str, Any]:
    """The values for the lines of a notice that tell a forecast; none without one."""
    if forecast is None:
        return {}
    begin = {"act_by": forecast.act_by} if forecast.act_by > now else {}
    if not forecast.comparable:
        return {"exceeded": forecast.cases, **begin}
    return {"longer": forecast.longer, "comparable": forecast.comparable, **begin}


def _place(row: Row) -> found.Place:
    return row.process, row.element


def _standstill(places: Iterable[Row], newest: Iterable[Sequence[Row]]) -> Mapping[int, Sequence[found.Span]]:
    """When the releases of these places and stays were on hold."""
    numbers = {row.release_number for row in chain(places, *newest)}
    return found.holds(number for number in numbers if number is not None)


def _stay(row: Row, stood: Mapping[int, Sequence[found.Span]], now: datetime) -> forecasting.Stay:
    lasting = [(row.held_at, now)] if row.held_at else []
    pauses = [*stood.get(row.release_number, ()), *lasting]
    return forecasting.Stay(row.entered_at, row.left_at, row.outcome == COMPLETED, pauses)


def _hours(calendar: Calendar) -> forecasting.Hours:
    def before(moment: datetime, length: timedelta) -> datetime:
        return workinghours.add(moment, durations.Duration(clock=-length), calendar)

    return forecasting.Hours(
        between=lambda start, end: _worked(start, end, calendar),
        before=before,
        is_open=lambda moment: _is_open(moment, calendar),
    )


@functools.lru_cache(maxsize=20_000)
def _worked(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """What is over is asked for again with every page."""
    return workinghours.between(start, end, calendar)


@functools.lru_cache(maxsize=20_000)
def _is_open(moment: datetime, calendar: Calendar) -> bool:
    return workinghours.is_open(moment, calendar)
