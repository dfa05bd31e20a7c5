"""Reports that come by themselves: each turn once, as a file by mail, in the language of whoever gets it."""

from __future__ import annotations

import csv
import email
import email.policy
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from flask import Flask

from service import errors
from service.domain.reports import Report, Section
from service.integrations import printing
from service.storage import db, outbox, writing
from service.storage.models.notices import Bundle, Notice
from service.storage.models.people import User
from service.storage.queries import reports as stored
from service.usecases import settings
from service.usecases.deploying import models
from service.usecases.regular import appointments, reporting
from service.usecases.releases import releases
from service.usecases.sending import deliveries
from tests import cast
from tests.web import diagrams

MAX, CORA, PETRA, BEA = (cast.actor(name) for name in ("max", "cora", "petra", "bea"))
WEEKLY = {"name": "Weekly progress", "every": "weekly", "day": 1, "at": "10:00", "zone": "UTC", "format": "csv"}
WANTED = {"title": "Łódź =1+1", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}


def work(time: Any) -> int:
    """Keep what is due and carry its notices out, as dispatcher and workers would; answers how much was kept."""
    with db.transaction() as session:
        keys = outbox.claim(session, outbox.APPOINTMENTS, time.now, time.now - timedelta(seconds=3), 50)
    kept = sum(appointments.keep(key) for key in keys)
    time.turn(seconds=60)
    with db.transaction() as session:
        waiting = outbox.claim(session, outbox.DELIVERIES, time.now, time.now - timedelta(seconds=3), 50)
    deliveries.gather(waiting)
    with db.reading() as session:
        bundles = [one.key for one in session.query(Bundle).filter_by(state="waiting")]
    for key in bundles:
        deliveries.deliver(key)
    return kept


