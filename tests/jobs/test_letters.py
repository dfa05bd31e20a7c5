"""How mails look: words and facts in the reader's language and zone, text and HTML, threads, and where to end them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service.integrations import letters, letterwords
from service.storage import db
from service.storage.models.people import User
from service.storage.queries import tasks
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.deadlines import firing
from service.usecases.deploying import models
from service.usecases.running import instances
from service.usecases.telling import notices
from tests import cast
from tests.support import drawing as d
from tests.support import posting
from tests.support.mail import MailServer, Received

MODEL = d.diagram(
    d.start()
    + d.user(
        "build",
        name="Build <image>",
        assignee="bea",
        deadline="PT4H",
        escalation="50%: assignee; PT0S: user:nora; P1D: user:nora repeat P1D x2",
    )
    + d.end()
    + d.chain("start", "build", "end"),
    name="Image",
)


@pytest.fixture
def post(house: Flask, mail: MailServer) -> Iterator[MailServer]:
    before = settings.current()
    current = replace(before, smtp_url=mail.url, mail_from="tidegate@example.org", gather_seconds=0)
    settings.use(replace(current, public_url="https://tidegate.example.org"))
    yield mail
    settings.use(before)


@pytest.fixture
def task(post: MailServer) -> Any:
    models.deploy([("image.bpmn", MODEL)], actor=cast.actor("petra"))
    key = instances.start("p", actor=cast.actor("petra")).instance_key
    (row,) = tasks.open_of_instance(key)
    return row


def climb(post: MailServer, time: Any, **amount: float) -> Received:
    """The mail of what is due after this time."""
    time.turn(**amount)
    from_levels = posting.due_levels()
    firing.fire_all(from_levels)
    posting.carry()
    return post.received[-1]


def page(received: Received) -> str:
    body = received.message.get_body(preferencelist=("html",))
    assert body is not None
    return str(body.get_content())


def test_a_mail_has_its_facts_in_words_a_button_and_no_markup_of_others(post: MailServer, task: Any, time: Any) -> None:
    with db.transaction() as session:
        update_where(session, User, {"zone": "Europe/Berlin"}, name="bea")
    received = climb(post, time, hours=2)
    assert received.recipients == ["bea@example.org"]
    for fact in (
        "What: Build <image>",
        "Due: 2 Mar 2026, 14:00 (Europe/Berlin)",
        "With: Bea Builder",
        "Step of the ladder: 50 % of the time has passed",
        "Why you are told: it is with you",
        f"Open the task: https://tidegate.example.org/tasks/{task.key}",
    ):
        assert fact in received.text
    html = page(received)
    assert "<td>Build &lt;image&gt;</td>" in html
    assert f'<a class="button" href="https://tidegate.example.org/tasks/{task.key}">Open the task</a>' in html
    assert "Due soon" in html
    assert "prefers-color-scheme:dark" in html


def test_a_german_reads_the_facts_in_german(post: MailServer, task: Any, time: Any) -> None:
    with db.transaction() as session:
        update_where(session, User, {"language": "de"}, name="nora")
    climb(post, time, hours=4)
    received = climb(post, time, days=1)
    assert "Stufe der Eskalation: 1 Tag nach dem Termin" in received.text
    assert "Warum Sie das erhalten: Sie sind genannt" in received.text
    assert 'lang="de"' in page(received)
    assert "einmal wiederholt" in climb(post, time, days=1).text
    assert "zum 2. Mal wiederholt" in climb(post, time, days=1).text


def test_mails_of_a_task_are_one_thread_for_each_reader(post: MailServer, task: Any, time: Any) -> None:
    first = climb(post, time, hours=4)
    second = climb(post, time, days=1)
    assert first.recipients == second.recipients == ["nora@example.org"]
    assert first.message["References"] == second.message["References"]
    assert first.message["In-Reply-To"] == f"{first.message['References']}".split()[-1]
    assert f"<task.{task.key}." in first.message["References"]
    bea = post.to("bea@example.org")[0]
    assert bea.message["References"] != first.message["References"]
    assert bea.message_id not in (first.message_id, second.message_id)


def test_mails_say_that_they_come_by_themselves_and_where_to_choose(post: MailServer, task: Any, time: Any) -> None:
    message = climb(post, time, hours=4).message
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<notices.example.org>"
    assert message["List-Unsubscribe"] == "<https://tidegate.example.org/account/reaching>"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_who_stands_in_reads_for_whom(post: MailServer) -> None:
    with db.transaction() as session:
        told = {"tom": "substitute:bea"}
        notices.tell(session, cause="x", recipients=told, kind="deadline.due", subject="Late", body="It is late.")
    posting.carry()
    assert "Why you are told: you stand in for Bea Builder" in post.received[0].text


READER = letters.Reader("en", "UTC", "https://tidegate.example.org")


def entry(number: int, **more: Any) -> letters.Entry:
    given = {
        "kind": "deadline.overdue", "subject": f"Late {number}", "body": "Late.", "link": f"/tasks/{number}",
        "release_number": number % 2 + 1, "release_title": "Autumn & spring", "task_key": number,
        "name": f"Task {number}", "due_at": datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(hours=number),
    }  # fmt: skip
    return letters.Entry(**{**given, **more})  # type: ignore[arg-type]


def test_many_stand_by_release_with_counts_what_is_late_first() -> None:
    told = [entry(1, kind="deadline.near"), entry(2), entry(3), *(entry(n, kind="phase.entered") for n in range(4, 60))]
    written = letters.content(told, READER)
    assert written.subject == "59 notices, 2 overdue"
    assert written.html.count("<li>") == letters.MOST_LISTED
    assert written.html.index("Task 2") < written.html.index("Late 4")
    assert "R-1 Autumn &amp; spring (29)" in written.html
    assert "and 19 more, in the inbox" in written.text
    assert written.link == "https://tidegate.example.org/inbox"


def test_every_language_has_the_same_words() -> None:
    for tables in (letterwords.WORDS, letterwords.STATES):
        assert {frozenset(words) for words in tables.values()} == {frozenset(tables[letterwords.FALLBACK])}
