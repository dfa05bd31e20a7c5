"""Messages and signals over HTTP: sending them, seeing those that are kept, and saying it twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain import clock
from tests.support import drawing as d
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]

WAITING = d.diagram(
    d.start()
    + d.element("receiveTask", "wait", messageRef="message_paid")
    + d.element("intermediateCatchEvent", "freeze", inner='<bpmn:signalEventDefinition signalRef="signal_freeze"/>')
    + d.end()
    + d.chain("start", "wait", "freeze", "end"),
    process="waiting",
    outside=d.message("paid", "=order") + '<bpmn:signal id="signal_freeze" name="freeze"/>',
)


@pytest.fixture
def run(person: Person) -> str:
    """A run that waits for the payment of order 7."""
    petra = person("petra")
    assert petra.deploy(("waiting.bpmn", WAITING)).status_code == 201
    return str(petra.post("/instances", {"definition": "waiting", "variables": {"order": 7}}).json["id"])


@pytest.mark.parametrize("key", [7, 7.0, "7"])
def test_a_key_is_a_text_or_a_number(person: Person, run: str, key: Any) -> None:
    sent = person("petra").post("/messages", {"name": "paid", "correlation_key": key, "ttl_seconds": 0})
    assert (sent.status_code, sent.json["delivered"], sent.json["instances"]) == (200, 1, [run])


@pytest.mark.parametrize(
    ("field", "value"),
    [("correlation_key", True), ("correlation_key", []), ("correlation_key", ""), ("ttl_seconds", -1),
     ("ttl_seconds", "60"), ("ttl_seconds", 10**9), ("name", " ")],
)  # fmt: skip
def test_what_no_message_has_is_refused(person: Person, field: str, value: Any) -> None:
    refused = person("petra").post("/messages", {"name": "paid", field: value})
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_kept_messages_are_listed_the_newest_first_and_shown(person: Person) -> None:
    petra = person("petra")
    ids = [
        petra.post("/messages", {"name": "paid", "correlation_key": number, "variables": {"amount": 5}}).json["id"]
        for number in range(3)
    ]
    petra.post("/messages", {"name": "gone", "ttl_seconds": 0})
    first = petra.get("/messages?limit=2").json
    rest = petra.get(f"/messages?limit=2&cursor={first['next']}").json
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    shown = petra.get(f"/messages/{ids[1]}").json
    assert (shown["name"], shown["correlation_key"], shown["variables"]) == ("paid", "1", {"amount": 5})
    assert (shown["state"], shown["delivered"], shown["published_by"]) == ("kept", 0, "petra")
    assert [one["name"] for one in petra.get("/messages?state=expired").json["items"]] == ["gone"]
    assert [one["id"] for one in petra.get("/messages?correlation_key=2").json["items"]] == [ids[2]]
    assert len(petra.get("/messages?state=any").json["items"]) == 4
    assert petra.get("/messages?name=other").json["items"] == []
    assert petra.get("/messages/12345").status_code == 404


def test_a_message_that_is_sent_twice_under_one_key_is_sent_once(person: Person) -> None:
    petra, once = person("petra"), {"Idempotency-Key": "a"}
    first = petra.post("/messages", {"name": "paid"}, headers=once).json
    assert petra.post("/messages", {"name": "paid"}, headers=once).json == first
    assert len(petra.get("/messages").json["items"]) == 1


def test_a_message_says_until_when_it_is_kept(person: Person) -> None:
    moment = clock.now().replace(microsecond=0)
    with clock.replaced(lambda: moment):
        sent = person("petra").post("/messages", {"name": "paid", "ttl_seconds": 90}).json
    assert datetime.fromisoformat(sent["kept_until"]) == moment + timedelta(seconds=90)
    assert (sent["delivered"], sent["instances"]) == (0, [])


def test_a_signal_is_heard_by_who_waits_and_kept_for_nobody(person: Person, run: str) -> None:
    petra = person("petra")
    assert petra.post("/signals", {"name": "freeze"}).json["delivered"] == 0
    petra.post("/messages", {"name": "paid", "correlation_key": 7})
    assert petra.get(f"/instances/{run}").json["state"] == "active"
    sent = petra.post("/signals", {"name": "freeze", "variables": {"why": "audit"}})
    assert (sent.status_code, sent.json["delivered"], sent.json["instances"]) == (200, 1, [run])
    assert petra.get(f"/instances/{run}").json["state"] == "completed"
    assert petra.get("/messages?state=any").json["items"] != []
    assert petra.get(f"/messages/{sent.json['id']}").status_code == 404
