"""The announced dates of a release, who follows them, and the link that ends mails about them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service.domain import policy
from service.storage.queries import announcements as found
from service.storage.queries import people
from service.usecases.releases import following
from service.usecases.sending import announcing
from service.web import access, auth, numbers
from service.web.pages import frame, words
from service.web.pages import releases as records

pages = frame.pages

STATES = {"waiting": "info", "sent": "good", "dead": "bad", "skipped": ""}


@pages.get("/releases/<release:number>/announcements")
@access.signed_in
def release_announcements(number: int) -> str:
    row, who = records.seen(number), auth.actor()
    mine = found.known(number, user=who.name)
    follows = following.shown(number, actor=who)
    frame.learn_titles([one.user for one in follows])
    taken = {one.user for one in follows}
    return frame.show(
        "release_announcements.html",
        **records.common(row, "announcements"),
        announced=found.of_release(number),
        followers=follows,
        mine=mine if mine is not None and mine.ended_at is None else None,
        may_announce=row.status == "open" and not policy.may_change_release(who, row),
        everybody=[one for one in people.users(active_only=True) if one.name not in taken],
        states=STATES,
    )


@pages.post("/releases/<release:number>/announcements")
@access.signed_in
def announce_release(number: int) -> Any:
    records.seen(number)
    with words.in_words(window_start="message"):
        announcing.announce(number, request.form.get("message", ""), actor=auth.actor())
    return frame.done(_place(number), _("Announced. Whoever follows the release is told now."))


@pages.post("/releases/<release:number>/followers")
@access.signed_in
def add_follower(number: int) -> Any:
    form = request.form
    user, address = form.get("user", "").strip() or None, form.get("address", "").strip() or None
    if not user and not address:
        user = auth.actor().name
    with words.in_words():
        following.add(number, user=user, address=address, language=form.get("language") or "en", actor=auth.actor())
    return frame.done(_place(number), _("Followers of %(number)s are saved.", number=numbers.show(number)))


@pages.post("/releases/<release:number>/followers/<key:key>/end")
@access.signed_in
def end_follower(number: int, key: int) -> Any:
    following.end(number, key, actor=auth.actor())
    return frame.done(_place(number), _("Followers of %(number)s are saved.", number=numbers.show(number)))


@pages.post("/releases/<release:number>/followers/<key:key>/resend")
@access.signed_in
def resend_to_follower(number: int, key: int) -> Any:
    announcing.resend(number, key, actor=auth.actor())
    return frame.done(_place(number), _("It is tried again now."))


def _place(number: int) -> str:
    return url_for("pages.release_announcements", number=number)


@pages.get("/unsubscribe/<string(maxlength=64):token>")
@access.public
def unsubscribe(token: str) -> str:
    return frame.show("unsubscribe.html", one=following.meant(token), token=token, done=False)


@pages.post("/unsubscribe/<string(maxlength=64):token>")
@access.one_click
def end_by_link(token: str) -> str:
    """A mail program posts here by itself when somebody presses its button (RFC 8058); so does our page."""
    return frame.show("unsubscribe.html", one=following.leave(token), token=token, done=True)
