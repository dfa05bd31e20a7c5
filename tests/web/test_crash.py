"""kill -9 of the web server while people complete tasks: what was acknowledged stays, and nothing is done twice."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.domain import policy
from service.storage import history as chains
from service.storage.queries import history, instances, tasks
from service.usecases.deploying import models
from service.usecases.running import instances as running
from service.web.api import idempotency
from tests.support import drawing as d
from tests.support.house import opened
from tests.support.product import Process, Product
from tests.web.caller import settle_in, token

RUNS, STEPS, KILLS = 4, 12, 3
# whoever lost the answer waits for it when repeating the request, and then hears that the task is done
BACK_WITHIN_S = 2 * idempotency.PATIENCE_SECONDS + 5
LONG = d.diagram(
    d.start()
    + "".join(d.user(f"t{n}", groups="build-team") for n in range(STEPS))
    + d.end()
    + d.chain("start", *(f"t{n}" for n in range(STEPS)), "end")
)


@pytest.fixture
def keys(database: str, tmp_path: Path) -> Any:
    """Four runs of twelve tasks in a database that the web server will serve; answers their keys."""
    with opened({"TIDEGATE_DATABASE_URL": database, "TIDEGATE_DATA_DIR": str(tmp_path)}):
        settle_in()
        models.deploy([("long.bpmn", LONG)], actor=policy.SYSTEM)
        yield [running.start("p", actor=policy.SYSTEM).instance_key for _ in range(RUNS)]


class Person:
    """Completes the tasks of one run over HTTP, each request repeated under its key until it is answered."""

    def __init__(self, base: str, run: int) -> None:
        self.base, self.run = base, run
        self.acknowledged: list[str] = []
        self.refused: list[str] = []

    def work(self) -> None:
        for _ in range(STEPS):
            (task,) = self.ask("GET", f"/tasks?instance={self.run}")["items"]
            self.ask("POST", f"/tasks/{task['id']}/complete", {"values": {"n": 1}}, key=f"task-{task['id']}")
            self.acknowledged.append(task["id"])

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token('bea')}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = json.dumps(body).encode() if body is not None else None
        end = time.monotonic() + 240
        while time.monotonic() < end:
            request = urllib.request.Request(f"{self.base}/api/v1{path}", data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as refusal:
                text = refusal.read().decode()
                self.refused.append(text)
                # the first request was carried out, its answer was lost with the process
                if refusal.code == 409 and key:
                    return None
                raise AssertionError(text) from refusal
            except (OSError, http.client.HTTPException):  # nobody there, or an answer that was cut off
                time.sleep(0.1)
        raise AssertionError(f"no answer to {path}")


def wait_for(people: list[Person], more: int, *, patience_s: float) -> None:
    """Return once so many more tasks are acknowledged, in all."""
    wanted = sum(len(person.acknowledged) for person in people) + more
    end = time.monotonic() + patience_s
    while sum(len(person.acknowledged) for person in people) < min(wanted, RUNS * STEPS):
        assert time.monotonic() < end, f"nothing went on within {patience_s} s"
        time.sleep(0.01)


def test_what_the_web_server_acknowledged_outlives_it_and_nothing_is_done_twice(
    keys: list[int], database: str, start_product: Callable[..., Product]
) -> None:
    product = start_product(database)
    web: Process = product.start("web")
    assert web.url
    people = [Person(web.url, key) for key in keys]
    threads = [threading.Thread(target=person.work) for person in people]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        wait_for(people, 5, patience_s=240)
        web.kill()
        web = product.start("web", TIDEGATE_BIND=web.url.removeprefix("http://"))
        wait_for(people, 1, patience_s=product.allowed_s(BACK_WITHIN_S))
    for thread in threads:
        thread.join(240)
    for person in people:
        assert len(person.acknowledged) == STEPS
        assert [tasks.get(int(key)).state for key in person.acknowledged] == ["completed"] * STEPS
        assert instances.get(person.run).status == "completed"
        told = history.chain(chains.instance_chain(person.run))
        assert chains.first_broken(told) is None
        completed = Counter(row.data["task"] for row in told if row.event == "task.completed")
        assert set(completed.values()) == {1}
        assert len(completed) == STEPS
