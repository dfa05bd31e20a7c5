"""Real servers for every test that asks: databases, the queue's server, mail, the browser, the product's processes."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import browser, product
from tests.support.databases import KINDS, Databases
from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver

TESTS = Path(__file__).parent
pytest_plugins = ["tests.support.proofs"]

# the files of these folders have the longest tests; what is long and begins last keeps one core waiting for the other
FIRST = ("jobs", "browser", "infra", "cli", "web", "models")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What was loaded and collected stays until the end: to look through it for garbage would be in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders with the longest tests first."""
    ranks = {TESTS / name: rank for rank, name in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.parent, len(FIRST)))


@pytest.fixture(scope="session")
def server_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers of this session keep their files."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def _postgres_starter(server_directory: Path) -> Iterator[Callable[[], Postgres]]:
    started: list[Postgres] = []

    def start() -> Postgres:
        if not started:
            server = Postgres(server_directory / "postgres")
            server.start()
            started.append(server)
        return started[0]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def postgres(_postgres_starter: Callable[[], Postgres]) -> Postgres:
    """The session's PostgreSQL server, without fsync."""
    return _postgres_starter()


@pytest.fixture(scope="session")
def databases(server_directory: Path, _postgres_starter: Callable[[], Postgres]) -> Databases:
    """Makes fresh or empty databases of either kind."""
    return Databases(server_directory, _postgres_starter)


def _fresh(databases: Databases, kind: str) -> Iterator[str]:
    url = databases.fresh(kind)
    yield url
    databases.drop(url)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a fresh migrated database; the test runs on SQLite and on PostgreSQL."""
    yield from _fresh(databases, request.param)


@pytest.fixture
def sqlite_database(databases: Databases) -> Iterator[str]:
    """The address of a fresh migrated SQLite database, for tests to which the kind does not matter."""
    yield from _fresh(databases, "sqlite")


@pytest.fixture
def postgresql_database(databases: Databases) -> Iterator[str]:
    """The address of a fresh migrated PostgreSQL database."""
    yield from _fresh(databases, "postgresql")


@pytest.fixture(scope="session")
def _queue_server(server_directory: Path) -> Iterator[QueueServer]:
    server = QueueServer(server_directory / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_queue_server: QueueServer) -> str:
    """The address of the session's Valkey, emptied for this test."""
    _queue_server.flush()
    return _queue_server.url


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[QueueServer]:
    """A Valkey of the test's own, to be killed and started again."""
    server = QueueServer(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mail(_mail_server: MailServer) -> MailServer:
    """A real SMTP server with an empty letter box."""
    _mail_server.clear()
    return _mail_server


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    server = Receiver()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def receiver(_receiver: Receiver) -> Receiver:
    """A real HTTP receiver, empty and willing."""
    _receiver.clear()
    return _receiver


@pytest.fixture
def start_product(tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Makes a `Product` for a database address, and optionally a Redis and an SMTP address."""
    made: list[Product] = []

    def make(database: str, redis_url: str | None = None, smtp_url: str | None = None, **environment: str) -> Product:
        addresses = {"DATABASE_URL": database, "REDIS_URL": redis_url, "SMTP_URL": smtp_url}
        settings = {f"TIDEGATE_{name}": value for name, value in addresses.items() if value is not None}
        one = Product(tmp_path / f"product{len(made)}", {**settings, **environment})
        made.append(one)
        return one

    yield make
    for one in made:
        one.end()


@pytest.fixture(scope="session", autouse=True)
def _no_orphans() -> Iterator[None]:
    yield
    left = product.sweep()
    assert not left, f"these product processes outlived their tests: {left}"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Chromium as this machine has it."""
    own = browser.environment()
    launch = {"executable_path": browser.find(), "args": browser.arguments(), "headless": True}
    return {**launch, "env": {**os.environ, **own}} if own else launch
