"""Calendars of working time."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import calendars as domain
from service.domain import calendarvalues, publicholidays
from service.usecases.deadlines import recalculation
from service.usecases.worktime import calendars
from service.web.schemas import fields

HOURS = "`09:00-12:30 13:00-17:00`; `22:00-06:00` reaches into the next day; empty: no work."
NAME = validate.Regexp(r"^[a-z0-9][a-z0-9._-]{0,79}$", error="Use small letters, digits and . _ -.")


class Week(fields.Schema):
    """The hours of each weekday; one that is left out has none."""

    monday = fields.text(200, metadata={"description": HOURS})
    tuesday = fields.text(200)
    wednesday = fields.text(200)
    thursday = fields.text(200)
    friday = fields.text(200)
    saturday = fields.text(200)
    sunday = fields.text(200)


class Closure(fields.Schema):
    """Days, the last one included, on which nobody works."""

    first = ma.Date(required=True)
    last = ma.Date(required=True)
    name = fields.text(calendarvalues.LONGEST_NAME)


class Opening(fields.Schema):
    """A day with hours of its own, whatever else it is."""

    day = ma.Date(required=True)
    hours = fields.text(200, required=True, metadata={"description": HOURS})
    name = fields.text(calendarvalues.LONGEST_NAME)


def _several(schema: type[fields.Schema]) -> ma.List:
    return ma.List(ma.Nested(schema), validate=validate.Length(max=calendarvalues.MOST_ENTRIES))


class CalendarChange(fields.Schema):
    """The members to change; the others stay. Lists and hours replace what was there."""

    title = fields.text(calendars.LONGEST_TITLE, least=1)
    zone = fields.text(64, least=1)
    hours = ma.Nested(Week)
    country = fields.text(
        8,
        allow_none=True,
        validate=[validate.OneOf(sorted(publicholidays.countries()))],
        metadata={"description": "Its public holidays are free. Two letters of ISO 3166."},
    )
    region = fields.text(40, allow_none=True, metadata={"description": "A region of the country that has more."})
    closures = _several(Closure)
    openings = _several(Opening)
    services = ma.List(
        fields.text(calendars.LONGEST_SERVICE, least=1, validate=[fields.not_blank]),
        validate=validate.Length(max=500),
        metadata={"description": "Services whose releases keep to it; they leave the calendar that they had."},
    )


class NewCalendar(CalendarChange):
    """A new calendar; what is left out is as in nine to five, Monday to Friday."""

    name = fields.required(80, validate=[NAME])


class WeekShown(fields.Schema):
    """The hours of each weekday."""

    monday = ma.String(required=True)
    tuesday = ma.String(required=True)
    wednesday = ma.String(required=True)
    thursday = ma.String(required=True)
    friday = ma.String(required=True)
    saturday = ma.String(required=True)
    sunday = ma.String(required=True)


class ClosureShown(fields.Schema):
    """Days on which nobody works."""

    first = ma.String(required=True)
    last = ma.String(required=True)
    name = ma.String(required=True)


class OpeningShown(fields.Schema):
    """A day with hours of its own."""

    day = ma.String(required=True)
    hours = ma.String(required=True)
    name = ma.String(required=True)


class Calendar(fields.Schema):
    """When people work."""

    name = ma.String(
        required=True,
        metadata={"description": f"`{domain.STANDARD}` holds where no other is chosen; it is always there."},
    )
    title = ma.String(required=True)
    zone = ma.String(required=True)
    hours = ma.Nested(WeekShown, required=True)
    country = ma.String(required=True, allow_none=True)
    region = ma.String(required=True, allow_none=True)
    closures = ma.List(ma.Nested(ClosureShown), required=True)
    openings = ma.List(ma.Nested(OpeningShown), required=True)
    services = ma.List(ma.String(), required=True)
    revision = ma.Integer(required=True)
    changed_at = fields.Moment(required=True, allow_none=True)
    changed_by = ma.String(required=True, allow_none=True)


CalendarPage = fields.page_of(Calendar, "CalendarPage")


class Days(fields.Schema):
    """Which days."""

    first = ma.Date(required=True, data_key="from")
    count = ma.Integer(load_default=31, validate=validate.Range(1, 366), data_key="days")


class Day(fields.Schema):
    """A day as the calendar sees it."""

    date = ma.String(required=True)
    hours = ma.String(required=True, metadata={"description": "Empty: nobody works."})
    holiday = ma.String(required=True, metadata={"description": "Its name, or empty."})
    closure = ma.String(required=True)
    opening = ma.String(required=True)


DayList = fields.page_of(Day, "DayList")


class Recalculation(fields.Schema):
    """Whether to do it, or only to look at what would change."""

    apply = ma.Boolean(load_default=False)
    reason = fields.text(2_000, load_default="", metadata={"description": "Told to those whose due dates move."})


class Recalculated(fields.Schema):
    """A deadline as it would be."""

    deadline = fields.Key(required=True)
    release = fields.Number(allow_none=True)
    name = ma.String(required=True)
    due_at = fields.Moment(required=True)
    new_due_at = fields.Moment(required=True)
    levels = ma.Integer(required=True, metadata={"description": "Levels not yet fired that move."})


class RecalculationWork(fields.Schema):
    """Working open deadlines out anew, done by the workers."""

    id = fields.Key(attribute="key", required=True)
    calendar = ma.String(required=True)
    reason = ma.String(required=True)
    at = fields.Moment(required=True)
    by = ma.String(required=True)
    state = ma.String(required=True, validate=validate.OneOf([recalculation.WAITING, recalculation.DONE]))
    total = ma.Integer(required=True, metadata={"description": "Open deadlines that count in the calendar."})
    done = ma.Integer(required=True, metadata={"description": "How many of them are worked out."})
    moved = ma.Integer(required=True, metadata={"description": "How many are due at another moment."})
    ended_at = fields.Moment(required=True, allow_none=True)


RecalculationPage = fields.page_of(RecalculationWork, "RecalculationPage")


class RecalculationResult(fields.Schema):
    """What would change, or the work that changes it."""

    work = ma.Nested(RecalculationWork, allow_none=True, metadata={"description": "Null where nothing is applied."})
    looked_at = ma.Integer(allow_none=True)
    more = ma.Boolean(allow_none=True, metadata={"description": "There are more open deadlines than were looked at."})
    items = ma.List(ma.Nested(Recalculated), allow_none=True)
