"""The product's own processes run against real servers, die when killed, and start again at the same place."""

from __future__ import annotations

from collections.abc import Callable

from service.cli import children
from tests.support.mail import MailServer
from tests.support.product import Product, answers, sweep
from tests.support.queue_server import QueueServer


def test_all_processes_run_and_the_doctor_is_content(
    start_product: Callable[..., Product], database: str, queue_server: QueueServer, mail: MailServer
) -> None:
    product = start_product(database, queue_server.url, mail.url, TIDEGATE_BIND=f"127.0.0.1:{children.free_port()}")
    for part in ("web", "worker", "dispatcher"):
        product.start(part)
    done = product.run("doctor")
    assert "FAILED" not in done.stdout
    assert done.returncode == 0
    for part in ("worker", "dispatcher"):
        assert product.run("doctor", "--alive", part).returncode == 0


def test_killed_web_server_starts_again_on_its_address(
    start_product: Callable[..., Product], sqlite_database: str
) -> None:
    product = start_product(sqlite_database, TIDEGATE_BIND=f"127.0.0.1:{children.free_port()}")
    first = product.start("web")
    assert answers(f"{first.url}/healthz")
    first.kill()
    assert not answers(f"{first.url}/healthz")
    second = product.start("web")
    assert second.url == first.url
    assert answers(f"{second.url}/healthz")


def test_what_a_test_leaves_running_is_found(
    start_product: Callable[..., Product], redis_url: str, sqlite_database: str
) -> None:
    worker = start_product(sqlite_database, redis_url).start("worker")
    left = sweep()
    assert len(left) == 1
    assert left[0].endswith("tidegate worker")
    assert worker.popen.wait(timeout=60) == -9
