"""What nobody needs any more goes, a bounded number of rows at a time; what is still needed stays."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service.storage import db, idempotency, writing
from service.storage.models.ledger import IdempotencyKey
from service.storage.models.messages import Message, Receipt
from service.usecases.upkeep import housekeeping
from tests.usecases.test_messages import ORDERING, begin, catching, deploy, publish, running, state


def count(model: Any) -> int:
    with db.reading() as session:
        return int(session.query(model).count())


def test_messages_that_are_over_go_after_thirty_days_with_their_receipts(house: Flask, time: Any) -> None:
    deploy(ORDERING)
    received, kept = publish("7", ttl_seconds=0), publish("8", ttl_seconds=3600 * 24 * 60)
    assert (state(received.key or 0), state(kept.key or 0)) == ("done", "kept")
    time.turn(days=29)
    assert housekeeping.tidy() == 0
    assert (count(Message), count(Receipt)) == (2, 2)
    time.turn(days=2)
    assert housekeeping.tidy() == 1
    assert (count(Message), count(Receipt)) == (1, 1)
    assert state(kept.key or 0) == "kept"
    assert len(running("ordering")) == 2


def test_what_still_waits_is_not_old(house: Flask, time: Any) -> None:
    deploy(catching())
    begin("p", order="7")
    on_its_way = publish("9", ttl_seconds=10)
    with db.transaction() as session:
        writing.update_where(session, Message, {"state": "waiting"}, key=on_its_way.key)
    time.turn(days=90)
    assert housekeeping.tidy() == 0
    assert count(Message) == 1


def test_kept_answers_go_after_a_day(house: Flask, time: Any) -> None:
    idempotency.keep(idempotency.Claim("petra", "old", "d"), 201, {}, {})
    time.turn(hours=20)
    idempotency.keep(idempotency.Claim("petra", "new", "d"), 201, {}, {})
    time.turn(hours=5)
    housekeeping.tidy()
    with db.reading() as session:
        assert [row.key for row in session.query(IdempotencyKey)] == ["new"]


def test_one_go_deletes_no_more_than_it_may(house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "MOST_BATCHES", 2)
    for number in range(7):
        publish(str(number), ttl_seconds=0)
    time.turn(days=31)
    assert [housekeeping.tidy() for _ in range(3)] == [4, 3, 0]
    assert count(Message) == 0
