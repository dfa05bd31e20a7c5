"""Default ladders, for administrators; planning milestones, on the deadlines of a release."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import escalation, policy
from service.usecases.deadlines import defaults, planned
from service.web import access, auth
from service.web.pages import frame, words
from service.web.pages import releases as release_pages

pages = frame.pages


@pages.get("/administration/ladders")
@access.requires(policy.may_administer)
def default_ladders() -> str:
    rows = defaults.everything()
    frame.learn_titles(one.by for one in rows)
    shipped = {thing: escalation.written(rungs) for thing, rungs in escalation.SHIPPED.items()}
    return frame.show("default_ladders.html", rows=rows, shipped=shipped, recipients=escalation.RECIPIENTS)


@pages.post("/administration/ladders/<thing>")
@access.requires(policy.may_administer)
def change_default_ladder(thing: str) -> Any:
    form = request.form
    text = "" if form.get("shipped") else form.get("ladder", "")
    seen = form.get("revision", "")
    with words.in_words():
        defaults.change(thing, text, revision=int(seen) if seen.isdigit() else None, actor=auth.actor())
    return frame.done(url_for("pages.default_ladders"), _("It holds for what becomes due from now on."))


@pages.post("/releases/<release:number>/milestones/<milestone>")
@access.signed_in
def plan_milestone(number: int, milestone: str) -> Any:
    who, given = auth.actor(), request.form.get("planned_at", "")
    at = release_pages.moment("planned_at", given, who) if given else None
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise errors.InvalidInput({"reason": [_("say why")]})
    with words.in_words():
        planned.plan(number, milestone, at, reason=reason, actor=who)
    return frame.done(url_for("pages.release_deadlines", number=number), _("The date is planned."))
