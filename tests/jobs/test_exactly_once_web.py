"""The web server dies while people work, hold releases and announce dates: carried out once, and told once."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.storage.models.announcements import Announcement
from service.storage.models.ledger import Event
from service.storage.models.notices import Deadline, DeadlineLevel
from tests.support import oracle, trial
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.patience import wait_until
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver
from tests.support.trial import QUICK, Trial
from tests.web.caller import BASE, token

ENDED, TOLD, CARRIED_OUT, ANSWERED = trial.steps_of("web")
ONCE = 409  # it was carried out, and its answer is not known
FIVE = timedelta(minutes=5)


@dataclass(frozen=True)
class Request:
    """What one person asks for; the same at each try."""

    who: str
    path: str
    body: Mapping[str, Any]
    method: str = "POST"
    seen: str = ""  # the revision that it is about

    def send(self, base: str) -> int | None:
        """The status of the answer; None where there is none."""
        headers = {"Authorization": f"Bearer {token(self.who)}", "Content-Type": "application/json"}
        headers |= {"If-Match": self.seen} if self.seen else {"Idempotency-Key": f"once-{self.path}"}
        content = json.dumps(self.body).encode()
        request = urllib.request.Request(f"{base}{BASE}{self.path}", content, headers, method=self.method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except (OSError, http.client.HTTPException):
            return None


def ask(ours: Trial, request: Request) -> int | None:
    (web,) = ours.crew.of("web")
    assert web.url
    return request.send(web.url)


def while_it_dies(ours: Trial, step: str, request: Request) -> int:
    """The web server comes to this step with the request and dies; who asks again is answered by another."""
    ours.fate.ordain(step)
    assert ask(ours, request) is None, "the web server should have died"
    ours.crew.dies_at(step)
    answers: list[int] = []

    def answered() -> bool:
        answers[:] = [status for status in [ask(ours, request)] if status is not None]
        return bool(answers)

    wait_until(answered, "no answer")
    return answers[0]


def tasks_are_completed_and_dates_moved(ours: Trial) -> None:
    first, *others = ours.waves.tasks[0][:4]
    for step, status, task in zip((ENDED, CARRIED_OUT, ANSWERED), (200, ONCE, 200), others, strict=True):
        request = Request("bea", f"/tasks/{task}/complete", {"values": {}})
        assert while_it_dies(ours, step, request) == status
        ours.ended[task] = "met"
    (deadline,) = oracle.rows(Deadline, Deadline.task_key == first)
    later = {"due_at": (deadline.due_at + FIVE).isoformat(), "reason": "The supplier is late."}
    request = Request("max", f"/deadlines/{deadline.key}", later, "PATCH", seen=f'"{deadline.revision}"')
    assert while_it_dies(ours, TOLD, request) == 200


def releases_are_held_while_their_levels_fire(ours: Trial) -> None:
    """Each as another rung of its ladders comes; some of that is told before, the rest once it goes on."""
    due_at = min(row.due_at for row in oracle.rows(Deadline, Deadline.as_drawn == oracle.LENGTH))
    cases = zip(
        (TOLD, CARRIED_OUT, ANSWERED), (200, ONCE, 200), (-FIVE, 0 * FIVE, FIVE), ours.waves.releases, strict=True
    )
    for step, status, rung, number in cases:
        ours.fate.turn_to(due_at + rung)
        request = Request("max", f"/releases/R-{number}/hold", {"reason": "Wait."})
        assert while_it_dies(ours, step, request) == status
    held = oracle.count(DeadlineLevel, DeadlineLevel.state == "held")
    assert 0 < held < len(ours.waves.releases) * trial.ALIKE * len(oracle.RUNGS), "in the middle of it"
    ours.fate.turn(3 * 3600)
    ours.waves.settle()
    assert oracle.count(DeadlineLevel, DeadlineLevel.state == "held") == held
    for step, status, number in zip((ANSWERED, TOLD, CARRIED_OUT), (200, 200, ONCE), ours.waves.releases, strict=True):
        assert while_it_dies(ours, step, Request("max", f"/releases/R-{number}/resume", {})) == status


def dates_are_announced(ours: Trial) -> None:
    for step, status, number in zip((CARRIED_OUT, ANSWERED, TOLD), (ONCE, 201, 201), ours.waves.releases, strict=True):
        request = Request("cora", f"/releases/R-{number}/announcements", {"message": f"Of {number}."})
        assert while_it_dies(ours, step, request) == status


def test_what_people_do_while_the_web_server_dies_is_carried_out_and_told_once(
    database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=1, releases=3, dispatcher=1, worker=2, web=1) as ours:
        tasks_are_completed_and_dates_moved(ours)
        ours.waves.rise()
        releases_are_held_while_their_levels_fire(ours)
        dates_are_announced(ours)
        done = Counter(row.event for row in oracle.rows(Event))
        once_each = {"task.completed": 3, "deadline.moved": 1, "release.held": 3, "release.resumed": 3}
        assert {event: done[event] for event in once_each} == once_each
        numbers = Counter(row.release_number for row in oracle.rows(Announcement))
        first, *others = ours.waves.releases
        assert numbers == {first: 2, **dict.fromkeys(others, 1)}, "the first one's also as the wave rose"
