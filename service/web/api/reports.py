"""Progress reports: the figures of a time, and reports that come by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
