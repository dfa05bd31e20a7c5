"""kill -9 in the middle of the work: every level once, nothing doubled, all goes on within seconds."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from service.domain import clock
from service.storage.models.instances import Instance, Job
from service.storage.models.notices import Bundle, DeadlineLevel, Delivery, Notice
from service.storage.queue import Queue
from service.usecases.deploying import models
from service.usecases.running import instances
from tests import cast
from tests.support import drawing as d
from tests.support.mail import MailServer
from tests.support.oracle import count, rows
from tests.support.patience import wait_until
from tests.support.product import Product
from tests.support.queue_server import QueueServer

REPEATS = 6
LADDER = f"PT0S: group:build-team user:nora repeat PT1S x{REPEATS}"
BACK_WITHIN_S = 5

DEADLINES = d.diagram(
    d.start()
    + d.user("build", groups="build-team", deadline="PT1S", escalation=LADDER)
    + d.end()
    + d.chain("start", "build", "end")
)
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT{}S</bpmn:timeDuration></bpmn:timerEventDefinition>"
TIMERS = d.diagram(
    d.start()
    + d.element("intermediateCatchEvent", "first", inner=TIMER.format(1))
    + d.element("intermediateCatchEvent", "second", inner=TIMER.format(2))
    + d.element(
        "serviceTask",
        "tell",
        '<zeebe:taskDefinition type="tidegate.notify"/><zeebe:taskHeaders><zeebe:header key="recipients" '
        'value="user:nora"/><zeebe:header key="subject" value="Done"/></zeebe:taskHeaders>',
    )
    + d.end()
    + d.chain("start", "first", "second", "tell", "end"),
    process="timers",
)


@pytest.fixture(autouse=True)
def deployed(open_house: Flask) -> None:
    models.deploy([("p.bpmn", DEADLINES), ("timers.bpmn", TIMERS)], actor=cast.actor("petra"))


def start(process: str, count: int) -> list[int]:
    petra = cast.actor("petra")
    return [instances.start(process, actor=petra).instance_key for _ in range(count)]


def waiting(model: Any, state: str) -> int:
    return count(model, model.state == state)


def completed(keys: list[int]) -> bool:
    """Whether every one of these instances has come to its end."""
    return {one.status for one in rows(Instance) if one.key in keys} == {"completed"}


def all_levels_fired() -> bool:
    return waiting(DeadlineLevel, "waiting") == 0


def check_levels(count: int) -> list[DeadlineLevel]:
    """Each level fired once, none early, each of its people told once."""
    levels = rows(DeadlineLevel)
    assert len(levels) == count * (REPEATS + 1)
    assert all(level.fired_at >= level.fire_at for level in levels)
    told = Counter((notice.cause, notice.reader) for notice in rows(Notice))
    assert set(told.values()) == {1}
    assert set(told) == {(f"level:{level.key}", user) for level in levels for user in ("bea", "nora")}
    return levels


def latest(levels: list[DeadlineLevel], back_at: datetime) -> float:
    """The longest that a level waited, in seconds, counted from when all processes were back."""
    return max((one.fired_at - max(one.fire_at, back_at)).total_seconds() for one in levels)


def check_mail(mail: MailServer) -> None:
    """Each notice went in one message; should one have come twice, then under the same Message-ID."""
    bundles = {one.message_id: one for one in rows(Bundle)}
    deliveries = rows(Delivery)
    assert {one.state for one in deliveries} == {"sent"}
    assert all(bundles[one.message_id].key == one.bundle for one in deliveries)
    assert sum(one.size for one in bundles.values()) == len(deliveries)
    assert {one.message_id for one in mail.received} == set(bundles)


def test_workers_killed_again_and_again_lose_and_double_nothing(
    open_house: Flask, product: Product, mail: MailServer
) -> None:
    product.start("dispatcher")
    workers = [product.start("worker"), product.start("worker")]
    start("p", 12)
    for _ in range(3):
        time.sleep(1.2)
        workers.pop(0).kill()
        workers.append(product.start("worker"))
    back_at = clock.now()
    wait_until(all_levels_fired, "levels are left")
    levels = check_levels(12)
    assert latest(levels, back_at) <= product.allowed_s(BACK_WITHIN_S)
    wait_until(lambda: waiting(Delivery, "waiting") == 0, "mails are left")
    check_mail(mail)


def test_a_dispatcher_killed_is_followed_by_another(open_house: Flask, product: Product, mail: MailServer) -> None:
    dispatcher = product.start("dispatcher")
    product.start("worker")
    start("p", 6)
    time.sleep(2.5)
    dispatcher.kill()
    assert not all_levels_fired()
    time.sleep(2)
    product.start("dispatcher")
    back_at = clock.now()
    wait_until(all_levels_fired, "levels are left")
    levels = check_levels(6)
    assert latest(levels, back_at) <= product.allowed_s(BACK_WITHIN_S)


def test_several_dispatchers_double_nothing(open_house: Flask, product: Product) -> None:
    for _ in range(3):
        product.start("dispatcher")
    product.start("worker")
    start("p", 8)
    wait_until(all_levels_fired, "levels are left")
    check_levels(8)


def test_the_queue_server_killed_and_emptied_loses_nothing(
    open_house: Flask, product: Product, queue_server: QueueServer
) -> None:
    product.start("dispatcher")
    product.start("worker")
    start("p", 6)
    keys = start("timers", 6)
    time.sleep(1.5)
    queue_server.kill()
    time.sleep(2)
    queue_server.start()
    queue_server.flush()
    back_at = clock.now()
    wait_until(all_levels_fired, "levels are left")
    wait_until(lambda: completed(keys), "timers are left")
    wait_until(lambda: waiting(Job, "open") == 0, "jobs are left")
    assert latest(rows(DeadlineLevel), back_at) <= product.allowed_s(BACK_WITHIN_S)
    told = Counter((notice.cause, notice.reader) for notice in rows(Notice))
    assert set(told.values()) == {1}
    assert sum(1 for cause, _ in told if cause.startswith("job:")) == 6


def test_timers_go_on_after_a_worker_is_killed(open_house: Flask, product: Product) -> None:
    product.start("dispatcher")
    worker = product.start("worker")
    keys = start("timers", 10)
    time.sleep(1.1)
    worker.kill()
    product.start("worker")
    back_at = clock.now()
    wait_until(lambda: completed(keys), "instances are left")
    ended = [one.ended_at for one in rows(Instance)]
    assert max(ended) < back_at + timedelta(seconds=2 + product.allowed_s(BACK_WITHIN_S))
    assert Counter(notice.reader for notice in rows(Notice)) == {"nora": 10}


def test_processes_end_when_they_are_asked_and_sign_off(
    open_house: Flask, product: Product, queue_server: QueueServer
) -> None:
    dispatcher, worker = product.start("dispatcher"), product.start("worker")
    queue = Queue(queue_server.url)
    wait_until(lambda: queue.alive() == {"dispatcher": 1, "worker": 1}, "they did not say that they are alive")
    begun = time.monotonic()
    assert (dispatcher.stop(), worker.stop()) == (0, 0)
    assert time.monotonic() - begun < product.allowed_s(8)
    assert queue.alive() == {"dispatcher": 0, "worker": 0}
