"""Calendar feeds: making secret links, and what a calendar program reads by one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from service import errors
from service.domain import clock, feeds, naming, policy
from service.integrations import ics
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.feeds import Feed
from service.storage.queries import agenda, people, reaching
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.accounts import people as accounts

MOST_LINKS = 20
LONGEST_SERVICE = 120
LOOKING_BACK = timedelta(days=30)
NOTED_EVERY = timedelta(hours=1)  # that it is read is written down no more often, where nothing changed
STALE = "This link is not in force."


def make(service: str | None = None, *, actor: policy.Actor) -> tuple[int, str]:
    """A new link to the actor's own calendar, or to that of a service; answers its key and address, shown this once.

    Raises Forbidden, InvalidInput, and Conflict where the actor has as many as one may have.
    """
    if service is not None:
        policy.require(policy.may_publish_service(actor))
        service = service.strip()
        if not 1 <= len(service) <= LONGEST_SERVICE:
            raise errors.InvalidInput({"service": [f"write a name, at most {LONGEST_SERVICE} characters"]})
    secret, now = secrets.token_urlsafe(32), clock.now()
    with db.transaction() as session:
        if len(agenda.feeds(actor.name)) >= MOST_LINKS:
            raise errors.Conflict(f"You have {MOST_LINKS} calendar links. Revoke one that you do not need.")
        key = keys.next_key(session)
        row = {"key": key, "owner": actor.name, "service": service, "digest": accounts.digest(secret)}
        row |= {"created_at": now, "made_at": now, "shown": [], "revision": 1}
        writing.insert_rows(session, Feed, [row])
        _note(session, "feed.made", actor, key, service)
    return key, address(secret)


def rotate(key: int, *, actor: policy.Actor) -> str:
    """Another address for a link; the one before it ends at once. Raises NotFound."""
    secret = secrets.token_urlsafe(32)
    with db.transaction() as session:
        row = _own(key, actor)
        values = {"digest": accounts.digest(secret), "made_at": clock.now(), "read_at": None}
        writing.update_where(session, Feed, values, key=key)
        _note(session, "feed.rotated", actor, key, row.service)
    return address(secret)


def revoke(key: int, *, actor: policy.Actor) -> None:
    """End a link. Raises NotFound."""
    with db.transaction() as session:
        row = _own(key, actor)
        writing.update_where(session, Feed, {"revoked_at": clock.now(), "shown": []}, key=key)
        _note(session, "feed.revoked", actor, key, row.service)


def read(secret: str) -> bytes:
    """The calendar behind a link, as its owner may see it now.

    What is shown is kept, so that each change has the next number and what ended is shown as cancelled for a while.
    Raises NotFound where the link is unknown or revoked, and where its owner is gone or may not have it any more.
    """
    row = agenda.feed_by_digest(accounts.digest(secret))
    owner = people.actor(row.owner) if row is not None else None
    if row is None or owner is None or (row.service is not None and policy.may_publish_service(owner)):
        raise errors.NotFound(STALE)
    now = clock.now()
    before = feeds.restored(row.shown)
    shown = feeds.follow(before, _entries(row, owner, now), now)
    if shown != before or row.read_at is None or now - row.read_at > NOTED_EVERY:
        with db.transaction() as session:
            # Who read at the same time has written the same, or writes it the next time.
            values = {"shown": feeds.kept(shown), "read_at": now, "revision": row.revision + 1}
            writing.update_where(session, Feed, values, key=row.key, revision=row.revision)
    name = ics.say("service" if row.service else "own", owner.language, name=row.service or owner.title or owner.name)
    return ics.write(name, owner.zone, shown.values())


def address(secret: str) -> str:
    """What one enters into a calendar program."""
    return f"{settings.current().public_url}/calendar/{secret}.ics"


def _entries(row: Row, owner: policy.Actor, now: datetime) -> Iterable[feeds.Entry]:
    since = now - LOOKING_BACK
    if row.service is None:
        found = [
            *(_task("task", one, owner) for one in agenda.tasks(owner.name, feeds.MOST)),
            *(_task("approval", one, owner) for one in agenda.decisions(owner.name, feeds.MOST)),
            *(_window(one, owner) for one in agenda.own_windows(owner, since, feeds.MOST)),
            *(_absence(one, owner) for one in reaching.absences(owner.name, since.date())),
        ]
    else:
        found = [
            *(_deadline(one, owner) for one in agenda.deadlines(owner, row.service, feeds.MOST)),
            *(_window(one, owner) for one in agenda.windows(owner, row.service, since, feeds.MOST)),
            *_milestones(row.service, owner, since),
        ]
    return found[: feeds.MOST]


def _task(word: str, row: Row, owner: policy.Actor) -> feeds.Entry:
    name, about = naming.called(row.name, row.item), _about(row)
    return _entry(f"task-{row.key}", word, owner, f"/tasks/{row.key}", start=row.due_at, name=name, release=about)


def _deadline(row: Row, owner: policy.Actor) -> feeds.Entry:
    link = f"/tasks/{row.task_key}" if row.task_key is not None else f"/releases/R-{row.number}"
    name = naming.called(row.name, row.item)
    return _entry(f"deadline-{row.key}", "deadline", owner, link, start=row.due_at, name=name, release=_about(row))


def _window(row: Row, owner: policy.Actor) -> feeds.Entry:
    start, end = row.window_start or row.window_end, row.window_end if row.window_start else None
    text = ics.say("phase", owner.language, name=row.phase_name) if row.phase_name else ""
    made = _entry(f"window-R-{row.number}", "window", owner, f"/releases/R-{row.number}", start=start, end=end,
                  release=f"R-{row.number} {row.title}")  # fmt: skip
    return feeds.Entry(**{**vars(made), "description": f"{text}\n{made.url}".strip()})


def _milestones(service: str, owner: policy.Actor, since: datetime) -> Iterable[feeds.Entry]:
    """Each milestone once: at the moment it was reached, else at that for which it is planned."""
    reached = agenda.milestones(owner, service, since, feeds.MOST)
    planned = agenda.planned_milestones(owner, service, feeds.MOST)
    found = [("milestone", one, one.reached_at) for one in reached] + [("planned", one, one.due_at) for one in planned]
    once: dict[str, feeds.Entry] = {}
    for word, row, start in found:
        uid, name = f"milestone-R-{row.number}-{row.milestone}", row.name or row.milestone
        made = _entry(uid, word, owner, f"/releases/R-{row.number}", start=start, category="milestone", name=name,
                      release=_about(row))  # fmt: skip
        once.setdefault(uid, made)
    return once.values()


def _absence(row: Row, owner: policy.Actor) -> feeds.Entry:
    """Whole days, which are the same days wherever the reader is."""
    stands_in = people.titles([row.substitute]).get(row.substitute, row.substitute) if row.substitute else ""
    return feeds.Entry(
        uid=_uid(f"absence-{row.key}"),
        summary=ics.say("absence", owner.language) + (f": {row.note}" if row.note else ""),
        start=row.first_day,
        end=row.last_day + timedelta(days=1),
        description=ics.say("substitute", owner.language, name=stands_in) if stands_in else "",
        category="absence",
    )


def _uid(name: str) -> str:
    return f"{name}@{urlsplit(settings.current().public_url).hostname or 'tidegate'}"


def _entry(
    uid: str, word: str, owner: policy.Actor, link: str, *, start: datetime, end: datetime | None = None,
    category: str = "", **said: str,
) -> feeds.Entry:  # fmt: skip
    base = settings.current().public_url
    return feeds.Entry(
        uid=_uid(uid),
        summary=ics.say(word, owner.language, **said),
        start=start.replace(microsecond=0),
        end=end and end.replace(microsecond=0),
        description=f"{base}{link}",
        url=f"{base}{link}",
        category=category or word,
    )


def _about(row: Any) -> str:
    if row.release_number is not None:
        return f"R-{row.release_number} {row.release_title}"
    return f"{row.model_name} {row.instance_key}"


def _own(key: int, actor: policy.Actor) -> Row:
    row = agenda.feed(key)
    if row is None or row.owner != actor.name:
        raise errors.NotFound("You have no such calendar link.")
    return row


def _note(session: Session, event: str, actor: policy.Actor, key: int, service: str | None) -> None:
    entry = Entry(event, data={"feed": key, "service": service})
    history.append_to_administration(session, [entry], at=clock.now(), actor=actor.name)
