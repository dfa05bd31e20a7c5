"""Mail servers and receivers that refuse, hang, drop and are away for ten minutes: the same once."""

from __future__ import annotations

from collections.abc import Callable

from service.storage.models.announcements import AnnouncementMail
from service.storage.models.notices import Bundle
from service.storage.models.webhooks import WebhookEvent
from tests.support import oracle, trial
from tests.support.fate import Fate
from tests.support.mail import MailServer
from tests.support.product import Product
from tests.support.queue_server import QueueServer
from tests.support.receiver import Receiver
from tests.support.trial import QUICK, Trial

OUTAGE_MINUTES = 10
HANGS_FOR_S = 2.0  # then we give up, where ten seconds are usual


def tried_in_vain(ours: Trial, *, webhooks: bool = True) -> None:
    """A wave comes while nobody takes anything; each minute whatever is to be tried again is."""
    ours.waves.rise()
    ours.waves.settle()
    for _ in range(OUTAGE_MINUTES):
        for model in (Bundle, AnnouncementMail, *([WebhookEvent] if webhooks else [])):
            assert oracle.count(model, model.state == "waiting", model.attempts > 0), model.__tablename__
        ours.fate.turn(60)
        ours.waves.settle()


def test_what_others_refuse_or_drop_is_neither_lost_nor_doubled(
    sqlite_database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    product = start_product(sqlite_database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=4, dispatcher=1, worker=2) as ours:
        mail.refusal, receiver.status = "451 4.3.0 Try later", 503
        tried_in_vain(ours)
        mail.refusal, receiver.status = None, 204

        mail.go_away()
        tried_in_vain(ours, webhooks=False)
        mail.come_back()

        mail.drops = receiver.drops = True
        tried_in_vain(ours)
        assert mail.unanswered

        receiver.drops, mail.keeps = False, True
        tried_in_vain(ours, webhooks=False)
        mail.drops = False
    assert ours.mails_again.total() == mail.kept > 0, "only what was kept without a word came again"


def test_what_others_hang_on_for_ten_minutes_is_neither_lost_nor_doubled(
    sqlite_database: str,
    queue_server: QueueServer,
    mail: MailServer,
    receiver: Receiver,
    fate: Fate,
    start_product: Callable[..., Product],
) -> None:
    for sender in ("mail", "webhooks"):
        fate.constants[f"service.integrations.{sender}:TIMEOUT_S"] = HANGS_FOR_S
    product = start_product(sqlite_database, queue_server.url, mail.url, **QUICK)
    with trial.held(product, fate, mail, receiver, waves=2, dispatcher=1, worker=3) as ours:
        mail.hangs = receiver.hangs = True
        tried_in_vain(ours)
        before = mail.unanswered
        assert before > OUTAGE_MINUTES, "each letter was tried several times"
        receiver.hangs, mail.keeps = False, True
        tried_in_vain(ours, webhooks=False)
        mail.hangs = False
    assert ours.mails_again.total() >= mail.kept > 0, "what was kept without a word came again"
