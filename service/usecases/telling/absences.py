"""When people are away, and who stands in for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from service import errors
from service.domain import clock, policy
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.reaching import Absence
from service.storage.queries import people, reaching
from service.storage.types import Row, Session

ONE_DAY = timedelta(days=1)  # it may still be yesterday where they are
LONGEST_NOTE = 200
LONGEST_DAYS = 3 * 366
FIELDS = ("first_day", "last_day", "substitute", "note")


def of(name: str, *, actor: policy.Actor) -> Sequence[Row]:
    """When somebody is away, now and later. Raises Forbidden, NotFound."""
    policy.require(policy.may_choose_for(actor, name))
    if people.user(name) is None:
        raise errors.NotFound(f"There is nobody named {name}.")
    return reaching.absences(name, clock.now().date() - ONE_DAY)


def see(key: int, *, actor: policy.Actor) -> Row:
    """One absence; raises NotFound for those who have nothing to do with it."""
    return _existing(key, actor)


def add(
    name: str, *, first_day: date, last_day: date, substitute: str | None = None, note: str = "", actor: policy.Actor
) -> int:
    """Write down that somebody is away on these days, both included; answers the key.

    Raises Forbidden, NotFound, InvalidInput with the fields.
    """
    policy.require(policy.may_choose_for(actor, name))
    if people.user(name) is None:
        raise errors.NotFound(f"There is nobody named {name}.")
    given = {"first_day": first_day, "last_day": last_day, "substitute": substitute or None, "note": note.strip()}
    with db.transaction() as session:
        _check(name, given, None)
        key = keys.next_key(session)
        row = {"key": key, "user": name, **given, "revision": 1}
        writing.insert_rows(session, Absence, [{**row, "created_at": clock.now(), "created_by": actor.name}])
        _note(session, "absence.added", name, given, actor)
    return key


def change(key: int, changes: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Change first_day, last_day, substitute or note. Raises Forbidden, NotFound, InvalidInput, StaleWrite."""
    with db.transaction() as session:
        row = _existing(key, actor)
        if revision is not None and revision != row.revision:
            raise errors.StaleWrite()
        unknown = {field: ["cannot be changed"] for field in changes if field not in FIELDS}
        if unknown:
            raise errors.InvalidInput(unknown)
        given = {field: changes.get(field, getattr(row, field)) for field in FIELDS}
        given |= {"substitute": given["substitute"] or None, "note": (given["note"] or "").strip()}
        _check(row.user, given, key)
        columns = {**given, "revision": row.revision + 1}
        if not writing.update_where(session, Absence, columns, key=key, revision=row.revision):
            raise errors.StaleWrite()
        _note(session, "absence.changed", row.user, given, actor)


def remove(key: int, *, actor: policy.Actor) -> None:
    """They are not away after all. Raises Forbidden, NotFound."""
    with db.transaction() as session:
        row = _existing(key, actor)
        writing.delete_where(session, Absence, key=key)
        _note(session, "absence.removed", row.user, {field: getattr(row, field) for field in FIELDS}, actor)


def _existing(key: int, actor: policy.Actor) -> Row:
    row = reaching.absence(key)
    if row is None or policy.may_choose_for(actor, row.user):
        raise errors.NotFound(f"There is no absence {key}.")
    return row


def _check(name: str, given: Mapping[str, Any], key: int | None) -> None:
    first, last, substitute = given["first_day"], given["last_day"], given["substitute"]
    problems: dict[str, list[str]] = {}
    if last < first:
        problems["last_day"] = ["must not be before the first day"]
    elif (last - first).days > LONGEST_DAYS:
        problems["last_day"] = ["an absence is three years at most"]
    elif other := reaching.overlapping(name, first, last, but=key):
        problems["first_day"] = [f"from {other.first_day} to {other.last_day} there is an absence already; change it"]
    if substitute == name:
        problems["substitute"] = ["must be somebody else"]
    elif substitute and not people.active_names([substitute]):
        problems["substitute"] = [f"there is no active person {substitute}"]
    if len(given["note"]) > LONGEST_NOTE:
        problems["note"] = [f"use at most {LONGEST_NOTE} characters"]
    if problems:
        raise errors.InvalidInput(problems)


def _note(session: Session, event: str, name: str, given: Mapping[str, Any], actor: policy.Actor) -> None:
    told = {field: value.isoformat() if isinstance(value, date) else value for field, value in given.items()}
    entry = Entry(event, data={"name": name, **told})
    history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)
