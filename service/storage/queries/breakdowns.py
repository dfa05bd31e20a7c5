"""What keeps failing, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, null, select

from service.storage import db, outbox
from service.storage.models.announcements import AnnouncementMail
from service.storage.models.appointments import Appointment
from service.storage.models.calendars import Recalculation
from service.storage.models.instances import Job, Subscription, Task
from service.storage.models.ledger import Breakdown
from service.storage.models.messages import Message, Start
from service.storage.models.migrations import MigrationItem, MigrationRun
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.templates import NoticeTemplate
from service.storage.models.webhooks import Webhook, WebhookEvent
from service.storage.queries import pages
from service.storage.types import Row

_COLUMNS = list(Breakdown.__table__.c)
_WHAT: dict[str, Any] = {  # in a few words, and the run that it belongs to
    outbox.LEVELS: select(Deadline.name, Deadline.instance_key, DeadlineLevel.key).join(
        DeadlineLevel, DeadlineLevel.deadline_key == Deadline.key
    ),
    outbox.JOBS: select(Job.type, Job.instance_key, Job.key),
    outbox.MESSAGES: select(Message.name, Message.thrown_by, Message.key),
    outbox.SUBSCRIPTIONS: select(Subscription.message, Subscription.instance_key, Subscription.key),
    outbox.STARTS: select(Start.process_id + ": " + Start.element, null(), Start.key),
    outbox.MOVES: select(MigrationRun.process_id, MigrationItem.instance_key, MigrationItem.key).join(
        MigrationItem, MigrationItem.run_key == MigrationRun.key
    ),
    outbox.APPROVALS: select(Task.name, Task.instance_key, Task.key),
    outbox.DELIVERIES: select(Notice.subject, Notice.instance_key, Delivery.key).join(
        Delivery, Delivery.notice_key == Notice.key
    ),
    outbox.BUNDLES: select(Bundle.address, null(), Bundle.key),
    "templates": select(NoticeTemplate.kind, null(), NoticeTemplate.key),
    outbox.ANNOUNCEMENTS: select(AnnouncementMail.address, null(), AnnouncementMail.key),
    outbox.APPOINTMENTS: select(Appointment.kind, null(), Appointment.key),
    outbox.RECALCULATIONS: select(Recalculation.calendar, null(), Recalculation.key),
    outbox.HOOKS: select(Webhook.name + ": " + WebhookEvent.subject, null(), WebhookEvent.key).join(
        WebhookEvent, WebhookEvent.webhook_key == Webhook.key
    ),
}


def what(kind: str, subject: int) -> tuple[str, int | None]:
    """What a row that is due is, in a few words, and the run that it belongs to."""
    statement = _WHAT[kind]
    with db.reading() as session:
        row = session.execute(statement.where(statement.selected_columns[2] == subject)).first()
    return (str(row[0]), row[1]) if row is not None else (str(subject), None)


def find(kind: str, subject: int) -> Row | None:
    """The breakdown of a row that is due."""
    statement = select(*_COLUMNS).where(Breakdown.kind == kind, Breakdown.subject == subject)
    with db.reading() as session:
        return session.execute(statement).first()


def among(kind: str, subjects: Sequence[int]) -> Sequence[int]:
    """Which of these have a breakdown."""
    statement = select(Breakdown.subject).where(Breakdown.kind == kind, Breakdown.subject.in_(subjects))
    with db.reading() as session:
        return session.execute(statement).scalars().all()


def get(key: int) -> Row | None:
    """One breakdown."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Breakdown.key == key)).first()


def listing(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """What fails, the newest first."""
    limit = pages.bounded(limit)
    statement = select(*_COLUMNS).order_by(Breakdown.key.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Breakdown.key < pages.decode(cursor, pages.key)[0])
    with db.reading() as session:
        found: Sequence[Row] = session.execute(statement).all()
    return pages.cut(found, limit, lambda row: [row.key])


def count() -> int:
    """How many there are."""
    with db.reading() as session:
        return int(session.execute(select(func.count(Breakdown.key))).scalar_one())
