"""What must be true at the end, whatever happened: asked of the database and of the mail server's own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from service.domain import clock, webhooks
from service.storage import db, outbox
from service.storage import history as chains
from service.storage.models.instances import Instance, Job, Timer
from service.storage.models.ledger import Breakdown, Event
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.webhooks import WebhookEvent
from service.storage.queries import history
from tests.support.mail import MailServer
from tests.support.receiver import Receiver

CHAT = "/chat"  # the receiver's path for what goes to chats
A_YEAR = timedelta(days=365)
SENT = (("sent", None), ("sent", "rate"))
SKIPPED = (("skipped", "no-address"),)


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


def check_receipts(without_address: Sequence[str], chats: Mapping[str, str]) -> None:
    """Each notice has its one receipt a channel: it went in a bundle that is through, or says why it did not."""
    told = {row.key: row for row in rows(Notice)}
    receipts = rows(Delivery)
    wanted = Counter((key, "email") for key in told)
    wanted += Counter((key, "chat") for key, row in told.items() if row.user in chats)
    assert Counter((row.notice_key, row.channel) for row in receipts) == wanted
    for row in receipts:
        reached = row.channel == "chat" or told[row.notice_key].user not in without_address
        assert (row.state, row.reason) in (SENT if reached else SKIPPED)
    bundles = {row.key: row for row in rows(Bundle)}
    assert {row.state for row in bundles.values()} == {"sent"}
    assert {key: row.size for key, row in bundles.items()} == Counter(row.bundle for row in receipts if row.bundle)
    for row in (one for one in receipts if one.state == "sent"):
        own = bundles[row.bundle]
        assert (row.user, row.address, row.message_id, row.sent_at, row.answer, row.attempts) == (
            (own.user, own.address, own.message_id, own.sent_at, own.answer, own.attempts)
        )
        assert row.answer
        assert row.sent_at >= row.told_at
    assert [key for key, row in bundles.items() if row.lease or row.leased_until or not row.attempts] == []


def check_mail(mail: MailServer) -> Counter[str]:
    """What the server accepted is what was sent, to whom; answers how often more than once, by Message-ID.

    A repeat is the same message to the letter.
    """
    accepted: dict[str, list[Any]] = {}
    for one in mail.received:
        accepted.setdefault(one.message_id, []).append(one)
    bundles = {row.message_id: row for row in rows(Bundle, Bundle.channel == "email")}
    assert set(accepted) == set(bundles)
    for number, copies in accepted.items():
        assert {(*one.recipients, one.subject, one.text) for one in copies} == {
            (bundles[number].address, copies[0].subject, copies[0].text)
        }
        if bundles[number].size > 1:
            assert copies[0].subject.startswith(f"{bundles[number].size} ")
    return Counter({number: len(copies) - 1 for number, copies in accepted.items() if len(copies) > 1})


def check_webhook(receiver: Receiver, secret: str, kind: str) -> Counter[str]:
    """Each notice's cause of this kind was told to the webhook once; answers how often more, by event.

    A repeat has the same id and body, and each call is signed.
    """
    causes = {row.cause for row in rows(Notice, Notice.kind == kind)}
    events = rows(WebhookEvent)
    assert Counter(row.cause for row in events) == dict.fromkeys(causes, 1)
    assert Counter(row.state for row in events) == {"sent": len(causes)}
    assert [row.key for row in events if row.lease or row.leased_until or not (row.sent_at and row.attempts)] == []
    calls = [one for one in receiver.calls if not one.path.startswith(CHAT)]
    assert {(one.id, one.body.decode()) for one in calls} == {
        (webhooks.message_id(row.key), row.body) for row in events
    }
    assert all(one.is_signed_with(secret) for one in calls)
    return Counter({number: times - 1 for number, times in Counter(one.id for one in calls).items() if times > 1})


def check_chats(receiver: Receiver) -> int:
    """The chat was handed each of its bundles; answers how many calls more there were, to the letter the same."""
    bundles = rows(Bundle, Bundle.channel == "chat")
    said = Counter(one.body for one in receiver.calls if one.path.startswith(CHAT))
    assert len(said) == len(bundles)
    return said.total() - len(said)


def check_nothing_is_left() -> None:
    """Nothing waits, nothing broke down for good, and the histories are whole."""
    assert count(DeadlineLevel, DeadlineLevel.state == "waiting") == 0
    assert count(Delivery, Delivery.state.in_(("waiting", "held"))) == 0
    assert count(Bundle, Bundle.state == "waiting") == 0
    assert count(WebhookEvent, WebhookEvent.state == "waiting") == 0
    assert (count(Timer), count(Job, Job.state == "open")) == (0, 0)
    backlog = outbox.backlog(clock.now() + A_YEAR)
    assert [kind for kind, behind in backlog.items() if behind.due or behind.failing] == []
    assert [(row.kind, row.problem) for row in rows(Breakdown)] == []
    for instance in rows(Instance):
        assert chains.first_broken(history.chain(chains.instance_chain(instance.key))) is None
    assert chains.first_broken(history.chain(chains.ADMIN)) is None
    assert len({row.chain for row in rows(Event)}) >= count(Instance)
