"""A thousand deadlines with their ladders, while whatever can die or fail does: each level once, nobody told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.usecases import webhooks
from tests import cast
from tests.support import oracle, trial
from tests.support.databases import Databases
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver
from tests.support.trial import Crew, Waves

STEPS = trial.steps_of("dispatcher", "worker")
QUICK = {
    "TIDEGATE_LEASE_SECONDS": "1",
    "TIDEGATE_GATHER_SECONDS": "0.2",
    "TIDEGATE_GATHER_MOST_SECONDS": "1",
    "TIDEGATE_WEBHOOK_PRIVATE": "true",
}
HEARD = "deadline.due"  # what the webhook wants: one level of each ladder
ENOUGH = 3  # instances a wave, so that there are a thousand deadlines and more
HOUR_S, DAY_S = 3600, 86400
PUT_OFF_S = 31  # what fails unexpectedly, as while the database is away, comes again half a minute later


@pytest.fixture
def fate(tmp_path: Path) -> Fate:
    return Fate(tmp_path / "fate")


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A server of the test's own that keeps what it acknowledged, to be ended without a word."""
    server = Postgres(tmp_path / "postgres", fsync=True)
    server.start()
    yield server
    server.stop()


@contextmanager
def tried(
    product: Product, fate: Fate, mail: MailServer, receiver: Receiver, *, waves: int, instances_each: int, crew: int
) -> Iterator[tuple[Waves, Crew]]:
    """Waves of deadlines and a crew that meets them; at the end all must be as if nothing had happened.

    What left the house may have left it again, as the same message, as often as a process lost its memory of it.
    """
    with trial.open_house(product, fate):
        _, secret = webhooks.create("ours", receiver.url, kinds=(HEARD,), actor=cast.actor("ada"))
        coming = Waves(fate, waves, instances_each)
        members = Crew(product, fate, dispatcher=crew, worker=crew)
        yield coming, members
        fate.turn(DAY_S)
        coming.settle()
        members.check_alive()
        oracle.check_levels(coming.deadlines, trial.RUNGS, {}, trial.WHO)
        oracle.check_receipts(trial.WITHOUT_ADDRESS)
        lost = members.deaths["worker"] + members.forgot
        for repeats in (oracle.check_mail(mail), oracle.check_webhook(receiver, secret, HEARD)):
            assert 0 < repeats.total() <= lost, "at two steps what was sent is not remembered"
        oracle.check_nothing_is_left()


def die_at_every_step(waves: Waves, crew: Crew) -> None:
    for step in STEPS:
        crew.fate.ordain(step)
        waves.rise()
        crew.dies_at(step)
        waves.settle()


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
        crew.forgot += len(crew.of("worker"))
        fate.turn(PUT_OFF_S)

    def all_killed() -> None:
        for member in list(crew.members):
            crew.replace(member)

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
    with tried(product, fate, mail, receiver, waves=count, instances_each=ENOUGH, crew=3) as (waves, crew):
        assert waves.deadlines >= 1000
        die_at_every_step(waves, crew)
        for blow in blows:
            waves.rise()
            blow()
            waves.settle()


def test_deaths_at_the_steps_lose_and_double_nothing_on_sqlite(
    sqlite_database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(sqlite_database, queue_server.url, mail.url, **QUICK)
    with tried(product, fate, mail, receiver, waves=len(STEPS), instances_each=1, crew=2) as (waves, crew):
        die_at_every_step(waves, crew)
