"""Webhooks: making and changing them, their secrets, trying them out, and sending again what was given up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy, webhooks
from service.integrations import addresses, texts
from service.storage import db, history, hooks, keys, writing
from service.storage.history import Entry
from service.storage.models.webhooks import Webhook, WebhookEvent
from service.storage.queries import webhooks as stored
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.sending import webhook_calls
from service.usecases.telling import hooking, notices, wordings

LONGEST_NAME = 120
MOST_KINDS = 100
OVERLAP_H = 24
MOST_OVERLAP_H = 30 * 24
OTHERS = ("job.notify",)  # kinds whose words come from a diagram


def kinds() -> list[str]:
    """The kinds of events there are."""
    return sorted({*texts.kinds(), *OTHERS})


def create(
    name: str, url: str, *, kinds: Sequence[str] = (), active: bool = True, actor: policy.Actor
) -> tuple[int, str]:
    """Add a webhook; answers its key and its secret, which nobody is shown again.

    Raises Forbidden, InvalidInput with the fields.
    """
    policy.require(policy.may_administer(actor))
    given = {"name": name.strip(), "url": url.strip(), "kinds": list(dict.fromkeys(kinds)), "active": active}
    _check(given)
    secret = _new_secret()
    with db.transaction() as session:
        key = keys.next_key(session)
        row = {"key": key, **given, "secret": secret, "owner": actor.name, "created_at": clock.now()}
        writing.insert_rows(session, Webhook, [{**row, "failures": 0, "revision": 1}])
        _note(session, "webhook.created", actor, key, name=given["name"], url=given["url"])
    return key, secret


def change(key: int, changes: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Change name, url, kinds or active. Off: what waits is not sent. On, or another url: its failures are forgotten.

    Raises Forbidden, NotFound, InvalidInput, and StaleWrite where `revision` is given and not the present one.
    """
    policy.require(policy.may_administer(actor))
    given = {name: value.strip() if isinstance(value, str) else value for name, value in changes.items()}
    _check(given)
    with db.transaction() as session:
        row = _existing(key)
        values = {**given, "revision": row.revision + 1}
        if given.get("active"):
            values["off_because"] = None
        if given.get("active") is False and row.active:
            hooks.skip(session, key, webhook_calls.OFF)
        _write(session, row, values, revision)
        if given.get("active") or "url" in given:
            hooks.worked(session, key, clock.now())
        _note(session, "webhook.changed", actor, key, name=row.name, changes=given)


def rotate(key: int, *, overlap_hours: int = OVERLAP_H, actor: policy.Actor) -> str:
    """A new secret, which nobody is shown again; for so many hours the one before it signs as well.

    Raises Forbidden, NotFound, InvalidInput.
    """
    policy.require(policy.may_administer(actor))
    if not 0 <= overlap_hours <= MOST_OVERLAP_H:
        raise errors.InvalidInput({"overlap_hours": [f"must be between 0 and {MOST_OVERLAP_H}"]})
    secret = _new_secret()
    with db.transaction() as session:
        row = _existing(key)
        before = hooks.webhook(session, key).secret
        until = clock.now() + timedelta(hours=overlap_hours)
        values = {"secret": secret, "earlier_secret": before, "earlier_until": until, "revision": row.revision + 1}
        _write(session, row, values)
        _note(session, "webhook.rotated", actor, key, name=row.name, overlap_hours=overlap_hours)
    return secret


def remove(key: int, *, actor: policy.Actor) -> None:
    """Take a webhook away: it is told of nothing more. What it was told of stays. Raises Forbidden, NotFound."""
    policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        row = _existing(key)
        hooks.skip(session, key, webhook_calls.OFF)
        values = {"active": False, "removed_at": clock.now(), "revision": row.revision + 1}
        _write(session, row, values)
        _note(session, "webhook.removed", actor, key, name=row.name)


def test(key: int, *, actor: policy.Actor) -> int:
    """Send the event `webhook.test`; answers its key. Raises Forbidden, NotFound, Conflict where it is off."""
    policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        hook = _existing(key)
        if not hook.active:
            raise errors.Conflict("This webhook is off. Turn it on first.")
        telling = notices.Telling(
            cause=f"test:{uuid4().hex}",
            recipients={},
            kind=webhooks.TEST,
            subject="A test of this webhook",
            body=f"{actor.title or actor.name} asked Tidegate to send this. Nothing else happened.",
            link=f"/administration/webhooks/{key}",
        )
        event_key, now = keys.next_key(session), clock.now()
        event = hooking.row(event_key, hook, telling, now, wordings.Wordings(()))
        hooks.insert_new(session, [event | {"due_at": now}])
        _try_now(session, key)
    return event_key


def retry(event_key: int, *, actor: policy.Actor) -> None:
    """Send an event again that was given up, or that came while the webhook was off.

    Raises Forbidden, NotFound, Conflict where it is in another state or the webhook is off.
    """
    policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        row = stored.event(event_key)
        if row is None:
            raise errors.NotFound(f"There is no event {event_key}.")
        hook = stored.get(row.webhook_key)
        if hook is None or not hook.active:
            raise errors.Conflict("This webhook is off. Turn it on first.")
        values = {"state": "waiting", "attempts": 0, "due_at": clock.now(), "asked_at": None}
        if not writing.update_where(session, WebhookEvent, values, key=event_key, state=["dead", "skipped"]):
            raise errors.Conflict("This event is not one that was given up.")
        _try_now(session, hook.key)


def _write(session: Session, row: Row, values: Mapping[str, Any], revision: int | None = None) -> None:
    wanted = row.revision if revision is None else revision
    if not writing.update_where(session, Webhook, values, key=row.key, revision=wanted):
        raise errors.StaleWrite("Somebody else changed this webhook. Read it again.")


def _try_now(session: Session, key: int) -> None:
    """Somebody asks for it: a webhook that rests after a failure is tried all the same."""
    writing.update_where(session, Webhook, {"rests_until": None}, key=key)


def _existing(key: int) -> Row:
    row = stored.get(key)
    if row is None:
        raise errors.NotFound(f"There is no webhook {key}.")
    return row


def _check(given: Mapping[str, Any]) -> None:
    found: dict[str, list[str]] = {}
    if "name" in given and not 1 <= len(given["name"]) <= LONGEST_NAME:
        found["name"] = [f"write a name, at most {LONGEST_NAME} characters"]
    if "url" in given:
        problem = addresses.url_problem(given["url"], private=settings.current().webhook_private)
        if problem:
            found["url"] = [problem]
    known = kinds()
    unknown = [kind for kind in given.get("kinds", ()) if not webhooks.is_kind(kind, known)]
    if unknown or len(given.get("kinds", ())) > MOST_KINDS:
        found["kinds"] = [f"{', '.join(unknown)}: use kinds like {known[0]}, or {known[0].partition('.')[0]}.*"]
    if found:
        raise errors.InvalidInput(found)


def _new_secret() -> str:
    return webhooks.secret(secrets.token_bytes(webhooks.SECRET_BYTES))


def _note(session: Session, event: str, actor: policy.Actor, key: int, **data: Any) -> None:
    entry = Entry(event, data={"webhook": key, **data})
    history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)
