"""Who there is, in which groups, with which tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, select

from service.domain import policy, readers
from service.storage import db
from service.storage.models.people import Group, Membership, Token, User
from service.storage.types import Row

_USERS = User.__table__.c
_GROUPS = Group.__table__.c


def actor(name: str) -> policy.Actor | None:
    """The active person of this name, as the rules see them."""
    return _actor(User.name == name)


def actor_by_key(key: int, session_mark: str | None = None) -> policy.Actor | None:
    """The active person with this key; with a mark: only if their password is still the one of that session."""
    if session_mark is None:
        return _actor(User.key == key)
    return _actor(User.key == key, User.session_mark == session_mark)


def actor_by_digest(digest: str) -> policy.Actor | None:
    """The active person whose unrevoked token has this SHA-256."""
    token = select(Token.user_key).where(Token.digest == digest, Token.revoked_at.is_(None)).scalar_subquery()
    return _actor(User.key == token)


def _actor(*conditions: ColumnElement[bool]) -> policy.Actor | None:
    statement = (
        select(User.key, User.name, User.title, User.roles, User.language, User.zone, Membership.group_name)
        .outerjoin(Membership, Membership.user_key == User.key)
        .where(User.deactivated_at.is_(None), *conditions)
    )
    with db.reading() as session:
        rows = session.execute(statement).all()
    if not rows:
        return None
    first = rows[0]
    return policy.Actor(
        name=first.name,
        roles=frozenset(first.roles),
        groups=frozenset(row.group_name for row in rows if row.group_name),
        key=first.key,
        title=first.title,
        language=first.language,
        zone=first.zone,
    )


def user(name: str) -> Row | None:
    """One person's row, active or not."""
    with db.reading() as session:
        return session.execute(select(*_USERS).where(User.name == name)).first()


def users(*, active_only: bool = False) -> Sequence[Row]:
    """Everybody, by name."""
    statement = select(*_USERS).order_by(User.name)
    if active_only:
        statement = statement.where(User.deactivated_at.is_(None))
    with db.reading() as session:
        return session.execute(statement).all()


def memberships() -> Mapping[str, list[str]]:
    """Group names by user name."""
    statement = (
        select(User.name, Membership.group_name)
        .join(User, User.key == Membership.user_key)
        .order_by(Membership.group_name)
    )
    found: dict[str, list[str]] = {}
    with db.reading() as session:
        for name, group in session.execute(statement):
            found.setdefault(name, []).append(group)
    return found


def groups() -> Sequence[Row]:
    """All groups with the number of active members: name, title, language, members."""
    active = (
        select(Membership.group_name)
        .join(User, User.key == Membership.user_key)
        .where(User.deactivated_at.is_(None))
        .subquery()
    )
    statement = (
        select(Group.name, Group.title, Group.language, func.count(active.c.group_name).label("members"))
        .outerjoin(active, active.c.group_name == Group.name)
        .group_by(Group.name, Group.title, Group.language)
        .order_by(Group.name)
    )
    with db.reading() as session:
        return session.execute(statement).all()


def group(name: str) -> Row | None:
    """One group: name, title, language."""
    with db.reading() as session:
        return session.execute(select(*_GROUPS).where(Group.name == name)).first()


def languages_of_groups(wanted: Iterable[str]) -> dict[str, str]:
    """In which language these groups read, by reader: `group:x`."""
    names = [name for one in wanted if (name := readers.group(one))]
    with db.reading() as session:
        rows = session.execute(select(Group.name, Group.language).where(Group.name.in_(names)))
        return {readers.of_group(row.name): row.language for row in rows}


def group_members(name: str) -> list[str]:
    """Names of the active members of one group."""
    return sorted(names_in_groups([name]))


def names_in_groups(names: Iterable[str]) -> set[str]:
    """Names of the active members of any of these groups."""
    wanted = list(names)
    if not wanted:
        return set()
    statement = (
        select(User.name)
        .join(Membership, Membership.user_key == User.key)
        .where(Membership.group_name.in_(wanted), User.deactivated_at.is_(None))
    )
    with db.reading() as session:
        return set(session.scalars(statement))


def names_with_role(role: str) -> set[str]:
    """Names of the active people who have this role."""
    return {row.name for row in users(active_only=True) if role in row.roles}


def active_names(names: Iterable[str]) -> set[str]:
    """Those of these names that belong to active people."""
    wanted = list(names)
    if not wanted:
        return set()
    with db.reading() as session:
        return set(session.scalars(select(User.name).where(User.name.in_(wanted), User.deactivated_at.is_(None))))


def titles(names: Iterable[str]) -> dict[str, str]:
    """What to call these people on a page."""
    wanted = [name for name in set(names) if name]
    if not wanted:
        return {}
    with db.reading() as session:
        return {
            row.name: row.title for row in session.execute(select(User.name, User.title).where(User.name.in_(wanted)))
        }


def called(names: Iterable[str]) -> Sequence[Row]:
    """Of the people with these names: name, title, language, deactivated_at."""
    wanted = list(names)
    if not wanted:
        return []
    with db.reading() as session:
        columns = (User.name, User.title, User.language, User.deactivated_at)
        return session.execute(select(*columns).where(User.name.in_(wanted))).all()


def tokens(user_name: str) -> Sequence[Row]:
    """A person's tokens, newest first: key, label, created_at, revoked_at."""
    statement = (
        select(Token.key, Token.label, Token.created_at, Token.revoked_at)
        .join(User, User.key == Token.user_key)
        .where(User.name == user_name)
        .order_by(Token.created_at.desc())
    )
    with db.reading() as session:
        return session.execute(statement).all()


def anybody() -> bool:
    """There is at least one person."""
    with db.reading() as session:
        return session.execute(select(User.key).limit(1)).first() is not None
