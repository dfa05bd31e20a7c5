"""What must be true at the end, whatever happened: asked of the database and of the mail server's own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from service.storage import db
from service.storage import history as chains
from service.storage.models.instances import Instance, Job, Timer
from service.storage.models.ledger import Breakdown, Event
from service.storage.models.notices import Deadline, DeadlineLevel, Delivery, Notice
from service.storage.queries import history
from tests.support.mail import MailServer


def rows(model: Any, *conditions: Any) -> list[Any]:
    with db.reading() as session:
        found = session.query(model).filter(*conditions).all()
        session.expunge_all()
    return found


def count(model: Any, *conditions: Any) -> int:
    with db.reading() as session:
        return session.query(model).filter(*conditions).count()


def check_levels(deadlines: int, rungs: int, ended: Mapping[int, str], who: Mapping[str, Sequence[str]]) -> None:
    """Every level fired once, at its moment or later, and told exactly its people, each once.

    ended: the state of the deadlines that ended, by their task; their levels were cancelled before they were due. who:
    what each recipient of a ladder means.
    """
    own = {row.key: row for row in rows(Deadline)}
    levels = rows(DeadlineLevel)
    assert len(own) == deadlines
    assert len({(row.deadline_key, row.level, row.repeat) for row in levels}) == len(levels) == deadlines * rungs
    over = {key for key, row in own.items() if row.task_key in ended}
    assert {own[key].task_key: own[key].state for key in over} == ended
    assert {row.state for row in levels if row.deadline_key in over} <= {"cancelled"}
    fired = [row for row in levels if row.deadline_key not in over]
    assert {row.state for row in fired} == {"fired"}
    assert [row.key for row in fired if row.fired_at < row.fire_at] == [], "early"
    wanted = Counter((f"level:{row.key}", name) for row in fired for entry in row.recipients for name in who[entry])
    told = Counter((row.cause, row.user) for row in rows(Notice) if row.cause.startswith("level:"))
    assert told == wanted


def check_receipts(without_address: Sequence[str]) -> None:
    """Each notice has its one delivery a channel, which is through and in nobody's hands."""
    deliveries = rows(Delivery)
    of = Counter((row.notice_key, row.channel) for row in deliveries)
    assert of == Counter((row.key, "email") for row in rows(Notice) if row.user not in without_address)
    assert Counter(row.state for row in deliveries) == {"sent": len(deliveries)}
    incomplete = [row.key for row in deliveries if not (row.sent_at and row.message_id and row.answer and row.address)]
    assert incomplete == []
    assert [row.key for row in deliveries if row.lease or row.leased_until or not row.attempts] == []


def check_mail(mail: MailServer, most_repeats: int) -> Counter[str]:
    """What the server accepted is what was sent, to whom; answers what it accepted more than once, and how often more.

    A repeat is the same mail under the same Message-ID, and there are at most so many: one for each process that died.
    """
    sent = {row.message_id: row.address for row in rows(Delivery)}
    accepted: dict[str, list[Any]] = {}
    for one in mail.received:
        accepted.setdefault(one.message_id, []).append(one)
    assert set(accepted) == set(sent)
    for number, copies in accepted.items():
        assert {(tuple(one.recipients), one.subject, one.text) for one in copies} == {
            ((sent[number],), copies[0].subject, copies[0].text)
        }
    repeats = Counter({number: len(copies) - 1 for number, copies in accepted.items() if len(copies) > 1})
    assert repeats.total() <= most_repeats, repeats
    return repeats


def check_nothing_is_left() -> None:
    """Nothing waits, nothing broke down for good, and the histories are whole."""
    assert count(DeadlineLevel, DeadlineLevel.state == "waiting") == 0
    assert count(Delivery, Delivery.state == "waiting") == 0
    assert (count(Timer), count(Job, Job.state == "open")) == (0, 0)
    assert [(row.kind, row.problem) for row in rows(Breakdown)] == []
    for instance in rows(Instance):
        assert chains.first_broken(history.chain(chains.instance_chain(instance.key))) is None
    assert chains.first_broken(history.chain(chains.ADMIN)) is None
    assert len({row.chain for row in rows(Event)}) >= count(Instance)
