"""The house of the use cases' tests, diagrams whose tasks have deadlines, and a hand on real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.fate import Fate
from tests.support.house import opened, people
from tests.support.mail import MailServer
from tests.support.nursery import Nursery
from tests.support.product import Product, clean_environment
from tests.support.queue_server import QueueServer
from tests.usecases.conftest import house, owner, time

__all__ = ["house", "owner", "time"]


@pytest.fixture
def open_house(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The cast in a database that processes of the product share, by the real clock."""
    with opened({"TIDEGATE_DATABASE_URL": database, "TIDEGATE_DATA_DIR": str(tmp_path)}) as app:
        people()
        yield app


@pytest.fixture
def product(
    database: str, queue_server: QueueServer, mail: MailServer, start_product: Callable[..., Product]
) -> Product:
    """The product's processes on this database, with their own queue server and a real mail server."""
    return start_product(database, queue_server.url, mail.url)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where processes begin quickly; it is gone before other tests count who is left."""
    own = Nursery(clean_environment())
    yield own
    own.close()


@pytest.fixture
def fate(tmp_path: Path, nursery: Nursery) -> Fate:
    """What time processes have that are born under it, and where they die."""
    return Fate(tmp_path / "fate", nursery)
