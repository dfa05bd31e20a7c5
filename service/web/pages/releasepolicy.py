"""The release policy: reading it, writing versions, comparing and reviewing them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import clock, differences, policy
from service.storage.queries import people
from service.storage.queries import releasepolicy as found
from service.storage.types import Row
from service.usecases.regular import releasepolicy
from service.web import access, auth
from service.web.pages import frame, releases, words

pages = frame.pages


@pages.get("/release-policy")
@access.signed_in
def release_policy() -> str:
    row = found.get()
    return _show(row, _version(row.in_force) if row is not None and row.in_force is not None else None)


@pages.get("/release-policy/versions/<int:number>")
@access.signed_in
def policy_version(number: int) -> str:
    return _show(found.get(), _version(number))


def _show(row: Row | None, version: Row | None) -> str:
    who = auth.actor()
    rows, cursor = found.versions(cursor=request.args.get("cursor"))
    reviews = found.reviews()
    frame.learn_titles([*(one.by for one in (*rows, *reviews)), row.owner if row else None])
    return frame.show(
        "release_policy.html",
        about=row,
        version=version,
        versions=rows,
        cursor=cursor,
        reviews=reviews,
        may_write=policy.may_write_release_policy(who) is None,
        may_review=row is not None and policy.may_review_release_policy(who, row.owner) is None,
        people=people.users(active_only=True),
        now=clock.now(),
    )


@pages.get("/release-policy/edit")
@access.requires(policy.may_write_release_policy)
def edit_policy() -> str:
    row = found.get()
    return frame.show("release_policy_edit.html", about=row, version=_version(row.newest) if row else None)


@pages.post("/release-policy/versions")
@access.requires(policy.may_write_release_policy)
def write_policy() -> Any:
    form = request.form
    text = form.get("text", "").replace("\r\n", "\n")
    after = form.get("after", type=int)
    number = releasepolicy.write(text, note=form.get("note", "").strip(), after=after, actor=auth.actor())
    return frame.done(url_for("pages.policy_version", number=number), _("Version %(number)d is saved.", number=number))


@pages.post("/release-policy/versions/<int:number>/review")
@access.signed_in
def review_policy(number: int) -> Any:
    who, form = auth.actor(), request.form
    review_at = releases.moment("review_at", form.get("review_at", ""), who)
    with words.in_words():
        releasepolicy.review(
            number,
            review_at=review_at,
            note=form.get("note", "").strip(),
            revision=form.get("revision", type=int),
            actor=who,
        )
    return frame.done(url_for("pages.release_policy"), _("Version %(number)d is in force.", number=number))


@pages.post("/release-policy")
@access.signed_in
def change_policy() -> Any:
    form = request.form
    changes = {"owner": form.get("owner", ""), "ladder": form.get("ladder", "").replace("\r\n", "\n").strip()}
    with words.in_words():
        releasepolicy.change(changes, revision=form.get("revision", type=int), actor=auth.actor())
    return frame.done(url_for("pages.release_policy"), _("Saved."))


@pages.get("/release-policy/changes")
@access.signed_in
def policy_changes() -> str:
    before, after = (_version(request.args.get(name, 0, type=int)) for name in ("before", "after"))
    return frame.show(
        "release_policy_changes.html", before=before, after=after, lines=differences.lines(before.text, after.text)
    )


def _version(number: int) -> Row:
    row = found.version(number)
    if row is None:
        raise errors.NotFound(_("There is no version %(number)d of the release policy.", number=number))
    return row
