"""Webhooks are told what people are told: signed, once a cause, until they take it; never in our own network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.cli import children
from service.integrations import addresses
from service.integrations import webhooks as calling
from service.storage import db, hooks, outbox
from service.storage.models.templates import NoticeTemplate
from service.storage.models.webhooks import Webhook, WebhookEvent
from service.storage.queries import notices as inboxes
from service.storage.queries import webhooks as stored
from service.storage.writing import update_where
from service.usecases import settings
from service.usecases.sending import deliveries, webhook_calls, webhooks
from service.usecases.telling import notices, templates
from service.usecases.upkeep import housekeeping
from tests import cast
from tests.support.receiver import Receiver

ADA = cast.actor("ada")


@pytest.fixture
def listening(house: Flask, receiver: Receiver) -> Iterator[Receiver]:
    """The house may call this machine, where a real receiver listens."""
    before = settings.current()
    settings.use(replace(before, webhook_private=True, public_url="https://tidegate.example.org"))
    yield receiver
    settings.use(before)


def made(receiver: Receiver, *kinds: str, name: str = "ours") -> tuple[int, str]:
    return webhooks.create(name, receiver.url, kinds=kinds, actor=ADA)


def tell(cause: str = "level:1", kind: str = "deadline.due", **more: Any) -> None:
    values = {"name": "Build", "release": "R-1 Shop", "due": more.pop("due", None), "assignee": None}
    with db.transaction() as session:
        notices.tell(
            session, cause=cause, recipients={"bea": "assignee"}, kind=kind, values=values, link="/tasks/5",
            release_number=1, task_key=5, **more,
        )  # fmt: skip


def events() -> list[Any]:
    return sorted(stored.events(limit=200)[0], key=lambda row: row.key)


def only() -> Any:
    (row,) = events()
    return row


def call_all() -> list[bool]:
    return [webhook_calls.call(row.key) for row in events()]


def test_an_event_says_in_cloudevents_what_people_are_told(listening: Receiver, time: Any) -> None:
    made(listening)
    tell(due=time.now)
    assert webhook_calls.call(only().key)
    (call,) = listening.calls
    assert call.path == "/hook?of=tidegate"
    assert call.headers["content-type"] == "application/cloudevents+json"
    event = call.event
    assert {name: event[name] for name in ("specversion", "source", "type", "subject", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "https://tidegate.example.org",
        "type": "tidegate.deadline.due",
        "subject": "tasks/5",
        "time": "2026-03-02T09:00:00Z",
        "datacontenttype": "application/json",
    }
    assert event["id"] == call.id
    data = event["data"]
    assert (data["cause"], data["release"], data["task"], data["url"]) == (
        "level:1",
        "R-1",
        "5",
        "https://tidegate.example.org/tasks/5",
    )
    assert data["title"] == "Deadline missed: Build, R-1 Shop – due 2 Mar 2026, 09:00 (UTC)"
    assert data["recipients"] == [{"name": "bea", "as": "assignee"}]
    assert data["values"]["due"] == "2026-03-02T09:00:00Z"
    assert (only().state, only().answer, only().sent_at) == ("sent", "204 No Content", time.now)


def test_it_is_told_in_the_words_of_an_administrator(listening: Receiver, time: Any) -> None:
    made(listening)
    made(listening, name="other")
    templates.write("deadline.due", "en", "Late: {name}", "Hurry up with {release}.", actor=ADA)
    templates.write("deadline.due", "de", "Spät: {name}", "Eilt: {release}.", actor=ADA)
    tell(due=time.now)
    assert call_all() == [True, True]
    assert {(one.event["data"]["title"], one.event["data"]["text"]) for one in listening.calls} == {
        ("Late: Build", "Hurry up with R-1 Shop.")
    }
    templates.restore("deadline.due", "en", actor=ADA)
    tell("level:2", due=time.now)
    assert events()[-1].subject == "Deadline missed: Build, R-1 Shop – due 2 Mar 2026, 09:00 (UTC)"


def test_a_text_that_breaks_is_told_in_the_shipped_words(listening: Receiver, time: Any) -> None:
    made(listening)
    templates.write("deadline.due", "en", "Late: {name}", "Hurry.", actor=ADA)
    with db.transaction() as session:
        update_where(session, NoticeTemplate, {"subject": "Late: {gone.away}"}, kind="deadline.due")
    tell(due=time.now)
    assert only().subject.startswith("Deadline missed: Build")


def test_it_is_signed_so_that_a_receiver_can_check_it(listening: Receiver, time: Any) -> None:
    _, secret = made(listening)
    tell()
    call_all()
    (call,) = listening.calls
    assert call.is_signed_with(secret)
    assert call.headers["webhook-timestamp"] == str(int(time.now.timestamp()))
    assert not replace(call, body=call.body + b" ").is_signed_with(secret)
    assert not replace(call, headers={**call.headers, "webhook-timestamp": "0"}).is_signed_with(secret)
    assert not call.is_signed_with(webhooks.create("other", listening.url, actor=ADA)[1])


def test_after_a_rotation_both_secrets_sign_until_the_overlap_is_over(listening: Receiver, time: Any) -> None:
    key, before = made(listening)
    after = webhooks.rotate(key, overlap_hours=2, actor=ADA)
    tell()
    call_all()
    time.turn(hours=2)
    tell("level:2")
    call_all()
    first, second = listening.calls
    assert (first.is_signed_with(before), first.is_signed_with(after)) == (True, True)
    assert (second.is_signed_with(before), second.is_signed_with(after)) == (False, True)


def test_the_same_cause_is_told_once_however_often_it_is_told(listening: Receiver) -> None:
    made(listening)
    made(listening, name="another")
    for _ in range(2):
        tell()
    assert len(events()) == 2
    assert call_all() == [True, True]
    assert call_all() == [False, False], "what was sent is not sent again"
    assert set(listening.ids.values()) == {1}


def test_it_is_written_by_the_transaction_that_tells(listening: Receiver) -> None:
    made(listening)

    def told_in_vain() -> None:
        with db.transaction() as session:
            notices.tell(session, cause="x", recipients={"bea": ""}, kind="test", subject="never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        told_in_vain()
    assert events() == []


@pytest.mark.parametrize(
    ("kinds", "heard"),
    [((), 3), (("deadline.*",), 2), (("deadline.due",), 1), (("approval.asked", "task.*"), 0)],
)
def test_a_webhook_hears_the_kinds_that_it_names(listening: Receiver, kinds: tuple[str, ...], heard: int) -> None:
    made(listening, *kinds)
    for number, kind in enumerate(("deadline.due", "deadline.near", "phase.entered")):
        tell(f"level:{number}", kind)
    assert len(events()) == heard


def test_what_nobody_is_there_for_is_told_to_webhooks(listening: Receiver) -> None:
    made(listening)
    with db.transaction() as session:
        notices.tell(session, cause="level:9", recipients={}, kind="deadline.due", values={"name": "Build"})
    assert json.loads(only().body)["data"]["recipients"] == []


def test_a_refusal_is_tried_again_with_growing_pauses_under_the_same_id(listening: Receiver, time: Any) -> None:
    made(listening)
    tell()
    listening.status, listening.words = 503, "We are\nmoving."
    for number, pause in enumerate(deliveries.PAUSES_S, start=1):
        assert not webhook_calls.call(only().key)
        assert (only().state, only().attempts) == ("waiting", number)
        assert only().answer == "503 Service Unavailable: We are moving."
        time.turn(seconds=pause - 1)
        assert not webhook_calls.call(only().key), "not before its pause is over"
        time.turn(seconds=1)
    assert len(listening.calls) == len(deliveries.PAUSES_S)
    webhook_calls.call(only().key)
    assert only().state == "dead"
    assert len(listening.ids) == 1
    assert len({call.body for call in listening.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in listening.calls}) == len(listening.calls)
    log = stored.attempts([only().key])[only().key]
    assert [one.status for one in log] == [503] * 10
    listening.clear()
    with pytest.raises(errors.Forbidden):
        webhooks.retry(only().key, actor=cast.actor("max"))
    webhooks.retry(only().key, actor=ADA)
    assert webhook_calls.call(only().key)
    with pytest.raises(errors.Conflict, match="given up"):
        webhooks.retry(only().key, actor=ADA)


def test_a_receiver_says_how_long_to_wait(listening: Receiver, time: Any) -> None:
    made(listening)
    tell()
    listening.status, listening.more = 429, {"Retry-After": "90"}
    call_all()
    assert only().due_at == time.now + timedelta(seconds=90)


def test_while_a_receiver_is_down_one_event_at_a_time_tries_whether_it_is_back(listening: Receiver, time: Any) -> None:
    made(listening)
    for number in range(5):
        tell(f"level:{number}")
    listening.status = 500
    call_all()
    assert len(listening.calls) == 1, "the others rest"
    tell("level:new")
    time.turn(seconds=4)
    call_all()
    assert len(listening.calls) == 1
    time.turn(seconds=1)
    call_all()
    assert len(listening.calls) == 2
    listening.clear()
    time.turn(seconds=15)
    call_all()
    time.turn(seconds=60)
    call_all()
    assert {row.state for row in events()} == {"sent"}
    assert set(listening.ids.values()) == {1}


def test_one_that_tries_a_failing_receiver_keeps_the_others_away(listening: Receiver, time: Any) -> None:
    key, _ = made(listening)
    tell()
    listening.status = 500
    call_all()
    tell("level:2")
    time.turn(seconds=5)
    from_now = time.now + timedelta(seconds=webhook_calls.PROBE_S)
    with db.transaction() as session:
        update_where(session, webhooks.Webhook, {"rests_until": from_now}, key=key)  # as if one was trying just now
    assert call_all() == [False, False]
    assert len(listening.calls) == 1
    assert {row.due_at for row in events()} == {from_now}
    assert [row.attempts for row in events()] == [1, 0]


def test_two_who_try_a_webhook_that_somebody_asked_to_try_at_once_both_come_to_an_end(
    listening: Receiver, time: Any, monkeypatch: Any
) -> None:
    """The second one has read that it does not rest before the first one said that it tries."""
    made(listening)
    listening.status = 500
    tell()
    webhook_calls.call(only().key)
    key = only().webhook_key
    with db.transaction() as session:
        update_where(session, Webhook, {"rests_until": None}, key=key)
        update_where(session, WebhookEvent, {"due_at": time.now}, webhook_key=key)
    real = hooks.may_try

    def comes_second(session: Any, hook: Any, now: Any, until: Any) -> bool:
        assert real(session, hook, now, until)
        return real(session, hook, now, until)

    monkeypatch.setattr(hooks, "may_try", comes_second)
    assert not webhook_calls.call(only().key)
    assert (only().state, only().attempts) == ("waiting", 1)
    assert only().due_at > time.now


def test_410_turns_it_off_and_administrators_hear_of_it(listening: Receiver) -> None:
    key, _ = made(listening)
    tell()
    tell("level:2")
    listening.status, listening.words = 410, "No more"
    call_all()
    assert sorted(row.state for row in events()) == ["dead", "skipped"]
    assert len(listening.calls) == 1
    hook = stored.get(key)
    assert hook is not None
    assert (hook.active, hook.off_because) == (False, "410 Gone: No more")
    (told,) = inboxes.inbox("ada")[0]
    assert told.subject == "Webhook turned off: ours"
    assert told.link == f"/administration/webhooks/{key}"
    tell("level:3")
    assert len(events()) == 2, "it is off"
    with pytest.raises(errors.Conflict, match="is off"):
        webhooks.test(key, actor=ADA)
    webhooks.change(key, {"active": True}, actor=ADA)
    listening.clear()
    for row in events():
        webhooks.retry(row.key, actor=ADA)
    assert call_all() == [True, True]


def test_a_redirect_is_not_followed(listening: Receiver) -> None:
    made(listening)
    tell()
    listening.status, listening.more = 307, {"Location": listening.url}
    call_all()
    assert len(listening.calls) == 1
    assert "Redirects are not followed" in only().answer


@pytest.mark.parametrize("way", ["hangs", "drips"])
def test_a_receiver_that_does_not_come_to_an_end_is_given_a_limited_time(receiver: Receiver, way: str) -> None:
    setattr(receiver, way, True)
    with pytest.raises(errors.ExternalFailure, match=r"no answer within 0\.5 s|cannot be reached"):
        calling.post(receiver.url, b"{}", {}, private=True, timeout_s=0.5)
    assert len(receiver.calls) == 1


def test_what_a_receiver_drops_or_what_is_not_there_is_tried_again(listening: Receiver, time: Any) -> None:
    key, _ = made(listening)
    tell()
    listening.drops = True
    call_all()
    assert "cannot be reached" in only().answer
    webhooks.change(key, {"url": f"http://127.0.0.1:{children.free_port()}/"}, actor=ADA)
    time.turn(seconds=5)
    call_all()
    assert "refused" in only().answer
    log = stored.attempts([only().key])[only().key]
    assert [one.status for one in log] == [None, None]
    webhooks.change(key, {"url": listening.url}, actor=ADA)
    listening.clear()
    time.turn(seconds=15)
    assert webhook_calls.call(only().key)


def test_what_a_died_process_had_in_hand_repeats_with_the_same_id(listening: Receiver, time: Any) -> None:
    made(listening)
    tell()
    assert webhook_calls.call(only().key)
    with db.transaction() as session:  # as if the process had died after the receiver took it and before the note of it
        before = {"state": "waiting", "lease": "of the dead", "leased_until": time.now + timedelta(seconds=3)}
        update_where(session, WebhookEvent, before, key=only().key)
    assert not webhook_calls.call(only().key)
    time.turn(seconds=4)
    with db.transaction() as session:
        assert outbox.claim(session, outbox.HOOKS, time.now, time.now, 10) == [only().key]
    assert webhook_calls.call(only().key)
    assert list(listening.ids.values()) == [2]


PRIVATE = [
    "http://127.0.0.1/", "http://localhost:8080/", "http://10.1.2.3/", "http://192.168.0.1/", "http://169.254.169.254/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/",
    "http://100.64.0.1/", "http://224.0.0.1/", "http://[2002:7f00:1::]/", "http://[::127.0.0.1]/", "http://[64:ff9b:1::7f00:1]/",
    "http://[fec0::1]/", "http://[::ffff:0:127.0.0.1]/",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_addresses_of_our_own_network_are_refused(url: str) -> None:
    assert "private network" in (addresses.url_problem(url, private=False) or "")
    assert addresses.url_problem(url, private=True) is None


WRONG = [
    "ftp://example.org/", "example.org", "https://", "javascript:alert(1)", "https://a b/", "https://u:p@example.org/",
    "https://example.org/#x", "https://example.org:99999/", "https://[::1/", "https://exa\nmple.org/", "",
    "https://example.org/" + "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    assert addresses.url_problem(url, private=True)


def test_a_webhook_is_refused_field_by_field(house: Flask) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        webhooks.create(" ", "http://127.0.0.1/", kinds=["deadline.missed", "dead.*", "deadline.*"], actor=ADA)
    assert sorted(refused.value.errors) == ["kinds", "name", "url"]
    assert "deadline.missed, dead.*:" in refused.value.errors["kinds"][0]


def test_a_name_that_leads_into_our_own_network_is_not_called(receiver: Receiver) -> None:
    with pytest.raises(errors.ExternalFailure, match="private network"):
        calling.post(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {}, private=False)
    assert receiver.calls == []


@pytest.mark.parametrize(("address", "public"), [("93.184.216.34", True), ("2606:4700::1111", True), ("::1", False)])
def test_what_belongs_to_the_internet(address: str, public: bool) -> None:
    assert addresses.is_public(address) is public


def test_only_administrators_make_change_and_remove_webhooks(listening: Receiver) -> None:
    key, _ = made(listening)
    for attempt in (
        lambda who: webhooks.create("x", listening.url, actor=who),
        lambda who: webhooks.change(key, {"name": "y"}, actor=who),
        lambda who: webhooks.rotate(key, actor=who),
        lambda who: webhooks.test(key, actor=who),
        lambda who: webhooks.remove(key, actor=who),
    ):
        with pytest.raises(errors.Forbidden):
            attempt(cast.actor("petra"))


def test_a_removed_webhook_is_told_nothing_more(listening: Receiver) -> None:
    key, _ = made(listening)
    tell()
    webhooks.remove(key, actor=ADA)
    call_all()
    tell("level:2")
    assert [row.state for row in events()] == ["skipped"]
    assert listening.calls == []
    assert stored.get(key) is None


def test_a_test_event_goes_to_this_webhook_whatever_it_listens_to(listening: Receiver) -> None:
    key, secret = made(listening, "incident.*")
    made(listening, name="another")
    event_key = webhooks.test(key, actor=ADA)
    assert [row.key for row in events()] == [event_key]
    assert webhook_calls.call(event_key)
    (call,) = listening.calls
    assert (call.event["type"], call.is_signed_with(secret)) == ("tidegate.webhook.test", True)


def test_old_events_go_those_given_up_stay(listening: Receiver, time: Any) -> None:
    made(listening)
    tell()
    tell("level:2")
    assert call_all() == [True, True]
    with db.transaction() as session:
        update_where(session, WebhookEvent, {"state": "dead"}, key=events()[0].key)
    time.turn(days=31)
    housekeeping.tidy()
    assert [row.state for row in events()] == ["dead"]
