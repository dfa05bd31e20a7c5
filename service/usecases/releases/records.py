"""Form fields that write to the record instead of to variables (`tidegate.record`, design section 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service import errors
from service.storage import writing
from service.storage.history import Entry
from service.storage.models.releases import Release, ReleaseFact, ReleasePerson
from service.storage.queries import people
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.deadlines import planned
from service.usecases.releases import releasefields

_PARTS = {"release.stakeholders": "stakeholder", "release.board": "board"}  # facts that also name people
PROPERTY = "tidegate.record"
_MOMENTS = ("window_start", "window_end")


def split(schema: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes to the record by dotted fact name, and what stays a variable by key."""
    names = dict(_named(schema))
    recorded = {name: values[key] for key, name in names.items() if key in values}
    return recorded, {key: value for key, value in values.items() if key not in names}


def _named(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and fact name of every recording field; lists have a path instead of a key."""
    for component in schema.get("components", ()):
        name = (component.get("properties") or {}).get(PROPERTY)
        key = component.get("key") or component.get("path")
        if name and key:
            yield key, name
        elif component.get("type") == "group" and not component.get("path"):
            yield from _named(component)


def shown(schema: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form starts from: its data, with each recording field showing the fact that it records, if it is known."""
    return {**data} | {key: value for key, name in _named(schema) if (value := _known(data, name)) not in (None, "")}


def _known(data: Mapping[str, Any], name: str) -> Any:
    found: Any = data
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, datetime):
        return found.astimezone(ZoneInfo(settings.current().zone)).isoformat(timespec="minutes")
    return found


def write(session: Session, release: Row, recorded: Mapping[str, Any]) -> list[Entry]:
    """Store facts of a locked release: its own columns where it has them, else `release_facts`.

    Answers what history is to say of it: dates that were set before and are others now. Raises InvalidInput, as an
    edit of the record would, under the names of its columns.
    """
    columns: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in recorded.items():
        column = facts.EDITABLE.get(name.removeprefix("release.")) if name.startswith("release.") else None
        if column is None:
            others[name] = value
        elif column in _MOMENTS:
            columns[column] = _moment(name, value)
        elif value not in (None, ""):
            columns[column] = value
    columns = releasefields.valid(columns, partial=True)
    start, end = (columns.get(name, getattr(release, name)) for name in _MOMENTS)
    releasefields.check_window(start, end)
    if recorded:
        columns["revision"] = release.revision + 1
        writing.update_where(session, Release, columns, number=release.number)
    if "window_end" in columns and end != release.window_end:
        planned.window_set(session, release, end)
    for name in others.keys() & _PARTS.keys():
        if isinstance(others[name], list):
            _write_people(session, release.number, _PARTS[name], others[name])
    if others:
        writing.delete_where(session, ReleaseFact, release_number=release.number, name=list(others))
        rows = [{"release_number": release.number, "name": name, "value": value} for name, value in others.items()]
        writing.insert_rows(session, ReleaseFact, rows)
    return _moved(release, columns)


def _moved(release: Row, columns: Mapping[str, Any]) -> list[Entry]:
    changes = {}
    for name in _MOMENTS:
        before, after = getattr(release, name), columns.get(name)
        if before and after and before != after:
            changes[name] = [before.isoformat(), after.isoformat()]
    return [Entry("release.edited", data={"changes": changes})] if changes else []


def _write_people(session: Session, number: int, part: str, rows: list[Any]) -> None:
    """The people of a release as a form lists them: rows with a `user`; names that nobody has are left out."""
    named = [str(row["user"]) for row in rows if isinstance(row, dict) and isinstance(row.get("user"), str)]
    known = people.active_names(named)
    writing.delete_where(session, ReleasePerson, release_number=number, part=part)
    found = [{"release_number": number, "part": part, "user": name} for name in dict.fromkeys(named) if name in known]
    writing.insert_rows(session, ReleasePerson, found)


def _moment(name: str, value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as problem:
        raise errors.InvalidInput({name: ["must be a date and time"]}) from problem
    zone = ZoneInfo(settings.current().zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
