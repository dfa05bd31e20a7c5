"""What a message says: one notice in its own words, or many of them by release, what is late first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from service.integrations.wording import FALLBACK

MOST_LISTED = 40
INBOX = "/inbox"
LATE = ("deadline.overdue", "deadline.due")
# What matters most comes first; what is not named here comes last.
_ORDER = ("incident.raised", *LATE, "approval.asked", "deadline.near", "task.assigned", "task.opened")

_WORDS = {
    "en": {
        "subject": "{count} notices",
        "late": "{late} overdue",
        "first": "{count} notices for you. The inbox has them all: {inbox}",
        "none": "Others",
        "more": "and {more} more: {inbox}",
    },
    "de": {
        "subject": "{count} Nachrichten",
        "late": "{late} überfällig",
        "first": "{count} Nachrichten für Sie. Alle stehen im Posteingang: {inbox}",
        "none": "Andere",
        "more": "und {more} weitere: {inbox}",
    },
}


@dataclass(frozen=True)
class Content:
    """Subject and text of a message, and the one link that it leads to."""

    subject: str
    text: str
    link: str


def content(told: Sequence[Any], language: str, public_url: str) -> Content:
    """What to write about these notices (rows with subject, body, kind, link, release_number, release_title)."""
    if len(told) == 1:
        (only,) = told
        return Content(only.subject, only.body, f"{public_url}{only.link}" if only.link else "")
    return _together(told, language if language in _WORDS else FALLBACK, public_url)


def _together(told: Sequence[Any], language: str, public_url: str) -> Content:
    words, inbox = _WORDS[language], f"{public_url}{INBOX}"
    late = sum(1 for one in told if one.kind in LATE)
    subject = words["subject"].format(count=len(told))
    lines = [words["first"].format(count=len(told), inbox=inbox)]
    shown = sorted(told, key=_weight)[:MOST_LISTED]
    for title, ones in _by_release(shown, told, words["none"]):
        lines += ["", title]
        for one in ones:
            lines.append(f"- {one.subject}")
            lines += [f"  {public_url}{one.link}"] if one.link else []
    if len(told) > len(shown):
        lines += ["", words["more"].format(more=len(told) - len(shown), inbox=inbox)]
    said = f"{subject}, {words['late'].format(late=late)}" if late else subject
    return Content(said, "\n".join(lines), inbox)


def _weight(one: Any) -> tuple[int, Any]:
    return (_ORDER.index(one.kind) if one.kind in _ORDER else len(_ORDER), one.key)


def _by_release(shown: Iterable[Any], told: Iterable[Any], none: str) -> list[tuple[str, list[Any]]]:
    """Title and count of each release with those of its notices that are shown, in their order."""
    counts = Counter(one.release_number for one in told)
    found: dict[Any, list[Any]] = {}
    for one in shown:
        found.setdefault(one.release_number, []).append(one)
    titles = {number: f"R-{number} {ones[0].release_title}" if number else none for number, ones in found.items()}
    return [(f"{titles[number]} ({counts[number]})", ones) for number, ones in found.items()]
