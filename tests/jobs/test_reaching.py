"""Preferences, absences and substitutes decide what becomes of a notice on each channel; the receipt says what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from service import errors
from service.storage import db
from service.storage.models.people import User
from service.storage.models.reaching import Absence, Preference
from service.storage.queries import notices as stored
from service.storage.queries import untold
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.telling import absences, notices, preferences
from service.usecases.worktime import calendars
from tests import cast
from tests.support import posting
from tests.support.mail import MailServer

TODAY = date(2026, 3, 2)
ADA = cast.actor("ada")


@pytest.fixture
def post(house: Flask, mail: MailServer) -> Iterator[MailServer]:
    """The house sends its mail to the real server, without waiting for more to come."""
    before = settings.current()
    settings.use(replace(before, smtp_url=mail.url, mail_from="tidegate@example.org", gather_seconds=0))
    yield mail
    settings.use(before)


def tell(*names: str, cause: str = "level:1", kind: str = "deadline.due", **more: Any) -> None:
    told = dict.fromkeys(names, "group:build-team")
    with db.transaction() as session:
        notices.tell(session, cause=cause, recipients=told, kind=kind, subject=f"About {cause}", body="Look.", **more)


def prefer(name: str, **wishes: Any) -> None:
    preferences.change(name, wishes, actor=cast.actor(name))


def leave(name: str, substitute: str | None = None, first: date = TODAY, days: int = 5, note: str = "") -> int:
    last = first + timedelta(days=days - 1)
    return absences.add(
        name, first_day=first, last_day=last, substitute=substitute, note=note, actor=cast.actor(name)
    )  # fmt: skip


def receipts(cause: str = "level:1") -> dict[str, tuple[str, str, str | None]]:
    """Person -> as what, state, reason."""
    return {row.reader: (row.as_, row.delivery_state, row.reason) for row in stored.of_cause(cause)}


def mails(post: MailServer) -> list[str]:
    return sorted(mail.recipients[0].partition("@")[0] for mail in post.received)


def test_who_does_not_want_mails_about_something_has_the_inbox(post: MailServer) -> None:
    prefer("bea", muted={"email": ["deadlines"]})
    tell("bea")
    tell("bea", cause="asked:1", kind="approval.asked")
    posting.carry()
    assert receipts() == {"bea": ("group:build-team", "skipped", "opted-out")}
    assert [mail.subject for mail in post.received] == ["About asked:1"]
    assert stored.unread("bea") == 2


def test_quiet_hours_hold_what_is_not_urgent_until_the_morning(post: MailServer, time: Any) -> None:
    time.turn(hours=12)  # 21:00
    with db.transaction() as session:
        update_where(session, User, {"zone": "Europe/Berlin"}, name="bea")
    prefer("bea", quiet_from="20:00", quiet_until="07:00")
    tell("bea")
    tell("bea", cause="level:2")
    assert receipts() == {"bea": ("group:build-team", "held", "quiet")}
    assert posting.carry() == []
    tell("bea", cause="level:3", urgent=True)
    assert posting.carry() == [True]
    assert [mail.subject for mail in post.received] == ["About level:3"]
    time.now = datetime(2026, 3, 3, 5, 59, tzinfo=UTC)
    assert posting.carry() == []
    time.turn(minutes=1)
    assert posting.carry() == [True]
    assert post.received[-1].subject == "2 notices, 2 overdue"
    assert receipts() == {"bea": ("group:build-team", "sent", "quiet")}


def test_quiet_by_the_calendar_holds_over_holidays_until_somebody_works(post: MailServer, time: Any) -> None:
    hours = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "08:00-16:00")
    hours |= {"saturday": "", "sunday": ""}
    given = {"title": "Works", "zone": "Europe/Berlin", "hours": hours, "country": "DE"}
    calendars.create("works", given, actor=ADA)
    with db.transaction() as session:
        update_where(session, User, {"calendar": "works"}, name="bea")
    prefer("bea", quiet_outside=True)
    prefer("tom", quiet_days=True)
    time.now = datetime(2026, 4, 2, 15, tzinfo=UTC)  # the eve of Good Friday: hers are over, his are not
    tell("bea", "tom")
    assert receipts() == {
        "bea": ("group:build-team", "held", "quiet"),
        "tom": ("group:build-team", "waiting", None),
    }
    time.now = datetime(2026, 4, 4, 12, tzinfo=UTC)  # a Saturday
    tell("tom", cause="level:2")
    assert receipts("level:2")["tom"][1:] == ("held", "quiet")
    tell("bea", cause="level:3", urgent=True)
    assert receipts("level:3")["bea"][1:] == ("waiting", None)
    time.now = datetime(2026, 4, 7, 5, 59, tzinfo=UTC)
    posting.carry()
    assert mails(post) == ["bea", "tom"], "what is urgent, and what no holiday holds"
    time.turn(minutes=1)
    posting.carry()
    assert mails(post) == ["bea", "bea", "tom"]


def test_calendars_are_looked_up_once_for_all_who_want_quiet_by_them(house: Flask) -> None:
    names = ("bea", "tom", "otto", "nora")
    said: list[str] = []

    def statements(cause: str) -> int:
        said.clear()
        event.listen(db.db.engine, "before_cursor_execute", listen)
        tell(*names, cause=cause)
        event.remove(db.db.engine, "before_cursor_execute", listen)
        return len(said)

    def listen(*given: Any) -> None:
        if given[2].startswith("SELECT"):
            said.append(given[2])

    usual = statements("level:1")
    prefer("bea", quiet_outside=True)
    for_one = statements("level:2")
    for name in names:
        prefer(name, quiet_outside=True, quiet_days=True)
    assert usual < for_one <= usual + 3
    assert statements("level:3") == for_one


def test_a_digest_is_one_message_at_its_time(post: MailServer, time: Any) -> None:
    prefer("bea", digest="daily", digest_at="16:00")
    for hour in range(4):
        tell("bea", cause=f"level:{hour}")
        assert posting.carry() == []
        time.turn(hours=1)
    time.now = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert posting.carry() == [True]
    assert post.received[0].subject == "4 notices, 4 overdue"


def test_a_substitute_hears_of_it_while_somebody_is_away(post: MailServer, time: Any) -> None:
    leave("bea", "tom")
    tell("bea")
    assert receipts() == {
        "bea": ("group:build-team", "skipped", "on-leave"),
        "tom": ("substitute:bea", "waiting", None),
    }
    posting.carry()
    assert mails(post) == ["tom"]
    assert stored.unread("bea") == 1
    time.turn(days=5)
    tell("bea", cause="level:2")
    assert receipts("level:2") == {"bea": ("group:build-team", "waiting", None)}


def test_what_is_urgent_reaches_who_is_away_and_who_stands_in(post: MailServer) -> None:
    leave("bea", "tom")
    tell("bea", urgent=True)
    posting.carry()
    assert mails(post) == ["bea", "tom"]


def test_chains_are_followed_and_each_is_told_once(post: MailServer) -> None:
    leave("bea", "tom")
    leave("tom", "otto")
    tell("bea", "tom", "nora")
    told = receipts()
    assert set(told) == {"bea", "tom", "otto", "nora"}
    assert told["otto"] == ("substitute:tom", "waiting", None) or told["otto"][0] == "substitute:bea"
    posting.carry()
    assert mails(post) == ["nora", "otto"]


def test_a_substitute_who_is_meant_anyway_keeps_the_own_part(post: MailServer) -> None:
    leave("bea", "tom")
    tell("bea", "tom")
    assert receipts()["tom"] == ("group:build-team", "waiting", None)


@pytest.mark.parametrize("chain", [{"bea": None}, {"bea": "tom", "tom": "bea"}, {"bea": "tom", "tom": None}])
def test_with_nobody_to_stand_in_the_ledger_says_so(post: MailServer, chain: dict[str, str | None]) -> None:
    for name, substitute in chain.items():
        leave(name, substitute)
    tell("bea")
    assert posting.carry() == []
    (missed,) = untold.of_causes(["level:1"])
    assert (missed.user, missed.recipient, missed.reason) == ("bea", "group:build-team", "on-leave")
    assert set(receipts()) == {"bea"}


def test_a_substitute_who_is_gone_stands_in_for_nobody(post: MailServer, time: Any) -> None:
    leave("bea", "tom")
    with db.transaction() as session:
        update_where(session, User, {"deactivated_at": time.now}, name="tom")
    tell("bea")
    assert set(receipts()) == {"bea"}
    assert [row.reason for row in untold.of_causes(["level:1"])] == ["on-leave"]


def test_only_oneself_and_administrators_say_what_reaches_somebody(house: Flask) -> None:
    with pytest.raises(errors.Forbidden):
        preferences.change("bea", {"digest": "hourly"}, actor=cast.actor("tom"))
    with pytest.raises(errors.Forbidden):
        absences.add("bea", first_day=TODAY, last_day=TODAY, actor=cast.actor("tom"))
    key = leave("bea", "tom")
    with pytest.raises(errors.NotFound):
        absences.remove(key, actor=cast.actor("tom"))
    preferences.change("bea", {"digest": "hourly"}, actor=ADA)
    assert preferences.get("bea", actor=ADA)["digest"] == "hourly"
    absences.change(key, {"substitute": "otto"}, actor=ADA)
    absences.remove(key, actor=cast.actor("bea"))


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "20:00"}, "quiet_until"),
        ({"quiet_from": "20:00", "quiet_until": "20:00"}, "quiet_until"),
        ({"digest": "weekly"}, "digest"),
        ({"digest_at": None}, "digest_at"),
        ({"muted": {"pigeon": ["deadlines"]}}, "muted"),
        ({"muted": {"email": ["weather"]}}, "muted"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wishes_that_cannot_be_are_refused_field_by_field(house: Flask, wishes: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        prefer("bea", **wishes)
    assert list(refused.value.errors) == [field]


def test_absences_that_cannot_be_are_refused_field_by_field(house: Flask) -> None:
    leave("bea", "tom", days=5)
    for field, given in {
        "last_day": {"days": 0, "first": date(2026, 5, 1)},
        "first_day": {"first": date(2026, 3, 6)},
        "substitute": {"first": date(2026, 5, 1), "substitute": "nobody"},
    }.items():
        with pytest.raises(errors.InvalidInput) as refused:
            leave("bea", **given)  # type: ignore[arg-type]
        assert list(refused.value.errors) == [field]
    with pytest.raises(errors.InvalidInput, match="somebody else"):
        leave("bea", "bea", first=date(2026, 5, 1))


def test_two_who_change_the_same_at_once_do_not_overwrite_each_other(house: Flask, database: str) -> None:
    """One has written and not committed while the other, who has read the same, comes to write."""
    prefer("bea", digest="hourly")
    key, bea = leave("bea", first=date(2026, 5, 1)), cast.actor("bea")
    outcomes: list[type[Exception] | None] = []

    def attempt(change: Callable[[], None]) -> None:
        with house.app_context():
            try:
                change()
                outcomes.append(None)
            except Exception as problem:
                outcomes.append(type(problem))

    changes = (
        lambda: preferences.change("bea", {"digest": "off"}, revision=1, actor=bea),
        lambda: absences.change(key, {"note": "At sea"}, revision=1, actor=bea),
    )
    engine, others = db.make_engine(database), [threading.Thread(target=attempt, args=(one,)) for one in changes]
    db.release_connection()
    with engine.begin() as first:
        first.execute(update(Preference).values(revision=2, digest="daily"))
        first.execute(update(Absence).values(revision=2, note="On a mountain"))
        for other in others:
            other.start()
        others[0].join(1)  # until both wait for this transaction to end
    for other in others:
        other.join()
    engine.dispose()
    assert outcomes == [errors.StaleWrite, errors.StaleWrite]
    assert preferences.get("bea", actor=bea)["digest"] == "daily"
    assert absences.see(key, actor=bea).note == "On a mountain"


def test_who_changes_something_else_meanwhile_is_not_overwritten(house: Flask) -> None:
    prefer("bea", digest="hourly")
    with pytest.raises(errors.StaleWrite):
        preferences.change("bea", {"digest": "off"}, revision=0, actor=cast.actor("bea"))
    preferences.change("bea", {"digest": "off"}, revision=1, actor=cast.actor("bea"))
    assert preferences.get("bea", actor=cast.actor("bea"))["revision"] == 2
