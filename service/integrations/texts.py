"""What notices say, in each language: the subject says what, whose and since when; the body what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from service import phrasebook
from service.integrations.wording import DATES, FALLBACK, WORDING, WORDS

COMMON = ("release", "name", "by", "reason")
EXPLAINING = ("error",)  # values that are sentences of the layers below


@dataclass(frozen=True)
class Given:
    """A text with its placeholders: lines of the body whose value is missing are left out."""

    subject: str
    body: str


def languages() -> list[str]:
    """The languages there are texts for."""
    return sorted(WORDING)


def kinds() -> list[str]:
    """The kinds of notices there are texts for."""
    return sorted(WORDING[FALLBACK])


def known(language: str) -> str:
    """The language there are texts for that comes nearest."""
    code = language.replace("_", "-").split("-")[0]
    return code if code in WORDING else FALLBACK


def shipped(kind: str, language: str) -> Given:
    """The text that comes with the product. Raises KeyError for a kind that does not exist."""
    subject, *lines = WORDING[known(language)].get(kind) or WORDING[FALLBACK][kind]
    return Given(subject, "\n".join(lines))


def offered(kind: str) -> list[str]:
    """The names that a text of this kind may have: those of the shipped one, and what most kinds know."""
    named = placeholders(" ".join(WORDING[FALLBACK][kind]))
    return list(dict.fromkeys([*named, *COMMON]))


def samples(kind: str, now: datetime) -> dict[str, Any]:
    """A value for each name that a text of this kind may have."""
    return dict(zip(offered(kind), offered(kind), strict=True)) | {
        "name": "Functional test", "release": "R-1 Payroll 4.2", "due": now + timedelta(days=2),
        "before": now + timedelta(days=1), "assignee": "Tom Tester", "by": "Max Manager", "outcome": "approved",
        "phase": "Test", "reason": "The supplier is late.", "comment": "Fine with us.",
        "error": "The job “Do the work” (tidegate.notify) failed: no answer.", "start": now + timedelta(days=9),
        "end": now + timedelta(days=9, hours=4), "start_before": now + timedelta(days=7),
        "end_before": now + timedelta(days=7, hours=4), "message": "The portal is away that night.",
        "longer": "18", "comparable": "24", "exceeded": "3", "act_by": now + timedelta(days=1), "version": "2",
        "since": now - timedelta(minutes=4), "until": now, "seconds": "90", "from": now - timedelta(days=7), "to": now,
    }  # fmt: skip


def render(
    kind: str, language: str, zone: str, values: Mapping[str, Any], given: Given | None = None
) -> tuple[str, str]:
    """Subject and body of a notice. Moments among the values are written in the person's zone and language.

    given: the text to use instead of the shipped one. A language without texts gets English. Raises KeyError for a
    kind that does not exist.
    """
    code = known(language)
    text = given or shipped(kind, code)
    subject, lines = text.subject, text.body.split("\n")
    said = {name: _said(value, code, zone) for name, value in values.items()}
    said |= {name: phrasebook.say(said[name], code) for name in EXPLAINING if name in said}
    said["assignee"] = said.get("assignee") or WORDS[code]["nobody"]
    body = [line.format_map(said) for line in lines if all(said.get(name) for name in placeholders(line))]
    return subject.format_map(_Given(said)), "\n".join(body).strip()


def placeholders(line: str) -> list[str]:
    """The names of the values a line needs."""
    return [name for _, name, _, _ in Formatter().parse(line) if name]


class _Given(dict[str, str]):
    """In a subject, a value that is missing is simply not said."""

    def __missing__(self, name: str) -> str:
        return ""


def moment(value: datetime, language: str, zone: str) -> str:
    """A moment as this person writes it, with the name of the zone."""
    return f"{by_clock(value, language, zone)} ({zone})"


def by_clock(value: datetime, language: str, zone: str) -> str:
    """A moment as this person writes it, where it is clear which zone is meant."""
    local = value.astimezone(ZoneInfo(zone))
    return format_datetime(local, DATES.get(language, DATES[FALLBACK]), locale=_locale(language))


def _said(value: Any, language: str, zone: str) -> str:
    if isinstance(value, datetime):
        return moment(value, language, zone)
    text = "" if value is None else str(value)
    return WORDS[language].get(text, text)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(FALLBACK)
