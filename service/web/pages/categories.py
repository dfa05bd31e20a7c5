"""Categories of releases: which there are, and which model each selects for a type."""

from __future__ import annotations

import re
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import definitions
from service.storage.queries import releases as found
from service.usecases.releases import releases
from service.web import access, auth
from service.web.pages import frame, words

pages = frame.pages

ALL = "*"
KINDS = (*releases.TYPES, ALL)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
LONGEST_TITLE = 120


@pages.get("/categories", endpoint="categories")
@access.requires(policy.may_deploy)
def listing() -> str:
    models = definitions.all_latest()
    names = {model.process_id: model.name or model.process_id for model in models}
    return frame.show(
        "categories.html", rows=found.categories(), models=models, names=names, types=releases.TYPES, kinds=KINDS
    )


@pages.post("/categories")
@access.requires(policy.may_deploy)
def create_category() -> Any:
    name, title = (request.form.get(field, "").strip() for field in ("name", "title"))
    models = {kind: request.form.get(f"model.{kind}", "").strip() for kind in KINDS}
    wrong = {}
    if not _NAME.fullmatch(name):
        wrong["name"] = [_("Small letters, digits and . _ -")]
    if len(title) > LONGEST_TITLE:
        wrong["title"] = [_("At most %(num)d characters.", num=LONGEST_TITLE)]
    if not any(models.values()):
        wrong[f"model.{ALL}"] = [_("Choose the model for all types, or one for a type.")]
    if wrong:
        raise errors.InvalidInput(wrong)
    chosen = {kind: model for kind, model in models.items() if model}
    try:
        with words.in_words(models=f"model.{ALL}"):
            releases.create_category(name, title, chosen, actor=auth.actor())
    except errors.AlreadyExists as taken:
        raise errors.InvalidInput({"name": [_("There is already a category of this name.")]}) from taken
    return frame.done(url_for("pages.categories"), _("The category %(name)s is there.", name=title or name))
