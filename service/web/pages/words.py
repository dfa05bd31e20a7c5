"""Moments, states and events in words, for templates."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import flask_babel
from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext, npgettext

from service import errors
from service.domain import clock, durations, forecasting, naming, readers
from service.domain.calendars import Calendar, written
from service.usecases.worktime import calendars
from service.web import markdown, numbers, problems
from service.web.pages import frame

MINUTE, HOUR, DAY = 60, 3600, 86400
SOON = DAY

STATUS = {
    "open": (_l("In progress"), "info"),
    "closed": (_l("Closed"), "good"),
    "terminated": (_l("Terminated"), "warn"),
    "backed-out": (_l("Backed out"), "warn"),
}
TYPES = {"major": _l("Major"), "minor": _l("Minor"), "emergency": _l("Emergency")}
KINDS = {"software": _l("Software"), "hardware": _l("Hardware"), "both": _l("Software and hardware")}
ROLES = {
    "administrator": _l("Administrator"),
    "process-owner": _l("Process owner"),
    "release-manager": _l("Release manager"),
    "coordinator": _l("Coordinator"),
    "approver": _l("Approver"),
    "stakeholder": _l("Stakeholder"),
}
TASK_STATES = {
    "open": (_l("Open"), "info"),
    "completed": (_l("Completed"), "good"),
    "cancelled": (_l("Withdrawn"), ""),
    "skipped": (_l("Skipped"), "warn"),
}
DEADLINE_STATES = {
    "open": (_l("Running"), "info"),
    "met": (_l("Met"), "good"),
    "late": (_l("Done late"), "warn"),
    "cancelled": (_l("Withdrawn"), ""),
}
DELIVERY_STATES = {
    "told": (_l("There"), "good"),
    "untold": (_l("Not told"), "warn"),
    "waiting": (_l("On its way"), "info"),
    "held": (_l("Held back"), "info"),
    "sent": (_l("Delivered"), "good"),
    "dead": (_l("Not delivered"), "bad"),
    "skipped": (_l("Not sent"), ""),
}
DELIVERY_REASONS = {
    "no-address": _l("no address"),
    "gone": _l("not there any more"),
    "opted-out": _l("switched off in their preferences"),
    "on-leave": _l("away; a substitute was told"),
    "quiet": _l("quiet hours"),
    "digest": _l("comes with the digest"),
    "rate": _l("many messages lately"),
}
CHANNELS = {"email": _l("E-mail"), "inbox": _l("Inbox"), "file": _l("Mail file"), "chat": _l("Chat")}
NOTICES = {
    "deadline.near": _l("Due soon"),
    "deadline.due": _l("Deadline missed"),
    "deadline.overdue": _l("Still overdue"),
    "deadline.moved": _l("New due date"),
    "window.moved": _l("New window"),
    "approval.asked": _l("Approval asked"),
    "approval.decided": _l("Approval decided"),
    "release.started": _l("Release started"),
    "release.held": _l("Release put on hold"),
    "release.resumed": _l("Release goes on"),
    "release.closed": _l("Release closed"),
    "release.terminated": _l("Release terminated"),
    "phase.entered": _l("Phase begun"),
    "phase.left": _l("Phase left"),
    "milestone.reached": _l("Milestone reached"),
    "action.taken": _l("Action taken"),
    "job.failed": _l("Work of the system failed"),
    "job.notify": _l("Message of the model"),
    "incident.raised": _l("Help needed"),
    "back-out.begun": _l("Back-out begun"),
    "back-out.ended": _l("Back-out ended"),
    "task.assigned": _l("Task assigned"),
    "release.announced": _l("Dates announced"),
    "release.dates-changed": _l("Announced dates changed"),
    "report.ready": _l("Report"),
    "policy.near": _l("Review of the release policy due"),
    "policy.overdue": _l("Review of the release policy overdue"),
    "webhook.off": _l("Webhook turned off"),
    "operation.dispatcher": _l("No dispatcher runs"),
    "operation.worker": _l("No worker runs"),
    "operation.redis": _l("Redis does not answer"),
    "operation.mail": _l("Mails do not go out"),
    "operation.lag": _l("Tidegate is behind"),
    "operation.over": _l("A trouble of Tidegate is over"),
}
MEANT = {  # whom a kind of notice is for where administrators do not choose it
    "deadline.near": _l("as its ladder says"),
    "deadline.due": _l("as its ladder says"),
    "deadline.overdue": _l("as its ladder says"),
    "job.notify": _l("as the model says"),
    "release.announced": _l("who follows the release"),
    "release.dates-changed": _l("who follows the release"),
    "report.ready": _l("as its schedule says"),
    "policy.near": _l("as the ladder of its reviews says"),
    "policy.overdue": _l("as the ladder of its reviews says"),
    "webhook.off": _l("administrators"),
} | dict.fromkeys((kind for kind in NOTICES if kind.startswith("operation.")), _l("administrators"))
ANSWERS = {
    "completed": _l("finished"),
    "skipped": _l("skipped"),
    "cancelled": _l("withdrawn"),
    "decided": _l("decided"),
    "delegated": _l("passed on"),
    "claimed": _l("taken"),
    "met": _l("done in time"),
    "late": _l("done late"),
}
THINGS = {
    "task": _l("Tasks"),
    "approval": _l("Approvals"),
    "phase": _l("Phases and other activities"),
    "milestone": _l("Milestones"),
    "release": _l("Releases (the end of the window)"),
}
UNTOLD = {
    "nobody": _l("nobody at that moment"),
    "inactive": _l("not active any more"),
    "did-it": _l("did it themselves"),
    "on-leave": _l("is away, and nobody stands in"),
}
RECIPIENTS = {
    "assignee": _l("assignee"),
    "candidates": _l("candidates"),
    "coordinator": _l("coordinator"),
    "manager": _l("manager"),
    "stakeholders": _l("stakeholders"),
    "board": _l("board"),
    "requester": _l("requester"),
    "deciders": _l("deciders"),
    "follower": _l("follower"),
}


def span(seconds: float, *, away: bool = False) -> str:
    """A length of time in its one largest unit, to the nearest: 3 h, 2 days. away: after "in", or before "ago"."""
    minutes, hours, days = (round(seconds / unit) for unit in (MINUTE, HOUR, DAY))
    if minutes < 60:
        return ngettext("%(num)d min", "%(num)d min", max(1, minutes))
    if hours < 48:
        return ngettext("%(num)d h", "%(num)d h", hours)
    if away:
        return npgettext("in ..., or ... ago", "%(num)d day", "%(num)d days", days)
    return ngettext("%(num)d day", "%(num)d days", days)


def from_due(moment: str) -> float:
    """How long before or after the due moment a level was drawn, in seconds: `-P1D repeat PT1H` is a day before."""
    return durations.parse(moment.partition(" ")[0]).roughly.total_seconds()


def due(moment: datetime) -> tuple[str, str]:
    """A due moment in words, and '', 'soon' or 'late'."""
    left = (moment - clock.now()).total_seconds()
    if left < 0:
        return _("%(span)s late", span=span(-left)), "late"
    if left < MINUTE:
        return _("due now"), "soon"
    return _("in %(span)s", span=span(left, away=True)), "soon" if left < SOON else ""


def outlook(forecast: forecasting.Forecast) -> str:
    """What earlier cases say about a deadline."""
    if forecast.chance is None or not forecast.comparable:
        return ngettext(
            "It has already taken longer than %(num)d earlier case.",
            "It has already taken longer than each of %(num)d earlier cases.",
            forecast.cases,
        )
    told = _(
        "The chance of missing it is %(chance)s: in %(longer)d of %(comparable)d earlier cases it took longer than the"
        " time left.",
        chance=flask_babel.format_percent(forecast.chance),
        comparable=forecast.comparable,
        longer=forecast.longer,
    )
    sooner = forecast.cases - forecast.comparable
    more = ngettext("%(num)d more was done sooner.", "%(num)d more were done sooner.", sooner) if sooner else ""
    return f"{told} {more} {_begin(forecast)}".replace("  ", " ").strip()


def _begin(forecast: forecasting.Forecast) -> str:
    if forecast.act_by > clock.now():
        return _("To be done in time, it should be begun by %(moment)s.", moment=short(forecast.act_by))
    return _("It should be acted on now.") if forecast.level else ""


def ago(moment: datetime) -> str:
    """A past moment in words."""
    passed = (clock.now() - moment).total_seconds()
    return _("just now") if passed < MINUTE else _("%(span)s ago", span=span(passed, away=True))


def exact(moment: datetime) -> str:
    """A moment to the minute in the person's zone and language."""
    pattern = "d MMM y, HH:mm" if _english() else "d. MMM y, HH:mm"
    return f"{flask_babel.format_datetime(moment, pattern)} {_zone(moment)}".strip()


