"""Calendars of working time: the list, one with its month, and working open deadlines out anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from zoneinfo import available_timezones

import flask_babel
from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import calendars as domain
from service.domain import clock, policy, publicholidays
from service.storage.queries import calendars as found
from service.storage.queries import recalculations
from service.usecases.deadlines import recalculation
from service.usecases.worktime import calendars
from service.web import access, auth
from service.web.pages import frame, language, words

pages = frame.pages

SHOWN_CHANGES = 50
_HOURS = re.compile(r"\d{1,2}:\d{2}\s*[-–]\s*\d{1,2}:\d{2}[,;]?")
_MONTHS = (2000, 2200)


@pages.get("/administration/calendars", endpoint="calendars")
@access.requires(policy.may_administer)
def all_calendars() -> str:
    rows = calendars.listing()
    people = {row["name"]: len(found.people_with(row["name"])) for row in rows}
    hours = {row["name"]: words.hours(calendars.calendar(row["name"])) for row in rows}
    places = {row["name"]: _place(row) for row in rows}
    return frame.show("calendars.html", rows=rows, people=people, hours=hours, zones=_zones(), places=places)


@pages.post("/administration/calendars", endpoint="create_calendar")
@access.requires(policy.may_administer)
def create() -> Any:
    name = request.form.get("name", "").strip().lower()
    title = request.form.get("title", "").strip() or name
    with words.in_words():
        calendars.create(name, {"title": title, "zone": request.form.get("zone", "")}, actor=auth.actor())
    goal = url_for("pages.calendar", name=name)
    return frame.done(goal, _("The calendar %(name)s is there. Say now when people work.", name=title))


@pages.get("/administration/calendars/<string(maxlength=80):name>", endpoint="calendar")
@access.requires(policy.may_administer)
def one(name: str) -> str:
    row = calendars.get(name)
    first = _month(request.args.get("month", ""))
    services = sorted({*found.known_services(), *row["services"]})
    return frame.show(
        "calendar.html",
        row=row,
        closures="\n".join(_closure_line(one) for one in row["closures"]),
        openings="\n".join(f"{one['day']} {one['hours']} {one['name']}".strip() for one in row["openings"]),
        days=calendars.days(name, first, _length(first), language.current()),
        **_beside(first),
        weekdays=weekdays(),
        zones=_zones(),
        countries=_countries(),
        **_regions(row["country"], row["region"]),
        services=services,
        kept=found.services(),
        people=found.people_with(name),
    )


@pages.post("/administration/calendars/<string(maxlength=80):name>", endpoint="edit_calendar")
@access.requires(policy.may_administer)
def edit(name: str) -> Any:
    form = request.form
    changes: dict[str, Any] = {"title": form.get("title", "").strip(), **_drawn()}
    if name != domain.STANDARD:
        typed = [one.strip() for one in form.get("more_services", "").splitlines() if one.strip()]
        changes["services"] = [*form.getlist("services"), *typed]
    revision = form.get("revision", type=int)
    with _beside_fields():
        calendars.change(name, changes, revision=revision, actor=auth.actor())
    touched = len(recalculation.preview(name, actor=auth.actor()).changes)
    text = _("Saved.")
    if touched:
        told = flask_babel.ngettext(
            "One open deadline would change; it stays until you work it out anew.",
            "%(num)d open deadlines would change; they stay until you work them out anew.",
            touched,
        )
        text = f"{text} {told}"
    return frame.done(url_for("pages.calendar", name=name, month=form.get("month") or None), text)


@pages.post("/administration/calendars/<string(maxlength=80):name>/month")
@access.requires(policy.may_administer)
def sketch_month(name: str) -> str:
    """The month as what is typed would make it, and the regions of a country that was just chosen; nothing is saved."""
    row, values, first = calendars.get(name), _drawn(), _month(request.form.get("month", ""))
    found = calendars.sketched(values, first, _length(first), language.current())
    saved = calendars.days(name, first, _length(first), language.current()) if found is None else ()
    country = values["country"]
    return frame.show(
        "_month.html",
        row=row,
        days=saved if found is None else found,
        sketched="whole" if found is not None else "saved",
        other_regions=(country or "") != request.form.get("regions_of"),
        **_beside(first),
        **_regions(country if country in publicholidays.countries() else None, values["region"]),
    )


@pages.get("/administration/calendars/<string(maxlength=80):name>/open", endpoint="calendar_open")
@access.requires(policy.may_administer)
def open_deadlines(name: str) -> str:
    """While the workers are at it, how far they are; else what working them out anew would change."""
    row, work = calendars.get(name), recalculations.newest(name)
    if work is not None and work.state == recalculation.WAITING:
        return frame.show("calendar_open.html", row=row, work=work, seen=None, shown=())
    seen = recalculation.preview(name, actor=auth.actor())
    return frame.show("calendar_open.html", row=row, work=work, seen=seen, shown=seen.changes[:SHOWN_CHANGES])


@pages.post("/administration/calendars/<string(maxlength=80):name>/open", endpoint="recalculate")
@access.requires(policy.may_administer)
def recalculate(name: str) -> Any:
    reason = request.form.get("reason", "").strip()
    with words.in_words():
        recalculation.start(name, reason=reason, actor=auth.actor())
    return frame.done(url_for("pages.calendar_open", name=name))


def _place(row: Mapping[str, Any]) -> str:
    """Whose holidays a calendar keeps, as they are called here; nothing where it keeps none."""
    country, region = row["country"], row["region"]
    if not country:
        return ""
    named = flask_babel.get_locale().territories.get(country, country)
    return f"{named}, {publicholidays.region_names(country).get(region, region)}" if region else str(named)


def weekdays() -> dict[str, str]:
    """What the days of the week are called here."""
    names = flask_babel.get_locale().days["stand-alone"]["wide"]
    return {day: names[number] for number, day in enumerate(domain.WEEKDAYS)}


def _zones() -> list[str]:
    return sorted(available_timezones())


def _countries() -> dict[str, str]:
    """The countries whose holidays are known, by what they are called here."""
    territories = flask_babel.get_locale().territories
    named = {code: territories.get(code, code) for code in publicholidays.countries()}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def _month(text: str) -> date:
    """The first day of the month in an address, else of this one."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = flask_babel.to_user_timezone(clock.now()).date().replace(day=1)
    return first if _MONTHS[0] < first.year < _MONTHS[1] else first.replace(year=_MONTHS[0] + 1)