def mails() -> list[Any]:
    files = sorted((Path(settings.current().data_dir) / "mail").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


@pytest.fixture
def release(house: Flask) -> int:
    models.deploy([("small.bpmn", diagrams.RELEASE)], actor=PETRA)
    releases.create_category("small", "Small", {"*": "small_release"}, actor=PETRA)
    return releases.create(WANTED, actor=CORA)


@pytest.mark.req("S2-28")
@pytest.mark.usefixtures("release")
def test_a_report_comes_each_week_once_by_mail(time: Any) -> None:
    reporting.schedule({**WEEKLY, "recipients": ["max", "rita"]}, actor=MAX)
    with db.transaction() as session:
        writing.update_where(session, User, {"language": "de"}, name="rita")
    assert work(time) == 0
    time.now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert work(time) == 1
    assert work(time) == 0
    came = mails()
    assert sorted(one["To"].addresses[0].username for one in came) == ["max", "rita"]
    names = {}
    for one in came:
        file = next(one.iter_attachments())
        assert file.get_filename() == "weekly-progress-2026-03-02.csv"
        rows = list(csv.reader(io.StringIO(file.get_content().lstrip("\ufeff"))))
        names[one["To"].addresses[0].username] = rows[0][0]
    assert names == {"max": "Progress of releases", "rita": "Fortschritt der Releases"}
    time.now = datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert work(time) == 1
    assert len(mails()) == 4
    made, _ = stored.made()
    assert [one.to_at.day for one in made] == [9, 9, 2, 2]
    assert {one.from_at for one in made} == {
        datetime(2026, 2, 23, 10, tzinfo=UTC),
        datetime(2026, 3, 2, 10, tzinfo=UTC),
    }


@pytest.mark.usefixtures("release")
def test_turns_that_nobody_kept_come_one_after_the_other(time: Any) -> None:
    reporting.schedule({**WEEKLY, "every": "daily", "recipients": ["max"]}, actor=MAX)
    time.now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert [work(time) for _ in range(4)] == [1, 1, 1, 0]
    with db.reading() as session:
        assert session.query(Notice).filter_by(reader="max", kind=reporting.READY).count() == 3


@pytest.mark.usefixtures("release")
def test_a_schedule_that_is_ended_sends_nothing(time: Any) -> None:
    key = reporting.schedule({**WEEKLY, "recipients": ["max"]}, actor=MAX)
    with pytest.raises(errors.Forbidden):
        reporting.end(key, actor=CORA)
    reporting.end(key, actor=MAX)
    time.turn(days=30)
    assert work(time) == 0
    with pytest.raises(errors.NotFound):
        reporting.end(key, actor=MAX)


def test_a_schedule_that_cannot_be_kept_is_refused_field_by_field(house: Flask) -> None:
    wrong = {"name": " ", "every": "often", "day": 40, "at": "8", "zone": "Mars", "format": "doc", "recipients": ["x"]}
    with pytest.raises(errors.InvalidInput) as refused:
        reporting.schedule(wrong, actor=MAX)
    assert set(refused.value.errors) == set(wrong)
    with pytest.raises(errors.Forbidden):
        reporting.schedule({**WEEKLY, "recipients": ["max"]}, actor=BEA)


@pytest.mark.req("S2-28")
@pytest.mark.usefixtures("release")
def test_the_figures_are_those_of_the_records(time: Any) -> None:
    since = time.now - timedelta(days=7)
    made = reporting.report(since, time.now + timedelta(hours=1), language="en", zone="UTC")
    figures = {section.title: [tuple(row) for row in section.rows] for section in made.sections}
    assert figures["Open releases by type and phase"] == [("Minor", "–", "1")]
    assert figures["Begun and ended"] == [("Begun: Minor", "1")]
    assert figures["Deadlines"][2] == ("Missed and still open", "0")
    assert figures["Open releases"][0][0] == "R-1 Łódź =1+1"
    late = reporting.report(since, time.now + timedelta(days=400), language="en", zone="UTC")
    assert dict(next(one for one in late.sections if one.title == "Deadlines").rows)["Missed and still open"] == "1"


def drawn(body: bytes) -> str:
    """The text of a document, as a reader of documents finds it."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)


@pytest.mark.usefixtures("release")
def test_a_document_is_the_same_each_time_and_says_its_zone_once(time: Any) -> None:
    made = reporting.report(time.now - timedelta(days=7), time.now, language="de", zone="Europe/Berlin")
    first, again = (reporting.as_file(made, "pdf", "de") for _ in range(2))
    assert first == again
    assert "23. Feb. 2026, 10:00 bis 2. März 2026, 10:00 (Europe/Berlin)" in drawn(first)
    table = reporting.as_file(made, "csv", "de").decode("utf-8-sig")
    assert "R-1 Łódź =1+1" in table


@pytest.mark.parametrize("title", ["Zażółć gęślą jaźń", "Αθήνα", "Санкт-Петербург", "Đà Nẵng", "Tromsø – Þingvellir"])
def test_a_document_has_the_letters_of_names(house: Flask, title: str, time: Any) -> None:
    models.deploy([("small.bpmn", diagrams.RELEASE)], actor=PETRA)
    releases.create_category("small", "Small", {"*": "small_release"}, actor=PETRA)
    releases.create({**WANTED, "title": title}, actor=CORA)
    made = reporting.report(time.now - timedelta(days=7), time.now, language="en", zone="UTC")
    assert f"R-1 {title}" in drawn(reporting.as_file(made, "pdf", "en")).replace("\n", " ")


def test_a_letter_that_the_font_does_not_have_is_a_question_mark(time: Any) -> None:
    made = Report("東京 1", "", "", time.now, [Section("x", ["y"], [])])
    assert "?? 1" in drawn(printing.printed(made, "en"))


@pytest.mark.usefixtures("release")
def test_another_rhythm_sets_the_next_turn_anew_and_leaves_no_gap(time: Any) -> None:
    key = reporting.schedule({**WEEKLY, "recipients": ["max"]}, actor=MAX)
    time.now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert work(time) == 1
    time.now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    reporting.change(key, {"every": "daily", "at": "11:00"}, actor=MAX)
    assert work(time) == 0
    time.now = datetime(2026, 3, 5, 11, tzinfo=UTC)
    assert work(time) == 1
    newest, first = stored.made()[0]
    assert (newest.from_at, newest.to_at) == (first.to_at, time.now.replace(minute=0)), "from where the last one ended"
    reporting.change(key, {"recipients": ["max", "rita"]}, actor=MAX)
    time.now = datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert [work(time) for _ in range(5)] == [1, 1, 1, 0, 0], "once a day, never weekly besides"
    with pytest.raises(errors.StaleWrite):
        reporting.change(key, {"name": "Other"}, revision=1, actor=MAX)
    with pytest.raises(errors.Forbidden):
        reporting.change(key, {"name": "Other"}, actor=CORA)
