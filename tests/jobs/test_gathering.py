"""What comes together goes as one message a person, made before it is sent, and after many messages less often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from service import errors
from service.domain import clock, gathering
from service.storage import db
from service.storage.models.people import User
from service.storage.queries import bundles as given_up
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.sending import deliveries
from service.usecases.telling import notices
from tests import cast
from tests.support import posting
from tests.support.mail import MailServer
from tests.support.product import Product
from tests.support.queue_server import QueueServer


@pytest.fixture
def post(house: Flask, mail: MailServer) -> Iterator[MailServer]:
    before = settings.current()
    settings.use(replace(before, smtp_url=mail.url, mail_from="tidegate@example.org"))
    yield mail
    settings.use(before)


def tell(*causes: str, to: tuple[str, ...] = ("bea",), kind: str = "deadline.overdue", urgent: bool = False) -> None:
    told = [
        notices.Telling(
            cause=cause,
            recipients=dict.fromkeys(to, "assignee"),
            kind=kind,
            subject=f"About {cause}",
            body=f"Look at {cause}.",
            link=f"/tasks/{cause}",
            urgent=urgent,
        )
        for cause in causes
    ]
    with db.transaction() as session:
        notices.tell_all(session, told)


def states() -> Counter[tuple[str, str | None]]:
    return Counter((row.state, row.reason) for row in posting.all_deliveries())


def test_what_comes_together_is_one_message_with_receipts_on_each(post: MailServer, time: Any) -> None:
    tell("1", "2", kind="deadline.near")
    time.turn(seconds=2)
    tell("3", kind="deadline.overdue")
    time.turn(seconds=1)
    assert posting.carry() == [], "something new came a second ago"
    time.turn(seconds=2)
    assert posting.carry() == [True]
    (received,) = post.received
    assert received.subject == "3 notices, 1 overdue"
    assert received.text.index("About 3") < received.text.index("About 1") < received.text.index("About 2")
    for number in ("1", "2", "3"):
        assert f"{settings.current().public_url}/tasks/{number}" in received.text
    assert {row.message_id for row in posting.all_deliveries()} == {received.message_id}
    assert states() == {("sent", None): 3}


def test_a_single_notice_is_told_in_its_own_words(post: MailServer, time: Any) -> None:
    tell("1")
    time.turn(seconds=3)
    posting.carry()
    assert [mail.subject for mail in post.received] == ["About 1"]


def test_a_steady_stream_is_sent_at_the_latest_after_a_while(post: MailServer, time: Any) -> None:
    for second in range(19):
        tell(str(second))
        time.turn(seconds=1)
        assert posting.carry() == []
    time.turn(seconds=1)
    assert posting.carry() == [True]
    assert post.received[0].subject.startswith("19 notices")


def test_a_bundle_is_made_before_it_is_sent_and_repeats_as_the_same_message(
    post: MailServer, time: Any, monkeypatch: Any
) -> None:
    tell("1", "2")
    time.turn(seconds=3)
    posting.gather()
    (bundle,) = posting.all_bundles()
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_settle", _dies)
        with pytest.raises(SystemExit):
            deliveries.deliver(bundle.key)
    tell("3")
    time.turn(seconds=4)
    assert posting.carry() == [True, True]
    first, second, third = sorted(post.received, key=lambda one: one.message_id)
    assert (first.message_id, first.text) == (second.message_id, second.text)
    assert third.subject == "About 3"


def _dies(*_: Any) -> None:
    raise SystemExit("killed")


def test_people_are_kept_apart_and_an_address_is_that_of_the_moment(post: MailServer, time: Any) -> None:
    tell("1", "2", to=("bea", "tom"))
    with db.transaction() as session:
        update_where(session, User, {"email": "new@example.org"}, name="bea")
    tell("3")
    time.turn(seconds=3)
    posting.carry()
    assert {tuple(mail.recipients): mail.subject for mail in post.received} == {
        ("tom@example.org",): "2 notices, 2 overdue",
        ("new@example.org",): "3 notices, 3 overdue",
    }


def test_after_many_messages_the_next_ones_gather_and_an_urgent_one_takes_them_along(
    post: MailServer, time: Any
) -> None:
    for number in range(gathering.MOST_AN_HOUR):
        tell(f"n{number}")
        time.turn(seconds=3)
        assert posting.carry() == [True]
    tell("a")
    time.turn(seconds=3)
    assert posting.carry() == []
    assert states()["held", "rate"] == 1
    time.turn(minutes=4)
    tell("b")
    time.turn(seconds=3)
    assert posting.carry() == []
    time.turn(minutes=1)
    assert posting.carry() == [True]
    assert post.received[-1].subject == "2 notices, 2 overdue"
    tell("c")
    time.turn(seconds=3)
    assert posting.carry() == []
    tell("d", urgent=True)
    time.turn(seconds=3)
    assert posting.carry() == [True]
    assert post.received[-1].subject == "2 notices, 2 overdue"
    time.turn(hours=1)
    tell("e")
    time.turn(seconds=3)
    assert posting.carry() == [True]


def test_only_so_many_are_listed_and_the_rest_is_counted(post: MailServer, time: Any) -> None:
    tell(*(str(number) for number in range(500)))
    time.turn(seconds=3)
    posting.carry()
    (received,) = post.received
    assert received.subject == "500 notices, 500 overdue"
    assert received.text.count("/tasks/") == 40
    assert "and 460 more, in the inbox" in received.text
    assert f"{settings.current().public_url}/inbox" in received.text


def test_a_message_that_is_given_up_is_one_line_and_is_tried_again_as_a_whole(post: MailServer, time: Any) -> None:
    post.refused_recipients.add("bea@example.org")
    tell(*(str(number) for number in range(60)), to=("bea", "tom"))
    time.turn(seconds=3)
    assert sorted(posting.carry()) == [False, True]
    (line,), _ = given_up.given_up()
    assert (line.reader, line.size, line.subject, given_up.count_given_up()) == ("bea", 60, "About 0", 1)
    assert "550" in line.answer
    post.refused_recipients.clear()
    deliveries.resend(line.key, actor=cast.actor("ada"))
    with pytest.raises(errors.Conflict):
        deliveries.resend(line.key, actor=cast.actor("ada"))
    assert posting.carry() == [True]
    assert post.received[-1].subject == "60 notices, 60 overdue"
    assert states() == {("sent", None): 120}
    assert given_up.given_up() == ([], None)


def test_a_german_reads_german(post: MailServer, time: Any) -> None:
    with db.transaction() as session:
        update_where(session, User, {"language": "de"}, name="bea")
    tell("1", "2")
    time.turn(seconds=3)
    posting.carry()
    assert post.received[0].subject == "2 Nachrichten, 2 überfällig"


def test_many_due_for_many_people_cost_a_few_statements(post: MailServer, time: Any) -> None:
    names = ("bea", "tom", "otto", "nora", "max", "cora")
    tell(*(str(number) for number in range(300)), to=names)
    time.turn(seconds=3)
    keys = [row.key for row in posting.all_deliveries()]
    counted: list[str] = []

    def listen(*args: Any) -> None:
        counted.append(args[2])

    event.listen(db.db.engine, "before_cursor_execute", listen)
    deliveries.gather(keys)
    event.remove(db.db.engine, "before_cursor_execute", listen)
    assert {bundle.size for bundle in posting.all_bundles()} == {300}
    assert len(counted) <= 14


def test_a_storm_is_one_message_a_person(
    open_house: Flask,
    database: str,
    queue_server: QueueServer,
    mail: MailServer,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(database, queue_server.url, mail.url)
    for first in range(0, 500, 50):
        tell(*(str(number) for number in range(first, first + 50)), to=("bea", "tom"))
    product.start("dispatcher")
    product.start("worker")
    received = mail.wait_for(2)
    assert sorted(one.recipients for one in received) == [["bea@example.org"], ["tom@example.org"]]
    assert {one.subject for one in received} == {"500 notices, 500 overdue"}
    end = clock.now() + timedelta(seconds=30)
    while (told := states()) != {("sent", None): 1000}:
        assert clock.now() < end, told
    assert len(mail.received) == 2
