"""Many instances move to another version while workers are killed: each moves once, none is left behind."""

from __future__ import annotations

import time
from collections import Counter

from flask import Flask

from service.storage.models.ledger import Event
from service.storage.models.migrations import Migration, MigrationItem
from service.storage.queries import migrations as moves
from service.usecases.deploying import migrations, models
from tests import cast
from tests.jobs.test_crashes import DEADLINES, start, waiting
from tests.support.oracle import rows
from tests.support.patience import wait_until
from tests.support.product import Product

SECOND = DEADLINES.replace(b'name="build"', b'name="Build it"')


def test_workers_killed_while_they_move_many_lose_and_double_nothing(open_house: Flask, product: Product) -> None:
    petra = cast.actor("petra")
    models.deploy([("p.bpmn", DEADLINES)], actor=petra)
    keys = start("p", 150)
    models.deploy([("p.bpmn", SECOND)], actor=petra)
    run = migrations.start("p", actor=petra)
    product.start("dispatcher")
    workers = [product.start("worker"), product.start("worker")]
    for _ in range(2):
        time.sleep(0.4)
        workers.pop(0).kill()
        workers.append(product.start("worker"))
    wait_until(lambda: waiting(MigrationItem, "waiting") == 0, "items are left")
    ended = moves.run(run)
    assert ended is not None
    assert (ended.done, ended.failed) == (len(keys), 0)
    assert Counter(row.instance_key for row in rows(Migration)) == Counter(keys)
    told = Counter(row.instance_key for row in rows(Event) if row.event == "instance.migrated")
    assert told == Counter(keys)
    assert {row.version for row in moves.candidates("p")} == {2}
