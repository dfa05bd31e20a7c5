"""The chats that people read: adding and removing them, trying them out, and handing over what goes there."""

from __future__ import annotations

from collections.abc import Sequence

from service import errors, phrasebook
from service.domain import clock, policy
from service.integrations import chat, letters
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.chats import ChatAddress
from service.storage.queries import chats as stored
from service.storage.types import Row, Session
from service.usecases import settings

MOST = 10  # chats of one person
LONGEST_NAME = 80


def schemes() -> list[str]:
    """How addresses may begin, as the installation is set."""
    return sorted({one.strip().lower() for one in settings.current().chat_schemes.split(",") if one.strip()})


def add(name: str, url: str, *, actor: policy.Actor) -> int:
    """Add a chat that the actor reads, by its Apprise address, which is not shown again; answers its key.

    Raises InvalidInput with the fields, AlreadyExists for a name of theirs, Conflict where they have too many.
    """
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
        mine = stored.of(actor.name)
        if any(one.name == name for one in mine):
            raise errors.AlreadyExists(f"You have a chat named {name} already.")
        if len(mine) >= MOST:
            raise errors.Conflict(f"You have {MOST} chats. Remove one that you do not need.")
        key, shown = keys.next_key(session), f"{chat.service(url)}, {chat.shown(url)}"
        row = {"key": key, "user": actor.name, "name": name, "url": url, "shown": shown, "created_at": clock.now()}
        writing.insert_rows(session, ChatAddress, [row])
        _note(session, "chat.added", actor, name)
    return key


def remove(key: int, *, actor: policy.Actor) -> None:
    """Take a chat of the actor away; what waits for it is given up. Raises NotFound."""
    with db.transaction() as session:
        row = _own(key, actor)
        writing.delete_where(session, ChatAddress, key=key)
        _note(session, "chat.removed", actor, row.name)


def test(key: int, *, actor: policy.Actor) -> str:
    """Send a message to a chat of the actor at once; answers what the service said.

    Raises NotFound, and ExternalFailure with the words of the service.
    """
    row = _own(key, actor)
    url = stored.url(actor.name, row.name) or ""
    db.release_connection()  # the other side may take its time
    title = phrasebook.say("A test from Tidegate", actor.language)
    text = f"{row.name}: {settings.current().public_url}"
    return _send(url, title, text)


def carry(bundle: Row, told: Sequence[letters.Entry], person: Row) -> str:
    """Hand a bundle of notices over; answers what the service said. Raises ExternalFailure."""
    url = stored.url(bundle.user, bundle.address)
    db.release_connection()
    if url is None:
        raise errors.ExternalFailure("This chat was removed.", transient=False)
    content = letters.content(told, letters.Reader(person.language, person.zone, settings.current().public_url))
    return _send(url, content.subject, f"{content.words}\n\n{content.link}".strip())


def _send(url: str, title: str, text: str) -> str:
    return chat.send(url, title, text, allowed=schemes(), private=settings.current().webhook_private)


def _own(key: int, actor: policy.Actor) -> Row:
    row = stored.get(key)
    if row is None or row.user != actor.name:
        raise errors.NotFound("You have no such chat.")
    return row


def _note(session: Session, event: str, actor: policy.Actor, name: str) -> None:
    history.append_to_administration(session, [Entry(event, data={"name": name})], at=clock.now(), actor=actor.name)
