"""One command starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from service.cli import children
from tests.support.product import Process, Product, answers


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The product without any address given: SQLite and the embedded queue server."""
    one = Product(tmp_path, {"TIDEGATE_WORKER_COUNT": "1"})
    yield one
    one.end()


def parts(process: Process) -> dict[str, int]:
    """The processes that the supervisor itself started, by what they are."""
    found = {}
    for child in psutil.Process(process.popen.pid).children():
        try:
            words = child.cmdline()
        except psutil.NoSuchProcess:  # it was killed just now; a zombie counts as such
            continue
        if words:
            found["valkey" if "valkey" in words[0] else words[-1]] = child.pid
    return found


def eventually(condition: Callable[[], bool], patience_s: float = 120) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def pid_of(part: str, process: Process) -> int:
    """The process that is this part, once it is there; it shows no name in the moment in which it gives itself one."""
    found: dict[str, int] = {}

    def is_there() -> bool:
        found.update(parts(process))
        return part in found

    eventually(is_there)
    return found[part]


def test_everything_starts_and_ends_in_order(product: Product) -> None:
    process = product.start("up", "--no-demo")
    eventually(lambda: set(parts(process)) == {"valkey", "web", "worker", "dispatcher"})
    with urllib.request.urlopen(f"{process.url}/readyz") as response:
        assert response.status == 200
    eventually(lambda: product.run("doctor", TIDEGATE_BIND=f"{process.url}".split("//")[1]).returncode == 0)
    family = process.family()
    assert process.stop(patience_s=120) == 0
    assert [member for member in family if member.is_running()] == []
    assert process.log.strip().endswith("stopped")


@pytest.mark.parametrize("part", ["valkey", "web", "worker", "dispatcher"])
def test_killed_part_comes_back_within_five_seconds(product: Product, part: str) -> None:
    begun = time.monotonic()
    process = product.start("up", "--no-demo")
    # on a machine that others keep busy, a restart is given twice the time that the first start took
    patience_s = max(5.0, 2 * (time.monotonic() - begun))
    before = pid_of(part, process)
    psutil.Process(before).kill()
    killed = time.monotonic()
    eventually(lambda: parts(process).get(part, before) != before)
    eventually(lambda: answers(f"{process.url}/readyz"))
    assert time.monotonic() - killed < patience_s


def test_nothing_outlives_a_killed_supervisor(product: Product) -> None:
    process = product.start("up", "--no-demo")
    family = process.family()
    process.kill(family=False)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []


def test_second_start_on_the_same_data_is_refused(product: Product) -> None:
    product.start("up", "--no-demo")
    second: subprocess.CompletedProcess[str] = product.run("up", "--no-demo")
    assert second.returncode == 1
    assert "another `tidegate up` runs on" in second.stderr


def test_taken_address_is_named(product: Product) -> None:
    port = children.free_port()
    taken = Product(product.directory / "other", {"TIDEGATE_BIND": f"127.0.0.1:{port}"})
    taken.start("up", "--no-demo")
    refused = product.run("up", "--no-demo", TIDEGATE_BIND=f"127.0.0.1:{port}")
    taken.end()
    assert refused.returncode == 1
    assert f"somebody listens on 127.0.0.1:{port} already" in refused.stderr


def test_demo_is_made_once_and_says_how_to_sign_in(product: Product) -> None:
    first = product.start("up")
    first.wait_for_log("Tidegate is ready on")
    assert "the password of all is" in first.log
    first.stop(patience_s=120)
    second = product.start("up")
    second.wait_for_log("Tidegate is ready on")
    assert "the password of all is" in second.log
    assert "filling it" not in second.log
