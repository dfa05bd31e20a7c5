"""Webhooks: adding and changing them, their secrets, trying them out, and what became of each event."""

from __future__ import annotations

import json
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from service import errors
from service.domain import policy
from service.storage.queries import webhooks as found
from service.usecases.sending import webhooks
from service.web import access, auth, problems
from service.web.pages import frame

pages = frame.pages

FAMILIES = {
    "deadline": later("Deadlines: reminders, missed, overdue, moved"),
    "approval": later("Approvals: asked, decided"),
    "task": later("Tasks: new, assigned"),
    "release": later("Releases: started, announced, ended"),
    "phase": later("Phases entered"),
    "milestone": later("Milestones reached"),
    "action": later("Actions that people take"),
    "incident": later("What got stuck"),
    "job": later("What diagrams tell"),
    "back-out": later("Back-outs"),
    "window": later("Dates that move"),
    "report": later("Reports that are ready"),
    "policy": later("Release policy: review near or overdue"),
    "webhook": later("Webhooks that were turned off"),
    "operation": later("How Tidegate itself is doing"),
}
STATES = {
    "waiting": (later("On its way"), "info"),
    "sent": (later("Delivered"), "good"),
    "dead": (later("Given up"), "bad"),
    "skipped": (later("Not sent"), ""),
}


@pages.get("/administration/webhooks", endpoint="webhooks")
@access.requires(policy.may_administer)
def all_webhooks() -> str:
    return _list()


@pages.post("/administration/webhooks")
@access.requires(policy.may_administer)
def create_webhook() -> Any:
    form = request.form
    try:
        key, secret = webhooks.create(
            form.get("name", ""), form.get("url", ""), kinds=form.getlist("kinds"), actor=auth.actor()
        )
    except errors.InvalidInput as refused:
        wrong = {name: " ".join(problems.said(text) for text in texts) for name, texts in refused.errors.items()}
        return _list(form, wrong), 422
    return frame.show("webhook_secret.html", one=_webhook(key), secret=secret)


@pages.get("/administration/webhooks/<key:key>")
@access.requires(policy.may_administer)
def webhook(key: int) -> str:
    state = request.args.get("state", "")
    rows, cursor = found.events(webhook=key, state=state or None, cursor=request.args.get("cursor"))
    return frame.show(
        "webhook.html",
        one=_webhook(key),
        rows=rows,
        cursor=cursor,
        state=state,
        events=found.counts([key])[key],
        states=STATES,
        families=_families(),
    )


@pages.post("/administration/webhooks/<key:key>")
@access.requires(policy.may_administer)
def change_webhook(key: int) -> Any:
    form = request.form
    changes = {"name": form.get("name", ""), "url": form.get("url", ""), "kinds": form.getlist("kinds")}
    revision = form.get("revision", type=int)
    webhooks.change(key, changes, revision=revision, actor=auth.actor())
    return frame.done(url_for("pages.webhook", key=key), _("Saved."))


@pages.post("/administration/webhooks/<key:key>/on")
@access.requires(policy.may_administer)
def turn_on_webhook(key: int) -> Any:
    webhooks.change(key, {"active": True}, actor=auth.actor())
    return frame.done(url_for("pages.webhook", key=key), _("It is on."))


@pages.post("/administration/webhooks/<key:key>/off")
@access.requires(policy.may_administer)
def turn_off_webhook(key: int) -> Any:
    webhooks.change(key, {"active": False}, actor=auth.actor())
    undo = url_for("pages.turn_on_webhook", key=key)
    return frame.done(url_for("pages.webhook", key=key), _("It is off."), undo=undo)


@pages.post("/administration/webhooks/<key:key>/secret")
@access.requires(policy.may_administer)
def rotate_webhook(key: int) -> Any:
    hours = request.form.get("overlap_hours", webhooks.OVERLAP_H, type=int)
    secret = webhooks.rotate(key, overlap_hours=hours, actor=auth.actor())
    return frame.show("webhook_secret.html", one=_webhook(key), secret=secret)


@pages.post("/administration/webhooks/<key:key>/test")
@access.requires(policy.may_administer)
def test_webhook(key: int) -> Any:
    event = webhooks.test(key, actor=auth.actor())
    return frame.done(url_for("pages.webhook_event", key=event), _("A test is on its way."))


@pages.post("/administration/webhooks/<key:key>/remove")
@access.requires(policy.may_administer)
def remove_webhook(key: int) -> Any:
    webhooks.remove(key, actor=auth.actor())
    return frame.done(url_for("pages.webhooks"), _("The webhook is removed."))


@pages.get("/administration/webhooks/events/<key:key>")
@access.requires(policy.may_administer)
def webhook_event(key: int) -> str:
    row = found.event(key)
    if row is None:
        raise errors.NotFound(_("There is no such event."))
    body = json.dumps(json.loads(row.body), ensure_ascii=False, indent=2)
    log = found.attempts([key])[key]
    return frame.show("webhook_event.html", row=row, body=body, log=log, states=STATES)


@pages.post("/administration/webhooks/events/<key:key>/retry")
@access.requires(policy.may_administer)
def retry_webhook_event(key: int) -> Any:
    webhooks.retry(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.webhook_event", key=key)), _("It is on its way again."))


def _list(form: Any = None, wrong: Any = None) -> str:
    rows, cursor = found.listing(cursor=request.args.get("cursor"))
    return frame.show(
        "webhooks.html",
        rows=rows,
        cursor=cursor,
        events=found.counts([row.key for row in rows]),
        families=_families(),
        form=form,
        wrong=wrong or {},
    )


def _families() -> dict[str, Any]:
    """All families of kinds that there are, in words."""
    there = dict.fromkeys(kind.partition(".")[0] for kind in webhooks.kinds())
    known = {name: label for name, label in FAMILIES.items() if name in there}
    return known | {name: name for name in there if name not in known}


def _webhook(key: int) -> Any:
    row = found.get(key)
    if row is None:
        raise errors.NotFound(_("There is no such webhook."))
    return row
