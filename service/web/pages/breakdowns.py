"""What is due and keeps failing, with its cause, and trying it at once."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from service.domain import policy
from service.storage import outbox
from service.storage.queries import breakdowns as found
from service.usecases import breakdowns
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages

KINDS = {
    outbox.LEVELS: later("Telling about a deadline"),
    outbox.TIMERS: later("Timers of a run"),
    outbox.JOBS: later("Service task"),
    outbox.MESSAGES: later("Message or signal"),
    outbox.SUBSCRIPTIONS: later("Waiting for a message"),
    outbox.STARTS: later("Start by a timer or message"),
    outbox.MOVES: later("Moving to another version"),
    outbox.APPROVALS: later("Approval whose deciders have changed"),
    outbox.DELIVERIES: later("Notice to send on"),
    outbox.BUNDLES: later("Mail"),
    breakdowns.TEMPLATES: later("Text of a notice"),
    outbox.ANNOUNCEMENTS: later("Mail to who follows a release"),
    outbox.HOOKS: later("Event for a webhook"),
    outbox.APPOINTMENTS: later("Review or report"),
    outbox.RECALCULATIONS: later("Deadlines in a changed calendar"),
}


@pages.get("/administration/breakdowns")
@access.requires(policy.may_administer)
def breakdowns_list() -> str:
    rows, cursor = found.listing(cursor=request.args.get("cursor"))
    return frame.show("breakdowns.html", rows=rows, cursor=cursor, total=found.count(), kinds=KINDS)


@pages.post("/administration/breakdowns/<key:key>/retry")
@access.requires(policy.may_administer)
def retry_breakdown(key: int) -> Any:
    breakdowns.retry(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.breakdowns_list")), _("It is tried again now."))
