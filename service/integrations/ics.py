"""Calendar feeds as iCalendar (RFC 5545, RFC 7986), and the words of their entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import icalendar

from service.domain import feeds

REFRESH = timedelta(minutes=15)
PRODUCER = "-//Tidegate//Tidegate//EN"
FALLBACK = "en"
WORDS = {
    "en": {
        "own": "Tidegate: {name}",
        "service": "Tidegate: releases of {name}",
        "task": "Due: {name} ({release})",
        "approval": "Decide: {name} ({release})",
        "window": "Release window: {release}",
        "deadline": "Due: {name} ({release})",
        "milestone": "Milestone reached: {name} ({release})",
        "planned": "Milestone: {name} ({release})",
        "absence": "Away",
        "substitute": "Stands in: {name}",
        "phase": "Phase: {name}",
    },
    "de": {
        "own": "Tidegate: {name}",
        "service": "Tidegate: Releases von {name}",
        "task": "Fällig: {name} ({release})",
        "approval": "Entscheiden: {name} ({release})",
        "window": "Releasefenster: {release}",
        "deadline": "Fällig: {name} ({release})",
        "milestone": "Meilenstein erreicht: {name} ({release})",
        "planned": "Meilenstein: {name} ({release})",
        "absence": "Abwesend",
        "substitute": "Vertretung: {name}",
        "phase": "Phase: {name}",
    },
}


def say(word: str, language: str, **values: str) -> str:
    """A text of an entry in a language; English where there is none."""
    return WORDS.get(language, WORDS[FALLBACK])[word].format(**values)


def write(name: str, zone: str, shown: Iterable[feeds.Shown]) -> bytes:
    """The calendar. Moments are in UTC, so that no program needs our idea of a zone; days are days wherever one is.

    The same entries give the same bytes.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    called = _text(" ".join(name.split()))
    calendar.add("name", called)
    calendar.add("x-wr-calname", called)
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for one in sorted(shown, key=lambda one: one.entry.uid):
        calendar.add_component(_event(one))
    return calendar.to_ical()


def _event(one: feeds.Shown) -> icalendar.Event:
    entry, event = one.entry, icalendar.Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", one.changed_at)
    event.add("last-modified", one.changed_at)
    event.add("sequence", one.sequence)
    event.add("dtstart", entry.start)
    if entry.end is not None:
        event.add("dtend", entry.end)
    event.add("summary", _text(entry.summary))
    if entry.description:
        event.add("description", _text(entry.description))
    if entry.url:
        event.add("url", entry.url)
    if entry.category:
        event.add("categories", [entry.category])
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event


def _text(said: str) -> icalendar.vText:
    """What people wrote, in one line of the file: escaped, and without characters that calendars may not have."""
    lines = "\n".join(said.splitlines())
    return icalendar.vText("".join(one for one in lines if one == "\n" or one.isprintable()))
