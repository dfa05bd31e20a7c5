"""Texts of notices: what each kind says and to whom, changing it with a preview, trying it, and what it said before."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import releases
from service.storage.queries import templates as found
from service.usecases.telling import templates, values
from service.web import access, auth, problems
from service.web.pages import frame, words
from service.web.pages import language as languages

pages = frame.pages

CHOICES = 100  # releases, the newest, whose values may be tried

# The mail brings its own style; nothing in it may run or be fetched, and only our own page shows it.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@pages.get("/administration/texts", endpoint="templates")
@access.requires(policy.may_administer)
def all_texts() -> str:
    shown_in = languages.current() if languages.current() in templates.LANGUAGES else "en"
    own = {(row.kind, row.language) for row in found.current()}
    shown = [templates.standing(kind, shown_in) for kind in templates.kinds()]
    points = {one.kind: one for one in templates.hearing()}
    return frame.show("templates.html", rows=shown, own=own, points=points, known=templates.LANGUAGES)


@pages.get("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>")
@access.requires(policy.may_administer)
def template(kind: str, language: str) -> str:
    one, versions = templates.standing(kind, language), found.versions(kind, language)
    frame.learn_titles([row.by for row in versions])
    shown = templates.preview(kind, language, one.subject, one.body, actor=auth.actor())
    chosen = releases.listing(auth.actor(), limit=CHOICES)[0] if values.about_releases(kind) else []
    point = next((point for point in templates.hearing() if point.kind == kind), None)
    return frame.show(
        "template.html",
        one=one,
        versions=versions,
        shown=shown,
        point=point,
        known=templates.LANGUAGES,
        releases=chosen,
    )


@pages.post("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>")
@access.requires(policy.may_administer)
def change_text(kind: str, language: str) -> Any:
    """Stores the text, or tells it to its author alone, as the button says."""
    form, actor = request.form, auth.actor()
    subject, body = form.get("subject", ""), form.get("body", "")
    with words.in_words():
        if form.get("do") == "test":
            templates.try_out(kind, language, subject, body, release=_chosen(), actor=actor)
            return frame.done(_place(kind, language), _("It is in your inbox, and on its way as a mail."))
        templates.write(kind, language, subject, body, revision=form.get("revision", type=int), actor=actor)
    return frame.done(_place(kind, language), _("Saved."))


@pages.post("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>/restore")
@access.requires(policy.may_administer)
def restore_text(kind: str, language: str) -> Any:
    templates.restore(kind, language, actor=auth.actor())
    return frame.done(_place(kind, language), _("The shipped text holds again."))


@pages.post("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>/preview")
@access.requires(policy.may_administer)
def preview_text(kind: str, language: str) -> str:
    """What is typed with sample values, or those of a release, or why it could not be stored."""
    subject, body = request.form.get("subject", ""), request.form.get("body", "")
    try:
        shown = templates.preview(kind, language, subject, body, release=_chosen(), actor=auth.actor())
    except errors.InvalidInput as refused:
        return frame.show("template_preview.html", shown=None, wrong=_wrong(refused))
    return frame.show("template_preview.html", shown=shown, chosen=_chosen())


@pages.post("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>/mail")
@access.requires(policy.may_administer)
def preview_mail(kind: str, language: str) -> Response:
    """The mail alone, for the frame in the page: what is typed, and what is stored."""
    return _mail(kind, language, request.form.get("subject", ""), request.form.get("body", ""))


@pages.get("/administration/texts/<string(maxlength=40):kind>/<string(maxlength=10):language>/mail")
@access.requires(policy.may_administer)
def shown_mail(kind: str, language: str) -> Response:
    one = templates.standing(kind, language)
    return _mail(kind, language, one.subject, one.body)


def _mail(kind: str, language: str, subject: str, body: str) -> Response:
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    try:
        shown = templates.preview(kind, language, subject, body, release=_chosen(), actor=auth.actor())
    except errors.InvalidInput as refused:  # a page of ours would not be shown in the frame
        return Response("\n".join(_wrong(refused)), 422, headers, mimetype="text/plain")
    return Response(shown.page, mimetype="text/html", headers=headers)


def _chosen() -> int | None:
    """The release whose values are to be used."""
    return request.form.get("release", type=int)


def _wrong(refused: errors.InvalidInput) -> list[str]:
    return [problems.said(text) for texts in refused.errors.values() for text in texts]


@pages.post("/administration/texts/<string(maxlength=40):kind>/hearers")
@access.requires(policy.may_administer)
def change_hearers(kind: str) -> Any:
    with words.in_words():
        templates.hear(kind, request.form.get("recipients", ""), actor=auth.actor())
    return frame.done(frame.back(url_for("pages.templates")), _("Saved."))


def _place(kind: str, language: str) -> str:
    return url_for("pages.template", kind=kind, language=language)
