"""Mail servers and receivers that refuse, hang, drop and are away, and a web server that dies: the same once."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from service.storage.models.notices import Bundle
from tests.support import oracle, trial
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver
from tests.support.trial import QUICK, Trial
from tests.web.caller import token

OUTAGE_MINUTES = 10


def tried_in_vain(ours: Trial, *, minutes: int = OUTAGE_MINUTES) -> None:
    """A wave comes while nobody takes anything; each minute whatever is to be tried again is."""
    ours.waves.rise()
    ours.waves.settle()
    for _ in range(minutes):
        assert oracle.count(Bundle, Bundle.state == "waiting", Bundle.attempts > 0)
        ours.fate.turn(60)
        ours.waves.settle()


def test_what_others_refuse_drop_or_hang_on_is_neither_lost_nor_doubled(
    sqlite_database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(sqlite_database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=5, dispatcher=1, worker=2) as ours:
        mail.refusal, receiver.status = "451 4.3.0 Try later", 503
        tried_in_vain(ours)
        mail.refusal, receiver.status = None, 204

        mail.go_away()
        tried_in_vain(ours)
        mail.come_back()

        mail.drops = receiver.drops = True
        tried_in_vain(ours)
        assert mail.dropped
        receiver.drops, not_kept = False, mail.dropped
        mail.keeps_what_it_drops = True
        tried_in_vain(ours)
        mail.drops = False

        mail.hangs = True
        tried_in_vain(ours, minutes=0)
        mail.hangs = False
    assert ours.mails_again.total() == mail.dropped - not_kept, "only what was kept without a word came again"


def test_a_task_completed_while_the_web_server_dies_ends_its_deadline_once(
    database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=1, dispatcher=1, worker=1, web=1) as ours:
        steps = trial.steps_of("web")
        tasks = ours.waves.tasks[0][: len(steps)]
        answers = []
        for step, task in zip(steps, tasks, strict=True):
            fate.ordain(step)
            assert complete(ours, task) is None, "the web server should have died"
            ours.crew.dies_at(step)
            answers.append(until_answered(ours, task))
            ours.ended[task] = "met"
        ours.waves.rise()
        ours.waves.settle()
    assert answers == [200, 409], "the second was carried out, its answer was lost"


def complete(ours: Trial, task: int) -> int | None:
    """The status of the answer; None where there is none. The key is the same at each try."""
    (web,) = ours.crew.of("web")
    headers = {"Authorization": f"Bearer {token('bea')}", "Content-Type": "application/json"}
    body: Any = json.dumps({"values": {}}).encode()
    address = f"{web.url}/api/v1/tasks/{task}/complete"
    request = urllib.request.Request(address, body, headers | {"Idempotency-Key": f"once-{task}"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except (OSError, http.client.HTTPException):
        return None


def until_answered(ours: Trial, task: int, patience_s: float = 120) -> int:
    end = time.monotonic() + patience_s
    while (status := complete(ours, task)) is None:
        assert time.monotonic() < end, "no answer"
        time.sleep(0.1)
    return status
