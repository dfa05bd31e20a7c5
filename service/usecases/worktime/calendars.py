"""Calendars of working time: which one holds where, making and changing them, giving them to services."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from service import errors
from service.domain import calendars as domain
from service.domain import calendarvalues, clock, deadlines, policy, workinghours
from service.domain.calendars import Calendar
from service.storage import db, history, writing
from service.storage.history import Entry
from service.storage.models.calendars import ServiceCalendar, WorkCalendar
from service.storage.queries import calendars as stored
from service.storage.types import Row, Session
from service.usecases import settings

LONGEST_TITLE = 120
LONGEST_SERVICE = 120
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_PARTS = ("zone", "hours", "country", "region", "closures", "openings")


def standard() -> Calendar:
    """The calendar that holds where no other is chosen; unless somebody keeps one, nine to five in the own zone."""
    return of_service(None)


def of_service(service: str | None) -> Calendar:
    """The calendar of a service."""
    row = stored.of_service(service)
    return _read(row) if row is not None else _built_in()


def of_release(release: Row | None) -> Calendar:
    """The calendar of the service of a release; of a run without one, the standard calendar."""
    return of_service(release.service if release is not None else None)


def of_person(name: str) -> Calendar:
    """When a person works: see `of_people`."""
    return of_people([name])[name]


def of_people(names: Iterable[str]) -> dict[str, Calendar]:
    """When people work: by the calendar chosen for each, else in the standard hours of their own zone.

    Of somebody who is not known it is the standard calendar. Three statements at most, whatever the number of people.
    """
    wanted = list(names)
    if not wanted:
        return {}
    people, usual = stored.of_people(wanted), standard()
    kept = {row.name: _read(row) for row in stored.listing()} if any(p.calendar for p in people.values()) else {}
    found = {}
    for name in wanted:
        person = people.get(name)
        if person is None:
            found[name] = usual
        else:
            found[name] = kept.get(person.calendar) or replace(usual, zone=person.zone)
    return found


class Book:
    """Calendars of services and people, each looked up once."""

    def __init__(self) -> None:
        self._services: dict[str | None, Calendar] = {}
        self._people: dict[str, Calendar] = {}

    def of(self, counts: str, service: str | None, assignee: str | None) -> Calendar:
        """In which calendar a deadline with this clock counts: its assignee's, or the service's while it has none."""
        if counts == deadlines.ASSIGNEE and assignee is not None:
            if assignee not in self._people:
                self._people[assignee] = of_person(assignee)
            return self._people[assignee]
        if service not in self._services:
            self._services[service] = of_service(service)
        return self._services[service]


def get(name: str) -> dict[str, Any]:
    """A calendar with its values, as `calendarvalues` has them, and the services that keep to it.

    The standard one is there always. Raises NotFound.
    """
    row = stored.get(name)
    if row is None and name != domain.STANDARD:
        raise errors.NotFound(f"There is no calendar {name}.")
    return _shown(row, stored.services())


def listing() -> list[dict[str, Any]]:
    """All calendars as `get` gives them, the standard one first."""
    rows, services = list(stored.listing()), stored.services()
    found = [_shown(row, services) for row in rows if row.name != domain.STANDARD]
    usual = next((row for row in rows if row.name == domain.STANDARD), None)
    return [_shown(usual, services), *found]


def calendar(name: str) -> Calendar:
    """A calendar, to count in. Raises NotFound."""
    row = stored.get(name)
    if row is None and name != domain.STANDARD:
        raise errors.NotFound(f"There is no calendar {name}.")
    return _read(row) if row is not None else _built_in()


def days(name: str, first: date, count: int, language: str | None = None) -> list[domain.Day]:
    """So many days as a calendar sees them, holidays named in a language. Raises NotFound, InvalidInput."""
    found = calendar(name)
    try:
        return found.days(first, count, language)
    except OverflowError:
        raise errors.InvalidInput({"from": ["must lie between 2000 and 2200"]}) from None


def sketched(
    values: Mapping[str, Any], first: date, count: int, language: str | None = None
) -> list[domain.Day] | None:
    """So many days as a calendar with these values would see them; None where they are not in order yet."""
    found, problems = calendarvalues.read(values)
    return found.days(first, count, language) if found is not None and not problems else None


def create(name: str, values: Mapping[str, Any], *, actor: policy.Actor) -> None:
    """Add a calendar. Raises Forbidden, AlreadyExists, and InvalidInput with every field that is wrong."""
    policy.require(policy.may_administer(actor))
    wrong = {} if _NAME.fullmatch(name) else {"name": ["use small letters, digits and . _ -, at most 80"]}
    checked = _checked({"title": name, **calendarvalues.plain(_built_in()), **values}, wrong)
    if name == domain.STANDARD or stored.get(name) is not None:
        raise errors.AlreadyExists(f"There is already a calendar {name}.")
    with db.transaction() as session:
        _insert(session, name, checked, actor)
        _choose(session, name, values.get("services"))
        _note(session, "calendar.created", actor, name, {**checked, **_services(values)})


def change(name: str, values: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Change some values of a calendar, or which services keep to it; what is due already stays as it is.

    revision: only if it is still this one. Raises Forbidden, NotFound, StaleWrite, and InvalidInput with every field
    that is wrong.
    """
    policy.require(policy.may_administer(actor))
    before = get(name)
    given = {key: value for key, value in values.items() if key != "services"}
    checked = _checked({key: before[key] for key in ("title", *_PARTS)} | given, {}, values.get("services"))
    with db.transaction() as session:
        # Whoever makes the standard calendar a stored one at the same time meets its unique name.
        if revision not in (None, before["revision"]):
            raise errors.StaleWrite()
        if before["revision"] == 0:
            _insert(session, name, checked, actor)
        else:
            columns = {**checked, **_now(actor), "revision": before["revision"] + 1}
            if not writing.update_where(session, WorkCalendar, columns, name=name, revision=before["revision"]):
                raise errors.StaleWrite()
        _choose(session, name, values.get("services"))
        changed = {key: value for key, value in checked.items() if value != before[key]}
        _note(session, "calendar.changed", actor, name, changed | _services(values))


