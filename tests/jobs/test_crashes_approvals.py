"""kill -9 between ending somebody's access and looking at the approvals that waited for them: workers look."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from service.storage.queries import people, tasks
from tests import cast
from tests.support.patience import wait_until
from tests.support.product import Product, clean_environment
from tests.usecases import test_approvals
from tests.usecases.test_approvals import tasks_

DIES = """
import os, signal
from service.cli import wiring
from service.usecases.accounts import people
from tests import cast

people.tasks.reconsider = lambda key: os.kill(os.getpid(), signal.SIGKILL)
with wiring.application():
    people.deactivate("rosa", actor=cast.actor("ada"))
"""


@pytest.mark.req("S2-38")
def test_who_leaves_is_reconsidered_although_the_process_died(open_house: Flask, product: Product) -> None:
    task = test_approvals.ask("all", cast.actor("petra"))
    for name in ("rita", "rolf"):
        tasks_.decide(task["key"], "approved", actor=cast.actor(name))
    died = subprocess.run(
        [sys.executable, "-c", DIES],
        env={**clean_environment(), **product.environment},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    gone = people.user("rosa")
    assert gone is not None
    assert gone.deactivated_at is not None
    assert tasks.get(task["key"]).state == "open"
    product.start("dispatcher")
    product.start("worker")
    wait_until(lambda: tasks.get(task["key"]).state == "completed", "the approval still waits for who left")
    assert [t.element for t in tasks.open_of_instance(task["instance_key"])] == ["yes"]
