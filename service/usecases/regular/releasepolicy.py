"""The release policy: writing versions, reviewing them, and telling whoever forgets to (S2-22)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service import errors
from service.domain import clock, escalation, policy
from service.storage import appointments, db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.appointments import Appointment
from service.storage.models.releasepolicy import ONLY, PolicyReview, PolicyVersion, ReleasePolicy
from service.storage.queries import people
from service.storage.queries import releasepolicy as stored
from service.storage.types import Row, Session
from service.usecases.telling import notices, recipients
from service.usecases.worktime import calendars

REVIEW = "review"  # the kind of its appointments
OWNER, BOTH = ("assignee",), ("assignee", "manager")
LADDER = (
    escalation.Rung("-P14D", OWNER),
    escalation.Rung("PT0S", BOTH),
    escalation.Rung("P7D", BOTH, "P7D", 5),
)
LONGEST_TEXT = 200_000
LINK = "/release-policy"


def write(text: str, *, note: str = "", after: int | None = None, actor: policy.Actor) -> int:
    """Save another version and answer its number; the first one makes the actor the policy's owner.

    It is not in force until it is reviewed. after: the version it was made from; StaleWrite where there is a newer one.
    Raises Forbidden, and InvalidInput where the text is empty or says the same.
    """
    policy.require(policy.may_write_release_policy(actor))
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise errors.InvalidInput({"text": [f"Write something, at most {LONGEST_TEXT} characters."]})
    with db.transaction() as session:
        row, now = stored.get(), clock.now()
        number = (row.newest if row is not None else 0) + 1
        if after is not None and after != number - 1:
            raise errors.StaleWrite(f"Version {number - 1} was saved meanwhile. Put your changes into that one.")
        before = stored.version(number - 1)
        if before is not None and before.text == text:
            raise errors.InvalidInput({"text": [f"It says the same as version {number - 1}."]})
        if row is None:
            first = {
                "key": ONLY,
                "owner": actor.name,
                "ladder": escalation.written(LADDER),
                "in_force": None,
                "review_at": None,
            }
            writing.insert_rows(session, ReleasePolicy, [{**first, "revision": 1}])
        else:
            _change(session, row, {})
        made = {"number": number, "text": text, "note": note, "by": actor.name, "at": now}
        writing.insert_rows(session, PolicyVersion, [made])
        _remember(session, "policy.written", actor, now, version=number, note=note)
    return number


def review(
    number: int, *, review_at: datetime, note: str = "", revision: int | None = None, actor: policy.Actor
) -> None:
    """Find a version right: it is in force from now on, and is to be reviewed again at `review_at`.

    Whoever owns the policy and the release managers are told by its ladder when that moment comes near and passes.
    Raises Forbidden, NotFound, StaleWrite, and InvalidInput for a moment that is not ahead.
    """
    with db.transaction() as session:
        row, now = _policy(), clock.now()
        policy.require(policy.may_review_release_policy(actor, row.owner))
        if stored.version(number) is None:
            raise errors.NotFound(f"There is no version {number} of the release policy.")
        if review_at <= now:
            raise errors.InvalidInput({"review_at": ["must be in the future"]})
        _require_seen(row, revision)
        _change(session, row, {"in_force": number, "review_at": review_at})
        key = keys.next_key(session)
        made = {"key": key, "version": number, "by": actor.name, "at": now, "note": note, "review_at": review_at}
        writing.insert_rows(session, PolicyReview, [made])
        _appoint(session, key, row.ladder, now, review_at)
        _remember(session, "policy.reviewed", actor, now, version=number, review_at=review_at.isoformat(), note=note)


def change(changes: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Give the policy another owner or ladder; a changed ladder holds from the next review on.

    Raises Forbidden, NotFound before the first version, StaleWrite, InvalidInput.
    """
    with db.transaction() as session:
        row = _policy()
        policy.require(policy.may_review_release_policy(actor, row.owner))
        _require_seen(row, revision)
        wrong = {}
        if "owner" in changes and not people.active_names([changes["owner"]]):
            wrong["owner"] = [f"There is nobody active named {changes['owner']}."]
        if "ladder" in changes:
            try:
                escalation.parse(changes["ladder"])
            except ValueError as problem:
                wrong["ladder"] = [str(problem)]
        if wrong:
            raise errors.InvalidInput(wrong)
        _change(session, row, changes)
        _remember(session, "policy.changed", actor, clock.now(), **changes)


def remind(session: Session, appointment: Row, now: datetime) -> None:
    """Tell whom the ladder names that the review is near or overdue; for the caller's transaction."""
    row = _policy()
    if row.review_at is None or row.in_force is None:
        return
    owner = recipients.About(None, None, None, None, task_key=0, assignee=row.owner)
    meant = recipients.Directory().resolve(appointment.recipients.split(), owner)
    overdue = row.review_at <= now
    told = notices.Telling(
        cause=f"appointment:{appointment.key}",
        recipients=meant.told,
        groups=meant.groups,
        missed=meant.missed,
        kind="policy.overdue" if overdue else "policy.near",
        values={"version": row.in_force, "due": row.review_at, "assignee": people.titles([row.owner]).get(row.owner)},
        link=LINK,
    )
    notices.tell_all(session, [told], now=now)


def _appoint(session: Session, key: int, ladder: str, now: datetime, review_at: datetime) -> None:
    """The levels of this review take the place of those of the one before."""
    appointments.cancel(session, REVIEW)
    levels = escalation.levels(escalation.parse(ladder), now, review_at, calendars.standard())
    rows = [
        {
            "key": own, "kind": REVIEW, "subject": key, "turn": turn, "recipients": " ".join(level.recipients),
            "due_at": level.fire_at, "state": appointments.WAITING, "asked_at": None, "kept_at": None,
        }
        for own, (turn, level) in zip(keys.take(session, len(levels)), enumerate(levels, 1), strict=True)
        if level.fire_at > now
    ]  # fmt: skip
    writing.insert_rows(session, Appointment, rows)


def _policy() -> Row:
    row = stored.get()
    if row is None:
        raise errors.NotFound("There is no release policy yet. Write its first version.")
    return row


def _require_seen(row: Row, revision: int | None) -> None:
    if revision is not None and revision != row.revision:
        raise errors.StaleWrite("The release policy was changed meanwhile. Look at it again.")


def _change(session: Session, row: Row, columns: Mapping[str, Any]) -> None:
    changed = {**columns, "revision": row.revision + 1}
    if not writing.update_where(session, ReleasePolicy, changed, key=ONLY, revision=row.revision):
        raise errors.StaleWrite("The release policy was changed meanwhile. Look at it again.")


def _remember(session: Session, event: str, actor: policy.Actor, now: datetime, **data: Any) -> None:
    history.append_to_administration(session, [Entry(event, "", None, data)], at=now, actor=actor.name)
