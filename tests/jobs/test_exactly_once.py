"""A thousand deadlines with their ladders, while whatever can die or fail does: each level once, nobody told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import oracle, trial
from tests.support.databases import Databases
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.trial import Crew, Waves

STEPS = trial.steps_of("dispatcher", "worker")
SENT_AGAIN = ("mail accepted, not marked", "mail marked, not committed")
HOUR_S = 3600
ENOUGH = 4  # instances a wave, so that there are a thousand deadlines and more


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
    database: str, product: Product, fate: Fate, mail: MailServer, *, waves: int, instances_each: int, crew: int
) -> Iterator[tuple[Waves, Crew]]:
    """Waves of deadlines and a crew that meets them; at the end all must be as if nothing had happened."""
    with trial.open_house(database, product.directory, fate):
        coming = Waves(fate, waves, instances_each)
        members = Crew(product, fate, dispatcher=crew, worker=crew)
        yield coming, members
        members.check_alive()
        oracle.check_levels(coming.deadlines, trial.RUNGS, {}, trial.WHO)
        oracle.check_receipts(trial.WITHOUT_ADDRESS)
        repeats = oracle.check_mail(mail, members.deaths["worker"])
        assert repeats.total() >= len(SENT_AGAIN)
        oracle.check_nothing_is_left()


def test_whatever_dies_nothing_is_lost_or_doubled(
    own_postgres: Postgres,
    queue_server: QueueServer,
    mail: MailServer,
    fate: Fate,
    tmp_path: Path,
    start_product: Callable[..., Product],
) -> None:
    database = Databases(tmp_path, lambda: own_postgres).fresh("postgresql")
    product = start_product(database, queue_server.url, mail.url, TIDEGATE_LEASE_SECONDS="1")

    def flushed() -> None:
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
        flushed, queue_server_replaced, database_restarted, all_killed, clock_back_for_a_while, clock_ahead_for_a_while
    )  # fmt: skip
    count = len(STEPS) + len(blows)
    with tried(database, product, fate, mail, waves=count, instances_each=ENOUGH, crew=3) as (waves, crew):
        assert waves.deadlines >= 1000
        for step in STEPS:
            fate.ordain(step)
            waves.rise()
            crew.dies_at(step)
            waves.settle()
        for blow in blows:
            waves.rise()
            blow()
            waves.settle()


def test_deaths_at_the_steps_lose_and_double_nothing_on_sqlite(
    sqlite_database: str, queue_server: QueueServer, mail: MailServer, fate: Fate, start_product: Callable[..., Product]
) -> None:
    product = start_product(sqlite_database, queue_server.url, mail.url, TIDEGATE_LEASE_SECONDS="1")
    with tried(sqlite_database, product, fate, mail, waves=len(STEPS), instances_each=1, crew=2) as (waves, crew):
        for step in STEPS:
            fate.ordain(step)
            waves.rise()
            crew.dies_at(step)
            waves.settle()
