"""Changing the record of an open release, and choosing its stakeholders and its review board."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import people
from service.storage.queries import releases as found
from service.storage.types import Row
from service.usecases.releases import releases
from service.web import access, auth, numbers
from service.web.pages import frame, words
from service.web.pages import releases as records

pages = frame.pages

LONGEST = {"title": 255, "service": 120, "reason": 20_000, "classification": 40}
LONGEST_WHY = 2000
TEXTS = (*LONGEST, "manager", "coordinator")
MOMENTS = ("window_start", "window_end")
NEVER_NULL = ("title", "service", "reason")


def _changeable(number: int) -> Row:
    """The release, if this person may change it and it is still open."""
    row = records.seen(number)
    policy.require(policy.may_change_release(auth.actor(), row))
    if row.status != "open":
        raise errors.Conflict(_("The release is closed; its record stays as it is."))
    return row


@pages.get("/releases/<release:number>/edit")
@access.signed_in
def edit_release(number: int) -> str:
    row = _changeable(number)
    return frame.show(
        "release_edit.html",
        **records.common(row, "edit"),
        managers=_holders(policy.RELEASE_MANAGER, row.manager),
        coordinators=_holders(policy.COORDINATOR, row.coordinator),
        was=_shown(row),
    )


def _holders(role: str, present: str | None) -> list[Row]:
    """Active people with the role, and whoever it is now."""
    return [user for user in people.users(active_only=True) if role in user.roles or user.name == present]


def _shown(row: Row) -> dict[str, str]:
    """The record as the fields of the form show it."""
    texts = {name: getattr(row, name) or "" for name in TEXTS}
    return texts | {name: words.local_input(getattr(row, name)) for name in MOMENTS}


@pages.post("/releases/<release:number>/edit")
@access.signed_in
def change_release(number: int) -> Any:
    """Stores what the person changed; a field they left alone keeps what somebody else may have put there."""
    _changeable(number)
    goal = url_for("pages.release", number=number)
    changes = _changes()
    if not changes:
        return frame.done(goal, _("Nothing was changed."))
    try:
        with words.in_words():
            revision, why = request.form.get("revision", type=int), request.form.get("change_reason", "")[:LONGEST_WHY]
            releases.edit(number, changes, actor=auth.actor(), revision=revision, why=why)
    except errors.StaleWrite as stale:
        raise _overtaken(number) from stale
    return frame.done(goal, _("Saved."))


def _changes() -> dict[str, Any]:
    """The fields that are not what the form showed at first."""
    fields = {name: _line_ends(request.form[name]) for name in (*TEXTS, *MOMENTS) if name in request.form}
    typed = {name: text for name, text in fields.items() if text != _line_ends(request.form.get(f"was.{name}", ""))}
    wrong = {
        name: [_("At most %(num)d characters.", num=most)]
        for name, most in LONGEST.items()
        if len(typed.get(name, "")) > most
    }
    if wrong:
        raise errors.InvalidInput(wrong)
    return {name: _value(name, text) for name, text in typed.items()}


def _line_ends(text: str) -> str:
    """A browser sends the lines of a text area with \\r\\n, those of a hidden field as they are."""
    return text.replace("\r\n", "\n").strip()


def _value(name: str, text: str) -> str | datetime | None:
    if not text:
        return "" if name in NEVER_NULL else None
    return records.moment(name, text, auth.actor()) if name in MOMENTS else text


def _overtaken(number: int) -> errors.StaleWrite:
    """With the present revision, so that the person can save again knowingly."""
    row = records.seen(number)
    text = _(
        "Somebody else changed this release while you were at it. The facts of the release on this page show what is "
        "stored now; what you typed is still here. Save again to store the fields that you changed."
    )
    return errors.StaleWrite(text, revision=row.revision)


@pages.get("/releases/<release:number>/people")
@access.signed_in
def release_people(number: int) -> str:
    row = _changeable(number)
    return frame.show("release_people.html", **records.common(row, "people"), everybody=people.users(active_only=True))


@pages.post("/releases/<release:number>/people/<part>")
@access.signed_in
def choose_people(number: int, part: str) -> Any:
    _changeable(number)
    if part not in releases.PARTS:
        raise errors.NotFound()
    names = sorted(set(request.form.getlist("names")))
    before = sorted(found.people(number).get(part, []))
    if names != before:
        with words.in_words():
            releases.set_people(number, part, names, actor=auth.actor())
    told = _("Saved for %(number)s.", number=numbers.show(number))
    return frame.done(url_for("pages.release_people", number=number), told)
