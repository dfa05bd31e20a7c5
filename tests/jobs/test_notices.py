"""Notices reach the inbox once a cause, mails are tried until they are through, receipts say what became of them."""

from __future__ import annotations

import time as wall
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.integrations import mail as sending
from service.storage import db, outbox
from service.storage.models.notices import Bundle
from service.storage.models.people import User
from service.storage.queries import bundles as given_up
from service.storage.queries import notices as stored
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.sending import chats, deliveries
from service.usecases.telling import notices
from tests import cast
from tests.support import posting as post
from tests.support.keyblocks import another_process
from tests.support.mail import MailServer

Tell = Callable[..., int]


@pytest.fixture
def posting(house: Flask, mail: MailServer) -> Iterator[MailServer]:
    """The house sends its mail to the real server, without waiting for more to come."""
    before = settings.current()
    settings.use(replace(before, smtp_url=mail.url, mail_from="tidegate@example.org", gather_seconds=0))
    yield mail
    settings.use(before)


def tell(*names: str, cause: str = "level:1", **more: Any) -> int:
    with db.transaction() as session:
        return notices.tell(
            session,
            cause=cause,
            recipients=dict.fromkeys(names, "group:build-team"),
            kind="test",
            subject="Something happened",
            body="Look at it.",
            link="/tasks/5",
            **more,
        )


def on_their_way() -> list[Any]:
    return post.all_deliveries()


def only() -> Any:
    (row,) = on_their_way()
    return row


def message() -> Any:
    (row,) = post.all_bundles()
    return row


def test_the_same_cause_tells_a_person_once(house: Flask) -> None:
    assert tell("bea", "tom") == 2
    assert tell("bea", "tom", "otto") == 1
    assert tell("bea", cause="level:2") == 1
    assert [len(stored.inbox(name)[0]) for name in ("bea", "tom", "otto")] == [2, 1, 1]
    assert len(on_their_way()) == 4


def test_who_has_no_address_has_the_inbox_alone(house: Flask) -> None:
    with db.transaction() as session:
        update_where(session, User, {"email": None}, name="bea")
    assert tell("bea") == 1
    assert stored.unread("bea") == 1
    assert (only().state, only().reason, only().address) == ("skipped", "no-address", None)
    assert post.carry() == []


def test_unknown_and_deactivated_people_get_nothing(house: Flask, time: Any) -> None:
    with db.transaction() as session:
        update_where(session, User, {"deactivated_at": time.now}, name="bea")
    assert tell("bea", "nobody-of-this-name") == 0


def test_a_mail_goes_out_with_a_link_and_a_receipt(posting: MailServer, time: Any) -> None:
    tell("bea")
    time.turn(seconds=2)
    assert post.carry() == [True]
    (received,) = posting.to("bea@example.org")
    assert received.subject == "Something happened"
    assert f"{settings.current().public_url}/tasks/5" in received.text
    (receipt,) = stored.of_cause("level:1")
    assert (receipt.user_title, receipt.as_, receipt.channel, receipt.address, receipt.delivery_state) == (
        "Bea Builder",
        "group:build-team",
        "email",
        "bea@example.org",
        "sent",
    )
    assert (receipt.sent_at - receipt.asked_at, receipt.message_id) == (timedelta(seconds=2), received.message_id)
    assert receipt.answer == "250 Message accepted"


def test_a_mail_that_was_sent_is_not_sent_again(posting: MailServer) -> None:
    tell("bea")
    assert post.carry() == [True]
    assert not deliveries.deliver(message().key)
    assert post.carry() == []
    assert len(posting.received) == 1


def test_a_mail_in_somebodys_hands_is_left_alone(posting: MailServer, time: Any) -> None:
    tell("bea")
    post.gather()
    with db.transaction() as session:
        until = time.now + timedelta(seconds=3)
        update_where(session, Bundle, {"lease": "another worker", "leased_until": until}, key=message().key)
    assert not deliveries.deliver(message().key)
    time.turn(seconds=4)
    assert deliveries.deliver(message().key)


