"""How the product itself is doing: in plain words, with what to do, and what was given up to be tried again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from flask_babel import ngettext

from service.domain import clock, policy
from service.storage import outbox, queue, tally
from service.storage.queries import breakdowns, bundles, health, instances, webhooks
from service.storage.types import Row
from service.usecases.upkeep import watching
from service.web import access, auth, problems
from service.web.pages import frame
from service.web.pages.breakdowns import KINDS

pages = frame.pages

MOST = 20  # of each that was given up
PROCESSES = {"dispatcher": later("Dispatcher"), "worker": later("Worker")}
TITLES = {
    watching.LAG: later("What is due waits too long"),
    watching.DISPATCHER: later("No dispatcher runs"),
    watching.WORKER: later("No worker runs"),
    watching.REDIS: later("Redis does not answer"),
    watching.MAIL: later("The mail server takes nothing"),
}
ADVICE = {
    watching.LAG: later("Start more workers with `tidegate worker`, or see below what holds them up."),
    watching.DISPATCHER: later(
        "Start one with `tidegate dispatcher`. Until then no deadline is noticed; nothing is lost."
    ),
    watching.WORKER: later("Start one with `tidegate worker`. Until then what is due waits; nothing is lost."),
    watching.REDIS: later("Start it, or correct TIDEGATE_REDIS_URL. Until then what is due waits; nothing is lost."),
    watching.MAIL: later(
        "Look at the mail server and at TIDEGATE_SMTP_URL. Notices are in the inbox; mails are tried again."
    ),
}


@dataclass(frozen=True)
class GivenUp:
    """Something that somebody may try again: what it is, where it belongs, why it failed, and the way to try it."""

    id: str
    what: str
    kind: str
    why: str
    at: datetime
    attempts: int | None
    action: str


@dataclass(frozen=True)
class Waiting:
    """One kind of what waits for a moment: how much is due, since when, how much fails, and how late it usually is."""

    name: Any
    now: outbox.Backlog
    usual_s: float | None


@pages.get("/administration/operation")
@access.requires(policy.may_administer)
def operation() -> str:
    now = clock.now()
    survey = health.survey(current_app.config["SETTINGS"].redis_url, now)
    wrong = watching.troubles(survey, now)
    return frame.show(
        "operation.html",
        now=now,
        survey=survey,
        wrong=wrong,
        titles=TITLES,
        advice=ADVICE,
        problem=problems.said,
        processes=[(PROCESSES[one.kind], one, _moment(one.since)) for one in survey.signs or ()],
        waiting=list(_waiting(survey)),
        given_up=sorted(_given_up(), key=lambda one: one.at, reverse=True),
        episodes=health.episodes(MOST),
        lengths=_lengths(survey),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _lengths(survey: health.Survey) -> Mapping[str, int]:
    names = {queue.WORK: _("work"), queue.MAIL: _("mail")}
    return {names.get(name, name): length for name, length in (survey.lengths or {}).items()}


def _waiting(survey: health.Survey) -> Iterator[Waiting]:
    asked = tally.histograms(survey.counted, tally.ASKED)
    for kind, now in survey.standing.backlog.items():
        usual = asked[kind].share(0.95) if kind in asked else None
        yield Waiting(KINDS.get(kind, kind), now, usual)


def _given_up() -> Iterator[GivenUp]:
    for row in breakdowns.listing(limit=MOST)[0]:
        retry = url_for("pages.retry_breakdown", key=row.key)
        kind = str(KINDS.get(row.kind, row.kind))
        yield GivenUp(f"b{row.key}", row.name, kind, row.problem, row.last_at, row.attempts, retry)
    for row in bundles.given_up(limit=MOST)[0]:
        frame.learn_titles([row.reader])
        retry = url_for("pages.resend_bundle", key=row.key)
        why = problems.said(row.answer or "")
        yield GivenUp(f"d{row.key}", _message(row), _way(row), why, row.due_at, row.attempts, retry)
    for row in webhooks.events(state="dead", limit=MOST)[0]:
        retry = url_for("pages.retry_webhook_event", key=row.key)
        kind = _("Webhook %(name)s", name=row.name)
        yield GivenUp(
            f"w{row.key}", row.subject, kind, problems.said(row.answer or ""), row.due_at, row.attempts, retry
        )
    for row in instances.incidents(auth.actor(), limit=MOST)[0]:
        retry = url_for("pages.retry_incident", key=row.key)
        where = _("Release %(number)s", number=f"R-{row.release_number}") if row.release_number else _("A run")
        yield GivenUp(
            f"i{row.key}", row.element or row.code, where, problems.said(row.message), row.raised_at, None, retry
        )


def _message(row: Row) -> str:
    """What a message says: its first notice, and how many more."""
    more = row.size - 1
    if not more:
        return str(row.subject)
    return str(ngettext("%(subject)s and %(num)d more", "%(subject)s and %(num)d more", more, subject=row.subject))


def _way(row: Row) -> str:
    name = frame.title_of(row.reader)
    return _("Mail to %(person)s", person=name) if row.channel == "email" else _("Chat of %(person)s", person=name)
