"""What must be true at the end, whatever happened: asked of the database and of the mail server's own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.domain import clock, readers, webhooks
from service.storage import db, outbox
from service.storage import history as chains
from service.storage.models.announcements import Announcement, AnnouncementMail
from service.storage.models.appointments import Appointment
from service.storage.models.instances import Instance, Job, Timer
from service.storage.models.ledger import Breakdown, Event
from service.storage.models.notices import Bundle, Deadline, DeadlineLevel, Delivery, Notice
from service.storage.models.reports import MadeReport
from service.storage.models.webhooks import WebhookEvent
from service.storage.queries import history
from tests.support import occasions
from tests.support.mail import MailServer
from tests.support.receiver import Receiver

CHAT = "/chat"  # the receiver's path for what goes to chats, followed by whose it is
A_DAY = timedelta(days=1)
LENGTH, HOUR = "PT1H", timedelta(hours=1)  # until the tasks of a release are due
LADDER = "-PT5M: assignee candidates; PT0S: group:release-coordinators; PT5M: user:nora repeat PT5M x1"
RUNGS = tuple(timedelta(minutes=minutes) for minutes in (-5, 0, 5, 10))  # when its levels come, before and after that
OPEN = {  # what waits for a moment: its states, and the moment
    DeadlineLevel: (("waiting",), DeadlineLevel.fire_at),
    Delivery: (("waiting", "held"), Delivery.due_at),
    Bundle: (("waiting",), Bundle.due_at),
    WebhookEvent: (("waiting",), WebhookEvent.due_at),
    AnnouncementMail: (("waiting",), AnnouncementMail.due_at),
    Appointment: (("waiting",), Appointment.due_at),
}
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


def due(now: datetime) -> Counter[str]:
    """What is due and not through, in whosever hands it is, by its table."""
    found = {
        model.__tablename__: count(model, model.state.in_(states), moment <= now)
        for model, (states, moment) in OPEN.items()
    }
    return +Counter(found)


def check_levels(deadlines: int, ended: Mapping[int, str], who: Mapping[str, Sequence[str]]) -> None:
    """Every level fired once, at its moment or later, and told exactly its people, each once.

    ended: the state of the deadlines that ended, by their task; their levels were cancelled before they were due. who:
    what each recipient of a ladder means.
    """
    own = {row.key: row for row in rows(Deadline, Deadline.activation_key.is_not(None))}
    levels = rows(DeadlineLevel, DeadlineLevel.activation_key.is_not(None))
    assert len(own) == deadlines
    assert len({(row.deadline_key, row.level, row.repeat) for row in levels}) == len(levels) == deadlines * len(RUNGS)
    over = {key for key, row in own.items() if row.task_key in ended}
    assert {own[key].task_key: own[key].state for key in over} == ended
    assert {row.state for row in levels if row.deadline_key in over} <= {"cancelled"}
    fired = [row for row in levels if row.deadline_key not in over]
    assert {row.state for row in fired} == {"fired"}
    assert [row.key for row in fired if row.fired_at < row.fire_at] == [], "early"
    wanted = Counter((f"level:{row.key}", name) for row in fired for entry in row.recipients for name in who[entry])
    assert _told("level:") == wanted
    entries = rows(Event, Event.event == "deadline.level.fired")
    remembered = Counter((row.activation_key, row.data["level"], row.data["repeat"]) for row in entries)
    assert remembered == Counter((row.activation_key, row.level, row.repeat) for row in fired), "in the histories, once"


def check_holds(releases: Sequence[int]) -> None:
    """Nothing fired while a release was on hold, and what was ahead came later by as long as that, to the moment."""

    def after(moment: datetime) -> datetime:
        for start, end in holds:
            moment += end - start if moment > start else timedelta()
        return moment

    for number in releases:
        turns = rows(Event, Event.release_number == number, Event.event.in_(("release.held", "release.resumed")))
        turns.sort(key=lambda row: row.at)
        assert [row.event for row in turns] == ["release.held", "release.resumed"] * (len(turns) // 2)
        holds = [(held.at, resumed.at) for held, resumed in zip(turns[::2], turns[1::2], strict=True)]
        own = rows(Deadline, Deadline.release_number == number, Deadline.activation_key.is_not(None))
        assert {row.due_at for row in own} == {after(row.started_at + HOUR) for row in own}
        levels = rows(DeadlineLevel, DeadlineLevel.deadline_key.in_([one.key for one in own]))
        assert {row.fire_at for row in levels} == {after(row.started_at + HOUR + rung) for row in own for rung in RUNGS}
        assert [row.key for row in levels for start, end in holds if start < row.fired_at < end] == []


def check_announcements() -> None:
    """Each announcement went once to each address and person that follows the release."""
    announced = {row.key: row for row in rows(Announcement)}
    mails = rows(AnnouncementMail)
    wanted = Counter((key, address) for key in announced for address in occasions.ADDRESSES)
    assert Counter((row.announcement_key, row.address) for row in mails) == wanted
    assert {row.state for row in mails} <= {"sent"}
    assert [row.key for row in mails if row.lease or row.leased_until or not (row.answer and row.attempts)] == []
    assert all(row.sent_at >= announced[row.announcement_key].at for row in mails)
    assert _told("announcement:") == Counter(
        (f"announcement:{key}", name) for key in announced for name in occasions.FOLLOWERS
    )


def check_appointments() -> None:
    """Each that was due is kept once, with one report where it is one, and the next turn of that is ahead."""
    kept = rows(Appointment, Appointment.state == "kept")
    ahead = rows(Appointment, Appointment.state == "waiting")
    assert len(kept) + len(ahead) == count(Appointment)
    assert [row.key for row in kept if row.kept_at < row.due_at] == [], "early"
    told_to = {"review": (occasions.OWNER, occasions.MANAGER), "report": (occasions.REPORTED_TO,)}
    assert _told("appointment:") == Counter(
        (f"appointment:{row.key}", name) for row in kept for name in told_to[row.kind]
    )
    turns = Counter(row.subject for row in kept if row.kind == "report")
    assert turns == Counter(row.schedule_key for row in rows(MadeReport))
    assert {row.subject: row.turn for row in ahead} == {plan: times + 1 for plan, times in turns.items()}


def _told(causes: str) -> Counter[tuple[str, str]]:
    """Whom was told what, of the causes that begin like this."""
    return Counter((row.cause, row.reader) for row in rows(Notice) if row.cause.startswith(causes))


def check_receipts(without_address: Sequence[str], chats: Mapping[str, str], back: timedelta) -> None:
    """Each notice has its one receipt a channel: it went in a bundle that is through, or says why it did not.

    back: how far the clock was turned back; what was told before that may have left at an earlier hour.
    """
    told = {row.key: row for row in rows(Notice)}
    receipts = rows(Delivery)
    wanted = Counter((key, "email") for key, row in told.items() if readers.group(row.reader) is None)
    wanted += Counter((key, "chat") for key, row in told.items() if row.reader in chats)
    assert Counter((row.notice_key, row.channel) for row in receipts) == wanted
    for row in receipts:
        reached = row.channel == "chat" or told[row.notice_key].reader not in without_address
        assert (row.state, row.reason) in (SENT if reached else SKIPPED), (row.channel, row.reader, row.answer)
    bundles = {row.key: row for row in rows(Bundle)}
    assert {row.state for row in bundles.values()} == {"sent"}
    held = Counter(row.bundle for row in receipts if row.bundle)
    assert [
        (row.reader, row.channel, row.size, held[key]) for key, row in bundles.items() if row.size != held[key]
    ] == []
    assert set(held) == set(bundles)
    for row in (one for one in receipts if one.state == "sent"):
        own = bundles[row.bundle]
        assert (row.reader, row.address, row.message_id, row.sent_at, row.answer, row.attempts) == (
            (own.reader, own.address, own.message_id, own.sent_at, own.answer, own.attempts)
        )
        assert row.answer
        assert row.sent_at >= row.told_at - back, (row.told_at, row.sent_at, told[row.notice_key].cause)
    assert [key for key, row in bundles.items() if row.lease or row.leased_until or not row.attempts] == []


def check_mail(mail: MailServer) -> Counter[str]:
    """What the server accepted is what was sent, to whom; answers how often more than once, by Message-ID.

    A repeat is the same message to the letter.
    """
    accepted: dict[str, list[Any]] = {}
    for one in mail.received:
        accepted.setdefault(one.message_id, []).append(one)
    bundles = {row.message_id: row for row in rows(Bundle, Bundle.channel == "email")}
    announced = {f"<{row.message_id}@localhost>": row for row in rows(AnnouncementMail)}
    assert set(accepted) == set(bundles) | set(announced)
    for number, copies in accepted.items():
        sent = bundles.get(number) or announced[number]
        assert {(*one.recipients, one.subject, one.text) for one in copies} == {
            (sent.address, copies[0].subject, copies[0].text)
        }
        if number in bundles and sent.size > 1:
            assert copies[0].subject.startswith(f"{sent.size} ")
    return Counter({number: len(copies) - 1 for number, copies in accepted.items() if len(copies) > 1})


def check_webhook(receiver: Receiver, secret: str, kinds: Sequence[str]) -> Counter[str]:
    """Each notice's cause of these kinds was told to the webhook once; answers how often more, by event.

    A repeat has the same id and body, and each call is signed.
    """
    causes = {row.cause for row in rows(Notice, Notice.kind.in_(kinds))}
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


def chat_of(reader: str) -> str:
    """The receiver's path for what goes to the chat of a reader."""
    return f"{CHAT}/{reader.replace(':', '-')}"


def check_chats(receiver: Receiver) -> int:
    """Each chat was handed each of its bundles; answers how many calls more there were, to the letter the same."""
    bundles = rows(Bundle, Bundle.channel == "chat")
    said = Counter((one.path, one.body) for one in receiver.calls if one.path.startswith(CHAT))
    assert Counter(path for path, _ in said) == Counter(chat_of(row.reader) for row in bundles)
    return said.total() - len(said)


def check_nothing_is_left() -> None:
    """Nothing waits, nothing broke down for good, and the histories are whole."""
    assert due(clock.now()) == {}
    assert (count(Timer), count(Job, Job.state == "open")) == (0, 0)
    backlog = outbox.backlog(clock.now() + A_DAY)
    assert [kind for kind, behind in backlog.items() if behind.due or behind.failing] == []
    assert [(row.kind, row.problem) for row in rows(Breakdown)] == []
    for instance in rows(Instance):
        assert chains.first_broken(history.chain(chains.instance_chain(instance.key))) is None
    assert chains.first_broken(history.chain(chains.ADMIN)) is None
    assert len({row.chain for row in rows(Event)}) >= count(Instance)
