"""Reports: the figures of a time, as a page and as files, and those that come by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from service import errors
from service.domain import clock, policy, rhythms
from service.storage.queries import people
from service.storage.queries import reports as found
from service.usecases.regular import reporting
from service.web import access, auth
from service.web.pages import frame, language, words

pages = frame.pages

DAYS = (7, 30, 90, 365)
WEEKDAYS = [
    later("Monday"), later("Tuesday"), later("Wednesday"), later("Thursday"), later("Friday"), later("Saturday"),
    later("Sunday"),
]  # fmt: skip
EVERY = {rhythms.DAILY: later("Daily"), rhythms.WEEKLY: later("Weekly"), rhythms.MONTHLY: later("Monthly")}


@pages.get("/reports")
@access.requires(policy.may_see_reports)
def reports() -> str:
    who, days = auth.actor(), _days()
    schedules, _more = found.schedules(limit=200)
    made, cursor = found.made(limit=20, cursor=request.args.get("cursor"))
    frame.learn_titles(name for one in schedules for name in one.recipients)
    return frame.show(
        "reports.html",
        report=_report(days),
        days=days,
        choices=DAYS,
        schedules=schedules,
        made=made,
        cursor=cursor,
        may_change={one.key for one in schedules if policy.may_change_reports(who, one.by) is None},
    )


def _days() -> int:
    days = request.args.get("days", DAYS[0], type=int)
    return days if days in DAYS else DAYS[0]


def _report(days: int) -> Any:
    """Whole days of the reader: from the beginning of the first one until now."""
    who, now = auth.actor(), clock.now()
    today = now.astimezone(ZoneInfo(who.zone)).date()
    since = datetime.combine(today - timedelta(days=days), datetime.min.time(), ZoneInfo(who.zone)).astimezone(UTC)
    return reporting.report(since, now, language=language.current(), zone=who.zone, now=now)


@pages.get("/reports/now.<format_>")
@access.requires(policy.may_see_reports)
def report_file(format_: str) -> Response:
    if format_ not in reporting.FORMATS:
        raise errors.NotFound(_("There are reports as pdf and as csv."))
    body = reporting.as_file(_report(_days()), format_, language.current())
    return _file(body, format_, f"tidegate-{clock.now():%Y-%m-%d}.{format_}")


@pages.get("/reports/<key:key>")
@access.signed_in
def made_report(key: int) -> Response:
    """Whoever was sent it may read it again, and whoever sees reports."""
    row = reporting.read(key, actor=auth.actor())
    return _file(row.body, row.format, reporting.file_name(row))


def _file(body: bytes, format_: str, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type=reporting.TYPES[format_], headers=disposition)


@pages.app_template_filter("rhythm")
def _rhythm(plan: Any) -> str:
    """When a report comes: `Weekly, Monday, 08:00 (Europe/Berlin)`."""
    day = {rhythms.WEEKLY: WEEKDAYS[plan.day - 1 if plan.day < 8 else 0], rhythms.MONTHLY: f"{plan.day}."}
    said = [EVERY[plan.every], *([day[plan.every]] if plan.every in day else []), f"{plan.at} ({plan.zone})"]
    return ", ".join(str(one) for one in said)


@pages.get("/reports/schedules/new")
@access.requires(policy.may_see_reports)
def new_schedule() -> str:
    return _schedule_page(None)


@pages.get("/reports/schedules/<key:key>")
@access.signed_in
def change_schedule(key: int) -> str:
    row = reporting.scheduled(key)
    policy.require(policy.may_change_reports(auth.actor(), row.by))
    return _schedule_page(row)


@pages.post("/reports/schedules")
@access.requires(policy.may_see_reports)
def schedule_report() -> Any:
    with words.in_words():
        reporting.schedule(_wanted(), actor=auth.actor())
    return frame.done(url_for("pages.reports"), _("The report is scheduled."))


@pages.post("/reports/schedules/<key:key>")
@access.signed_in
def save_schedule(key: int) -> Any:
    revision = request.form.get("revision", type=int)
    with words.in_words():
        reporting.change(key, _wanted(), revision=revision, actor=auth.actor())
    return frame.done(url_for("pages.reports"), _("Saved."))


def _schedule_page(row: Any) -> str:
    return frame.show(
        "report_schedule.html",
        one=row,
        every=EVERY,
        weekdays=WEEKDAYS,
        people=people.users(active_only=True),
        zones=sorted(available_timezones()),
        zone=auth.actor().zone,
    )


def _wanted() -> dict[str, Any]:
    """What the form says; of the two days the one that its rhythm needs."""
    form = request.form
    wanted = {name: form.get(name, "").strip() for name in ("name", "every", "at", "zone", "format")}
    day = form.get("weekday" if wanted["every"] == rhythms.WEEKLY else "day", 1, type=int)
    return {**wanted, "day": day, "recipients": form.getlist("recipients")}


@pages.post("/reports/schedules/<key:key>/end")
@access.signed_in
def end_report(key: int) -> Any:
    reporting.end(key, actor=auth.actor())
    return frame.done(url_for("pages.reports"), _("It does not come any more."))