def _insert(session: Session, name: str, checked: Mapping[str, Any], actor: policy.Actor) -> None:
    writing.insert_rows(session, WorkCalendar, [{"name": name, **checked, **_now(actor), "revision": 1}])


def _now(actor: policy.Actor) -> dict[str, Any]:
    return {"changed_at": clock.now(), "changed_by": actor.name}


def _checked(
    values: Mapping[str, Any], wrong: dict[str, list[str]], services: Sequence[str] | None = None
) -> dict[str, Any]:
    """The values as they are stored. Raises InvalidInput."""
    unknown = values.keys() - {"title", "services", *_PARTS}
    read, problems = calendarvalues.read(values)
    problems = {**wrong, **{key: ["cannot be changed"] for key in sorted(unknown)}, **problems}
    title = str(values.get("title") or "").strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        problems["title"] = ["say what it is called" if not title else f"use at most {LONGEST_TITLE} characters"]
    if any(not one.strip() or len(one) > LONGEST_SERVICE for one in services or values.get("services") or ()):
        problems["services"] = [f"each has a name of at most {LONGEST_SERVICE} characters"]
    if read is not None and not problems:
        try:
            workinghours.opens_at(clock.now(), read)
        except ValueError as problem:
            problems["closures"] = [str(problem)]
    if problems or read is None:
        raise errors.InvalidInput(problems)
    return {"title": title, **calendarvalues.plain(read)}


def _choose(session: Session, name: str, services: Sequence[str] | None) -> None:
    """Let exactly these services keep to a calendar; None changes nothing."""
    if services is None:
        return
    wanted = sorted({one.strip() for one in services})
    writing.delete_where(session, ServiceCalendar, calendar=name)
    if wanted:
        writing.delete_where(session, ServiceCalendar, service=wanted)
    if name != domain.STANDARD:
        writing.insert_rows(session, ServiceCalendar, [{"service": one, "calendar": name} for one in wanted])


def _services(values: Mapping[str, Any]) -> dict[str, Any]:
    return {} if values.get("services") is None else {"services": list(values["services"])}


def _built_in() -> Calendar:
    return Calendar(settings.current().zone)


def _read(row: Row) -> Calendar:
    return _parsed(row.name, json.dumps({part: getattr(row, part) for part in _PARTS}))


@functools.lru_cache(maxsize=256)
def _parsed(name: str, values: str) -> Calendar:
    found, problems = calendarvalues.read(json.loads(values))
    if found is None:
        raise errors.Conflict(f"The calendar {name} cannot be read: {', '.join(problems)}. Save it anew.")
    return found


def _shown(row: Row | None, services: Mapping[str, str]) -> dict[str, Any]:
    if row is None:
        own: dict[str, Any] = {"name": domain.STANDARD, "title": "Standard", **calendarvalues.plain(_built_in())}
        own |= {"revision": 0, "changed_at": None, "changed_by": None}
    else:
        own = dict(row._mapping)
    return own | {"services": sorted(one for one, kept in services.items() if kept == own["name"])}


def _note(session: Session, event: str, actor: policy.Actor, name: str, changes: Mapping[str, Any]) -> None:
    entry = Entry(event, data={"calendar": name, "changes": dict(changes), "by": actor.name})
    history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)
