"""Bundles: what waits for one reader on one way becomes one message, which is in one pair of hands at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from service.domain import readers
from service.storage import keys, locking, writing
from service.storage.models.base import Moment
from service.storage.models.instances import Task
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.people import Group, User
from service.storage.models.releases import Release
from service.storage.types import Row

CHUNK = 2000  # keys in one statement
_QUIET = {"synchronize_session": False}
_OPEN = ("waiting", "held")


def waiting(session: Session, delivery_keys: Sequence[int], now: datetime, along: str) -> Sequence[Row]:
    """What waits for the readers of these deliveries, and what was held for the reason `along` or until now.

    Theirs alone for this transaction; readers for whom somebody else is gathering are left out.
    """
    whose: Any = select(Delivery.reader).where(Delivery.key.in_(delivery_keys), Delivery.look_at.is_not(None))
    if session.get_bind().dialect.name == "postgresql":
        whose = _taken(session, set(session.execute(whose).scalars()))
    statement = (
        select(*Delivery.__table__.c)
        .where(Delivery.reader.in_(whose), Delivery.state.in_(_OPEN), Delivery.look_at.is_not(None))
        .where(or_(Delivery.state == "waiting", Delivery.reason == along, Delivery.look_at <= now))
        .order_by(Delivery.key)
    )
    return session.execute(statement).all()


def _taken(session: Session, wanted: Collection[str]) -> list[str]:
    """Those of these readers whom nobody else gathers for: until the end of this transaction they are ours alone.

    A reader is taken as a whole. Were it the rows, two who come at once would share them out between them.
    """
    groups = [name for one in wanted if (name := readers.group(one))]
    found = _free(session, User.name, [one for one in wanted if readers.group(one) is None])
    return [*found, *map(readers.of_group, _free(session, Group.name, groups) if groups else ())]


def _free(session: Session, name: Any, wanted: Collection[str]) -> Sequence[str]:
    statement = select(name).where(name.in_(wanted)).order_by(name)
    return session.execute(statement.with_for_update(skip_locked=True, key_share=True)).scalars().all()


def again(session: Session, delivery_keys: Sequence[int]) -> Sequence[Row]:
    """Those of these deliveries that still wait, as they are now."""
    statement = select(*Delivery.__table__.c).where(Delivery.look_at.is_not(None)).order_by(Delivery.key)
    rows: list[Row] = []
    for chunk in _chunks(delivery_keys):
        rows += session.execute(statement.where(Delivery.key.in_(chunk))).all()
    return rows


def skip(session: Session, delivery_keys: Sequence[int], reason: str) -> None:
    """These deliveries are not made, for this reason."""
    values = {"state": "skipped", "reason": reason, "look_at": None, "asked_at": None}
    for chunk in _chunks(delivery_keys):
        writing.update_where(session, Delivery, values, key=chunk)


def readdress(session: Session, delivery_keys: Sequence[int], address: str) -> None:
    """These deliveries go to this address."""
    for chunk in _chunks(delivery_keys):
        writing.update_where(session, Delivery, {"address": address}, key=chunk)


def lately(session: Session, wanted: Iterable[str], since: datetime) -> dict[tuple[str, str], int]:
    """How many messages were made for these readers since then, by (reader, channel)."""
    statement = (
        select(Bundle.reader, Bundle.channel, func.count())
        .where(Bundle.reader.in_(list(wanted)), Bundle.made_at > since)
        .group_by(Bundle.reader, Bundle.channel)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(statement)}


def make(session: Session, rows: Sequence[Mapping[str, Any]], delivery_keys: Sequence[int]) -> None:
    """Insert bundles, one a reader and way, and put each of these deliveries into the one of its reader and way."""
    writing.insert_rows(session, Bundle, rows)
    made = [row["key"] for row in rows]
    for chunk in _chunks(delivery_keys):
        statement = (
            update(Delivery)
            .where(Delivery.key.in_(chunk), Bundle.key.in_(made), Bundle.reader == Delivery.reader)
            .where(Bundle.channel == Delivery.channel, Bundle.address == Delivery.address)
            .values(bundle=Bundle.key, state="waiting", due_at=Bundle.due_at, look_at=None, asked_at=None)
        )
        session.execute(statement, execution_options=_QUIET)


def postpone(session: Session, later: Sequence[tuple[int, datetime, str | None]]) -> None:
    """Look at these deliveries again at their moments; those with a reason are held until then."""
    table = cast(Table, Delivery.__table__)
    again = {"look_at": bindparam("until", type_=Moment), "due_at": bindparam("until", type_=Moment), "asked_at": None}
    held = {**again, "state": "held", "reason": bindparam("why")}
    for values, chosen in (
        (again, [{"one": key, "until": until} for key, until, reason in later if not reason]),
        (held, [{"one": key, "until": until, "why": reason} for key, until, reason in later if reason]),
    ):
        if chosen:
            session.connection().execute(update(table).where(table.c.key == bindparam("one")).values(values), chosen)


def new_keys(session: Session, count: int) -> list[int]:
    """Keys for new bundles."""
    return keys.take(session, count)


def lease(session: Session, bundle_key: int, token: str, now: datetime, until: datetime) -> Row | None:
    """Take a bundle that waits, is due and in nobody's hands; None where it is not."""
    statement = (
        update(Bundle)
        .where(
            Bundle.key == bundle_key,
            Bundle.state == "waiting",
            Bundle.due_at <= now,
            or_(Bundle.leased_until.is_(None), Bundle.leased_until < now),
        )
        .values(lease=token, leased_until=until, attempts=Bundle.attempts + 1)
        .returning(*Bundle.__table__.c)
    )
    return session.execute(statement, execution_options=_QUIET).first()


