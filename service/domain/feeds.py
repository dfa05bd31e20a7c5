"""Calendar feeds: what one shows, and what has changed since it was read the last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

KEPT = timedelta(days=14)  # so long an entry that ended is shown as cancelled: programs ask seldom
MOST = 500  # entries of one feed, those that are over not counted


@dataclass(frozen=True)
class Entry:
    """One thing in a calendar: at a moment (end None), from a moment until another, or on days (end excluded)."""

    uid: str
    summary: str
    start: datetime | date
    end: datetime | date | None = None
    description: str = ""
    url: str = ""
    category: str = ""


@dataclass(frozen=True)
class Shown:
    """An entry as it is shown: `sequence` grows with each change, so that programs take the newest."""

    entry: Entry
    sequence: int
    changed_at: datetime
    cancelled: bool = False


def follow(before: Mapping[str, Shown], entries: Iterable[Entry], now: datetime) -> dict[str, Shown]:
    """What to show now, by uid: what is new, what changed, what is as it was, and for a while what ended."""
    moment = now.replace(microsecond=0)
    found = {entry.uid: _present(before.get(entry.uid), entry, moment) for entry in entries}
    for uid, one in before.items():
        if uid not in found and not one.cancelled:
            found[uid] = replace(one, sequence=one.sequence + 1, changed_at=moment, cancelled=True)
        elif uid not in found and one.changed_at + KEPT > now:
            found[uid] = one
    return found


def _present(before: Shown | None, entry: Entry, now: datetime) -> Shown:
    if before is None:
        return Shown(entry, 0, now)
    if before.entry == entry and not before.cancelled:
        return before
    return Shown(entry, before.sequence + 1, now)


def kept(shown: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """What is shown, as JSON can hold it."""
    return [
        {
            **asdict(one.entry),
            "start": one.entry.start.isoformat(),
            "end": one.entry.end.isoformat() if one.entry.end is not None else None,
            "sequence": one.sequence,
            "changed_at": one.changed_at.isoformat(),
            "cancelled": one.cancelled,
        }
        for one in shown.values()
    ]


def restored(rows: Sequence[Mapping[str, Any]]) -> dict[str, Shown]:
    """What was kept."""
    found = {}
    for row in rows:
        values = dict(row)
        sequence, changed_at = values.pop("sequence"), datetime.fromisoformat(values.pop("changed_at"))
        cancelled = values.pop("cancelled")
        entry = Entry(**{**values, "start": _when(values["start"]), "end": values["end"] and _when(values["end"])})
        found[entry.uid] = Shown(entry, sequence, changed_at, cancelled)
    return found


def _when(text: str) -> datetime | date:
    return datetime.fromisoformat(text).astimezone(UTC) if "T" in text else date.fromisoformat(text)
