"""The chats of people and groups: adding and removing them, trying them out, and handing over what goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service import errors, phrasebook
from service.domain import clock, policy, readers
from service.integrations import chat, letters
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.chats import ChatAddress
from service.storage.queries import chats as stored
from service.storage.queries import people
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.telling import audience

MOST = 10  # chats of one reader
LONGEST_NAME = 80


def schemes() -> list[str]:
    """How addresses may begin, as the installation is set."""
    return sorted({one.strip().lower() for one in settings.current().chat_schemes.split(",") if one.strip()})


def of(reader: str, *, actor: policy.Actor) -> Sequence[Row]:
    """The chats of a reader, by name, without their secrets. Raises Forbidden, NotFound."""
    _require(reader, actor)
    return stored.of(reader)


def add(reader: str, name: str, url: str, *, actor: policy.Actor) -> int:
    """Add a chat that a person or a group reads, by its Apprise address, which is not shown again; answers its key.

    Raises Forbidden, NotFound, InvalidInput with the fields, AlreadyExists for a name of theirs, Conflict where they
    have too many.
    """
    _require(reader, actor)
    name, url = name.strip(), url.strip()
    found: dict[str, list[str]] = {}
    if not 1 <= len(name) <= LONGEST_NAME:
        found["name"] = [f"write a name, at most {LONGEST_NAME} characters"]
    problem = chat.url_problem(url, schemes()) if schemes() else "is not possible: this installation allows no chat"
    if problem:
        found["url"] = [problem]
    if found:
        raise errors.InvalidInput(found)
    with db.transaction() as session:
        there = stored.of(reader)
        if any(one.name == name for one in there):
            raise errors.AlreadyExists(f"There is a chat named {name} already.")
        if len(there) >= MOST:
            raise errors.Conflict(f"There are {MOST} chats already. Remove one that is not needed.")
        key, shown = keys.next_key(session), f"{chat.service(url)}, {chat.shown(url)}"
        row = {"key": key, "reader": reader, "name": name, "url": url, "shown": shown, "created_at": clock.now()}
        writing.insert_rows(session, ChatAddress, [row])
        _note(session, "chat.added", actor, row)
    return key


def remove(reader: str, key: int, *, actor: policy.Actor) -> None:
    """Take a chat of a reader away; what waits for it is given up. Raises Forbidden, NotFound."""
    with db.transaction() as session:
        row = see(reader, key, actor=actor)
        writing.delete_where(session, ChatAddress, key=key)
        _note(session, "chat.removed", actor, row._asdict())


def test(reader: str, key: int, *, actor: policy.Actor) -> str:
    """Send a message to a chat of a reader at once; answers what the service said.

    Raises Forbidden, NotFound, and ExternalFailure with the words of the service.
    """
    row = see(reader, key, actor=actor)
    url = stored.url(reader, row.name) or ""
    db.release_connection()  # the other side may take its time
    title = phrasebook.say("A test from Tidegate", actor.language)
    text = f"{row.name}: {settings.current().public_url}"
    return _send(url, title, text)


def see(reader: str, key: int, *, actor: policy.Actor) -> Row:
    """One chat of a reader, without its secret. Raises Forbidden, NotFound."""
    _require(reader, actor)
    row = stored.get(key)
    if row is None or row.reader != reader:
        raise errors.NotFound("There is no such chat.")
    return row


def carry(bundle: Row, told: Sequence[letters.Entry], to: audience.Reader) -> str:
    """Hand a bundle of notices over; answers what the service said. Raises ExternalFailure."""
    url = stored.url(bundle.reader, bundle.address)
    db.release_connection()
    if url is None:
        raise errors.ExternalFailure("This chat was removed.", transient=False)
    content = letters.content(told, letters.Reader(to.language, to.zone, settings.current().public_url))
    return _send(url, content.subject, f"{content.words}\n\n{content.link}".strip())


def _send(url: str, title: str, text: str) -> str:
    return chat.send(url, title, text, allowed=schemes(), private=settings.current().webhook_private)


def _require(reader: str, actor: policy.Actor) -> None:
    policy.require(policy.may_choose_chats(actor, reader))
    group = readers.group(reader)
    if group is not None and people.group(group) is None:
        raise errors.NotFound(f"There is no group {group}.")


def _note(session: Session, event: str, actor: policy.Actor, row: Mapping[str, Any]) -> None:
    data = {"reader": row["reader"], "name": row["name"]}
    history.append_to_administration(session, [Entry(event, data=data)], at=clock.now(), actor=actor.name)
