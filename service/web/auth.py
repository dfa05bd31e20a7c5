"""Who is asking: the holder of a bearer token, or somebody who signed in and has a session."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from urllib.parse import urlsplit

import flask_login
import flask_wtf.csrf
from flask import Flask, g, request, session
from werkzeug import exceptions

from service import errors
from service.config import Settings
from service.domain import policy
from service.storage.queries import people as found
from service.usecases.accounts import people
from service.web import throttle

REMEMBERED_SECONDS = 1.0  # a revoked token, a lost role or a new password is honoured within this time
REMEMBERED_PEOPLE = 5_000
SESSION_LIFETIME = timedelta(hours=12)

login_manager = flask_login.LoginManager()
csrf = flask_wtf.csrf.CSRFProtect()
_remembered: dict[str, tuple[float, policy.Actor]] = {}


class SignedIn(flask_login.UserMixin):
    """A person with a session. The mark ends the session when the password changes."""

    def __init__(self, actor: policy.Actor, mark: str) -> None:
        self.actor = actor
        self.mark = mark

    def get_id(self) -> str:
        return f"{self.actor.key}:{self.mark}"


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="tidegate_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
    )
    login_manager.init_app(app)
    csrf.init_app(app)
    throttle.init_app(app, settings.redis_url)


def actor() -> policy.Actor:
    """The person of this request. Raises NotAuthenticated if there is none."""
    who = actor_or_none()
    if who is None:
        raise errors.NotAuthenticated()
    return who


def actor_or_none() -> policy.Actor | None:
    """The person of this request, or None. Raises NotAuthenticated for credentials that are no good."""
    if "actor" not in g:
        g.actor = _identify()
    who: policy.Actor | None = g.actor
    return who


def _identify() -> policy.Actor | None:
    credentials = request.headers.get("Authorization")
    if credentials is not None:
        return _holder(credentials)
    if not session:
        return None
    user = flask_login.current_user
    return user.actor if isinstance(user, SignedIn) else None


def _holder(credentials: str) -> policy.Actor:
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.NotAuthenticated("Send a bearer token: Authorization: Bearer TOKEN.")
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    who = _recall(digest)
    if who is None:
        who = found.actor_by_digest(digest)
        if who is None:
            raise errors.NotAuthenticated("This token is not known, or it has been revoked.")
        _remember(digest, who)
    return who


def _recall(name: str) -> policy.Actor | None:
    until, who = _remembered.get(name, (0.0, None))
    return who if until > time.monotonic() else None


def _remember(name: str, who: policy.Actor) -> None:
    if len(_remembered) >= REMEMBERED_PEOPLE:
        _remembered.clear()
    _remembered[name] = (time.monotonic() + REMEMBERED_SECONDS, who)


def forget() -> None:
    """Ask the database again: after a change of people, and between tests."""
    _remembered.clear()


@login_manager.user_loader
def _load(identity: str) -> SignedIn | None:
    key, _, mark = identity.partition(":")
    who = _recall(identity) or (found.actor_by_key(int(key), mark) if key.isdigit() else None)
    if who is None:
        return None
    _remember(identity, who)
    return SignedIn(who, mark)


def protect() -> None:
    """Refuse an unsafe request that another site may have made a browser send; tokens are not sent by browsers."""
    if "Authorization" in request.headers or (request.path.startswith("/api/") and not session):
        return
    try:
        csrf.protect()
    except flask_wtf.csrf.CSRFError as problem:
        if not request.path.startswith("/api/"):
            raise  # the pages say it in their own words
        raise exceptions.BadRequest(f"{problem.description} Send it in X-CSRFToken, or use a bearer token.") from None


def sign_in(name: str, password: str) -> policy.Actor:
    """Begin a session. Raises NotAuthenticated, or TooManyAttempts after several failures within a minute."""
    attempts, address = throttle.current(), request.remote_addr or ""
    attempts.require(name, address)
    try:
        who = people.sign_in(name, password)
    except errors.NotAuthenticated:
        attempts.count(name, address)
        raise
    _begin(who)
    return who


def _begin(who: policy.Actor) -> None:
    row = found.user(who.name)
    session.clear()  # nothing of an earlier session, its CSRF token included, outlives the change of person
    session.permanent = True
    flask_login.login_user(SignedIn(who, row.session_mark if row else ""))
    g.actor = who


def refresh() -> None:
    """Go on with this session after its person changed the password; all their other sessions have ended."""
    _begin(actor())


def sign_out() -> None:
    """End this session."""
    flask_login.logout_user()
    session.clear()
    g.actor = None


def safe_next(url: str | None) -> str | None:
    """An address of this site to go on to, or None."""
    if not url or not url.startswith("/") or url.startswith(("//", "/\\")) or "\\" in url:
        return None
    parts = urlsplit(url)
    return None if parts.scheme or parts.netloc else url
