"""Following a release: people by themselves, and whom its manager adds, customers by their address (S1-9)."""

from __future__ import annotations

import secrets

from service import errors
from service.domain import clock, policy
from service.integrations import mail, texts
from service.storage import db, keys, locking, writing
from service.storage.models.announcements import Follower
from service.storage.queries import announcements as stored
from service.storage.queries import people
from service.storage.types import Row, Session
from service.usecases.releases import releases

LONGEST_ADDRESS = 254
LANGUAGES = tuple(texts.languages())


def add(
    number: int,
    *,
    user: str | None = None,
    address: str | None = None,
    language: str = "en",
    actor: policy.Actor,
) -> int:
    """Let a person, or an address, hear of announced dates; answers the follower's key, also where it is there already.

    People may for themselves. Raises NotFound, Forbidden, Conflict where the release is over, and InvalidInput.
    """
    releases.see(number, actor=actor)
    address = address.strip().lower() if address else None
    _check(user, address, language)
    with db.transaction() as session:
        release = locking.release(session, number)
        policy.require(policy.may_follow_for(actor, release, user))
        if release.status != "open":
            raise errors.Conflict("The release is over: there is nothing more to hear of it.")
        before = stored.known(number, user=user, address=address)
        if before is not None:
            columns = {"ended_at": None, "ended_by": None, "language": language}
            if before.ended_at is not None or actor.name != user:
                columns["added_by"] = actor.name
            writing.update_where(session, Follower, columns, key=before.key)
            return int(before.key)
        return _insert(session, number, user, address, language, actor)


def end(number: int, key: int, *, actor: policy.Actor) -> None:
    """Tell a follower nothing more. Raises NotFound, Forbidden."""
    releases.see(number, actor=actor)
    with db.transaction() as session:
        release = locking.release(session, number)
        row = stored.follower(key)
        if row is None or row.release_number != number or row.ended_at is not None:
            raise errors.NotFound("There is no such follower.")
        policy.require(policy.may_follow_for(actor, release, row.user))
        _end(session, row, actor.name)


def shown(number: int, *, actor: policy.Actor) -> list[Row]:
    """Who follows a release, as this actor may see it: addresses are for its manager and coordinator."""
    release = releases.see(number, actor=actor)
    rows = stored.followers(number)
    return [row for row in rows if row.user or policy.may_change_release(actor, release) is None]


def leave(token: str) -> Row:
    """End what a link in a mail means; doing it again changes nothing. Answers the follower. Raises NotFound."""
    with db.transaction() as session:
        row = meant(token)
        if row.ended_at is None:
            _end(session, row, None)
    return row


def meant(token: str) -> Row:
    """The follower that a link in a mail means. Raises NotFound."""
    row = stored.by_token(token)
    if row is None:
        raise errors.NotFound("This link is no longer valid.")
    return row


def _insert(
    session: Session, number: int, user: str | None, address: str | None, language: str, actor: policy.Actor
) -> int:
    key = keys.next_key(session)
    row = {
        "key": key, "release_number": number, "user": user, "address": address, "language": language,
        "token": secrets.token_urlsafe(32), "added_by": actor.name, "added_at": clock.now(),
    }  # fmt: skip
    writing.insert_rows(session, Follower, [row])
    return key


def _end(session: Session, row: Row, by: str | None) -> None:
    writing.update_where(session, Follower, {"ended_at": clock.now(), "ended_by": by}, key=row.key)


def _check(user: str | None, address: str | None, language: str) -> None:
    wrong = {}
    if bool(user) == bool(address):
        wrong["address"] = ["name either a person or an address"]
    if user and not people.active_names([user]):
        wrong["user"] = [f"there is no active person {user}"]
    if address and (len(address) > LONGEST_ADDRESS or not mail.is_address(address)):
        wrong["address"] = ["is not an address like ann@example.org"]
    if language not in LANGUAGES:
        wrong["language"] = [f"choose among {', '.join(LANGUAGES)}"]
    if wrong:
        raise errors.InvalidInput(wrong)
