"""kill -9 among messages, signals and timer starts: each reaches whom it must, once, and each moment starts one run."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Flask

from service.domain import clock
from service.storage.models.definitions import Definition
from service.storage.models.instances import Instance, Task
from service.storage.models.messages import Message, Receipt
from service.usecases.deploying import models
from service.usecases.running import instances, messages, signals
from tests import cast
from tests.jobs.test_crashes import BACK_WITHIN_S, waiting
from tests.support import drawing as d
from tests.support.oracle import rows
from tests.support.patience import wait_until
from tests.support.product import Product
from tests.support.queue_server import QueueServer

COUNT = 8
TURNS = 5
ORDER = '<bpmn:messageEventDefinition messageRef="message_order"/>'
SIREN = '<bpmn:signalEventDefinition signalRef="signal_siren"/>'
OUTSIDE = d.message("order", "=number") + '<bpmn:signal id="signal_siren" name="siren"/>'
SHORT = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition>"
TICKS = f"<bpmn:timerEventDefinition><bpmn:timeCycle>R{TURNS}/PT0.5S</bpmn:timeCycle></bpmn:timerEventDefinition>"

ASKING = d.diagram(
    d.start()
    + d.element("intermediateThrowEvent", "ask", inner=ORDER)
    + d.element("intermediateThrowEvent", "alarm", inner=SIREN)
    + d.end()
    + d.chain("start", "ask", "alarm", "end"),
    process="asking",
    outside=OUTSIDE,
)
ANSWERING = d.diagram(
    d.element("startEvent", "asked", inner=ORDER) + d.end() + d.chain("asked", "end"),
    process="answering",
    outside=OUTSIDE,
)
LATE = d.diagram(
    d.start()
    + d.element("intermediateCatchEvent", "pause", inner=SHORT)
    + d.element("intermediateCatchEvent", "hear", inner=ORDER)
    + d.end()
    + d.chain("start", "pause", "hear", "end"),
    process="late",
    outside=OUTSIDE,
)
HEARING = d.diagram(
    d.start()
    + d.user("work", groups="build-team")
    + d.element("boundaryEvent", "heard", inner=SIREN, attachedToRef="work", cancelActivity="false")
    + d.user("look", groups="build-team")
    + d.end()
    + d.end("looked")
    + d.chain("start", "work", "end")
    + d.chain("heard", "look", "looked"),
    process="hearing",
    outside=OUTSIDE,
)
TICKING = d.diagram(d.element("startEvent", "tick", inner=TICKS) + d.end() + d.chain("tick", "end"), process="ticking")


def deploy(*sources: bytes) -> None:
    owner = cast.actor("petra")
    models.deploy([(f"{number}.bpmn", source) for number, source in enumerate(sources)], actor=owner)


def start(process: str, **variables: Any) -> int:
    return instances.start(process, variables=variables, actor=cast.actor("petra")).instance_key


def runs() -> Counter[tuple[str, str]]:
    """How many instances there are, by process and status."""
    names = {row.key: row.process_id for row in rows(Definition)}
    return Counter((names[row.definition_key], row.status) for row in rows(Instance))


def kill_again_and_again(product: Product, workers: list[Any], times: int = 3) -> None:
    for _ in range(times):
        time.sleep(0.8)
        workers.pop(0).kill()
        workers.append(product.start("worker"))


def test_workers_killed_again_and_again_lose_and_double_no_message(open_house: Flask, product: Product) -> None:
    deploy(ASKING, ANSWERING, LATE, HEARING)
    hearing = [start("hearing") for _ in range(3)]
    for number in range(COUNT):
        start("late", number=number)
        start("asking", number=number)
    product.start("dispatcher")
    workers = [product.start("worker"), product.start("worker")]
    kill_again_and_again(product, workers)
    back_at = clock.now()
    wanted = {("answering", "completed"): COUNT, ("late", "completed"): COUNT}
    wait_until(lambda: all(runs()[key] >= count for key, count in wanted.items()), "messages are left")
    wait_until(lambda: waiting(Message, "waiting") == 0, "messages are on their way")
    assert {key: runs()[key] for key in wanted} == wanted
    # Each order reached both processes once, each alarm each of those who wait.
    received = Counter(receipt.message_key for receipt in rows(Receipt))
    kinds = {row.key: row.kind for row in rows(Message)}
    assert Counter(kinds.values()) == {"message": COUNT, "signal": COUNT}
    assert all(count == (2 if kinds[key] == "message" else len(hearing)) for key, count in received.items())
    looks = Counter(task.instance_key for task in rows(Task) if task.element == "look")
    assert looks == dict.fromkeys(hearing, COUNT)
    ended = [row.ended_at for row in rows(Instance) if row.ended_at is not None]
    assert max(ended) < back_at + timedelta(seconds=product.allowed_s(BACK_WITHIN_S))


def test_a_timer_start_fires_each_turn_once_whoever_is_killed(open_house: Flask, product: Product) -> None:
    deploy(TICKING)
    dispatcher = product.start("dispatcher")
    workers = [product.start("worker"), product.start("worker")]
    kill_again_and_again(product, workers, times=2)
    dispatcher.kill()
    product.start("dispatcher")
    wait_until(lambda: runs()[("ticking", "completed")] >= TURNS, "turns are left")
    time.sleep(1)
    assert runs() == {("ticking", "completed"): TURNS}


def test_the_queue_server_killed_and_emptied_loses_no_message(
    open_house: Flask, product: Product, queue_server: QueueServer
) -> None:
    deploy(ASKING, ANSWERING, LATE)
    product.start("dispatcher")
    product.start("worker")
    for number in range(COUNT):
        start("late", number=number)
        start("asking", number=number)
    time.sleep(0.3)
    queue_server.kill()
    time.sleep(1)
    queue_server.start()
    queue_server.flush()
    wanted = {("answering", "completed"): COUNT, ("late", "completed"): COUNT, ("asking", "completed"): COUNT}
    wait_until(lambda: runs() == wanted, "messages are left")


def test_several_dispatchers_and_workers_deliver_what_comes_from_outside_once(
    open_house: Flask, product: Product
) -> None:
    deploy(LATE, HEARING)
    for _ in range(2):
        product.start("dispatcher")
        product.start("worker")
    petra = cast.actor("petra")
    hearing = start("hearing")
    for number in range(COUNT):
        messages.publish("order", str(number), actor=petra)
        start("late", number=number)
    signals.broadcast("siren", actor=petra)
    wait_until(lambda: runs()[("late", "completed")] == COUNT, "messages are left")
    wait_until(lambda: waiting(Message, "waiting") == 0, "the signal is on its way")
    assert Counter(receipt.receiver for receipt in rows(Receipt)) == {"process:late": COUNT, f"instance:{hearing}": 1}
