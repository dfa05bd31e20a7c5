"""What notices say, in each language: the subject says what, whose and since when; the body what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from service import phrasebook
from service.integrations.wording import DATES, FALLBACK, UNFOLLOW, WORDING, WORDS

EXPLAINING = ("error",)  # values that are sentences of the layers below


def languages() -> list[str]:
    """The languages there are texts for."""
    return sorted(WORDING)


def kinds() -> list[str]:
    """The kinds of notices there are texts for."""
    return sorted(WORDING[FALLBACK])


def render(kind: str, language: str, zone: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body of a notice. Moments among the values are written in the person's zone and language.

    A language without texts gets English. Raises KeyError for a kind that does not exist.
    """
    code = language.replace("_", "-").split("-")[0]
    code = code if code in WORDING else FALLBACK
    subject, *lines = WORDING[code].get(kind) or WORDING[FALLBACK][kind]
    said = {name: _said(value, code, zone) for name, value in values.items()}
    said |= {name: phrasebook.say(said[name], code) for name in EXPLAINING if name in said}
    said["assignee"] = said.get("assignee") or WORDS[code]["nobody"]
    body = [line.format_map(said) for line in lines if all(said.get(name) for name in placeholders(line))]
    return subject.format_map(_Given(said)), "\n".join(body).strip()


def unfollow(language: str, link: str) -> str:
    """How somebody without an account ends these mails."""
    return UNFOLLOW.get(language, UNFOLLOW[FALLBACK]).format(link=link)


def placeholders(line: str) -> list[str]:
    """The names of the values a line needs."""
    return [name for _, name, _, _ in Formatter().parse(line) if name]


class _Given(dict[str, str]):
    """In a subject, a value that is missing is simply not said."""

    def __missing__(self, name: str) -> str:
        return ""


def moment(value: datetime, language: str, zone: str) -> str:
    """A moment as this person writes it, with the name of the zone."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{format_datetime(local, DATES.get(language, DATES[FALLBACK]), locale=_locale(language))} ({zone})"


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
