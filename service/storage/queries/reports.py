"""The figures of a progress report, its schedules, and what was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from service.storage import db
from service.storage.models.instances import Incident, Task
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.models.releases import Release
from service.storage.models.reports import MadeReport, ReportSchedule
from service.storage.queries import pages
from service.storage.types import Row

_SCHEDULE = list(ReportSchedule.__table__.c)
_MADE = [column for column in MadeReport.__table__.c if column.name != "body"]
MOST_OPEN = 200


def open_by_type_and_phase() -> Sequence[Row]:
    """(type, phase_name, count) of the open releases."""
    columns = (Release.type, Release.phase_name)
    statement = select(*columns, func.count().label("count")).where(Release.status == "open").group_by(*columns)
    return _all(statement.order_by(*columns))


def open_releases(now: datetime) -> Sequence[Row]:
    """Open releases with how many of their deadlines are missed and still open, the most missed first."""
    missed = and_(Deadline.release_number == Release.number, Deadline.state == "open", Deadline.due_at < now)
    late = select(func.count()).select_from(Deadline).where(missed).correlate(Release).scalar_subquery().label("late")
    columns = (Release.number, Release.title, Release.type, Release.phase_name, Release.manager, Release.window_end)
    statement = select(*columns, late).where(Release.status == "open").order_by(late.desc(), Release.number)
    return _all(statement.limit(MOST_OPEN))


def begun(since: datetime, until: datetime) -> dict[str, int]:
    """Releases begun in the time, by type."""
    within = Release.created_at.between(since, until)
    return _counts(select(Release.type, func.count()).where(within).group_by(Release.type))


def ended(since: datetime, until: datetime) -> dict[str, int]:
    """Releases ended in the time, by how."""
    within = Release.closed_at.between(since, until)
    return _counts(select(Release.status, func.count()).where(within).group_by(Release.status))


def deadlines(since: datetime, until: datetime) -> dict[str, int]:
    """Deadlines that ended in the time by state (met, late), those missed and still open, and levels told of misses."""
    done = and_(Deadline.ended_at.between(since, until), Deadline.state.in_(("met", "late")))
    found = _counts(select(Deadline.state, func.count()).where(done).group_by(Deadline.state))
    overdue = select(func.count()).select_from(Deadline).where(Deadline.state == "open", Deadline.due_at < until)
    levels = (
        select(func.count())
        .select_from(DeadlineLevel)
        .join(Deadline, Deadline.key == DeadlineLevel.deadline_key)
        .where(DeadlineLevel.fired_at.between(since, until), DeadlineLevel.fire_at >= Deadline.due_at)
    )
    with db.reading() as session:
        numbers = {"overdue": session.execute(overdue).scalar_one(), "levels": session.execute(levels).scalar_one()}
    return {"met": 0, "late": 0, **found, **numbers}


def approvals(since: datetime, until: datetime) -> Sequence[Row]:
    """(opened_at, closed_at) of approvals decided in the time, and of those that wait."""
    decided = and_(Task.state == "completed", Task.closed_at.between(since, until))
    asks = Task.approval.is_not(None)
    return _all(select(Task.opened_at, Task.closed_at, Task.state).where(asks, decided | (Task.state == "open")))


def incidents(since: datetime, until: datetime) -> dict[str, int]:
    """Raised and resolved in the time, and open now."""
    questions = {
        "raised": Incident.raised_at.between(since, until),
        "resolved": and_(Incident.state == "resolved", Incident.closed_at.between(since, until)),
        "open": Incident.state == "open",
    }
    with db.reading() as session:
        return {
            name: session.execute(select(func.count()).select_from(Incident).where(condition)).scalar_one()
            for name, condition in questions.items()
        }


def schedule(key: int) -> Row | None:
    """One schedule."""
    with db.reading() as session:
        return session.execute(select(*_SCHEDULE).where(ReportSchedule.key == key)).first()


def schedules(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """The active schedules, the newest first."""
    limit = pages.bounded(limit)
    statement = select(*_SCHEDULE).where(ReportSchedule.active.is_(True))
    if cursor:
        statement = statement.where(ReportSchedule.key < pages.decode(cursor, pages.key)[0])
    rows = _all(statement.order_by(ReportSchedule.key.desc()).limit(limit + 1))
    return pages.cut(rows, limit, lambda row: [row.key])


def made(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """Reports that were made, the newest first, without their contents."""
    limit = pages.bounded(limit)
    statement = select(*_MADE)
    rows = _all(pages.newest_first(statement, MadeReport.made_at, MadeReport.key, limit, cursor))
    return pages.cut(rows, limit, lambda row: [row.made_at.isoformat(), row.key])


def last_until(schedule_key: int) -> datetime | None:
    """The moment until which the newest report of a schedule is."""
    with db.reading() as session:
        return session.execute(
            select(func.max(MadeReport.to_at)).where(MadeReport.schedule_key == schedule_key)
        ).scalar_one()


def bodies(keys: Sequence[int]) -> Sequence[Row]:
    """Reports with their contents."""
    return _all(select(*_MADE, MadeReport.body).where(MadeReport.key.in_(keys)).order_by(MadeReport.key))


def _all(statement: Any) -> Sequence[Row]:
    with db.reading() as session:
        return session.execute(statement).all()


def _counts(statement: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in _all(statement)}
