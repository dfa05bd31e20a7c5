"""Administration: people, their roles, groups, passwords and tokens."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import calendars
from service.storage.queries import people as found
from service.usecases.accounts import people
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages


def _person(name: str) -> Any:
    row = found.user(name)
    if row is None:
        raise errors.NotFound(_("There is nobody named %(name)s.", name=name))
    return row


def _choices() -> dict[str, Any]:
    zones = sorted(available_timezones())
    return {"roles": policy.ROLES, "groups": found.groups(), "zones": zones, "calendars": calendars.listing()}


@pages.get("/administration", endpoint="administration")
@access.requires(policy.may_administer)
def everybody() -> str:
    text = request.args.get("q", "").strip().lower()
    gone = request.args.get("view") == "inactive"
    rows = [row for row in found.users() if (row.deactivated_at is not None) == gone]
    shown = [row for row in rows if text in f"{row.name} {row.title} {row.email or ''}".lower()]
    return frame.show(
        "people.html", rows=shown, memberships=found.memberships(), q=text, view="inactive" if gone else ""
    )


@pages.get("/administration/people/new")
@access.requires(policy.may_administer)
def new_person() -> str:
    return frame.show("person_new.html", **_choices())


@pages.post("/administration/people")
@access.requires(policy.may_administer)
def create_person() -> Any:
    form, name = request.form, request.form.get("name", "").strip().lower()
    people.create_user(
        name,
        title=form.get("title", "").strip(),
        email=form.get("email", "").strip() or None,
        password=form.get("password") or None,
        roles=form.getlist("roles"),
        groups=form.getlist("groups"),
        zone=form.get("zone") or None,
        calendar=form.get("calendar") or None,
        language=form.get("language", "en"),
        actor=auth.actor(),
    )
    return frame.done(url_for("pages.person", name=name), _("%(name)s can sign in now.", name=name))


@pages.get("/administration/people/<name>")
@access.requires(policy.may_administer)
def person(name: str) -> str:
    row = _person(name)
    return frame.show(
        "person.html", person=row, mine=found.memberships().get(name, []), tokens=found.tokens(name), **_choices()
    )


@pages.post("/administration/people/<name>")
@access.requires(policy.may_administer)
def edit_person(name: str) -> Any:
    form = request.form
    changes = {
        "title": form.get("title", "").strip() or name,
        "email": form.get("email", "").strip() or None,
        "roles": form.getlist("roles"),
        "groups": form.getlist("groups"),
        "zone": form.get("zone", "UTC"),
        "calendar": form.get("calendar") or None,
        "language": form.get("language", "en"),
    }
    people.edit_user(name, changes, actor=auth.actor())
    auth.forget()
    return frame.done(url_for("pages.person", name=name), _("Saved."))


@pages.post("/administration/people/<name>/password")
@access.requires(policy.may_administer)
def reset_password(name: str) -> Any:
    people.set_password(name, request.form.get("new", ""), actor=auth.actor())
    return frame.done(url_for("pages.person", name=name), _("The new password holds. Tell it to %(name)s.", name=name))


@pages.post("/administration/people/<name>/deactivate")
@access.requires(policy.may_administer)
def deactivate_person(name: str) -> Any:
    people.deactivate(name, actor=auth.actor())
    auth.forget()
    undo = url_for("pages.reactivate_person", name=name)
    return frame.done(url_for("pages.person", name=name), _("%(name)s can no longer sign in.", name=name), undo=undo)


@pages.post("/administration/people/<name>/reactivate")
@access.requires(policy.may_administer)
def reactivate_person(name: str) -> Any:
    people.reactivate(name, actor=auth.actor())
    return frame.done(url_for("pages.person", name=name), _("%(name)s can sign in again.", name=name))


@pages.post("/administration/people/<name>/tokens")
@access.requires(policy.may_administer)
def create_token(name: str) -> Any:
    row = _person(name)
    token = people.create_token(name, request.form.get("label", "").strip(), actor=auth.actor())
    return frame.show("token.html", token=token, person=row, goal=url_for("pages.person", name=name))


@pages.post("/administration/people/<name>/tokens/<key:key>/revoke")
@access.requires(policy.may_administer)
def revoke_token(name: str, key: int) -> Any:
    people.revoke_token(key, actor=auth.actor())
    auth.forget()
    return frame.done(url_for("pages.person", name=name), _("The token no longer works."))


@pages.get("/administration/groups")
@access.requires(policy.may_administer)
def groups() -> str:
    members: dict[str, list[str]] = {}
    for name, mine in found.memberships().items():
        for group in mine:
            members.setdefault(group, []).append(name)
    frame.learn_titles(name for names in members.values() for name in names)
    return frame.show("groups.html", rows=found.groups(), members=members)


@pages.post("/administration/groups")
@access.requires(policy.may_administer)
def create_group() -> Any:
    name = request.form.get("name", "").strip().lower()
    people.create_group(name, request.form.get("title", "").strip(), actor=auth.actor())
    return frame.done(url_for("pages.groups"), _("The group %(name)s is there.", name=name))