def short(moment: datetime) -> str:
    """A moment without its year and seconds."""
    return str(flask_babel.format_datetime(moment, "d MMM, HH:mm" if _english() else "d. MMM, HH:mm"))


def day(moment: datetime) -> str:
    """The day of a moment."""
    return str(flask_babel.format_date(moment, "EEEE, d MMMM y" if _english() else "EEEE, d. MMMM y"))


def both(moment: datetime) -> str:
    """A moment in the person's zone, and in that of the service where it shows another time."""
    there = moment.astimezone(ZoneInfo(service_zone()))
    if there.utcoffset() == flask_babel.to_user_timezone(moment).utcoffset():
        return exact(moment)
    pattern = "d MMM, HH:mm" if _english() else "d. MMM, HH:mm"
    told = flask_babel.format_datetime(there.replace(tzinfo=None), pattern, rebase=False)
    return f"{exact(moment)} = {told} {there.tzname()} ({there.tzinfo})"


def service_zone() -> str:
    """The zone of the service that the page is about; where it is about none, of the standard calendar."""
    if "service_zone" not in g:
        in_zone_of(None)
    return str(g.service_zone)


def in_zone_of(service: str | None) -> None:
    """The page is about this service, so moments are also shown in its zone."""
    g.service_zone = calendars.of_service(service).zone