def test_a_refusal_that_may_pass_is_tried_again_later(posting: MailServer, time: Any) -> None:
    tell("bea")
    posting.refusal = "451 Try later"
    assert post.carry() == [False]
    assert (only().state, only().attempts, only().answer) == ("waiting", 1, "451 Try later")
    posting.refusal = None
    assert not deliveries.deliver(message().key), "not before its pause is over"
    time.turn(seconds=deliveries.PAUSES_S[0])
    assert deliveries.deliver(message().key)
    assert only().attempts == 2


def test_the_first_mail_after_an_outage_brings_forward_what_waited_because_of_it(
    posting: MailServer, time: Any
) -> None:
    tell("bea", "tom", cause="level:1")
    posting.go_away()
    for pause in deliveries.PAUSES_S[:5]:
        assert post.carry() == [False, False]
        time.turn(seconds=pause)
    assert post.carry() == [False, False]
    posting.come_back()
    tell("nora", cause="level:2")
    assert post.carry() == [True], "the others wait an hour by now"
    assert post.carry() == [True, True]
    assert {row.state for row in on_their_way()} == {"sent"}


def test_what_one_mailbox_puts_off_waits_although_others_get_their_mail(posting: MailServer, time: Any) -> None:
    tell("bea")
    posting.refusal = "451 Try later"
    post.carry()
    posting.refusal = None
    tell("tom", cause="level:2")
    assert post.carry() == [True]
    assert sorted(row.state for row in on_their_way()) == ["sent", "waiting"]


def test_a_refusal_for_good_is_given_up_with_the_servers_words(posting: MailServer) -> None:
    tell("bea")
    posting.refused_recipients.add("bea@example.org")
    post.carry()
    assert (only().state, only().answer) == ("dead", "550 5.1.1 No such mailbox here")
    assert given_up.count_given_up() == 1
    assert stored.unread("bea") == 1, "the inbox has it all the same"


def test_after_many_attempts_a_mail_is_given_up_until_an_administrator_resends_it(
    posting: MailServer, time: Any
) -> None:
    tell("bea")
    posting.refusal = "451 Try later"
    for pause in (*deliveries.PAUSES_S, 0):
        assert only().state == "waiting"
        post.carry()
        time.turn(seconds=pause)
    assert (only().state, only().attempts) == ("dead", len(deliveries.PAUSES_S) + 1)
    posting.refusal = None
    with pytest.raises(errors.Forbidden):
        deliveries.resend(message().key, actor=cast.actor("bea"))
    deliveries.resend(message().key, actor=cast.actor("ada"))
    assert post.carry() == [True]
    assert (only().state, only().attempts, only().answer) == ("sent", 1, "250 Message accepted")


def test_a_death_between_acceptance_and_marking_repeats_the_same_message_id(
    posting: MailServer, time: Any, monkeypatch: Any
) -> None:
    tell("bea")
    post.gather()
    key = message().key
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_settle", _dies)
        with pytest.raises(SystemExit):
            deliveries.deliver(key)
    time.turn(seconds=4)
    assert deliveries.deliver(key)
    first, second = posting.received
    assert first.message_id == second.message_id


def _dies(*_: Any) -> None:
    raise SystemExit("killed")


def test_the_lease_is_renewed_while_the_server_takes_its_time(
    house: Flask, mail: MailServer, monkeypatch: Any, time: Any
) -> None:
    tell("bea")
    time.turn(seconds=settings.current().gather_seconds)
    post.gather()
    key, seen = message().key, []
    lease = replace(settings.current(), lease_seconds=0.3)

    def slow(*_: Any) -> str:
        for _again in range(3):
            time.turn(seconds=0.2)
            _wait_until(lambda: (message().leased_until - time.now).total_seconds() > 0.2)
            seen.append(deliveries.deliver(key))
        return "250 at last"

    before = settings.current()
    settings.use(lease)
    monkeypatch.setattr(sending, "send", slow)
    try:
        assert deliveries.deliver(key)
    finally:
        settings.use(before)
    assert seen == [False, False, False]


