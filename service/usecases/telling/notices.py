"""Telling people: the notice in their inbox, and the deliveries that are to carry it further."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service import errors
from service.domain import clock, policy, reaching, readers
from service.storage import db, post, untold
from service.storage.queries import notices as stored
from service.storage.queries import untold as missing
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.telling import audience, hooking, wordings
from service.usecases.telling import recipients as meaning

LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Telling:
    """Something to tell some people.

    cause: what made us tell it (`level:12`, `job:45`); the same cause tells the same person once, however often it is
    told. recipients: user name -> as what they are told (`coordinator`, `group:x`). groups: whose chats hear of it too,
    each with as what. With `values` the text comes from
    the template of `kind` in each person's language and zone, else `subject` and `body` are taken as they are.
    link: a path of ours, like `/tasks/5`. missed: who was meant and is not told, which the ledger keeps. urgent: it
    reaches people whatever they prefer (the last level of a ladder, incidents).
    """

    cause: str
    recipients: Mapping[str, str]
    kind: str
    subject: str = ""
    body: str = ""
    values: Mapping[str, Any] | None = None
    link: str = ""
    release_number: int | None = None
    instance_key: int | None = None
    task_key: int | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    missed: Sequence[meaning.Missed] = ()
    urgent: bool = False


def tell(session: Session, *, now: datetime | None = None, **telling: Any) -> int:
    """`tell_all` for one thing; keywords are those of `Telling`."""
    return tell_all(session, [Telling(**telling)], now=now)


def tell_all(session: Session, tellings: Sequence[Telling], *, now: datetime | None = None) -> int:
    """Put notices into the inboxes of their recipients, and mails and events on their way, in the caller's transaction.

    Six statements, however much is told to however many, and one more where a webhook wants it; fewer where there is
    nobody to tell, a few more where somebody is away or keeps quiet by their calendar. Answers how many are new.
    """
    told_at = now or clock.now()
    hooking.emit(session, tellings, told_at)
    return _tell(session, tellings, told_at)


def pass_on(session: Session, notice_keys: Collection[int], there: audience.Audience, now: datetime) -> None:
    """Tell whoever stands in for people what these had been told when they went on leave, in the same words.

    Who did what it is about is not told; where nobody stands in, the ledger says so.
    """
    rows = stored.several(notice_keys) if notice_keys else ()
    whose = {row.reader for row in rows}
    did_it = {
        (one.cause, one.user) for one in missing.of_causes({row.cause for row in rows}) if one.reason == meaning.DID_IT
    }
    for absent in sorted(whose):
        own = [row for row in rows if row.reader == absent]
        stand_in = there.stand_in(absent)
        told = [row for row in own if stand_in and (row.cause, stand_in) not in did_it]
        _tell(session, [_passed_on(row, stand_in) for row in (told if stand_in else own)], now)


def _passed_on(row: Row, stand_in: str | None) -> Telling:
    missed = () if stand_in else (meaning.Missed(row.as_, row.reader, meaning.ON_LEAVE),)
    return Telling(
        cause=row.cause,
        recipients={stand_in: f"{audience.SUBSTITUTE}{row.reader}"} if stand_in else {},
        kind=row.kind,
        subject=row.subject,
        body=row.body,
        link=row.link,
        release_number=row.release_number,
        instance_key=row.instance_key,
        task_key=row.task_key,
        missed=missed,
    )


def _tell(session: Session, tellings: Sequence[Telling], told_at: datetime) -> int:
    meant = [meaning.Meant(one.recipients, one.missed, one.groups) for one in tellings]
    there = audience.Audience(audience.readers_of(meant), told_at)
    addressed = [_addressed(one, there) for one in tellings]
    untold.insert_new(session, [_missed(one, who, told_at) for one in addressed for who in one.missed])
    said = wordings.Wordings({one.kind for one in addressed if one.recipients and one.values is not None})
    rows = [_notice(one, there[name], said, told_at) for one in addressed for name in sorted(one.recipients)]
    said.tell_broken(session)
    new = post.insert_new(session, rows)
    causes = {one.cause: one for one in addressed}
    receipts = [
        receipt
        for (cause, name), key in new.items()
        for receipt in _deliveries(key, causes[cause], there[name], told_at)
    ]
    post.insert_deliveries(session, receipts)
    return len(new)


def _addressed(one: Telling, there: audience.Audience) -> Telling:
    """The same with its readers as recipients: the people it reaches, and the groups that have chats."""
    found = there.reached(meaning.Meant(one.recipients, one.missed, one.groups), urgent=one.urgent)
    groups = {readers.of_group(name): part for name, part in found.groups.items()}
    return dataclasses.replace(one, recipients={**found.told, **groups}, missed=found.missed)


def _notice(one: Telling, reader: audience.Reader, said: wordings.Wordings, told_at: datetime) -> dict[str, Any]:
    subject, body = one.subject, one.body
    if one.values is not None:
        subject, body = said.render(one.kind, reader.language, reader.zone, one.values)
    return {
        "cause": one.cause, "reader": reader.name, "as_": one.recipients[reader.name], "kind": one.kind,
        "release_number": one.release_number, "instance_key": one.instance_key, "task_key": one.task_key,
        "subject": _one_line(subject)[:LONGEST_SUBJECT], "body": body, "link": one.link, "asked_at": told_at,
        "read_at": None,
    }  # fmt: skip


def _missed(one: Telling, who: meaning.Missed, at: datetime) -> dict[str, Any]:
    return {
        "cause": one.cause, "recipient": who.recipient, "user": who.user, "reason": who.reason, "kind": one.kind,
        "release_number": one.release_number, "instance_key": one.instance_key, "task_key": one.task_key, "at": at,
    }  # fmt: skip


def mark_read(notice_key: int, *, actor: policy.Actor) -> None:
    """Mark one of the actor's own notices as read; one that is read stays as it is. Raises NotFound."""
    with db.transaction() as session:
        if not post.mark_read(session, actor.name, clock.now(), key=notice_key) and not stored.owns(
            actor.name, notice_key
        ):
            raise errors.NotFound("There is no such notice in your inbox.")


def mark_all_read(*, actor: policy.Actor) -> int:
    """Mark all of the actor's notices as read; answers how many were not."""
    with db.transaction() as session:
        return post.mark_read(session, actor.name, clock.now())


def _deliveries(notice_key: int, one: Telling, reader: audience.Reader, now: datetime) -> list[dict[str, Any]]:
    """A receipt for each channel: what goes at once gathers with what else comes, the rest says why it does not."""
    return [_delivery(notice_key, one, reader, channel, address, now) for channel, address in reader.ways()]


def _delivery(
    notice_key: int, one: Telling, reader: audience.Reader, channel: str, address: str | None, now: datetime
) -> dict[str, Any]:
    decided = reader.decide(channel, address, reaching.group_of(one.kind), urgent=one.urgent, now=now)
    look_at = decided.until
    if decided.state == reaching.WAITING:
        look_at = now + timedelta(seconds=settings.current().gather_seconds)
    return {
        "notice_key": notice_key, "reader": reader.name, "channel": channel, "address": address, "state": decided.state,
        "reason": decided.reason, "urgent": one.urgent, "told_at": now, "look_at": look_at, "due_at": look_at or now,
        "attempts": 0,
    }  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(text.split())