def month(day: date) -> str:
    """The name of the month that a day lies in, with its year."""
    return str(flask_babel.format_date(day, "LLLL y"))


def weekday(day: date) -> str:
    """A day with its weekday, shortly."""
    return str(flask_babel.format_date(day, "EEE d MMM" if _english() else "EEE d. MMM"))


def hours(calendar: Calendar) -> str:
    """The weekly hours of a calendar in one line: Mon–Thu 09:00-17:00; Fri 09:00-14:00."""
    names = flask_babel.get_locale().days["stand-alone"]["abbreviated"]
    told, day = [], 0
    for text, several in groupby(written(one) for one in calendar.week):
        last = day + len(list(several)) - 1
        if text:
            told.append(f"{names[day]}{f'–{names[last]}' if last > day else ''} {text}")
        day = last + 1
    return "; ".join(told)


def day_alone(value: date) -> str:
    """A day of the calendar, which is the same everywhere."""
    return str(flask_babel.format_date(value, "EEE, d MMM y" if _english() else "EEE, d. MMM y", rebase=False))


def hour(moment: datetime) -> str:
    """The time of day of a moment."""
    return flask_babel.to_user_timezone(moment).strftime("%H:%M")


def local_input(moment: datetime | None) -> str:
    """For `<input type=datetime-local>` in the person's zone."""
    return flask_babel.to_user_timezone(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _english() -> bool:
    return str(flask_babel.get_locale()) == "en"


def _zone(moment: datetime) -> str:
    return flask_babel.to_user_timezone(moment).tzname() or ""


def labelled(table: Mapping[str, Any], value: str | None) -> str:
    """The word for a value, the value itself if there is none."""
    found = table.get(value or "", value or "")
    return str(found[0] if isinstance(found, tuple) else found)


def coloured(table: Mapping[str, Any], value: str | None) -> str:
    """The colour of a state."""
    found = table.get(value or "", "")
    return str(found[1]) if isinstance(found, tuple) else ""


def plain(value: Any) -> str:
    """A recorded value as one reads it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(plain(one) for one in value) or "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain(one)}" for key, one in value.items())
    if isinstance(value, float):
        return str(flask_babel.format_decimal(value))
    return str(value)


def name_of_fact(name: str) -> str:
    """`release.back_out_plan` as words."""
    return name.removeprefix("release.").replace(".", " ").replace("_", " ").capitalize()


@contextlib.contextmanager
def in_words(**other_names: str) -> Iterator[None]:
    """Refusals beside fields come in the person's language; `other_names`: what the page calls a field."""
    try:
        yield
    except errors.InvalidInput as refused:
        found = refused.errors
        told = {other_names.get(name, name): [problems.said(text) for text in texts] for name, texts in found.items()}
        raise errors.InvalidInput(told) from refused


def reader(name: str) -> str:
    """Who was told: a person, or a group in its chats."""
    group = readers.group(name)
    return frame.title_of(name) if group is None else frame.group_title(group)


def recipient(entry: str) -> str:
    """A recipient of a ladder in words."""
    kind, _colon, name = entry.partition(":")
    if kind == "group" and name:
        return frame.group_title(name)
    if kind == "user" and name:
        return frame.title_of(name)
    if kind == "substitute" and name:
        return str(_("substitute of %(person)s", person=frame.title_of(name)))
    return labelled(RECIPIENTS, entry)


EVENTS: dict[str, tuple[Callable[..., str], str]] = {}


def init_app(app: Flask) -> None:
    filters: dict[str, Callable[..., Any]] = {
        "due": due,
        "ago": ago,
        "outlook": outlook,
        "markdown": markdown.render,
        "exact": exact,
        "both": both,
        "month": month,
        "weekday": weekday,
        "short": short,
        "day": day,
        "day_alone": day_alone,
        "clock": hour,
        "span": span,
        "decimal": flask_babel.format_decimal,
        "from_due": from_due,
        "local_input": local_input,
        "release_number": numbers.show,
        "labelled": lambda value, table: labelled(table, value),
        "coloured": lambda value, table: coloured(table, value),
        "reader": reader,
        "recipient": recipient,
        "called": lambda one: naming.called(one.name or one.element, one.item),
        "said": problems.said,
        "plain_value": plain,
        "split_name": name_of_fact,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals["words"] = {
        "status": STATUS,
        "types": TYPES,
        "kinds": KINDS,
        "roles": ROLES,
        "task_states": TASK_STATES,
        "deadline_states": DEADLINE_STATES,
        "delivery_states": DELIVERY_STATES,
        "delivery_reasons": DELIVERY_REASONS,
        "channels": CHANNELS,
        "untold": UNTOLD,
        "answers": ANSWERS,
        "notices": NOTICES,
        "meant": MEANT,
        "things": THINGS,
    }
