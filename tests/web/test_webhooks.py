"""Webhooks over the API and on their pages: the secret is shown once, changes are guarded, the log tells all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service.usecases import settings
from service.usecases.sending import webhook_calls
from tests.support.receiver import Receiver
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]


@pytest.fixture
def ada(web: Flask, person: Person, receiver: Receiver) -> Iterator[Caller]:
    before = settings.current()
    settings.use(replace(before, webhook_private=True))
    yield person("ada")
    settings.use(before)


def new(ada: Caller, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = ada.post("/webhooks", {"name": "Bridge", "url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    made: dict[str, Any] = answer.json
    return made


def call(web: Flask, event: dict[str, Any]) -> bool:
    with web.app_context():
        return webhook_calls.call(int(event["id"]))


def page(web: Flask, path: str, **form: Any) -> Any:
    headers = {"Authorization": f"Bearer {token('ada')}", "Accept": "text/html"}
    client = web.test_client(use_cookies=False)
    return client.post(path, headers=headers, data=form) if form else client.get(path, headers=headers)


def test_the_secret_is_shown_when_it_is_made_and_never_again(ada: Caller, receiver: Receiver) -> None:
    made = new(ada, receiver, kinds=["deadline.*"])
    assert made["secret"].startswith("whsec_")
    for path in ("/webhooks", f"/webhooks/{made['id']}"):
        assert "secret" not in ada.get(path).text
    other = ada.post(f"/webhooks/{made['id']}/rotate", {"overlap_hours": 1}).json
    assert other["secret"] not in ("", made["secret"])
    assert other["earlier_until"] is not None


def test_an_event_and_its_log_are_there_to_read(web: Flask, ada: Caller, receiver: Receiver) -> None:
    made = new(ada, receiver)
    event = ada.post(f"/webhooks/{made['id']}/test").json
    receiver.status, receiver.words = 500, "Out of order"
    assert not call(web, event)
    told = ada.get(f"/webhook-events/{event['id']}").json
    assert (told["state"], told["kind"], told["attempts"]) == ("waiting", "webhook.test", 1)
    assert [(one["status"], one["answer"]) for one in told["log"]] == [(500, "500 Internal Server Error: Out of order")]
    assert '"type":"tidegate.webhook.test"' in told["body"]
    hook = ada.get(f"/webhooks/{made['id']}").json
    assert (hook["failures"], hook["events"]) == (1, {"waiting": 1, "sent": 0, "dead": 0, "skipped": 0})
    assert [one["id"] for one in ada.get(f"/webhooks/{made['id']}/events?state=waiting").json["items"]] == [event["id"]]
    assert ada.post(f"/webhook-events/{event['id']}/retry").status_code == 409


def test_a_change_that_came_before_is_not_overwritten(ada: Caller, receiver: Receiver) -> None:
    made = new(ada, receiver)
    path = f"/webhooks/{made['id']}"
    seen = {"If-Match": ada.get(path).headers["ETag"]}
    assert ada.get(path, headers={"If-None-Match": seen["If-Match"]}).status_code == 304
    assert ada.patch(path, {"active": False}, headers=seen).json["active"] is False
    assert ada.patch(path, {"name": "Mine"}, headers=seen).status_code == 412
    assert ada.patch(path, {"name": "Mine"}).json["name"] == "Mine"


def test_what_is_wrong_is_said_field_by_field(ada: Caller, receiver: Receiver) -> None:
    answer = ada.post("/webhooks", {"name": "x", "url": "ftp://example.org", "kinds": ["none.*"]})
    assert answer.status_code == 422
    assert sorted(answer.json["errors"]) == ["kinds", "url"]


def test_a_removed_webhook_is_gone(ada: Caller, receiver: Receiver) -> None:
    path = f"/webhooks/{new(ada, receiver)['id']}"
    assert ada.send("DELETE", path).status_code == 204
    assert ada.get(path).status_code == 404
    assert ada.get("/webhooks").json["items"] == []


def test_a_repeated_request_makes_one_webhook_and_does_not_show_its_secret_again(
    ada: Caller, receiver: Receiver
) -> None:
    body, once = {"name": "Bridge", "url": receiver.url}, {"Idempotency-Key": "k"}
    assert [ada.post("/webhooks", body, headers=once).status_code for _ in range(2)] == [201, 409]
    assert len(ada.get("/webhooks").json["items"]) == 1


def test_the_pages_show_the_secret_once_and_what_became_of_events(web: Flask, ada: Caller, receiver: Receiver) -> None:
    shown = page(web, "/administration/webhooks", name="Bridge", url=receiver.url, kinds="deadline.*")
    assert "whsec_" in shown.text
    (hook,) = ada.get("/webhooks").json["items"]
    assert hook["kinds"] == ["deadline.*"]
    event = ada.post(f"/webhooks/{hook['id']}/test").json
    assert call(web, event)
    listed = page(web, f"/administration/webhooks/{hook['id']}").text
    assert "A test of this webhook" in listed
    assert "204 No Content" in listed
    assert "whsec_" not in listed
    assert "tidegate.webhook.test" in page(web, f"/administration/webhooks/events/{event['id']}").text


def test_a_page_keeps_what_was_entered_and_says_what_is_wrong(web: Flask, ada: Caller) -> None:
    answer = page(web, "/administration/webhooks", name="Mine", url="ftp://example.org", kinds="deadline.*")
    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text
    assert "must begin with https:// or http:// and name a host" in answer.text
