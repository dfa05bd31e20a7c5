"""Announcing the dates of a release to who follows it, and telling them when announced dates change (S1-9)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from service import errors
from service.domain import clock, policy
from service.integrations import letters, mail
from service.storage import db, history, keys, leases, locking, mailings, writing
from service.storage.history import Entry
from service.storage.models.announcements import Announcement, AnnouncementMail
from service.storage.queries import announcements as stored
from service.storage.queries import people, releases
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.sending import deliveries
from service.usecases.telling import audience, notices, wordings

log = logging.getLogger(__name__)

ANNOUNCED, CHANGED = "release.announced", "release.dates-changed"
LONGEST_MESSAGE = 5000


def announce(number: int, message: str = "", *, actor: policy.Actor) -> int:
    """Announce the window of an open release; answers the announcement's key.

    Raises NotFound, Forbidden, InvalidInput where the window is not set or the message is too long, Conflict where the
    release is over.
    """
    with db.transaction() as session:
        release = locking.release(session, number)
        policy.require(policy.may_change_release(actor, release))
        _check(release, message)
        locking.instance(session, release.instance_key)
        now = clock.now()
        row = _row(session, release, release.window_start, release.window_end, message.strip(), actor, now)
        data = {"from": row["window_start"].isoformat(), "to": row["window_end"].isoformat(), "text": row["message"]}
        entry = Entry("release.announced", data=data)
        history.append_to_instance(session, release.instance_key, [entry], at=now, actor=actor.name)
        notices.tell_all(session, [_spread(session, release, row, ANNOUNCED, {}, actor)], now=now)
    return int(row["key"])


def changed(
    session: Session,
    release: Row,
    entries: Sequence[Entry],
    told: Sequence[notices.Telling],
    *,
    actor: policy.Actor,
    now: datetime,
) -> list[notices.Telling]:
    """What who follows a release is to hear where these entries move dates that were announced.

    told: what the same entries tell already, as key points; nobody hears of the same dates twice.
    """
    moved = [entry for entry in entries if entry.event == "release.edited" and _dates(entry)]
    last = stored.latest(release.number) if moved else None
    if last is None:
        return []
    dates = {name: moment for entry in moved for name, moment in _dates(entry).items()}
    start, end = (dates.get(name, getattr(release, name)) for name in ("window_start", "window_end"))
    if start is None or end is None or (start, end) == (last.window_start, last.window_end):
        return []
    reason = next((str(entry.data["reason"]) for entry in entries if entry.data.get("reason")), "")
    before = {"start_before": last.window_start, "end_before": last.window_end}
    row = _row(session, release, start, end, reason, actor, now, before)
    heard = {name for one in told if one.kind == "window.moved" for name in one.recipients}
    return [_spread(session, release, row, CHANGED, before, actor, heard)]


def send(mail_key: int) -> bool:
    """Mail one announcement to one address: take it, send outside of any transaction, write down how it went.

    Answers whether it was sent by this call. Should the process die between acceptance and marking, the mail repeats
    with the same Message-ID.
    """
    current, token, now = settings.current(), uuid4().hex, clock.now()
    with db.transaction() as session:
        taken = mailings.lease(session, mail_key, token, now, now + timedelta(seconds=current.lease_seconds))
        row = stored.mail(mail_key) if taken is not None else None
    if taken is None or row is None:
        return False
    if row.ended_at is not None:
        _settle(mail_key, token, {"state": "skipped", "answer": "Whoever has this address wants no more mails."})
        return False
    if stored.replaced(row):
        _settle(mail_key, token, {"state": "skipped", "answer": "Other dates were announced meanwhile."})
        return False
    try:
        with leases.kept(AnnouncementMail, mail_key, token, current.lease_seconds):
            answer = mail.send(_letter(row), current.smtp_url, current.mail_from, current.data_dir / "mail")
    except errors.ExternalFailure as problem:
        _settle(mail_key, token, _failed(taken, problem), outage=bool(problem.facts.get("outage")))
        return False
    return _settle(mail_key, token, {"state": "sent", "sent_at": clock.now(), "answer": answer})


def resend(number: int, follower_key: int, *, actor: policy.Actor) -> None:
    """Try again to reach an address whose last mail was given up. Raises Forbidden, Conflict."""
    with db.transaction() as session:
        policy.require(policy.may_change_release(actor, locking.release(session, number)))
        row = stored.follower(follower_key)
        values = {"state": "waiting", "attempts": 0, "due_at": clock.now(), "asked_at": None}
        own = row is not None and row.release_number == number
        if not own or not writing.update_where(
            session, AnnouncementMail, values, follower_key=follower_key, state="dead"
        ):
            raise errors.Conflict("No mail to this address was given up.")


def _check(release: Row, message: str) -> None:
    if release.status != "open":
        raise errors.Conflict("The release is over.")
    if not (release.window_start and release.window_end):
        raise errors.InvalidInput({"window_start": ["set the window of the release first, its start and its end"]})
    if len(message) > LONGEST_MESSAGE:
        raise errors.InvalidInput({"message": [f"use at most {LONGEST_MESSAGE} characters"]})


def _row(
    session: Session,
    release: Row,
    start: datetime,
    end: datetime,
    message: str,
    actor: policy.Actor,
    now: datetime,
    before: Mapping[str, datetime] | None = None,
) -> dict[str, Any]:
    row = {
        "key": keys.next_key(session), "release_number": release.number, "window_start": start, "window_end": end,
        "message": message, "by": actor.name, "at": now, **(before or {}),
    }  # fmt: skip
    writing.insert_rows(session, Announcement, [row])
    return row


def _spread(
    session: Session,
    release: Row,
    row: Mapping[str, Any],
    kind: str,
    before: Mapping[str, datetime],
    actor: policy.Actor,
    heard: set[str] | None = None,
) -> notices.Telling:
    """Put the mails to addresses on their way, and answer what to tell people."""
    following = stored.followers(release.number)
    addresses = [one for one in following if one.address]
    drawn = keys.take(session, len(addresses))
    mails = [_mail(key, row, one) for key, one in zip(drawn, addresses, strict=True)]
    writing.insert_rows(session, AnnouncementMail, mails)
    others = [one for one in following if one.user and one.user != actor.name and one.user not in (heard or ())]
    users = [one.user for one in others if _may_hear(one)]
    return notices.Telling(
        cause=f"announcement:{row['key']}",
        recipients=dict.fromkeys(users, "follower"),
        kind=kind,
        values=_values(release.number, release.title, row["window_start"], row["window_end"], row["message"], before),
        link=f"/releases/R-{release.number}",
        release_number=release.number,
        instance_key=release.instance_key,
    )


def _may_hear(follower: Row) -> bool:
    """Whoever follows by themselves hears of it as long as they see the release; others were invited."""
    if follower.added_by != follower.user:
        return True
    person = people.actor(follower.user)
    return person is not None and releases.may_see(person, follower.release_number)


def _mail(key: int, row: Mapping[str, Any], follower: Row) -> dict[str, Any]:
    return {
        "key": key, "announcement_key": row["key"], "follower_key": follower.key, "address": follower.address,
        "state": "waiting", "attempts": 0, "due_at": row["at"], "message_id": f"{key}.{uuid4().hex}",
    }  # fmt: skip


def _values(
    number: int, title: str, start: datetime, end: datetime, message: str, before: Mapping[str, Any]
) -> dict[str, Any]:
    return {"release": f"R-{number} {title}", "start": start, "end": end, "message": message, **before}


def _letter(row: Row) -> mail.Letter:
    current = settings.current()
    before = {"start_before": row.start_before, "end_before": row.end_before}
    values = _values(row.release_number, row.title, row.window_start, row.window_end, row.message, before)
    kind = CHANGED if row.start_before is not None else ANNOUNCED
    subject, body = wordings.Wordings([kind]).render(kind, row.language, current.zone, values)
    entry = letters.Entry(
        kind, " ".join(subject.split()), body, as_="address", release_number=row.release_number,
        release_title=row.title,
    )  # fmt: skip
    leaving = f"{current.public_url}/unsubscribe/{row.token}"
    content = letters.content([entry], letters.Reader(row.language, current.zone, current.public_url, leaving))
    return mail.Letter(
        to=row.address,
        subject=content.subject,
        text=content.text,
        html=content.html,
        message_id=f"<{row.message_id}@{mail.domain(current.mail_from)}>",
        at=row.at,
        unsubscribe=leaving,
    )


def _dates(entry: Entry) -> dict[str, datetime]:
    """The dates that an entry of history gives a window, by column."""
    changes = entry.data["changes"]
    return {
        name: datetime.fromisoformat(changes[name][1])
        for name in ("window_start", "window_end")
        if name in changes and changes[name][1]
    }


def _failed(taken: Row, problem: errors.ExternalFailure) -> dict[str, Any]:
    if not problem.transient or taken.attempts > len(deliveries.PAUSES_S):
        log.warning("announcement %s to %s is given up: %s", taken.key, taken.address, problem)
        return {"state": "dead", "answer": str(problem)}
    due_at = clock.now() + timedelta(seconds=deliveries.PAUSES_S[taken.attempts - 1])
    return {"answer": str(problem), "due_at": due_at, "asked_at": None}


def _settle(mail_key: int, token: str, values: Mapping[str, Any], *, outage: bool = False) -> bool:
    with db.transaction() as session:
        settled = mailings.settle(session, mail_key, token, values, outage=outage)
        if settled and values.get("state") == "sent":
            deliveries.hasten(session, audience.EMAIL)
    return settled
