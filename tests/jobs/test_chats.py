"""Chats through Apprise: what may be added, what is shown of it, and what becomes of messages at a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.integrations import chat
from service.storage import db, outbox
from service.storage.models.people import User
from service.storage.queries import chats as stored
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.sending import chats, deliveries
from service.usecases.telling import notices, templates
from tests import cast
from tests.support import posting
from tests.support.receiver import Receiver

BEA, ADA = cast.actor("bea"), cast.actor("ada")


@pytest.fixture
def chatting(house: Flask, receiver: Receiver) -> Iterator[Receiver]:
    """People may use `json://` here, to this machine, where a real receiver listens."""
    before = settings.current()
    settings.use(replace(before, webhook_private=True, chat_schemes="json,slack"))
    yield receiver
    settings.use(before)


def address(receiver: Receiver) -> str:
    return f"json://bea:secret@127.0.0.1:{receiver.port}/chat"


def tell(cause: str = "level:1", **more: Any) -> None:
    with db.transaction() as session:
        notices.tell(
            session, cause=cause, recipients={"bea": "assignee"}, kind="deadline.due", link="/tasks/5",
            subject=f"Deadline missed: {cause}", body="Please finish it.", **more,
        )  # fmt: skip


def carry(time: Any, seconds: float = 60) -> None:
    """Everything that is due after so many seconds is gathered and tried once."""
    now = time.turn(seconds=seconds)
    for kind, door in ((outbox.DELIVERIES, deliveries.gather), (outbox.BUNDLES, None)):
        with db.transaction() as session:
            keys = outbox.claim(session, kind, now, now, 100)
        if door is not None:
            door(keys)
        else:
            for key in keys:
                deliveries.deliver(key)


def on_chat() -> list[Any]:
    return [row for row in posting.all_deliveries() if row.channel == "chat"]


def test_a_notice_goes_to_the_chat_of_the_person_with_a_receipt(chatting: Receiver, time: Any) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    tell()
    carry(time)
    (call,) = chatting.calls
    assert (call.path, call.event["title"]) == ("/chat", "Deadline missed: level:1")
    assert "Please finish it." in call.event["message"]
    assert "/tasks/5" in call.event["message"]
    (receipt,) = on_chat()
    assert (receipt.state, receipt.address, receipt.reader) == ("sent", "Team", "bea")
    carry(time)
    assert len(chatting.calls) == 1


def test_a_chat_is_told_in_the_words_of_an_administrator_in_the_persons_language(chatting: Receiver, time: Any) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    templates.write("deadline.due", "de", "Spät: {name}", "Eilt: {release}.", actor=ADA)
    with db.transaction() as session:
        update_where(session, User, {"language": "de"}, name="bea")
    tell(values={"name": "Bau", "release": "R-1 Laden"})
    carry(time)
    (call,) = chatting.calls
    assert call.event["title"] == "Spät: Bau"
    assert call.event["message"].startswith("Eilt: R-1 Laden.")


def test_many_notices_are_one_message_in_each_chat(chatting: Receiver, time: Any) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    chats.add("bea", "Other", address(chatting) + "/other", actor=BEA)
    for number in range(30):
        tell(f"level:{number}")
    carry(time)
    assert sorted(call.path for call in chatting.calls) == ["/chat", "/chat/other"]
    assert {row.state for row in on_chat()} == {"sent"}
    assert len(on_chat()) == 60


def test_a_chat_that_refuses_is_tried_again_then_given_up_and_may_be_sent_again(chatting: Receiver, time: Any) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    chatting.status = 500
    tell()
    carry(time)
    (receipt,) = on_chat()
    assert (receipt.state, receipt.attempts) == ("waiting", 1)
    assert "500" in receipt.answer
    for pause in deliveries.PAUSES_S:
        carry(time, pause)
    (receipt,) = on_chat()
    assert (receipt.state, len(chatting.calls)) == ("dead", len(deliveries.PAUSES_S) + 1)
    chatting.clear()
    deliveries.resend(receipt.bundle, actor=ADA)
    carry(time, 0)
    assert (on_chat()[0].state, len(chatting.calls)) == ("sent", 1)


def test_a_chat_that_was_removed_is_given_up_at_once(chatting: Receiver, time: Any) -> None:
    key = chats.add("bea", "Team", address(chatting), actor=BEA)
    tell()
    chats.remove("bea", key, actor=BEA)
    carry(time)
    (receipt,) = on_chat()
    assert (receipt.state, receipt.answer) == ("dead", "This chat was removed.")
    assert chatting.calls == []


def test_secrets_are_masked_wherever_a_chat_is_shown(chatting: Receiver) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    chats.add("bea", "Path", f"{address(chatting)}/token-in-the-path", actor=BEA)
    chats.add("bea", "Slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", actor=BEA)
    shown = " ".join(row.shown for row in stored.of("bea"))
    assert "secret" not in shown
    assert "token-in-the-path" not in shown
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
    assert "Slack, slack://T...2/A...D/" in shown


def test_a_test_says_what_the_service_said(chatting: Receiver) -> None:
    key = chats.add("bea", "Team", address(chatting), actor=BEA)
    assert "Sent JSON" in chats.test("bea", key, actor=BEA)
    assert chatting.calls[0].event["title"] == "A test from Tidegate"
    chatting.status = 403
    with pytest.raises(errors.ExternalFailure, match="403"):
        chats.test("bea", key, actor=BEA)
    with pytest.raises(errors.Forbidden):
        chats.test("bea", key, actor=ADA)
    with pytest.raises(errors.NotFound):
        chats.test("ada", key, actor=ADA)


WRONG = [
    "https://example.org/",
    "mailto://a:b@example.org",
    "file:///etc/passwd",
    "",
    "slack://",
    "json://",
    "x" * 3000,
]


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_address_of_an_allowed_chat_is_refused(url: str) -> None:
    assert chat.url_problem(url, ["json", "slack"])


def test_a_chat_in_our_own_network_is_not_called(receiver: Receiver) -> None:
    url = address(receiver)
    with pytest.raises(errors.ExternalFailure, match="private network"):
        chat.send(url, "title", "text", allowed=["json"], private=False)
    with pytest.raises(errors.ExternalFailure, match="must begin with one of slack://"):
        chat.send(url, "title", "text", allowed=["slack"], private=True)
    assert receiver.calls == []


@pytest.mark.parametrize("asked", ["", "?redirect=yes"])
def test_a_chat_that_leads_elsewhere_is_not_followed(chatting: Receiver, asked: str) -> None:
    chatting.status, chatting.more = 307, {"Location": f"http://127.0.0.1:{chatting.port}/inside"}
    with pytest.raises(errors.ExternalFailure):
        chat.send(address(chatting) + asked, "title", "text", allowed=["json"], private=True)
    assert [call.path for call in chatting.calls] == ["/chat"]


def test_names_and_numbers_of_chats_are_limited(chatting: Receiver) -> None:
    chats.add("bea", "Team", address(chatting), actor=BEA)
    with pytest.raises(errors.AlreadyExists):
        chats.add("bea", "Team", address(chatting), actor=BEA)
    with pytest.raises(errors.InvalidInput) as refused:
        chats.add("bea", " ", "x", actor=BEA)
    assert sorted(refused.value.errors) == ["name", "url"]
    for number in range(chats.MOST - 1):
        chats.add("bea", f"Team {number}", address(chatting), actor=BEA)
    with pytest.raises(errors.Conflict, match="Remove one"):
        chats.add("bea", "One more", address(chatting), actor=BEA)
