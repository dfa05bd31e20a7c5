"""A thousand deadlines with their ladders, while whatever can die or fail does: each level once, nobody told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import trial
from tests.support.databases import Databases
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver
from tests.support.trial import QUICK, Trial

STEPS = trial.steps_of("dispatcher", "worker")
ENOUGH = 2  # instances a wave, so that there are a thousand deadlines and more
HOUR_S = 3600
PUT_OFF_S = 31  # what fails unexpectedly, as while the database is away, comes again half a minute later


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A server of the test's own that keeps what it acknowledged, to be ended without a word."""
    server = Postgres(tmp_path / "postgres", fsync=True)
    server.start()
    yield server
    server.stop()


def die_at_every_step(ours: Trial) -> None:
    for step in STEPS:
        ours.fate.ordain(step)
        ours.waves.rise()
        ours.crew.dies_at(step)
        ours.waves.settle()


def check_repeats(ours: Trial) -> None:
    """What left the house left it again, as the same message, no more often than a process lost its memory of it."""
    most = ours.crew.deaths["worker"] + ours.crew.forgot
    for repeats in (ours.mails_again, ours.calls_again):
        assert 0 < repeats.total() <= most, "at two of the steps what was sent is not remembered"
    assert ours.chats_again <= most


def test_whatever_dies_nothing_is_lost_or_doubled(
    own_postgres: Postgres,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    tmp_path: Path,
    start_product: Callable[..., Product],
) -> None:
    database = Databases(tmp_path, lambda: own_postgres).fresh("postgresql")
    product = start_product(database, queue_server.url, mail.url, **QUICK)

    def queue_emptied() -> None:
        time.sleep(0.1)
        queue_server.flush()

    def queue_server_replaced() -> None:
        queue_server.kill()
        time.sleep(1)
        queue_server.start()
        queue_server.flush()

    def database_restarted() -> None:
        time.sleep(0.1)
        own_postgres.stop_at_once()
        own_postgres.start()
        ours.crew.forgot += len(ours.crew.of("worker"))
        fate.turn(PUT_OFF_S)

    def all_killed() -> None:
        for member in list(ours.crew.members):
            ours.crew.replace(member)

    def clock_back_for_a_while() -> None:
        fate.turn(-HOUR_S)
        time.sleep(0.5)
        fate.turn(HOUR_S)

    def clock_ahead_for_a_while() -> None:
        """What was told by a clock that ran ahead goes out when its moment has really come."""
        fate.turn(HOUR_S)
        time.sleep(0.5)
        fate.turn(-HOUR_S)
        time.sleep(0.5)
        fate.turn(HOUR_S)

    blows = (
        queue_emptied, queue_server_replaced, database_restarted, all_killed, clock_back_for_a_while,
        clock_ahead_for_a_while,
    )  # fmt: skip
    count = len(STEPS) + len(blows)
    with trial.held(product, fate, mail, receiver, waves=count, instances_each=ENOUGH, dispatcher=3, worker=3) as ours:
        assert ours.waves.deadlines >= 1000
        die_at_every_step(ours)
        for blow in blows:
            ours.waves.rise()
            blow()
            ours.waves.settle()
    check_repeats(ours)


def test_deaths_at_the_steps_lose_and_double_nothing_on_sqlite(
    sqlite_database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(sqlite_database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=len(STEPS), dispatcher=2, worker=2) as ours:
        die_at_every_step(ours)
    check_repeats(ours)