def settle(session: Session, bundle: Row, token: str, values: Mapping[str, Any], *, outage: bool = False) -> bool:
    """Write how an attempt went, on the receipts as well; False where the lease is no longer ours.

    outage: it failed because the other side was away.
    """
    statement = (
        update(Bundle)
        .where(Bundle.key == bundle.key, Bundle.lease == token, Bundle.state == "waiting")
        .values(**values, lease=None, leased_until=None, asked_at=None, outage=outage)
    )
    if not session.execute(statement, execution_options=_QUIET).rowcount:  # type: ignore[attr-defined]
        return False
    writing.update_where(session, Delivery, {**values, "attempts": bundle.attempts}, bundle=bundle.key)
    return True


def hasten(session: Session, channel: str, now: datetime) -> None:
    """The other side of a channel is back: what waits only because it was away is due now."""
    waits = (Bundle.state == "waiting", Bundle.due_at > now, Bundle.channel == channel, Bundle.outage.is_(True))
    free = locking.free(session, Bundle.key, *waits)
    statement = update(Bundle).where(Bundle.key.in_(free)).values(due_at=now, asked_at=None)
    session.execute(statement, execution_options=_QUIET)


def reopen(session: Session, bundle_key: int, now: datetime) -> Row | None:
    """Have a bundle that was given up tried again, as the same message; None where it was not."""
    values = {"state": "waiting", "attempts": 0, "due_at": now}
    statement = update(Bundle).where(Bundle.key == bundle_key, Bundle.state == "dead").values(**values, asked_at=None)
    row = session.execute(statement.returning(*Bundle.__table__.c), execution_options=_QUIET).first()
    if row is not None:
        writing.update_where(session, Delivery, values, bundle=bundle_key)
    return row


def redirect(session: Session, bundle_key: int, address: str) -> None:
    """A bundle goes to this address from now on."""
    writing.update_where(session, Bundle, {"address": address}, key=bundle_key)
    writing.update_where(session, Delivery, {"address": address}, bundle=bundle_key)


def notices(session: Session, bundle_key: int) -> Sequence[Row]:
    """The notices of a bundle in the order they were told, with as_ and release_title.

    And of the task, where there is one: task_name, task_item, task_due_at, assignee_title, task_groups, task_users.
    """
    columns = [column for column in Notice.__table__.c if column.name != "as_recipient"]
    task: list[Any] = [
        Task.name.label("task_name"),
        Task.item.label("task_item"),
        Task.due_at.label("task_due_at"),
        Task.groups.label("task_groups"),
        Task.users.label("task_users"),
        User.title.label("assignee_title"),
    ]
    statement = (
        select(*columns, Notice.as_.label("as_"), Release.title.label("release_title"), *task)
        .join(Delivery, Delivery.notice_key == Notice.key)
        .outerjoin(Release, Release.number == Notice.release_number)
        .outerjoin(Task, Task.key == Notice.task_key)
        .outerjoin(User, User.name == Task.assignee)
        .where(Delivery.bundle == bundle_key)
        .order_by(Notice.key)
    )
    return session.execute(statement).all()


def levels(session: Session, level_keys: Sequence[int]) -> dict[int, Row]:
    """Levels of ladders by key: moment, repeat, and of the deadline name and due_at."""
    found: dict[int, Row] = {}
    for chunk in _chunks(level_keys):
        statement = (
            select(DeadlineLevel.key, DeadlineLevel.moment, DeadlineLevel.repeat, Deadline.name, Deadline.due_at)
            .join(Deadline, Deadline.key == DeadlineLevel.deadline_key)
            .where(DeadlineLevel.key.in_(chunk))
        )
        found |= {row.key: row for row in session.execute(statement)}
    return found


def _chunks(found: Sequence[int]) -> Iterable[Sequence[int]]:
    return (found[first : first + CHUNK] for first in range(0, len(found), CHUNK))
