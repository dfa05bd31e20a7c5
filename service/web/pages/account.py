"""Signing in and out, the own account, and what somebody chose for this browser."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _

from service import errors
from service.storage.queries import calendars as kept
from service.storage.queries import people as found
from service.usecases.accounts import people
from service.usecases.worktime import calendars
from service.web import access, auth
from service.web.pages import frame, language, words

pages = frame.pages


@pages.get("/")
@access.signed_in
def home() -> Any:
    return redirect(url_for("pages.tasks"))


@pages.get("/sign-in")
@access.public
def sign_in() -> Any:
    if language.person() is not None:
        return redirect(auth.safe_next(request.args.get("next")) or url_for("pages.home"))
    return frame.show("sign_in.html", next=request.args.get("next", ""), first=not found.anybody())


@pages.post("/sign-in")
@access.public
def do_sign_in() -> Any:
    name, goal = request.form.get("name", "").strip(), request.form.get("next", "")
    try:
        auth.sign_in(name, request.form.get("password", ""))
    except errors.TooManyAttempts as problem:
        return frame.show("sign_in.html", name=name, next=goal, problem=problem.detail), 429
    except errors.NotAuthenticated:
        advice = _("Name and password do not match. Check both; capital letters count in the password.")
        return frame.show("sign_in.html", name=name, next=goal, problem=advice), 401
    return redirect(auth.safe_next(goal) or url_for("pages.home"), 303)


@pages.post("/sign-out")
@access.public
def sign_out() -> Any:
    auth.sign_out()
    return frame.done(url_for("pages.sign_in"), _("You are signed out."))


@pages.get("/account")
@access.signed_in
def account() -> str:
    who = auth.actor()
    person = found.user(who.name)
    chosen = kept.get(person.calendar) if person is not None and person.calendar else None
    hours = words.hours(calendars.of_person(who.name))
    return frame.show(
        "account.html", person=person, tokens=found.tokens(who.name), calendar=chosen, hours=hours,
        service_zone=words.service_zone(),
    )  # fmt: skip


@pages.post("/account/password")
@access.signed_in
def change_password() -> Any:
    fields = request.form
    if fields.get("new", "") != fields.get("again", ""):
        raise errors.InvalidInput({"again": [_("This is not the same as the new password.")]})
    people.change_password(fields.get("old", ""), fields.get("new", ""), actor=auth.actor())
    auth.refresh()
    return frame.done(url_for("pages.account"), _("The password is changed. You are signed out everywhere else."))


@pages.post("/account/tokens")
@access.signed_in
def create_own_token() -> Any:
    who = auth.actor()
    token = people.create_token(who.name, request.form.get("label", "").strip(), actor=who)
    return frame.show("token.html", token=token, person=found.user(who.name), goal=url_for("pages.account"))


@pages.post("/account/tokens/<key:key>/revoke")
@access.signed_in
def revoke_own_token(key: int) -> Any:
    people.revoke_token(key, actor=auth.actor())
    return frame.done(url_for("pages.account"), _("The token no longer works."))


@pages.post("/preferences")
@access.public
def prefer() -> Any:
    """Theme and language of this browser; they hold before and after signing in."""
    response = redirect(frame.back("/"), 303)
    theme, tongue = request.form.get("theme"), request.form.get("language")
    if theme in frame.THEMES:
        frame.keep(response, frame.THEME_COOKIE, theme)
    if tongue in language.LANGUAGES:
        frame.keep(response, language.COOKIE, tongue)
    return response
