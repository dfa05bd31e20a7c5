"""People: accounts, groups, passwords, sign-in and tokens."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pwdlib import PasswordHash

from service import errors
from service.domain import clock, policy
from service.integrations import mail
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.instances import Task
from service.storage.models.people import Group, Membership, Token, User
from service.storage.queries import calendars, people
from service.storage.queries import tasks as asked
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.releases import tasks

log = logging.getLogger(__name__)

PATIENCE_S = 1.0  # so long a request looks at approvals; workers do the rest
LANGUAGES = ("en", "de")
SHORTEST_PASSWORD = 10
LONGEST_TITLE = 120
LONGEST_EMAIL = 254
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,79}")
_hasher = PasswordHash.recommended()


def create_user(
    name: str,
    *,
    title: str = "",
    email: str | None = None,
    password: str | None = None,
    password_hash: str | None = None,
    roles: Iterable[str] = (),
    groups: Iterable[str] = (),
    zone: str | None = None,
    calendar: str | None = None,
    language: str = "en",
    actor: policy.Actor,
) -> int:
    """Add a person and answer the key. Raises InvalidInput with the fields, AlreadyExists, Forbidden.

    password_hash: as `hashed` made it, where many share one. Without either they cannot sign in until an
    administrator sets a password; tokens work.
    """
    policy.require(policy.may_administer(actor))
    roles, groups, zone = list(roles), list(groups), zone or settings.current().zone
    given = {"title": title, "email": email, "zone": zone, "calendar": calendar, "language": language}
    problems = _problems(roles=roles, groups=groups, password=password, **given)
    if not _NAME.fullmatch(name):
        problems["name"] = ["use small letters, digits and . _ @ -, at most 80"]
    if problems:
        raise errors.InvalidInput(problems)
    if people.user(name) is not None:
        raise errors.AlreadyExists(f"There is already a person {name}.")
    digest = hashed(password) if password else password_hash
    with db.transaction() as session:
        key = keys.next_key(session)
        row = {
            "key": key,
            "name": name,
            "title": title or name,
            "email": email,
            "password_hash": digest,
            "roles": roles,
            "zone": zone,
            "calendar": calendar,
            "language": language,
            "theme": "auto",
            "session_mark": secrets.token_hex(8),
            "created_at": clock.now(),
        }
        writing.insert_rows(session, User, [row])
        writing.insert_rows(session, Membership, [{"user_key": key, "group_name": group} for group in groups])
        _note(session, "person.created", actor, name=name, roles=roles, groups=groups)
    return key


def edit_user(name: str, changes: Mapping[str, Any], *, actor: policy.Actor) -> None:
    """Change title, email, roles, groups, zone, calendar, language or theme.

    People change their own zone, language and theme.
    """
    own = {"zone", "language", "theme"}
    if not (actor.name == name and changes.keys() <= own):
        policy.require(policy.may_administer(actor))
    unknown = changes.keys() - own - {"title", "email", "roles", "groups", "calendar"}
    problems = {field: ["cannot be changed"] for field in unknown} | _problems(**dict(changes))
    if problems:
        raise errors.InvalidInput(problems)
    row = _existing(name)
    columns = {field: value for field, value in changes.items() if field != "groups"}
    with db.transaction() as session:
        if columns:
            writing.update_where(session, User, columns, key=row.key)
        if "groups" in changes:
            _set_groups(session, row.key, changes["groups"])
        _note(session, "person.changed", actor, name=name, changes={k: v for k, v in changes.items() if k != "email"})


def set_groups(name: str, groups: Iterable[str], *, actor: policy.Actor) -> None:
    """Make these the groups of a person."""
    edit_user(name, {"groups": list(groups)}, actor=actor)


def set_password(name: str, new: str, *, actor: policy.Actor) -> None:
    """An administrator gives somebody a new password; their sessions end."""
    policy.require(policy.may_administer(actor))
    _store_password(_existing(name), new, actor)


def change_password(old: str, new: str, *, actor: policy.Actor) -> None:
    """People change their own password; other sessions end. Raises InvalidInput naming the field."""
    row = _existing(actor.name)
    if not row.password_hash or not _hasher.verify(old, row.password_hash):
        raise errors.InvalidInput({"old": ["is not your present password"]})
    _store_password(row, new, actor)


def sign_in(name: str, password: str) -> policy.Actor:
    """The person with this name and password; raises NotAuthenticated, without saying which was wrong."""
    row = people.user(name.strip().lower())
    digest = row.password_hash if row is not None and row.password_hash else _nobodys_hash()
    # A missing person costs as much time as a wrong password, so that names cannot be guessed by the clock.
    matches = _hasher.verify(password, digest)
    if row is None or not matches or not row.password_hash or row.deactivated_at is not None:
        raise errors.NotAuthenticated("The name or the password is wrong.")
    found = people.actor(row.name)
    if found is None:
        raise errors.NotAuthenticated("The name or the password is wrong.")
    return found


def deactivate(name: str, *, actor: policy.Actor) -> None:
    """End somebody's access; what they did stays, and approvals go on without them. Raises Conflict for oneself.

    That approvals are to be looked at again is stored with it: what this process does not get to, a worker does.
    """
    policy.require(policy.may_administer(actor))
    row = _existing(name)
    if name == actor.name:
        raise errors.Conflict("You cannot deactivate yourself. Ask another administrator.")
    asked_of = asked.approvals_of(name)
    due_at = clock.now() + timedelta(seconds=settings.current().lease_seconds)
    with db.transaction() as session:
        columns = {"deactivated_at": clock.now(), "session_mark": secrets.token_hex(8)}
        writing.update_where(session, User, columns, key=row.key)
        writing.update_where(session, Token, {"revoked_at": clock.now()}, user_key=row.key, revoked_at=None)
        if asked_of:
            writing.update_where(session, Task, {"reconsider_at": due_at, "asked_at": None}, key=asked_of)
        _note(session, "person.deactivated", actor, name=name)
    _reconsider(asked_of)


def _reconsider(keys_of_tasks: Iterable[int]) -> None:
    end = time.monotonic() + PATIENCE_S
    for key in keys_of_tasks:
        if time.monotonic() > end:
            return
        try:
            tasks.reconsider(key)
        except Exception:
            log.exception("approval %s could not be looked at again; a worker tries", key)


def reactivate(name: str, *, actor: policy.Actor) -> None:
    """Give somebody access again; their old tokens stay revoked."""
    policy.require(policy.may_administer(actor))
    row = _existing(name)
    with db.transaction() as session:
        writing.update_where(session, User, {"deactivated_at": None}, key=row.key)
        _note(session, "person.reactivated", actor, name=name)


def create_group(name: str, title: str = "", language: str = "en", *, actor: policy.Actor) -> None:
    """Add a group. Raises InvalidInput, AlreadyExists, Forbidden."""
    policy.require(policy.may_administer(actor))
    if not _NAME.fullmatch(name):
        raise errors.InvalidInput({"name": ["use small letters, digits and . _ -, at most 80"]})
    problems = _problems(title=title, language=language)
    if problems:
        raise errors.InvalidInput(problems)
    if any(group.name == name for group in people.groups()):
        raise errors.AlreadyExists(f"There is already a group {name}.")
    with db.transaction() as session:
        writing.insert_rows(session, Group, [{"name": name, "title": title or name, "language": language}])
        _note(session, "group.created", actor, name=name)


def edit_group(name: str, changes: Mapping[str, str], *, actor: policy.Actor) -> None:
    """Change title or language of a group. Raises NotFound, InvalidInput, Forbidden."""
    policy.require(policy.may_administer(actor))
    if people.group(name) is None:
        raise errors.NotFound(f"There is no group {name}.")
    unknown = changes.keys() - {"title", "language"}
    problems = {field: ["cannot be changed"] for field in unknown} | _problems(**changes)
    if "title" in changes and not changes["title"].strip():
        problems["title"] = ["write a title"]
    if problems:
        raise errors.InvalidInput(problems)
    with db.transaction() as session:
        if changes:
            writing.update_where(session, Group, changes, name=name)
            _note(session, "group.changed", actor, name=name, **changes)


def create_token(name: str, label: str = "", *, actor: policy.Actor) -> str:
    """A new bearer token for a person: shown this once, only its hash is kept."""
    if actor.name != name:
        policy.require(policy.may_administer(actor))
    if len(label) > LONGEST_TITLE:
        raise errors.InvalidInput({"label": [f"use at most {LONGEST_TITLE} characters"]})
    row = _existing(name)
    token = "tg_" + secrets.token_urlsafe(32)
    with db.transaction() as session:
        values = {"key": keys.next_key(session), "user_key": row.key, "digest": digest(token), "label": label}
        writing.insert_rows(session, Token, [values | {"created_at": clock.now()}])
        _note(session, "token.created", actor, name=name, label=label)
    return token


def revoke_token(key: int, *, actor: policy.Actor) -> None:
    """End a token; one's own, or anybody's for administrators."""
    own = {token.key for token in people.tokens(actor.name)}
    if key not in own:
        policy.require(policy.may_administer(actor))
    with db.transaction() as session:
        if not writing.update_where(session, Token, {"revoked_at": clock.now()}, key=key, revoked_at=None):
            raise errors.NotFound("There is no such token in force.")
        _note(session, "token.revoked", actor, token=key)


def by_token(token: str) -> policy.Actor:
    """Whose token this is; raises NotAuthenticated."""
    found = people.actor_by_digest(digest(token))
    if found is None:
        raise errors.NotAuthenticated("The token is unknown or revoked.")
    return found


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(password)


def _existing(name: str) -> Row:
    row = people.user(name)
    if row is None:
        raise errors.NotFound(f"There is no person {name}.")
    return row


def _store_password(row: Row, new: str, actor: policy.Actor) -> None:
    problems = _problems(password=new)
    if problems:
        raise errors.InvalidInput({"new": problems["password"]})
    columns = {"password_hash": _hasher.hash(new), "session_mark": secrets.token_hex(8)}
    with db.transaction() as session:
        writing.update_where(session, User, columns, key=row.key)
        _note(session, "password.changed", actor, name=row.name)


def _set_groups(session: Session, user_key: int, groups: Iterable[str]) -> None:
    writing.delete_where(session, Membership, user_key=user_key)
    rows = [{"user_key": user_key, "group_name": group} for group in dict.fromkeys(groups)]
    writing.insert_rows(session, Membership, rows)


def _problems(**given: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    wrong_roles = [role for role in given.get("roles", ()) if role not in policy.ROLES]
    if wrong_roles:
        found["roles"] = [f"{', '.join(wrong_roles)}: choose among {', '.join(policy.ROLES)}"]
    if given.get("groups"):
        known = {group.name for group in people.groups()}
        wrong = [group for group in given["groups"] if group not in known]
        if wrong:
            found["groups"] = [f"there is no group {', '.join(wrong)}"]
    if "zone" in given and given["zone"] not in available_timezones() | {"UTC"}:
        found["zone"] = ["is not a time zone like Europe/Berlin"]
    if given.get("calendar") is not None and calendars.get(given["calendar"]) is None:
        found["calendar"] = [f"there is no calendar {given['calendar']}"]
    if "language" in given and given["language"] not in LANGUAGES:
        found["language"] = [f"choose among {', '.join(LANGUAGES)}"]
    if "theme" in given and given["theme"] not in ("auto", "light", "dark"):
        found["theme"] = ["choose among auto, light, dark"]
    if given.get("password") is not None and len(given["password"]) < SHORTEST_PASSWORD:
        found["password"] = [f"use at least {SHORTEST_PASSWORD} characters"]
    for name, longest in (("title", LONGEST_TITLE), ("email", LONGEST_EMAIL)):
        if len(given.get(name) or "") > longest:
            found[name] = [f"use at most {longest} characters"]
    email = given.get("email")
    if email and not mail.is_address(email):
        found["email"] = ["is not an address like ann@example.org"]
    return found


def _note(session: Session, event: str, actor: policy.Actor, **data: Any) -> None:
    history.append_to_administration(session, [Entry(event, data=data)], at=clock.now(), actor=actor.name)