def _wait_until(condition: Callable[[], bool]) -> None:
    end = wall.monotonic() + 60
    while not condition():
        assert wall.monotonic() < end, "the lease was not renewed"
        wall.sleep(0.02)


def test_without_a_mail_server_mails_are_files(house: Flask, tmp_path: Path, time: Any) -> None:
    tell("bea")
    time.turn(seconds=settings.current().gather_seconds)
    post.carry()
    (path,) = (tmp_path / "mail").glob("*.eml")
    assert b"bea@example.org" in path.read_bytes()
    assert only().answer == f"written to {path}"


def test_people_mark_their_own_notices_as_read(house: Flask, time: Any) -> None:
    tell("bea")
    tell("bea", cause="level:2")
    (newest, oldest), _ = stored.inbox("bea")
    with pytest.raises(errors.NotFound):
        notices.mark_read(newest.key, actor=cast.actor("tom"))
    notices.mark_read(newest.key, actor=cast.actor("bea"))
    notices.mark_read(newest.key, actor=cast.actor("bea"))
    assert [row.key for row in stored.inbox("bea", unread=True)[0]] == [oldest.key]
    assert notices.mark_all_read(actor=cast.actor("bea")) == 1
    assert stored.unread("bea") == 0


def test_the_inbox_comes_page_by_page(house: Flask) -> None:
    for number in range(5):
        tell("bea", cause=f"level:{number}")
    first, cursor = stored.inbox("bea", limit=3)
    second, end = stored.inbox("bea", limit=3, cursor=cursor)
    assert (len(first), len(second), end) == (3, 2, None)
    assert not {row.key for row in first} & {row.key for row in second}


def test_what_is_newest_comes_first_whichever_process_told_it(house: Flask, time: Any) -> None:
    with another_process():
        tell("bea", cause="level:1")
    time.turn(minutes=1)
    tell("bea", cause="level:2")
    time.turn(minutes=1)
    with another_process():
        tell("bea", cause="level:3")
    time.turn(minutes=1)
    tell("bea", cause="level:4")
    newest_first = ["level:4", "level:3", "level:2", "level:1"]
    for read in (stored.inbox, lambda _, **page: stored.listing(cast.actor("bea"), **page)):
        found, cursor = [], None
        while True:
            rows, cursor = read("bea", limit=1, cursor=cursor)
            found += [row.cause for row in rows]
            if cursor is None:
                break
        assert found == newest_first


def test_a_page_of_receipts_has_all_ways_of_each_notice(house: Flask) -> None:
    chats.add("bea", "Team", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", actor=cast.actor("bea"))
    tell("bea", cause="level:1")
    tell("bea", cause="level:2")
    rows, cursor = stored.listing(cast.actor("bea"), limit=1)
    rest, end = stored.listing(cast.actor("bea"), limit=1, cursor=cursor)
    assert [[row.channel for row in found] for found in (rows, rest)] == [["email", "chat"]] * 2
    assert end is None


def test_strangers_see_only_their_own_receipts(house: Flask) -> None:
    tell("bea", "nora")
    assert {row.reader for row in stored.listing(cast.actor("nora"))[0]} == {"nora"}
    assert {row.reader for row in stored.listing(cast.actor("max"))[0]} == {"bea", "nora"}


def test_a_notice_gathers_before_it_is_sent(house: Flask, time: Any) -> None:
    tell("bea", now=time.now)
    assert outbox.backlog(time.now)[outbox.DELIVERIES].due == 0
    time.turn(seconds=settings.current().gather_seconds)
    assert outbox.backlog(time.now)[outbox.DELIVERIES].due == 1
