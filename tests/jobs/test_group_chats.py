"""What a group is told goes to the group's chats too, once a cause, as one message for what comes together."""

from __future__ import annotations

from typing import Any

import pytest

from service import errors
from service.domain import gathering
from service.storage import db
from service.storage.queries import bundles as given_up
from service.storage.queries import ledger
from service.storage.queries import notices as stored
from service.usecases.accounts import people
from service.usecases.sending import chats, deliveries
from service.usecases.telling import notices
from tests import cast
from tests.jobs.test_chats import address, chatting
from tests.jobs.test_deadlines import begin, fire_due, one_task
from tests.support import posting
from tests.support.receiver import Receiver

__all__ = ["chatting"]

ADA, BEA = cast.actor("ada"), cast.actor("bea")
TEAM = "group:build-team"


def tell(cause: str = "level:1", to: tuple[str, ...] = ("bea", "tom"), **more: Any) -> None:
    with db.transaction() as session:
        notices.tell(
            session, cause=cause, recipients=dict.fromkeys(to, "candidates"), groups={"build-team": "candidates"},
            kind="deadline.due", subject=f"Deadline missed: {cause}", body="Please finish it.", **more,
        )  # fmt: skip


def carry(time: Any, seconds: float = 60) -> None:
    time.turn(seconds=seconds)
    posting.carry()


def of_the_group() -> list[Any]:
    return [row for row in posting.all_deliveries() if row.reader == TEAM]


def test_a_group_is_told_once_in_its_chat_and_everybody_in_the_inbox(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    tell()
    tell()
    carry(time)
    carry(time)
    (call,) = chatting.calls
    assert call.event["title"] == "Deadline missed: level:1"
    (receipt,) = of_the_group()
    assert (receipt.channel, receipt.address, receipt.state) == ("chat", "Team", "sent")
    assert [stored.unread(name) for name in ("bea", "tom")] == [1, 1]
    assert {row.reader for row in posting.all_deliveries() if row.channel == "email"} == {"bea", "tom"}
    lines, _ = ledger.lines(ADA, reader=TEAM)
    assert [(line.channel, line.state, line.as_) for line in lines] == [("chat", "sent", "candidates")]


def test_many_causes_are_one_message_and_after_many_messages_the_next_gather(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    for number in range(50):
        tell(f"level:{number}")
    carry(time)
    (call,) = chatting.calls
    assert call.event["title"] == "50 notices, 50 overdue"
    for number in range(50, 50 + gathering.MOST_AN_HOUR):
        tell(f"level:{number}")
        carry(time, 5)
    assert len(chatting.calls) == gathering.MOST_AN_HOUR
    assert [row.reason for row in of_the_group() if row.state == "held"] == ["rate"]
    tell("level:99", urgent=True)
    carry(time, 5)
    assert chatting.calls[-1].event["title"] == "2 notices, 2 overdue"


def test_a_group_without_a_chat_is_no_reader(chatting: Receiver) -> None:
    tell()
    assert {row.reader for row in posting.all_deliveries()} == {"bea", "tom"}


def test_a_group_of_nobody_still_has_its_chat(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    tell(to=())
    carry(time)
    assert len(chatting.calls) == 1


def test_a_chat_of_a_group_that_refuses_is_given_up_and_tried_again(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    chatting.status = 500
    tell()
    carry(time)
    for pause in deliveries.PAUSES_S:
        carry(time, pause)
    (line,) = given_up.given_up()[0]
    assert (line.reader, line.address, line.size) == (TEAM, "Team", 1)
    assert "500" in line.answer
    chatting.clear()
    deliveries.resend(line.key, actor=ADA)
    carry(time, 0)
    assert (of_the_group()[0].state, len(chatting.calls)) == ("sent", 1)


def test_what_waits_for_a_chat_that_was_removed_goes_nowhere(chatting: Receiver, time: Any) -> None:
    first = chats.add(TEAM, "Team", address(chatting), actor=ADA)
    second = chats.add(TEAM, "Other", address(chatting), actor=ADA)
    tell()
    chats.remove(TEAM, first, actor=ADA)
    carry(time)
    found = {row.address: (row.state, row.answer) for row in of_the_group()}
    assert found["Team"] == ("dead", "This chat was removed.")
    assert found["Other"][0] == "sent"
    tell("level:2")
    chats.remove(TEAM, second, actor=ADA)
    carry(time)
    assert [(row.state, row.reason) for row in of_the_group()][-1] == ("skipped", "gone")


def test_a_group_reads_in_its_language(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    people.edit_group("build-team", {"language": "de"}, actor=ADA)
    begin(one_task())
    time.turn(hours=8)
    assert fire_due(time) == 1
    carry(time)
    (call,) = chatting.calls
    assert "Bald fällig: Build" in call.event["title"]


@pytest.mark.parametrize("ladder", ["PT0S: candidates", "PT0S: group:build-team", "PT0S: user:tom candidates"])
def test_a_level_that_means_a_group_tells_its_chat(chatting: Receiver, time: Any, ladder: str) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    chats.add("group:test-team", "Testers", address(chatting) + "/tests", actor=ADA)
    begin(one_task(escalation=ladder))
    time.turn(hours=10)
    assert fire_due(time) == 1
    carry(time)
    assert [call.path for call in chatting.calls] == ["/chat"]


def test_a_level_that_means_people_tells_no_chat(chatting: Receiver, time: Any) -> None:
    chats.add(TEAM, "Team", address(chatting), actor=ADA)
    begin(one_task(escalation="PT0S: user:bea"))
    time.turn(hours=10)
    assert fire_due(time) == 1
    carry(time)
    assert chatting.calls == []


def test_administrators_choose_the_chats_of_groups(chatting: Receiver) -> None:
    url = address(chatting)
    with pytest.raises(errors.Forbidden):
        chats.add(TEAM, "Team", url, actor=BEA)
    with pytest.raises(errors.NotFound):
        chats.add("group:unknown", "Team", url, actor=ADA)
    key = chats.add(TEAM, "Team", url, actor=ADA)
    for refused in (chats.remove, chats.test):
        with pytest.raises(errors.Forbidden):
            refused(TEAM, key, actor=BEA)
        with pytest.raises(errors.NotFound):
            refused("bea", key, actor=BEA)
    assert "secret" not in chats.of(TEAM, actor=ADA)[0].shown
    assert "Sent JSON" in chats.test(TEAM, key, actor=ADA)
