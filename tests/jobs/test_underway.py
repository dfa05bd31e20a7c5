"""Between telling and sending people go on leave, leave for good, change addresses: what counts is how it is then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from service import errors
from service.storage import db
from service.storage.models.people import User
from service.storage.queries import bundles as given_up
from service.storage.queries import notices as stored
from service.storage.queries import untold
from service.storage.writing import update_where
from service.usecases.sending import deliveries
from service.usecases.telling import recipients
from tests import cast
from tests.jobs.test_reaching import leave, mails, post, prefer, receipts, tell
from tests.support import posting
from tests.support.mail import MailServer

__all__ = ["post"]

ADA = cast.actor("ada")
EVENING, MORNING = datetime(2026, 3, 2, 21, tzinfo=UTC), datetime(2026, 3, 3, 7, tzinfo=UTC)
TOMORROW = date(2026, 3, 3)
QUIET = {"quiet_from": "20:00", "quiet_until": "07:00"}


def becomes(name: str, **columns: Any) -> None:
    with db.transaction() as session:
        update_where(session, User, columns, name=name)


@pytest.fixture
def evening(post: MailServer, time: Any) -> MailServer:
    """It is nine in the evening, and Bea wants quiet until seven."""
    time.now = EVENING
    prefer("bea", **QUIET)
    return post


def test_what_was_held_until_somebody_had_gone_on_leave_goes_to_who_stands_in(evening: MailServer, time: Any) -> None:
    leave("bea", "tom", first=TOMORROW)
    tell("bea", link="/tasks/5")
    tell("bea", cause="level:2")
    assert set(receipts()) == {"bea"}, "they are there today"
    time.now = MORNING
    posting.carry()
    posting.carry()
    assert receipts() == {
        "bea": ("group:build-team", "skipped", "on-leave"),
        "tom": ("substitute:bea", "sent", None),
    }
    (received,) = evening.received
    assert (received.recipients, received.subject) == (["tom@example.org"], "2 notices, 2 overdue")
    (told, _), _ = stored.inbox("tom")
    assert (told.cause, told.body) == ("level:2", "Look.")
    assert stored.unread("bea") == 2


def test_a_chain_is_followed_as_it_is_then(evening: MailServer, time: Any) -> None:
    tell("bea")
    tell("nora", cause="level:2")
    time.now = MORNING
    leave("bea", "tom", first=TOMORROW)
    leave("tom", "otto", first=TOMORROW)
    posting.carry()
    posting.carry()
    assert mails(evening) == ["nora", "otto"]
    assert receipts()["otto"] == ("substitute:bea", "sent", None)


def test_who_was_told_anyway_is_not_told_again(evening: MailServer, time: Any) -> None:
    leave("bea", "tom", first=TOMORROW)
    tell("bea", "tom")
    time.now = MORNING
    posting.carry()
    posting.carry()
    assert mails(evening) == ["tom"]
    assert receipts()["tom"] == ("group:build-team", "sent", None)


@pytest.mark.parametrize("substitute", [None, "otto"])
def test_with_nobody_to_tell_the_ledger_says_so(evening: MailServer, time: Any, substitute: str | None) -> None:
    """Nobody stands in, or somebody who is not there either."""
    leave("bea", substitute, first=TOMORROW)
    becomes("otto", deactivated_at=time.now)
    tell("bea")
    time.now = MORNING
    assert posting.carry() == []
    assert set(receipts()) == {"bea"}
    (missed,) = untold.of_causes(["level:1"])
    assert (missed.user, missed.recipient, missed.reason) == ("bea", "group:build-team", "on-leave")


def test_who_did_it_does_not_hear_of_it_as_who_stands_in(evening: MailServer, time: Any) -> None:
    leave("bea", "tom", first=TOMORROW)
    tell("bea", missed=[recipients.Missed("coordinator", "tom", recipients.DID_IT)])
    time.now = MORNING
    posting.carry()
    assert posting.carry() == []
    assert set(receipts()) == {"bea"}


def test_a_digest_waits_for_nobody_who_is_away_and_goes_on_when_they_are_back(evening: MailServer, time: Any) -> None:
    prefer("bea", digest="daily", digest_at="16:00")
    tell("bea")
    leave("bea", "tom", first=TOMORROW, days=1)
    time.now = datetime(2026, 3, 3, 16, tzinfo=UTC)
    posting.carry()
    assert receipts()["bea"][1:] == ("skipped", "on-leave")
    tell("bea", cause="level:2")
    assert receipts("level:2")["bea"][1:] == ("skipped", "on-leave")
    time.now = datetime(2026, 3, 4, 0, tzinfo=UTC)
    tell("bea", cause="level:3")
    assert receipts("level:3") == {"bea": ("group:build-team", "held", "digest")}


def test_who_has_left_for_good_gets_nothing_more(evening: MailServer, time: Any) -> None:
    tell("bea", "tom")
    becomes("bea", deactivated_at=time.now)
    time.now = MORNING
    posting.gather()
    assert receipts()["bea"][1:] == ("skipped", "gone")
    becomes("tom", deactivated_at=time.now)
    assert posting.carry() == [False]
    assert evening.received == []
    (bundle,) = given_up.given_up()[0]
    assert (bundle.reader, bundle.answer) == ("tom", "Whoever this is for is not there any more.")
    with pytest.raises(errors.Conflict, match="not active"):
        deliveries.resend(bundle.key, actor=ADA)


def test_an_address_that_changes_holds_for_what_has_not_left(evening: MailServer, time: Any) -> None:
    tell("bea", "tom")
    becomes("bea", email="bea@example.com")
    becomes("tom", email=None)
    time.now = MORNING
    posting.carry()
    assert [one.recipients for one in evening.received] == [["bea@example.com"]]
    assert receipts() == {
        "bea": ("group:build-team", "sent", "quiet"),
        "tom": ("group:build-team", "skipped", "no-address"),
    }
    becomes("tom", email="tom@example.com")
    assert posting.carry() == [], "what was skipped stays so: it is in the inbox"


def test_what_was_given_up_goes_to_the_address_that_was_put_right(post: MailServer) -> None:
    post.refused_recipients.add("bea@example.org")
    tell("bea")
    assert posting.carry() == [False]
    (bundle,) = given_up.given_up()[0]
    becomes("bea", email=None)
    with pytest.raises(errors.Conflict, match="no mail address"):
        deliveries.resend(bundle.key, actor=ADA)
    becomes("bea", email="bea@example.com")
    deliveries.resend(bundle.key, actor=ADA)
    assert posting.carry() == [True]
    (received,) = post.received
    assert (received.recipients, received.message_id) == (["bea@example.com"], posting.all_bundles()[0].message_id)
    (receipt,) = posting.all_deliveries()
    assert (receipt.address, receipt.state) == ("bea@example.com", "sent")
