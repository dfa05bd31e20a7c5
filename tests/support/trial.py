"""Waves of deadlines under the tests' clock, and a crew of real processes in which whoever falls is replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import OperationalError

from service.domain import clock
from service.storage import db, writing
from service.storage.models.operation import Trouble
from service.storage.models.people import User
from service.usecases.deploying import models
from service.usecases.running import instances
from service.usecases.sending import chats, webhooks
from tests import cast
from tests.support import drawing as d
from tests.support import dying, house, occasions, oracle
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.patience import wait_until
from tests.support.product import Process, Product
from tests.support.receiver import Receiver
from tests.web.caller import settle_in

COORDINATORS = "group:release-coordinators"  # a group that has a chat of its own
ALIKE = 15  # tasks of one instance, each with a deadline of its own
APART = timedelta(minutes=30)
WHO = {
    "assignee": (),
    "candidates": ("bea",),
    COORDINATORS: ("cora", "carl", COORDINATORS),
    "user:nora": ("nora",),
}
WITHOUT_ADDRESS = ("carl", "nora")
HEARD = ("deadline.due", "release.held", "release.resumed", "release.announced")  # one level of each ladder, and news
QUICK = {
    "TIDEGATE_LEASE_SECONDS": "1",
    "TIDEGATE_GATHER_SECONDS": "0.2",
    "TIDEGATE_GATHER_MOST_SECONDS": "1",
    "TIDEGATE_WEBHOOK_PRIVATE": "true",
    "TIDEGATE_CHAT_SCHEMES": "json",
    "TIDEGATE_LAG_ALERT_SECONDS": "864000",  # what is late by a clock that was turned is no trouble
}
CHATS = {"carl": "team", "fred": "news", "cora": "work", COORDINATORS: "all"}  # by whom it reaches
GATHERING = timedelta(seconds=1.5)  # a little longer than a message may wait for more
DAY_S = 86400
MANY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
    f'inputCollection="={list(range(ALIKE))}" inputElement="number"/></bpmn:extensionElements>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)


def _climbing(process: str, due: str) -> bytes:
    """Tasks that are due together, and whose ladders are the same."""
    own = d.properties({"deadline": due, "escalation": oracle.LADDER})
    work = '<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="build-team"/>'
    return d.diagram(
        d.start() + d.element("userTask", "build", work + own, MANY) + d.end() + d.chain("start", "build", "end"),
        process=process,
    )


WAVE = _climbing("wave", "=due")
RELEASE = _climbing("minor_release", oracle.LENGTH)


@contextmanager
def open_house(product: Product, fate: Fate) -> Iterator[Flask]:
    """The cast, each with a token, in the product's database and by its settings; here too the tests' clock goes."""
    with clock.replaced(fate.now), house.opened(product.environment) as app:
        settle_in()
        with db.transaction() as session:
            for name in WITHOUT_ADDRESS:
                writing.update_where(session, User, {"email": None}, name=name)
        models.deploy([("wave.bpmn", WAVE)], actor=cast.actor("petra"))
        yield app


class Waves:
    """Deadlines that come due together, wave after wave, far enough apart for the clock to be turned between them."""

    def __init__(self, fate: Fate, count: int, instances_each: int, releases: int) -> None:
        self.fate = fate
        self.due = [fate.now() + APART * (number + 1) for number in range(count)]
        self.tasks: list[list[int]] = []
        self._next = 0
        for moment in self.due:
            begun = [self._begin(moment) for _ in range(instances_each)]
            self.tasks.append([task["key"] for one in begun for task in one.opened])
        self.releases = [occasions.release(RELEASE, f"Of {number}") for number in range(releases)]
        self.deadlines = (count * instances_each + releases) * ALIKE
        occasions.appoint(self.due, APART)

    def _begin(self, moment: datetime) -> instances.advancing.Outcome:
        return instances.start("wave", variables={"due": moment.isoformat()}, actor=cast.actor("petra"))

    def rise(self) -> None:
        """The moments of all levels and appointments of the next wave come at once, and dates are announced."""
        self.fate.turn_to(self.due[self._next] + APART / 2)
        self._next += 1
        occasions.announce(self.releases[0], f"Wave {self._next}")

    def left(self) -> Counter[str]:
        """What is due or gathers, and is not through, by what it is."""
        return oracle.due(self.fate.now() + GATHERING)

    def settle(self, patience_s: float = 120) -> None:
        wait_until(self._is_through, lambda: f"not through: {self.left()}", patience_s)

    def _is_through(self) -> bool:
        """Whoever asks while the database is replaced asks again."""
        try:
            return not self.left()
        except OperationalError:
            return False


class Crew:
    """Processes of the product, as many of each kind as at first."""

    def __init__(self, product: Product, fate: Fate, **sizes: int) -> None:
        self.product, self.fate = product, fate
        product.bear = fate.bear
        self.members = [product.start(kind, wait=False) for kind, size in sizes.items() for _ in range(size)]
        self.deaths: Counter[str] = Counter()
        self.forgot = 0  # who did not die, and could not note what left the house
        for member in self.members:
            product._wait(member)

    def dies_at(self, step: str) -> None:
        """Somebody comes to this step now and dies there; another takes the place."""
        number = self.fate.wait_until_fallen(step)
        # of a web server it is not the process that we started; whoever tells of a lag comes to a worker's step too
        (member,) = [one for one in self.members if one.popen.pid == number] or self.of(dying.STEPS[step].who)
        self.replace(member)

    def replace(self, member: Process) -> None:
        """Kill it, where it is not dead already, and start another one."""
        member.kill()
        self.members.remove(member)
        self.deaths[member.name] += 1
        self.members.append(self.product.start(member.name, wait=False))

    def of(self, kind: str) -> list[Process]:
        return [one for one in self.members if one.name == kind]

    def check_alive(self) -> None:
        """Nobody ended by itself."""
        for member in self.members:
            assert member.running, member.log[-4000:]


def steps_of(*kinds: str) -> list[str]:
    return [name for name, step in dying.STEPS.items() if step.who in kinds]


@dataclass
class Trial:
    """What is tried, and afterwards how often more than once each message and each event left the house."""

    fate: Fate
    waves: Waves
    crew: Crew
    ended: dict[int, str] = field(default_factory=dict)  # what became of the deadlines of tasks that were completed
    mails_again: Counter[str] = field(default_factory=Counter)
    calls_again: Counter[str] = field(default_factory=Counter)
    chats_again: int = 0


@contextmanager
def held(
    product: Product,
    fate: Fate,
    mail: MailServer,
    receiver: Receiver,
    *,
    waves: int,
    instances_each: int = 1,
    releases: int = 1,
    **crew: int,
) -> Iterator[Trial]:
    """Waves of deadlines and a crew that meets them; at the end all must be as if nothing had happened."""
    with open_house(product, fate):
        _, secret = webhooks.create("ours", receiver.url, kinds=HEARD, actor=cast.actor("ada"))
        for reader, chat in CHATS.items():
            actor = cast.actor("ada" if reader == COORDINATORS else reader)
            chats.add(reader, chat, f"json://127.0.0.1:{receiver.port}{oracle.chat_of(reader)}", actor=actor)
        ours = Trial(fate, Waves(fate, waves, instances_each, releases), Crew(product, fate, **crew))
        yield ours
        fate.turn(DAY_S)
        ours.waves.settle()
        wait_until(lambda: not oracle.count(Trouble, Trouble.present.is_not(None)), "some trouble is not over")
        ours.waves.settle()
        ours.crew.check_alive()
        oracle.check_levels(ours.waves.deadlines, ours.ended, WHO)
        oracle.check_holds(ours.waves.releases)
        oracle.check_announcements()
        oracle.check_appointments()
        oracle.check_receipts(WITHOUT_ADDRESS, CHATS, fate.back)
        ours.chats_again = oracle.check_chats(receiver)
        ours.mails_again = oracle.check_mail(mail)
        ours.calls_again = oracle.check_webhook(receiver, secret, HEARD)
        oracle.check_nothing_is_left()
