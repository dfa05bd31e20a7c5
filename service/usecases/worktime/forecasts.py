"""What earlier cases say about deadlines that are still ahead."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.domain import clock, durations, forecasting, workinghours
from service.domain.calendars import Calendar
from service.storage.queries import durations as found
from service.storage.types import Row
from service.usecases.worktime import calendars

COMPLETED = "completed"


def of(ahead: Iterable[Any], *, now: datetime | None = None) -> dict[int, forecasting.Forecast]:
    """Forecasts by activation key, of those of these deadlines or tasks that are open, and due later than now.

    Rows have activation_key, state and due_at. One statement, and one for each place of a model that they are in.
    """
    moment = now or clock.now()
    due = {
        row.activation_key: row.due_at for row in ahead if row.state == "open" and row.due_at and row.due_at > moment
    }
    places = found.places(due)
    newest = found.newest({_place(row) for row in places.values()}, forecasting.NEWEST)
    hours = {service: _hours(calendars.of_service(service)) for service in {row.service for row in places.values()}}
    told = {}
    for key, row in places.items():
        stays = _stays(newest[_place(row)], key)
        one = None
        with contextlib.suppress(ValueError):  # so far ahead that no calendar counts to it: nothing is said
            one = forecasting.forecast(
                stays, started_at=row.entered_at, due_at=due[key], now=moment, hours=hours[row.service]
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


def _stays(rows: Sequence[Row], own: int) -> list[forecasting.Stay]:
    return [forecasting.Stay(row.entered_at, row.left_at, row.outcome == COMPLETED) for row in rows if row.key != own]


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
