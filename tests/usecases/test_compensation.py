"""A transaction that is cancelled is undone, and the record tells it: on both kinds of database."""

from __future__ import annotations

from flask import Flask

from service.domain import policy
from service.storage.queries import instances
from service.usecases.context import live
from service.usecases.deploying import models
from service.usecases.releases import tasks as tasks_
from service.usecases.running import instances as running
from tests import cast
from tests.engine.drawing import (
    CANCEL,
    Node,
    assigned,
    boundary,
    chain,
    drawn,
    end,
    file,
    flow,
    start,
    sub,
    undone,
    user,
)


def task(identity: str) -> Node:
    return user(identity, assigned(candidateGroups="build-team"))


def cancelled_booking() -> bytes:
    inner = sub("Install", chain(start("s2"), task("Copy"), end("e2")), undone("Copy", task("Remove")))
    row = chain(start("s"), task("Book"), inner, end("c", CANCEL))
    booking = sub("Change", row, undone("Book", task("Release")), tag="transaction")
    after = boundary("Off", "Change", CANCEL), flow("Off", "Tell"), task("Tell")
    return file(drawn(chain(start(), booking, end()), *after))


def test_what_was_done_in_a_cancelled_transaction_is_undone_by_tasks(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("p.bpmn", cancelled_booking())], actor=owner)
    begun = running.start("P", actor=owner)
    opened, done = begun.opened, []
    while opened:
        done.append(opened[0]["element"])
        live.forget()
        opened = tasks_.complete(opened[0]["key"], {}, actor=cast.actor("bea")).opened
    assert done == ["Book", "Copy", "Remove", "Release", "Tell"]
    assert instances.get(begun.instance_key).status == "completed"
    stays = instances.activations(begun.instance_key)
    installed = [stay for stay in stays if stay.element == "Install"]
    (removed,) = [stay for stay in stays if stay.element == "Remove"]
    assert [(stay.occurrence, stay.outcome) for stay in installed] == [(1, "completed"), (2, "completed")]
    assert removed.parent_ref == installed[1].ref
    assert all(stay.left_at for stay in stays)
