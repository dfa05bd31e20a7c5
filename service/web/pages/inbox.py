"""The inbox: what somebody was told, unread first."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, request, url_for
from flask_babel import gettext as _

from service import errors
from service.storage.queries import notices as found
from service.usecases.telling import notices
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages

PAGE = 50
MOST_UNREAD = 200


@pages.get("/inbox")
@access.signed_in
def inbox() -> str:
    who = auth.actor()
    unread_only = request.args.get("view") == "unread"
    fresh, _rest = found.inbox(who.name, unread=True, limit=MOST_UNREAD)
    rows, cursor = (
        ([], None)
        if unread_only
        else found.inbox(who.name, unread=False, limit=PAGE, cursor=request.args.get("cursor"))
    )
    return frame.show(
        "inbox.html",
        fresh=fresh,
        rows=rows,
        cursor=cursor,
        view="unread" if unread_only else "",
        unread=found.unread(who.name),
    )


@pages.get("/inbox/<key:key>")
@access.signed_in
def open_notice(key: int) -> Any:
    """Opening a notice marks it read and leads to what it is about."""
    who = auth.actor()
    row = found.get(key)
    if row is None or row.reader != who.name:
        raise errors.NotFound(_("There is no such notice in your inbox."))
    notices.mark_read(key, actor=who)
    return redirect(auth.safe_next(row.link) or url_for("pages.inbox"), 303)


@pages.post("/inbox/<key:key>/read")
@access.signed_in
def read_notice(key: int) -> Any:
    notices.mark_read(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.inbox")))


@pages.post("/inbox/read")
@access.signed_in
def read_all() -> Any:
    notices.mark_all_read(actor=auth.actor())
    return frame.done(frame.back(url_for("pages.inbox")), _("Everything is marked as read."))


@pages.get("/ui/counts")
@access.signed_in
def counts() -> Any:
    """The numbers of the rail, and the newest unread notice for a toast."""
    who = auth.actor()
    rows, _cursor = found.inbox(who.name, unread=True, limit=1)
    newest = rows[0] if rows else None
    latest = newest and {
        "key": str(newest.key),
        "subject": newest.subject,
        "link": url_for("pages.open_notice", key=newest.key),
    }
    return jsonify({**frame.counts(who), "latest": latest})