def _length(first: date) -> int:
    return (_later(first, 1) - first).days


def _beside(first: date) -> dict[str, Any]:
    """A month with those before and after it, and today."""
    today = flask_babel.to_user_timezone(clock.now()).date()
    return {"first": first, "earlier": _later(first, -1), "later": _later(first, 1), "today": today}


def _regions(country: str | None, region: str | None) -> dict[str, Any]:
    names = publicholidays.region_names(country) if country else {}
    return {"country": country, "region": region, "regions": names}


def _drawn() -> dict[str, Any]:
    """When people work, as it is typed."""
    form = request.form
    country, region = form.get("country") or None, form.get("region") or None
    # without a script, the regions on the page are those of the country before
    known = region in publicholidays.countries().get(country or "", ())
    return {
        "zone": form.get("zone", ""),
        "hours": {day: form.get(f"hours.{day}", "") for day in domain.WEEKDAYS},
        "country": country,
        "region": region if known or form.get("regions_of") == (country or "") else None,
        "closures": _lines("closures", _closure),
        "openings": _lines("openings", _opening),
    }


def _later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _closure_line(one: Mapping[str, str]) -> str:
    last = f" {one['last']}" if one["last"] != one["first"] else ""
    return f"{one['first']}{last} {one['name']}".strip()


def _lines(field: str, read: Callable[[Sequence[str]], dict[str, str]]) -> list[dict[str, str]]:
    return [read(line.split()) for line in request.form.get(field, "").splitlines() if line.strip()]


def _closure(parts: Sequence[str]) -> dict[str, str]:
    """`2026-12-24 2026-12-31 Works holiday`; without a second day it is the first alone."""
    several = len(parts) > 1 and re.fullmatch(r"\d{4}-\d{2}-\d{2}", parts[1]) is not None
    last, rest = (parts[1], parts[2:]) if several else ("", parts[1:])
    return {"first": parts[0], "last": last, "name": " ".join(rest)}


def _opening(parts: Sequence[str]) -> dict[str, str]:
    """`2026-12-05 10:00-14:00 Stocktaking`; without hours nobody works that day.

    What begins with a digit is meant as hours, and refused where it is none.
    """
    rest = " ".join(parts[1:])
    hours = []
    while match := _HOURS.match(rest):
        hours.append(match[0])
        rest = rest[match.end() :].strip()
    if rest[:1].isdigit() and not hours:
        mistyped, _space, rest = rest.partition(" ")
        hours.append(mistyped)
    return {"day": parts[0], "hours": " ".join(hours), "name": rest}


@contextmanager
def _beside_fields() -> Iterator[None]:
    """Mistakes in a line come beside the text that it is a line of."""
    try:
        with words.in_words():
            yield
    except errors.InvalidInput as refused:
        told: dict[str, list[str]] = {}
        for field, texts in refused.errors.items():
            head, _dot, rest = field.partition(".")
            if head in ("closures", "openings") and rest:
                number = int(rest.partition(".")[0]) + 1
                texts = [_("Line %(number)d: %(text)s", number=number, text=text) for text in texts]
                told.setdefault(head, []).extend(texts)
            else:
                told.setdefault(field, []).extend(texts)
        raise errors.InvalidInput(told) from refused
