"""A changed calendar is applied to many runs while workers are killed: each moves once and is told once."""

from __future__ import annotations

import time
from collections import Counter

from flask import Flask

from service.storage.models.calendars import Recalculation
from service.storage.models.ledger import Event
from service.storage.queries import recalculations
from service.usecases.deadlines import recalculation
from service.usecases.deploying import models
from service.usecases.worktime import calendars
from tests import cast
from tests.jobs.test_crashes import start, waiting
from tests.support import drawing as d
from tests.support.oracle import rows
from tests.support.patience import wait_until
from tests.support.product import Product

WORKING = d.diagram(
    d.start()
    + d.user("build", groups="build-team", deadline="PT8H", clock="working")
    + d.end()
    + d.chain("start", "build", "end")
)


def test_workers_killed_at_it_lose_and_double_nothing(open_house: Flask, product: Product) -> None:
    models.deploy([("p.bpmn", WORKING)], actor=cast.actor("petra"))
    keys = start("p", 100)
    calendars.change("standard", {"hours": {"sunday": "00:00-00:30"}}, actor=cast.actor("ada"))
    work = recalculation.start("standard", actor=cast.actor("ada"))
    product.start("dispatcher")
    workers = [product.start("worker"), product.start("worker")]
    for _ in range(2):
        time.sleep(0.4)
        workers.pop(0).kill()
        workers.append(product.start("worker"))
    wait_until(lambda: waiting(Recalculation, "waiting") == 0, "it is not done")
    done = recalculations.get(work)
    assert done is not None
    assert (done.done, done.moved, done.total) == (len(keys), len(keys), len(keys))
    told = Counter(row.instance_key for row in rows(Event) if row.event == "deadline.moved")
    assert told == Counter(keys)
