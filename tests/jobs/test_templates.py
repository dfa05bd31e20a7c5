"""Texts that administrators write hold from then on, are checked, and never keep anybody from being told."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage import db
from service.storage.models.people import User
from service.storage.models.templates import NoticeTemplate
from service.storage.queries import breakdowns, notices
from service.storage.queries import templates as stored
from service.storage.writing import update_where
from service.usecases import breakdowns as failing
from service.usecases import settings
from service.usecases.deploying import models
from service.usecases.releases import releases as releases_
from service.usecases.telling import templates
from tests import cast
from tests.jobs.test_keypoints import GIVEN, MODEL, alerted, finish, told
from tests.support import posting
from tests.support.mail import MailServer

KIND = "release.started"
ADA = cast.actor("ada")
BERLINER = replace(ADA, zone="Europe/Berlin")


@pytest.fixture(autouse=True)
def _model(house: Flask) -> None:
    models.deploy([("minor.bpmn", MODEL)], actor=cast.actor("petra"))


def begin() -> int:
    return releases_.create({**GIVEN, "manager": "max"}, actor=cast.actor("cora"))


def newest(user: str, kind: str = KIND) -> tuple[str, str]:
    row = next(one for one in notices.inbox(user)[0] if one.kind == kind)
    return row.subject, row.body


@pytest.mark.req("S2-2")
def test_a_text_holds_in_its_language_until_the_shipped_one_is_restored() -> None:
    before = templates.standing(KIND, "en")
    assert (before.shipped, before.revision) == (True, 0)
    assert templates.write(KIND, "en", "Go: {release}", "{by} began it.\n{reason}\n\nHave a look.", actor=ADA) == 1
    begin()
    assert newest("max") == ("Go: R-1 Autumn", "Cora Coordinator began it.\n\nHave a look."), "no reason, no line"
    with db.transaction() as session:
        update_where(session, User, {"language": "de"}, name="max")
    begin()
    assert newest("max")[0] == "Release begonnen: R-2 Autumn"
    templates.write(KIND, "de", "Los: {release}", "{by} hat es begonnen.", actor=ADA)
    begin()
    assert newest("max") == ("Los: R-3 Autumn", "Cora Coordinator hat es begonnen.")
    assert templates.restore(KIND, "de", actor=ADA) == 2
    begin()
    assert newest("max")[0] == "Release begonnen: R-4 Autumn"
    assert [(row.revision, row.subject, row.by) for row in stored.versions(KIND, "de")] == [
        (2, None, "ada"),
        (1, "Los: {release}", "ada"),
    ]
    assert (templates.standing(KIND, "de").shipped, templates.standing(KIND, "en").shipped) == (True, False)


@pytest.mark.parametrize(
    ("subject", "body", "field", "said"),
    [
        (
            "{release} {relase}",
            "x",
            "subject",
            "does not know “{relase}”. Known are {release}, {by}, {name}, {reason}.",
        ),
        ("x", "by {by.__class__}", "body", "does not know “{by.__class__}”"),
        ("x", "{by!r}", "body", "does not know “{by!r}”"),
        ("x", "{by:>99999999}", "body", "does not know “{by:>99999999}”"),
        ("x", "{} {0}", "body", "does not know “{}”"),
        ("x", "a { alone", "body", "has a brace that stands alone"),
        ("", "x", "subject", "is needed"),
    ],
)
def test_what_a_text_does_not_know_is_refused_by_its_name(subject: str, body: str, field: str, said: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        templates.write(KIND, "en", subject, body, actor=ADA)
    assert list(refused.value.errors) == [field]
    assert said in refused.value.errors[field][0]
    assert stored.versions(KIND, "en") == []


def test_texts_are_for_administrators_and_an_old_revision_is_refused() -> None:
    with pytest.raises(errors.Forbidden):
        templates.write(KIND, "en", "x", "y", actor=cast.actor("max"))
    templates.write(KIND, "en", "x", "y", revision=0, actor=ADA)
    with pytest.raises(errors.StaleWrite):
        templates.write(KIND, "en", "x", "z", revision=0, actor=ADA)
    for kind, language in (("no.such", "en"), (KIND, "fr")):
        with pytest.raises(errors.NotFound):
            templates.standing(kind, language)


@pytest.mark.req("S2-2")
def test_a_text_that_breaks_falls_back_to_the_shipped_one_and_is_among_the_breakdowns() -> None:
    templates.write(KIND, "en", "Go: {release}", "x", actor=ADA)
    with db.transaction() as session:
        update_where(session, NoticeTemplate, {"subject": "{release"}, kind=KIND)
    begin()
    assert newest("max")[0] == "Release started: R-1 Autumn"
    (broken,) = breakdowns.listing()[0]
    assert (broken.kind, broken.name, broken.attempts) == (failing.TEMPLATES, KIND, 1)
    templates.write(KIND, "en", "Go: {release}", "x", actor=ADA)
    assert breakdowns.listing()[0] == []
    begin()
    assert newest("max")[0] == "Go: R-2 Autumn"


def test_every_shipped_text_can_be_previewed_and_would_be_taken() -> None:
    assert len(templates.everything()) == len(templates.kinds()) * len(templates.LANGUAGES)
    for one in templates.everything():
        shown = templates.preview(one.kind, one.language, one.subject, one.body, actor=BERLINER)
        assert "{" not in shown.subject + shown.body
        assert shown.body, one.kind
        assert html.escape(shown.subject) in shown.page
        assert 'class="button"' in shown.page


def test_the_preview_is_the_mail_with_its_facts_as_it_is_sent() -> None:
    texts = templates.standing("deadline.near", "en")
    page = templates.preview("deadline.near", "en", texts.subject, texts.body, actor=BERLINER).page
    for said in ("Due soon", "Payroll 4.2", "Tom Tester", "1 day before", "it is with you", "Open the task"):
        assert said in page, said
    german = templates.preview("release.started", "de", "Los: {release}", "{by} begann.", actor=ADA).page
    assert "Los: R-1 Payroll 4.2" in german
    assert "/releases/R-1" in german


def test_a_test_reaches_its_author_alone_by_inbox_and_mail(mail: MailServer, time: Any) -> None:
    before = settings.current()
    settings.use(before.__class__(**{**before.__dict__, "smtp_url": mail.url, "gather_seconds": 0}))
    try:
        templates.try_out(KIND, "de", "Los: {release}", "{by} hat es begonnen.", actor=ADA)
        assert newest("ada") == ("Los: R-1 Payroll 4.2", "Max Manager hat es begonnen.")
        time.turn(minutes=1)
        assert posting.carry() == [True]
        assert [one.subject for one in mail.to("ada@example.org")] == ["Los: R-1 Payroll 4.2"]
    finally:
        settings.use(before)


@pytest.mark.req("S2-2")
def test_who_hears_of_a_key_point_can_be_changed_and_a_phase_says_it_before_that() -> None:
    templates.hear("phase.entered", "user:tom requester", actor=ADA)
    templates.hear("release.started", "nobody", actor=ADA)
    number = begin()
    assert told(number) == {("tom", "phase.entered")}, "Cora asked for it and started it herself"
    templates.hear("release.started", "", actor=ADA)
    models.deploy([("minor.bpmn", alerted("entered: user:otto"))], actor=cast.actor("petra"))
    number = begin()
    assert told(number) == {("otto", "phase.entered"), ("max", "release.started")}
    finish(number, "work", "bea", {})
    with pytest.raises(errors.InvalidInput):
        templates.hear("phase.entered", "the boss", actor=ADA)
    with pytest.raises(errors.NotFound):
        templates.hear("no.such", "board", actor=ADA)
    with pytest.raises(errors.Forbidden):
        templates.hear("phase.entered", "board", actor=cast.actor("max"))
