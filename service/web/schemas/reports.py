"""Progress reports and their schedules."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import rhythms
from service.usecases.regular import reporting
from service.web.schemas import fields


class ReportPeriod(fields.Schema):
    """Of which time; without it the last seven days."""

    since = fields.Moment()
    until = fields.Moment()


class ReportSection(fields.Schema):
    """A table of figures."""

    title = ma.String(required=True)
    columns = ma.List(ma.String(), required=True)
    rows = ma.List(ma.List(ma.String()), required=True)


class Report(fields.Schema):
    """A progress report, in English."""

    title = ma.String(required=True)
    period = ma.String(required=True)
    made_at = fields.Moment(required=True)
    sections = ma.List(ma.Nested(ReportSection), required=True)


class NewReportSchedule(fields.Schema):
    """Who gets a report when, and as what."""

    name = fields.required(120)
    every = fields.text(10, required=True, validate=[validate.OneOf(rhythms.RHYTHMS)])
    day = ma.Integer(
        strict=True, load_default=1, metadata={"description": "Of the week (1: Monday) or of the month, at most 28."}
    )
    at = fields.text(5, load_default="08:00", metadata={"description": "Time of day, HH:MM."})
    zone = fields.text(64, load_default="UTC")
    format = fields.text(4, load_default="pdf", validate=[validate.OneOf(reporting.FORMATS)])
    recipients = ma.List(
        fields.text(80, least=1), required=True, validate=validate.Length(1, reporting.MOST_RECIPIENTS)
    )


class ReportScheduleChange(fields.Schema):
    """The members to change; the others stay. Another rhythm sets the next turn anew."""

    name = fields.text(120, least=1)
    every = fields.text(10, validate=[validate.OneOf(rhythms.RHYTHMS)])
    day = ma.Integer(strict=True)
    at = fields.text(5)
    zone = fields.text(64)
    format = fields.text(4, validate=[validate.OneOf(reporting.FORMATS)])
    recipients = ma.List(fields.text(80, least=1), validate=validate.Length(1, reporting.MOST_RECIPIENTS))


class ReportSchedule(fields.Schema):
    """A report that comes by itself."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    every = ma.String(required=True)
    day = ma.Integer()
    at = ma.String()
    zone = ma.String()
    format = ma.String()
    recipients = fields.Names()
    by = ma.String()
    revision = ma.Integer()


class MadeReport(fields.Schema):
    """A report that was made at its turn; `/reports/{id}/file` is its content."""

    id = fields.Key(attribute="key", required=True)
    schedule = fields.Key(attribute="schedule_key", required=True)
    name = ma.String(required=True)
    format = ma.String()
    language = ma.String()
    since = fields.Moment(attribute="from_at")
    until = fields.Moment(attribute="to_at")
    made_at = fields.Moment()


ReportSchedulePage = fields.page_of(ReportSchedule, "ReportSchedulePage")
MadeReportPage = fields.page_of(MadeReport, "MadeReportPage")
