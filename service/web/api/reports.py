"""Progress reports: the figures of a time, and reports that come by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response

from service.domain import clock, policy
from service.storage.queries import reports as found
from service.usecases.regular import reporting
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import reports as schemas

blueprint = rest.Blueprint("reports", "Progress reports, and when they come by themselves")


@blueprint.get("/report")
@blueprint.arguments(schemas.ReportPeriod, location="query")
@blueprint.response(200, schemas.Report)
@access.requires(policy.may_see_reports)
def get_report(wanted: dict[str, Any]) -> Any:
    """The figures of a time, and what is open now."""
    until = wanted.get("until") or clock.now()
    since = wanted.get("since") or until - timedelta(days=7)
    return reporting.report(since, until, language="en", zone="UTC")


@blueprint.get("/report-schedules")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.ReportSchedulePage)
@access.requires(policy.may_see_reports)
def list_report_schedules(wanted: dict[str, Any]) -> Any:
    """Reports that come by themselves, the newest schedule first."""
    rows, cursor = found.schedules(**wanted)
    return {"items": rows, "next": cursor}


@blueprint.post("/report-schedules")
@blueprint.arguments(
    schemas.NewReportSchedule, example={"name": "Weekly", "every": "weekly", "day": 1, "recipients": ["max"]}
)
@blueprint.response(201, schemas.ReportSchedule)
@access.requires(policy.may_see_reports)
def schedule_report(body: dict[str, Any]) -> Any:
    """Let a report come by itself: into the inbox, and by mail as a file."""
    return found.schedule(reporting.schedule(body, actor=auth.actor()))


@blueprint.get("/report-schedules/<key:id>")
@blueprint.response(200, schemas.ReportSchedule)
@access.requires(policy.may_see_reports)
def get_report_schedule(id: int) -> Any:
    """One schedule."""
    return _shown(id)


@blueprint.patch("/report-schedules/<key:id>")
@rest.if_match
@blueprint.arguments(schemas.ReportScheduleChange, example={"every": "daily", "at": "07:30"})
@blueprint.response(200, schemas.ReportSchedule)
@access.signed_in
def change_report_schedule(body: dict[str, Any], id: int) -> Any:
    """Change when a report comes, as what, or for whom. Another rhythm sets its next turn anew."""
    revision = rest.matching(reporting.scheduled(id).revision)
    with rest.stale_is_mismatch():
        reporting.change(id, body, revision=revision, actor=auth.actor())
    return _shown(id)


@blueprint.delete("/report-schedules/<key:id>")
@blueprint.response(204)
@access.signed_in
def end_report(id: int) -> None:
    """No report of this schedule comes any more; those made stay."""
    reporting.end(id, actor=auth.actor())


@blueprint.get("/reports")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.MadeReportPage)
@access.requires(policy.may_see_reports)
def list_reports(wanted: dict[str, Any]) -> Any:
    """Reports that were made, the newest first."""
    rows, cursor = found.made(**wanted)
    return {"items": rows, "next": cursor}


@blueprint.get("/reports/<key:id>")
@blueprint.response(200, schemas.MadeReport)
@access.signed_in
def get_made_report(id: int) -> Any:
    """A report that was made: for who sees reports, and for whom it was made."""
    return reporting.read(id, actor=auth.actor())


@blueprint.get("/reports/<key:id>/file")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=reporting.TYPES["pdf"])
@blueprint.doc(responses={"200": {"content": {"text/csv": {"schema": {"type": "string"}}}}})
@access.signed_in
def get_report_file(id: int) -> Any:
    """The content of a report that was made, as PDF or CSV."""
    row = reporting.read(id, actor=auth.actor())
    response = Response(row.body, content_type=reporting.TYPES[row.format])
    response.headers.set("Content-Disposition", "attachment", filename=reporting.file_name(row))
    return response


def _shown(key: int) -> Any:
    row = reporting.scheduled(key)
    return rest.tagged(row, row.revision)
