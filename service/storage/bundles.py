"""Bundles: what waits for one person on one way becomes one message, which is in one pair of hands at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from service.storage import keys, locking, writing
from service.storage.models.base import Moment
from service.storage.models.instances import Task
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.people import User
from service.storage.models.releases import Release
from service.storage.types import Row

CHUNK = 2000  # keys in one statement
_QUIET = {"synchronize_session": False}
_OPEN = ("waiting", "held")


def waiting(session: Session, delivery_keys: Sequence[int], now: datetime, along: str) -> Sequence[Row]:
    """What waits for the people of these deliveries, and what was held for the reason `along` or until now.

    Theirs alone for this transaction; people for whom somebody else is gathering are left out.
    """
    people: Any = select(Delivery.user).where(Delivery.key.in_(delivery_keys), Delivery.look_at.is_not(None))
    if session.get_bind().dialect.name == "postgresql":
        people = _taken(session, people)
    statement = (
        select(*Delivery.__table__.c)
        .where(Delivery.user.in_(people), Delivery.state.in_(_OPEN), Delivery.look_at.is_not(None))
        .where(or_(Delivery.state == "waiting", Delivery.reason == along, Delivery.look_at <= now))
        .order_by(Delivery.key)
    )
    return session.execute(statement).all()


def _taken(session: Session, people: Select[Any]) -> Any:
    """Those of these people whom nobody else gathers for: until the end of this transaction they are ours alone.

    A person is taken as a whole. Were it the rows, two who come at once would share them out between them.
    """
    free = select(User.name).where(User.name.in_(people)).order_by(User.name)
    return session.execute(free.with_for_update(skip_locked=True, key_share=True)).scalars().all()


def lately(session: Session, users: Iterable[str], since: datetime) -> dict[tuple[str, str], int]:
    """How many messages were made for these people since then, by (user, channel)."""
    statement = (
        select(Bundle.user, Bundle.channel, func.count())
        .where(Bundle.user.in_(list(users)), Bundle.made_at > since)
        .group_by(Bundle.user, Bundle.channel)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(statement)}


def make(session: Session, rows: Sequence[Mapping[str, Any]], delivery_keys: Sequence[int]) -> None:
    """Insert bundles, one a person and way, and put each of these deliveries into the one of its person and way."""
    writing.insert_rows(session, Bundle, rows)
    made = [row["key"] for row in rows]
    for chunk in _chunks(delivery_keys):
        statement = (
            update(Delivery)
            .where(Delivery.key.in_(chunk), Bundle.key.in_(made), Bundle.user == Delivery.user)
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


def reopen(session: Session, bundle_key: int, now: datetime) -> bool:
    """Have a bundle that was given up tried again, as the same message; False where it was not."""
    values = {"state": "waiting", "attempts": 0, "due_at": now}
    if not writing.update_where(session, Bundle, {**values, "asked_at": None}, key=bundle_key, state="dead"):
        return False
    writing.update_where(session, Delivery, values, bundle=bundle_key)
    return True


def of_delivery(session: Session, delivery_key: int) -> int | None:
    """The bundle that a delivery belongs to."""
    return session.execute(select(Delivery.bundle).where(Delivery.key == delivery_key)).scalar_one_or_none()


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


def person(session: Session, name: str) -> Row:
    """Who it is for: name, title, language, zone."""
    return session.execute(select(User.name, User.title, User.language, User.zone).where(User.name == name)).one()


def _chunks(found: Sequence[int]) -> Iterable[Sequence[int]]:
    return (found[first : first + CHUNK] for first in range(0, len(found), CHUNK))
