"""What only makes others easier waits for nobody: whoever holds a row may be waiting for one of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from service import config
from service.domain import clock
from service.storage import bundles, db, hooks
from service.storage.models.notices import Bundle
from service.storage.models.webhooks import Webhook, WebhookEvent
from service.storage.writing import insert_rows


def _events(session: Session) -> None:
    now = clock.now()
    hook = {"key": 1, "name": "ours", "url": "https://example.org/", "kinds": [], "active": True, "secret": "s"}
    insert_rows(session, Webhook, [{**hook, "owner": "ada", "created_at": now, "failures": 1, "revision": 1}])
    event = {"webhook_key": 1, "kind": "k", "subject": "", "body": "{}", "state": "waiting", "attempts": 0}
    later = {"created_at": now, "due_at": now + timedelta(hours=1)}
    insert_rows(session, WebhookEvent, [{"key": key, "cause": str(key), **event, **later} for key in (2, 3)])


def _bundles(session: Session) -> None:
    now = clock.now()
    one = {"reader": "bea", "channel": "email", "address": "bea@example.org", "size": 1, "state": "waiting"}
    later = {"attempts": 1, "made_at": now, "due_at": now + timedelta(hours=1), "outage": True}
    insert_rows(session, Bundle, [{"key": key, "message_id": str(key), **one, **later} for key in (2, 3)])


def _worked(session: Session) -> None:
    hooks.worked(session, 1, clock.now())


def _hasten(session: Session) -> None:
    bundles.hasten(session, "email", clock.now())


@pytest.mark.parametrize(("model", "put", "ease"), [(WebhookEvent, _events, _worked), (Bundle, _bundles, _hasten)])
def test_who_is_back_hastens_what_is_in_nobodys_hands(
    postgresql_database: str, model: Any, put: Callable[[Session], None], ease: Callable[[Session], None]
) -> None:
    app, other = Flask("tests"), db.make_engine(postgresql_database)
    db.init_app(app, config.Settings.from_env({"TIDEGATE_DATABASE_URL": postgresql_database}).database_url)
    with app.app_context():
        with db.transaction() as session:
            put(session)
        with other.begin() as elsewhere:
            elsewhere.execute(update(model).where(model.key == 2).values(attempts=1))
            with db.transaction() as session:
                session.execute(text("SET LOCAL lock_timeout = '2s'"))
                ease(session)
        with db.reading() as reading:
            soon = reading.execute(select(func.count()).where(model.due_at <= clock.now())).scalar_one()
        assert soon == 1
        db.db.session.remove()
        db.db.engine.dispose()
    other.dispose()
