"""A furnished house for each file of tests, and people who visit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import furnishing
from tests.browser.visitor import Visitor
from tests.support.databases import Databases
from tests.support.mail import MailServer
from tests.support.product import Product
from tests.support.queue_server import QueueServer


@dataclass(frozen=True)
class House:
    """The running product and its address."""

    product: Product
    url: str


@pytest.fixture(scope="module")
def house(
    request: pytest.FixtureRequest,
    databases: Databases,
    _mail_server: MailServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Web server, worker and dispatcher on a database with the cast and the shipped models.

    A file says `DATABASE = "postgresql"` where it wants that one.
    """
    directory = tmp_path_factory.mktemp("house")
    queue = QueueServer(directory / "valkey")
    queue.start()
    url = databases.fresh(getattr(request.module, "DATABASE", "sqlite"))
    settings = {"DATABASE_URL": url, "REDIS_URL": queue.url, "SMTP_URL": _mail_server.url}
    product = Product(directory, {f"TIDEGATE_{name}": value for name, value in settings.items()})
    try:
        furnishing.furnish(product.environment)
        web = product.start("web")
        product.start("worker")
        product.start("dispatcher")
        assert web.url is not None
        yield House(product, web.url)
    finally:
        product.end()
        queue.stop()
        databases.drop(url)


@pytest.fixture
def visit(house: House, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Opens a window for a person of the cast; at the end no browser may have complained."""
    visitors: list[Visitor] = []

    def open_window(name: str, *, signed_in: bool = True, **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en", **options})
        visitor = Visitor(name, context, house.url)
        visitors.append(visitor)
        return visitor.sign_in() if signed_in else visitor

    yield open_window
    complaints = [line for visitor in visitors for line in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []
