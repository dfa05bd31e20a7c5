"""Announced dates reach who follows a release, and so does each change of them, with the old and the new dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage import db, outbox, writing
from service.storage.models.releases import ReleasePerson
from service.storage.queries import announcements as stored
from service.storage.queries import notices
from service.usecases import settings
from service.usecases.accounts import people
from service.usecases.deploying import models
from service.usecases.releases import following
from service.usecases.releases import releases as releases_
from service.usecases.sending import announcing, deliveries
from tests import cast
from tests.jobs.test_keypoints import GIVEN, MODEL
from tests.support.keyblocks import another_process
from tests.support.mail import MailServer

START, END = datetime(2026, 4, 18, 18, tzinfo=UTC), datetime(2026, 4, 19, 2, tzinfo=UTC)
LATER = {"window_start": START + timedelta(days=7), "window_end": END + timedelta(days=7)}
KIM = "kim@customer.example.org"


@pytest.fixture
def release(house: Flask, mail: MailServer) -> Iterator[int]:
    """Fred, whom Cora added, and two customers follow it; her mails go to the real server."""
    before = settings.current()
    settings.use(replace(before, smtp_url=mail.url, mail_from="tidegate@example.org", zone="Europe/Berlin"))
    models.deploy([("minor.bpmn", MODEL)], actor=cast.actor("petra"))
    cora = cast.actor("cora")
    number = releases_.create({**GIVEN, "window_start": START, "window_end": END, "manager": "max"}, actor=cora)
    following.add(number, user="fred", actor=cora)
    following.add(number, address=KIM, language="de", actor=cora)
    following.add(number, address="lee@customer.example.org", actor=cora)
    yield number
    settings.use(before)


def post(time: Any) -> list[bool]:
    """Send what is due, as workers do."""
    with db.transaction() as session:
        keys = outbox.claim(session, outbox.ANNOUNCEMENTS, time.now, time.now, 100)
    return [announcing.send(key) for key in keys]


def told(number: int, *kinds: str) -> set[tuple[str, str]]:
    return {(row.reader, row.kind) for row in notices.of_release(number) if row.kind in kinds}


@pytest.mark.req("S1-9")
def test_customers_hear_of_announced_dates_and_of_their_change(release: int, mail: MailServer, time: Any) -> None:
    announcing.announce(release, "The portal is away that night.", actor=cast.actor("cora"))
    assert told(release, announcing.ANNOUNCED) == {("fred", announcing.ANNOUNCED)}
    assert post(time) == [True, True]
    assert post(time) == [], "once"
    (first,) = mail.to(KIM)
    assert first.subject == "Angekündigt: R-1 Autumn – 18. Apr. 2026, 20:00 (Europe/Berlin)"
    assert "The portal is away that night." in first.text
    time.turn(days=1)
    releases_.edit(release, LATER, actor=cast.actor("max"), why="The supplier is late.")
    assert post(time) == [True, True]
    received = mail.to("lee@customer.example.org")[-1]
    assert received.subject == "Dates changed: R-1 Autumn – 25 Apr 2026, 20:00 (Europe/Berlin)"
    assert received.text.replace("\r\n", "\n").startswith(
        "The announced dates of R-1 Autumn have changed.\n"
        "It begins 25 Apr 2026, 20:00 (Europe/Berlin). Before: 18 Apr 2026, 20:00 (Europe/Berlin).\n"
        "It ends 26 Apr 2026, 04:00 (Europe/Berlin). Before: 19 Apr 2026, 04:00 (Europe/Berlin).\n"
        "The supplier is late.\n"
    )
    page = received.message.get_body(preferencelist=("html",)).get_content()
    for part in ("New dates", "<h1>Dates changed: R-1 Autumn", "this address follows the release", "/unsubscribe/"):
        assert part in page
    assert "/account/reaching" not in page + received.text, "there is no account"
    assert told(release, announcing.CHANGED) == {("fred", announcing.CHANGED)}
    newest, oldest = stored.of_release(release)
    assert (oldest.window_start, oldest.by, oldest.start_before) == (START, "cora", None)
    assert (newest.window_start, newest.by, newest.start_before) == (LATER["window_start"], "max", START)
    assert {(row.address, row.mail) for row in stored.followers(release) if row.address} == {
        (KIM, "sent"),
        ("lee@customer.example.org", "sent"),
    }


@pytest.mark.req("S1-9")
def test_dates_that_were_not_announced_or_did_not_change_are_no_news(release: int, mail: MailServer, time: Any) -> None:
    releases_.edit(release, LATER, actor=cast.actor("max"))
    assert post(time) == [], "not announced yet"
    announcing.announce(release, actor=cast.actor("max"))
    releases_.edit(release, {"title": "Winter"}, actor=cast.actor("max"))
    assert post(time) == [True, True], "the announcement alone"
    releases_.set_people(release, "stakeholder", ["fred"], actor=cast.actor("cora"))
    releases_.edit(release, {"window_start": START, "window_end": END}, actor=cast.actor("max"))
    assert ("fred", "window.moved") in told(release, "window.moved", announcing.CHANGED)
    assert ("fred", announcing.CHANGED) not in told(release, announcing.CHANGED), "nobody hears the same twice"
    with pytest.raises(errors.Forbidden):
        announcing.announce(release, actor=cast.actor("fred"))


@pytest.mark.req("S1-9")
def test_one_click_ends_the_mails_and_each_says_where(release: int, mail: MailServer, time: Any) -> None:
    announcing.announce(release, actor=cast.actor("cora"))
    post(time)
    (received,) = mail.to(KIM)
    link = received.message["List-Unsubscribe"].strip("<>")
    assert received.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in received.text
    base, _, token = link.rpartition("/")
    assert base == f"{settings.current().public_url}/unsubscribe"
    releases_.edit(release, LATER, actor=cast.actor("max"))
    following.leave(token)
    following.leave(token)
    assert sorted(post(time)) == [False, True], "not even what was on its way already"
    assert len(mail.to(KIM)) == 1
    assert [row.address for row in stored.followers(release) if row.address] == ["lee@customer.example.org"]
    with pytest.raises(errors.NotFound):
        following.leave("x" * 43)
    following.add(release, address=KIM.upper(), actor=cast.actor("cora"))
    assert len(stored.followers(release)) == 3, "added again, not twice"


def test_a_mail_that_is_refused_for_a_while_comes_again_with_its_id_and_one_given_up_can_be_sent_again(
    release: int, mail: MailServer, time: Any
) -> None:
    mail.refused_recipients.add(KIM)
    mail.refusal = "451 4.3.0 Try again later"
    announcing.announce(release, actor=cast.actor("cora"))
    post(time)
    mail.refusal = None
    time.turn(seconds=10)
    post(time)
    states = {row.address: (row.mail, row.answer) for row in stored.followers(release) if row.address}
    assert states["lee@customer.example.org"][0] == "sent"
    assert states[KIM] == ("dead", "550 5.1.1 No such mailbox here")
    mail.refused_recipients.clear()
    (kim,) = [row for row in stored.followers(release) if row.address == KIM]
    with pytest.raises(errors.Forbidden):
        announcing.resend(release, kim.key, actor=cast.actor("fred"))
    announcing.resend(release, kim.key, actor=cast.actor("cora"))
    assert post(time) == [True]


@pytest.mark.req("S1-9")
def test_dates_that_move_back_are_told_whichever_process_announced_them(release: int, time: Any) -> None:
    cora, before = cast.actor("cora"), {"window_start": START, "window_end": END}
    with another_process():
        announcing.announce(release, actor=cora)
    for dates in (LATER, before):
        time.turn(hours=1)
        releases_.edit(release, dates, actor=cora)
    (back, there, first) = stored.of_release(release)
    assert (back.window_start, back.start_before) == (START, LATER["window_start"])
    assert (there.start_before, first.start_before) == (START, None)
    assert [row.kind for row in notices.inbox("fred")[0]][:2] == [announcing.CHANGED] * 2


@pytest.mark.req("S1-9")
def test_the_same_dates_with_another_message_take_nothing_back(release: int, mail: MailServer, time: Any) -> None:
    mail.refusal = "451 4.3.0 Try again later"
    announcing.announce(release, "Parking is closed.", actor=cast.actor("cora"))
    post(time)
    mail.refusal = None
    time.turn(hours=1)
    announcing.announce(release, "The tills close at six.", actor=cast.actor("cora"))
    assert post(time) == [True] * 4
    assert len(mail.to(KIM)) == 2


@pytest.mark.req("S1-9")
def test_the_first_mail_after_an_outage_brings_forward_announcements_that_waited_because_of_it(
    release: int, mail: MailServer, time: Any
) -> None:
    mail.go_away()
    announcing.announce(release, actor=cast.actor("cora"))
    for pause in (0, *deliveries.PAUSES_S[:4]):
        time.turn(seconds=pause)
        assert post(time) == [False, False]
    mail.come_back()
    assert post(time) == [], "the next attempt is minutes away"
    following.add(release, address="new@customer.example.org", actor=cast.actor("cora"))
    announcing.announce(release, "Once more.", actor=cast.actor("cora"))
    assert post(time) == [True] * 3
    assert post(time) == [True] * 2


@pytest.mark.req("S1-9")
def test_what_is_announced_anew_is_not_followed_by_what_was_before(release: int, mail: MailServer, time: Any) -> None:
    """A mail that waits for its next attempt does not come after one with newer dates."""
    mail.refusal = "451 4.3.0 Try again later"
    with another_process():
        announcing.announce(release, actor=cast.actor("cora"))
    post(time)
    time.turn(seconds=1)
    releases_.edit(release, LATER, actor=cast.actor("cora"))
    mail.refusal = None
    assert post(time) == [True, True]
    time.turn(hours=1)
    assert post(time) == [False, False]
    assert [len(mail.to(address)) for address in (KIM, "lee@customer.example.org")] == [1, 1]
    assert {row.mail for row in stored.followers(release) if row.address} == {"sent"}


def test_a_mail_repeats_with_the_same_id_where_the_worker_died_before_it_was_marked(
    release: int, mail: MailServer, time: Any, monkeypatch: Any
) -> None:
    announcing.announce(release, actor=cast.actor("cora"))
    with monkeypatch.context() as dying:
        dying.setattr(announcing, "_settle", _killed)
        with pytest.raises(KeyboardInterrupt):
            post(time)
    time.turn(minutes=1)
    post(time)
    (reached,) = [address for address in (KIM, "lee@customer.example.org") if len(mail.to(address)) == 2]
    assert len({one.message_id for one in mail.to(reached)}) == 1


def test_who_follows_by_themselves_hears_and_sees_no_more_than_before(release: int, time: Any) -> None:
    with db.transaction() as session:
        writing.insert_rows(session, ReleasePerson, [{"release_number": release, "user": "nora", "part": "board"}])
    following.add(release, user="nora", actor=cast.actor("nora"))
    announcing.announce(release, actor=cast.actor("cora"))
    assert ("nora", announcing.ANNOUNCED) in told(release, announcing.ANNOUNCED)
    with db.transaction() as session:
        writing.delete_where(session, ReleasePerson, user="nora")
    with pytest.raises(errors.Forbidden):
        releases_.see(release, actor=cast.actor("nora"))
    releases_.edit(release, LATER, actor=cast.actor("cora"))
    assert {user for user, _ in told(release, announcing.CHANGED)} == {"fred"}


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_people_follow_by_themselves_and_others_only_through_who_runs_the_release(release: int) -> None:
    key = following.add(release, user="bea", actor=cast.actor("bea"))
    with pytest.raises(errors.Forbidden):
        following.add(release, address="bea@home.example.org", actor=cast.actor("bea"))
    assert [row.address for row in following.shown(release, actor=cast.actor("bea"))] == [None, None]
    assert releases_.see(release, actor=cast.actor("fred")).number == release, "who was added may read it"
    following.end(release, key, actor=cast.actor("bea"))
    for wrong in (
        {},
        {"address": "kim"},
        {"address": "jürgen@kunde.example"},
        {"user": "nobody"},
        {"address": KIM, "language": "xx"},
    ):
        with pytest.raises(errors.InvalidInput):
            following.add(release, **wrong, actor=cast.actor("cora"))
    people.deactivate("fred", actor=cast.actor("ada"))
    announcing.announce(release, actor=cast.actor("cora"))
    assert told(release, announcing.ANNOUNCED) == set()
