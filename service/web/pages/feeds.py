"""Calendar feeds: the links of a person, and what calendar programs read."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import agenda
from service.usecases.accounts import feeds
from service.web import access, auth, throttle
from service.web.pages import frame

pages = frame.pages


@pages.get("/account/calendar")
@access.signed_in
def calendar_links() -> str:
    who = auth.actor()
    publishes = policy.may_publish_service(who) is None
    return frame.show(
        "calendar_links.html",
        links=agenda.feeds(who.name),
        publishes=publishes,
        services=agenda.services(who) if publishes else [],
    )


@pages.post("/account/calendar")
@access.signed_in
def make_calendar_link() -> Any:
    service = request.form.get("service", "").strip() or None
    _key, address = feeds.make(service, actor=auth.actor())
    return frame.show("calendar_link.html", address=address, service=service)


@pages.post("/account/calendar/<key:key>/rotate")
@access.signed_in
def rotate_calendar_link(key: int) -> Any:
    address, row = feeds.rotate(key, actor=auth.actor()), agenda.feed(key)
    return frame.show("calendar_link.html", address=address, service=row.service if row else None)


@pages.post("/account/calendar/<key:key>/revoke")
@access.signed_in
def revoke_calendar_link(key: int) -> Any:
    feeds.revoke(key, actor=auth.actor())
    return frame.done(url_for("pages.calendar_links"), _("The link no longer works."))


@pages.get("/calendar/<secret>.ics")
@access.public
def calendar_feed(secret: str) -> Any:
    """What a calendar program reads: no sign-in, no cookie; 304 where nothing changed."""
    limits = throttle.current()
    limits.spend(throttle.PER_FEED, "feed", hashlib.sha256(secret.encode()).hexdigest())
    try:
        body = feeds.read(secret)
    except errors.NotFound:
        limits.spend(throttle.PER_MISSES, "no feed", request.remote_addr or "")
        raise
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = "inline; filename=tidegate.ics"
    response.headers["X-Robots-Tag"] = "noindex"
    return response.make_conditional(request)
