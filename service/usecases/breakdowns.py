"""Where the program itself fails: an incident of the run says so, or a breakdown where no run stands still."""

from __future__ import annotations

from collections.abc import Sequence

from service import errors
from service.domain import clock, policy
from service.storage import db, history, keys, outbox, writing
from service.storage.history import Entry
from service.storage.models.ledger import Breakdown
from service.storage.queries import breakdowns as found

TEMPLATES = "templates"  # texts of notices; nothing that a dispatcher asks for
LONGEST_CAUSE = 2000
LONGEST_NAME = 300


def keep(kind: str, subject: int, problem: Exception) -> None:
    """Show that something due fails: once, with its newest cause, however often it is tried.

    Not where another worker has done it meanwhile: nobody would come and say that it is over.
    """
    name, instance_key = found.what(kind, subject)
    said = f"{type(problem).__name__}: {problem}".strip()[:LONGEST_CAUSE]
    with db.transaction() as session:
        if kind != TEMPLATES and not outbox.still_waits(session, kind, subject):
            return
        now, before = clock.now(), found.find(kind, subject)
        if before is not None:
            columns = {"problem": said, "attempts": before.attempts + 1, "last_at": now}
            writing.update_where(session, Breakdown, columns, key=before.key)
            return
        row = {"kind": kind, "subject": subject, "name": name[:LONGEST_NAME], "instance_key": instance_key}
        row |= {"problem": said, "attempts": 1, "first_at": now, "last_at": now}
        writing.insert_rows(session, Breakdown, [{"key": keys.next_key(session), **row}])


def over(kind: str, subjects: Sequence[int]) -> None:
    """These were done, some of them at last."""
    failing = found.among(kind, subjects)
    if not failing:
        return
    with db.transaction() as session:
        for subject in failing:
            writing.delete_where(session, Breakdown, kind=kind, subject=subject)


def retry(key: int, *, actor: policy.Actor) -> None:
    """Have a worker try it at once, rather than when its pause is over. Raises NotFound, Forbidden."""
    policy.require(policy.may_administer(actor))
    row = found.get(key)
    if row is None:
        raise errors.NotFound("This does not fail any more.")
    with db.transaction() as session:
        if row.kind == TEMPLATES:
            writing.delete_where(session, Breakdown, key=key)  # it comes again when it fails again
        else:
            outbox.postpone(session, row.kind, row.subject, None)
        told = {"kind": row.kind, "name": row.name, "problem": row.problem}
        entry = Entry("breakdown.retried", data=told)
        history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)
