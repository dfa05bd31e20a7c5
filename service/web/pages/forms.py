"""Forms: looking at one, editing and deploying it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import definitions
from service.storage.queries import forms as found
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages

EMPTY = {"type": "default", "schemaVersion": 19, "components": []}


def _version(form_id: str, number: int | None) -> Any:
    row = found.version(form_id, number) if number is not None else found.latest(form_id)
    if row is None:
        raise errors.NotFound(_("There is no such form: %(form)s.", form=form_id))
    return row


@pages.get("/forms/<form_id>", defaults={"number": None})
@pages.get("/forms/<form_id>/<int:number>")
@access.requires(policy.may_see_models)
def form(form_id: str, number: int | None) -> str:
    versions = found.versions(form_id)
    frame.learn_titles(one.deployed_by for one in versions)
    return frame.show(
        "form.html",
        form=_version(form_id, number),
        versions=versions,
        used_by=[row for row in definitions.all_latest() if form_id in row.forms],
        may_deploy=policy.may_deploy(auth.actor()) is None,
    )


@pages.get("/forms/<form_id>/<int:number>/edit")
@access.requires(policy.may_deploy)
def edit_form(form_id: str, number: int) -> str:
    row = _version(form_id, number)
    return frame.show("formeditor.html", form=row, schema=row.body, file=row.file, newest=found.latest(form_id))


@pages.get("/forms/new")
@access.requires(policy.may_deploy)
def new_form() -> str:
    return frame.show(
        "formeditor.html", form=None, schema={**EMPTY, "id": "new_form"}, file="new_form.form", newest=None
    )
