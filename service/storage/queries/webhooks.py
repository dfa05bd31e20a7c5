"""Webhooks with the figures of their events, and the events with their attempts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from service.storage import db
from service.storage.models.webhooks import Webhook, WebhookAttempt, WebhookEvent
from service.storage.queries import pages
from service.storage.types import Row

STATES = ("waiting", "sent", "dead", "skipped")
_COLUMNS = [column for column in Webhook.__table__.c if column.name not in ("secret", "earlier_secret")]
_EVENT = [column for column in WebhookEvent.__table__.c if column.name not in ("lease", "leased_until")]


def active() -> Sequence[Row]:
    """Those that are told of what happens: key, kinds, rests_until."""
    statement = select(Webhook.key, Webhook.kinds, Webhook.rests_until).where(
        Webhook.active.is_(True), Webhook.removed_at.is_(None)
    )
    with db.reading() as session:
        return session.execute(statement.order_by(Webhook.key)).all()


def get(key: int) -> Row | None:
    """One webhook that was not removed, without its secrets."""
    with db.reading() as session:
        return session.execute(select(*_COLUMNS).where(Webhook.key == key, Webhook.removed_at.is_(None))).first()


def listing(*, limit: int = 50, cursor: str | None = None) -> tuple[list[Row], str | None]:
    """Webhooks, the newest first."""
    limit = pages.bounded(limit)
    statement = select(*_COLUMNS).where(Webhook.removed_at.is_(None)).order_by(Webhook.key.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Webhook.key < pages.decode(cursor, pages.key)[0])
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.key])


def counts(webhook_keys: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many events of each webhook are in which state."""
    found = {key: dict.fromkeys(STATES, 0) for key in webhook_keys}
    statement = (
        select(WebhookEvent.webhook_key, WebhookEvent.state, func.count())
        .where(WebhookEvent.webhook_key.in_(webhook_keys))
        .group_by(WebhookEvent.webhook_key, WebhookEvent.state)
    )
    with db.reading() as session:
        for key, state, count in session.execute(statement):
            found[key][state] = count
    return found


def event(key: int) -> Row | None:
    """One event, and name and url of its webhook."""
    statement = select(*_EVENT, Webhook.name, Webhook.url).join(Webhook, Webhook.key == WebhookEvent.webhook_key)
    with db.reading() as session:
        return session.execute(statement.where(WebhookEvent.key == key)).first()


def events(
    *, webhook: int | None = None, state: str | None = None, limit: int = 50, cursor: str | None = None
) -> tuple[list[Row], str | None]:
    """Events, the newest first; rows as in `event`."""
    limit = pages.bounded(limit)
    statement = select(*_EVENT, Webhook.name, Webhook.url).join(Webhook, Webhook.key == WebhookEvent.webhook_key)
    if webhook is not None:
        statement = statement.where(WebhookEvent.webhook_key == webhook)
    if state:
        statement = statement.where(WebhookEvent.state == state)
    statement = pages.newest_first(statement, WebhookEvent.created_at, WebhookEvent.key, limit, cursor)
    with db.reading() as session:
        return pages.cut(session.execute(statement).all(), limit, lambda row: [row.created_at.isoformat(), row.key])


def attempts(event_keys: Sequence[int]) -> dict[int, list[Row]]:
    """The attempts of events, the first one first."""
    found: dict[int, list[Row]] = {key: [] for key in event_keys}
    statement = select(*WebhookAttempt.__table__.c).where(WebhookAttempt.event_key.in_(event_keys))
    with db.reading() as session:
        for row in session.execute(statement.order_by(WebhookAttempt.at, WebhookAttempt.key)):
            found[row.event_key].append(row)
    return found
