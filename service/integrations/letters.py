"""What a mail says: one notice in its own words with its facts, or many of them by release, what is late first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from babel.dates import format_timedelta

from service.domain import durations
from service.integrations import letterhtml, texts
from service.integrations.letterwords import COLOURS, FALLBACK, STATES, WORDS

MOST_LISTED = 40
INBOX = "/inbox"
CHOOSING = "/account/reaching"
LATE = ("deadline.overdue", "deadline.due")
# What matters most comes first; what is not named here comes last.
_ORDER = ("incident.raised", *LATE, "approval.asked", "deadline.near", "task.assigned")

_OF_TASKS = ("deadline", "task", "approval")
_OF_RELEASES = ("coordinator", "manager", "requester", "stakeholders", "board")  # who somebody is in a release
_MOMENTS = {"deadline.near": "-P1D", "deadline.due": "PT0S", "deadline.overdue": "P1D"}  # of samples


@dataclass(frozen=True)
class Entry:
    """One notice as a mail shows it.

    link: a path of ours. as_: why they are told (`assignee`, `group:x`, `substitute:x`). moment and repeat: the level
    of the ladder, where it comes from one.
    """

    kind: str
    subject: str
    body: str
    link: str = ""
    as_: str = ""
    release_number: int | None = None
    release_title: str | None = None
    task_key: int | None = None
    name: str = ""
    due_at: datetime | None = None
    holders: str = ""
    moment: str = ""
    repeat: int = 0


@dataclass(frozen=True)
class Content:
    """Subject, text and HTML of a message, and the one link that it leads to.

    words: what it says without facts and what is around, for where there is little room.
    """

    subject: str
    words: str
    text: str
    html: str
    link: str


@dataclass(frozen=True)
class Reader:
    """For whom it is written. leaving: where somebody without an account ends these mails."""

    language: str
    zone: str
    public_url: str
    leaving: str = ""

    @property
    def code(self) -> str:
        code = self.language.replace("_", "-").split("-")[0]
        return code if code in WORDS else FALLBACK

    def word(self, which: str, /, **values: object) -> str:
        return WORDS[self.code][which].format(**values)

    def moment(self, value: datetime) -> str:
        return texts.moment(value, self.code, self.zone)

    def url(self, path: str) -> str:
        return f"{self.public_url}{path}"

    @property
    def below(self) -> tuple[str, str]:
        """The word for what stands at the foot, and where it leads: what reaches them, or the end of these mails."""
        return ("leave", self.leaving) if self.leaving else ("choose", self.url(CHOOSING))

    def frame(self, title: str) -> letterhtml.Frame:
        which, link = self.below
        return letterhtml.Frame(title, self.code, self.word(f"{which}-link"), link)

    def foot(self) -> list[str]:
        which, link = self.below
        return ["", "-- ", self.word(which, link=link)]


def sample(kind: str, subject: str, body: str, values: Mapping[str, Any]) -> Entry:
    """A notice of this kind with the facts that these values tell of."""
    number, _, title = str(values["release"]).removeprefix("R-").partition(" ")
    around = Entry(kind, subject, body, f"/releases/R-{number}", "coordinator", int(number), title)
    if kind.partition(".")[0] not in _OF_TASKS:
        return around
    return replace(
        around, link="/tasks/1", as_="assignee", task_key=1, name=str(values.get("name", "")),
        due_at=values.get("due"), holders=str(values.get("assignee") or ""), moment=_MOMENTS.get(kind, ""),
    )  # fmt: skip


def content(told: Sequence[Entry], reader: Reader) -> Content:
    """What to write to somebody about these notices."""
    return _alone(told[0], reader) if len(told) == 1 else _together(told, reader)


def _alone(one: Entry, reader: Reader) -> Content:
    facts = _facts(one, reader)
    link, button = (reader.url(one.link), _button(one, reader)) if one.link else ("", "")
    why = _why(one, reader)
    lines = [one.body, "", *(f"{label}: {value}" for label, value in facts)]
    lines += [f"{reader.word('why')}: {why}"] if why else []
    lines += ["", f"{button}: {link}"] if link else []
    lines += reader.foot()
    page = letterhtml.alone(
        reader.frame(one.subject),
        state=_state(one.kind, reader),
        paragraphs=[part for part in one.body.split("\n\n") if part.strip()],
        facts=[*facts, *([(reader.word("why"), why)] if why else [])],
        button=(button, link) if link else None,
    )
    return Content(one.subject, one.body, "\n".join(lines).strip(), page, link)


def _together(told: Sequence[Entry], reader: Reader) -> Content:
    late = sum(1 for one in told if one.kind in LATE)
    subject = reader.word("subject", count=len(told))
    subject = f"{subject}, {reader.word('late', late=late)}" if late else subject
    inbox = reader.url(INBOX)
    shown = sorted(told, key=_weight)[:MOST_LISTED]
    groups = _by_release(shown, told, reader.word("none"))
    first = reader.word("first", count=len(told))
    more = reader.word("more", more=len(told) - len(shown)) if len(told) > len(shown) else ""
    lines = [first]
    for title, ones in groups:
        lines += ["", title]
        for one in ones:
            lines.append(f"- {_line(one, reader)}")
            lines += [f"  {reader.url(one.link)}"] if one.link else []
    lines += ["", more] if more else []
    words = "\n".join(lines)
    lines += ["", f"{reader.word('open-inbox')}: {inbox}", *reader.foot()]
    page = letterhtml.together(
        reader.frame(subject),
        first=first,
        groups=[(title, [_item(one, reader) for one in ones]) for title, ones in groups],
        more=more,
        button=(reader.word("open-inbox"), inbox),
    )
    return Content(subject, words, "\n".join(lines), page, inbox)


def _facts(one: Entry, reader: Reader) -> list[tuple[str, str]]:
    found = [("what", one.name), ("release", _release(one))]
    found += [("due", reader.moment(one.due_at))] if one.due_at else []
    found += [("with", one.holders or reader.word("nobody"))] if one.task_key is not None else []
    found += [("step", _step(one, reader))] if one.moment else []
    return [(reader.word(label), value) for label, value in found if value]


def _step(one: Entry, reader: Reader) -> str:
    """`P1D repeat P1D` in words."""
    moment = one.moment.partition(" repeat ")[0]
    if moment.endswith("%"):
        step = reader.word("share", share=moment.replace("%", " %"))
    else:
        span = durations.parse(moment).roughly
        words = format_timedelta(abs(span), threshold=1, locale=reader.code)
        step = reader.word("before" if span.total_seconds() < 0 else "after", span=words) if span else reader.word("at")
    if not one.repeat:
        return step
    return reader.word("once-more" if one.repeat == 1 else "again", step=step, times=one.repeat)


def _why(one: Entry, reader: Reader) -> str:
    kind, _, name = one.as_.partition(":")
    unknown = kind not in WORDS[reader.code] or (kind in _OF_RELEASES and one.release_number is None)
    return "" if unknown else reader.word(kind, name=name)


def _state(kind: str, reader: Reader) -> letterhtml.State:
    words = STATES[reader.code]
    return letterhtml.State(words.get(kind, words[""]), COLOURS.get(kind, "plain"))


def _button(one: Entry, reader: Reader) -> str:
    if one.link.startswith("/tasks/"):
        return reader.word("open-task")
    return reader.word("open-release" if one.link.startswith("/releases/") else "open")


def _line(one: Entry, reader: Reader) -> str:
    """What a list says of a notice: the state, what, and until when, or else its subject."""
    if not one.name or not one.kind.startswith("deadline."):
        return one.subject
    due = f" ({reader.moment(one.due_at)})" if one.due_at else ""
    return f"{_state(one.kind, reader).word}: {one.name}{due}"


def _item(one: Entry, reader: Reader) -> letterhtml.Item:
    drawn = bool(one.name) and one.kind.startswith("deadline.")
    due = reader.moment(one.due_at) if one.due_at and drawn else ""
    said = one.name if drawn else one.subject
    return letterhtml.Item(_state(one.kind, reader), said, due, reader.url(one.link) if one.link else "")


def _weight(one: Entry) -> int:
    return _ORDER.index(one.kind) if one.kind in _ORDER else len(_ORDER)


def _release(one: Entry) -> str:
    return f"R-{one.release_number} {one.release_title or ''}".strip() if one.release_number else ""


def _by_release(shown: Iterable[Entry], told: Iterable[Entry], none: str) -> list[tuple[str, list[Entry]]]:
    """Title and count of each release with those of its notices that are shown, in their order."""
    counts = Counter(one.release_number for one in told)
    found: dict[int | None, list[Entry]] = {}
    for one in shown:
        found.setdefault(one.release_number, []).append(one)
    return [(f"{_release(ones[0]) or none} ({counts[number]})", ones) for number, ones in found.items()]
