"""Who is told, on which channels and when: people with what they prefer, and who stands in for those who are away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from service.domain import reaching, readers
from service.domain.calendars import Calendar
from service.storage.queries import chats, people
from service.storage.queries import reaching as stored
from service.storage.types import Row
from service.usecases import settings
from service.usecases.telling import recipients
from service.usecases.worktime import calendars

EMAIL, CHAT = "email", "chat"
CHANNELS = (EMAIL, CHAT)
SUBSTITUTE = "substitute:"  # of whom: what somebody is told as who stands in


@dataclass(frozen=True)
class Reader:
    """Whom something reaches besides the inbox: an active person, or a group in its chats.

    absence: the one that holds now. calendar: their own where their preferences ask for it. A group prefers nothing in
    particular, is never away and has no mail.
    """

    name: str
    email: str | None
    language: str
    zone: str
    preferences: reaching.Preferences
    absence: reaching.Absence | None
    chats: Sequence[str] = ()
    calendar: Calendar = reaching.USUAL

    def ways(self) -> list[tuple[str, str | None]]:
        """The channels that a notice may take to them, each with the address; None where there is none."""
        mails = [(EMAIL, self.email)] if readers.group(self.name) is None else []
        return [*mails, *((CHAT, name) for name in self.chats)]

    def decide(
        self, channel: str, address: str | None, group: str, *, urgent: bool, now: datetime
    ) -> reaching.Decision:
        """What becomes of a notice of this group on one of their channels."""
        if not address:
            return reaching.Decision(reaching.SKIPPED, reaching.NO_ADDRESS)
        return reaching.decide(
            self.preferences,
            channel=channel,
            group=group,
            urgent=urgent,
            away=self.absence is not None,
            now=now,
            zone=self.zone,
            calendar=self.calendar,
        )


class Audience(Mapping[str, Reader]):
    """Of some readers the active people and the groups that have chats, and who stands in; looked up together."""

    def __init__(self, names: Iterable[str], now: datetime) -> None:
        self._people: dict[str, Reader] = {}
        wanted, asked = set(names), set[str]()
        while wanted:
            self._people |= _load(wanted, now)
            asked |= wanted
            away = (one.absence.substitute for one in self._people.values() if one.absence)
            wanted = {name for name in away if name} - asked
        self._substitutes = {
            name: one.absence.substitute if one.absence.substitute in self._people else None
            for name, one in self._people.items()
            if one.absence is not None
        }

    def stand_in(self, name: str) -> str | None:
        """Who stands in for somebody who is away now; None where they are there, or nobody does."""
        return reaching.stand_in(name, self._substitutes) if name in self._substitutes else None

    def _with_substitutes(self, told: Mapping[str, str], *, but: Collection[str]) -> dict[str, str]:
        """These recipients, and for those who are away whoever stands in for them, who is not meant anyway."""
        found = ((name, self.stand_in(name)) for name in told)
        added = {other: f"{SUBSTITUTE}{name}" for name, other in found if other and other not in but}
        return {**added, **told}

    def reached(self, meant: recipients.Meant, *, urgent: bool) -> recipients.Meant:
        """Whom of these it reaches: who is not active is missed, for who is away somebody else hears of it too."""
        gone = {name: part for name, part in meant.told.items() if name not in self}
        active = {name: part for name, part in meant.told.items() if name in self}
        alone = {} if urgent else {name: part for name, part in active.items() if self._is_left_alone(name)}
        missed = [recipients.Missed(part, name, recipients.INACTIVE) for name, part in gone.items()]
        missed += [recipients.Missed(part, name, recipients.ON_LEAVE) for name, part in alone.items()]
        did_it = {who.user for who in meant.missed if who.reason == recipients.DID_IT}
        groups = {name: part for name, part in meant.groups.items() if readers.of_group(name) in self}
        return recipients.Meant(self._with_substitutes(active, but=did_it), [*meant.missed, *missed], groups)

    def _is_left_alone(self, name: str) -> bool:
        return name in self._substitutes and self.stand_in(name) is None

    def __getitem__(self, name: str) -> Reader:
        return self._people[name]

    def __iter__(self) -> Any:
        return iter(self._people)

    def __len__(self) -> int:
        return len(self._people)


def preferences(row: Any) -> reaching.Preferences:
    """What a stored row says; where there is none, nothing in particular."""
    if row is None or row.digest is None:
        return reaching.Preferences()
    return reaching.Preferences(
        muted=row.muted,
        quiet_from=hour(row.quiet_from),
        quiet_until=hour(row.quiet_until),
        quiet_days=row.quiet_days,
        quiet_outside=row.quiet_outside,
        digest=row.digest,
        digest_at=time.fromisoformat(row.digest_at),
    )


def hour(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def readers_of(meant: Iterable[recipients.Meant]) -> set[str]:
    """All whom these mean, as readers."""
    return {name for one in meant for name in (*one.told, *map(readers.of_group, one.groups))}


def _load(names: Collection[str], now: datetime) -> dict[str, Reader]:
    rows: dict[str, list[Row]] = {}
    for row in stored.audience(names, now.date()):
        rows.setdefault(row.name, []).append(row)
    reading = chats.names(names)
    found = {name: _person(ones, reading.get(name, ()), now) for name, ones in rows.items()}
    found |= _groups({name: ones for name, ones in reading.items() if readers.group(name) is not None})
    working = calendars.of_people(name for name, one in found.items() if one.preferences.by_calendar)
    return found | {name: replace(found[name], calendar=calendar) for name, calendar in working.items()}


def _groups(reading: Mapping[str, Sequence[str]]) -> dict[str, Reader]:
    """Groups by their chats."""
    zone = settings.current().zone
    spoken = people.languages_of_groups(reading) if reading else {}
    nothing = reaching.Preferences()
    return {name: Reader(name, None, spoken[name], zone, nothing, None, reading[name]) for name in spoken}


def _person(rows: list[Row], reading: Sequence[str], now: datetime) -> Reader:
    one = rows[0]
    absences: list[Any] = [row for row in rows if row.first_day is not None]
    absence = reaching.away(absences, now, one.zone)
    return Reader(one.name, one.email, one.language, one.zone, preferences(one), absence, reading)
