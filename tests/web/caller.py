"""A person of the cast who talks to the API with a bearer token."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from service.storage import db, writing
from service.storage.models.people import Group, Membership, Token, User
from tests import cast

BASE = "/api/v1"


class Caller:
    """Sends requests to /api/v1 as one person; None is anonymous."""

    def __init__(self, app: Flask, name: str | None) -> None:
        self.name = name
        self._client = app.test_client(use_cookies=False)
        self._headers = {"Authorization": f"Bearer {token(name)}"} if name else {}

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self._client.open(BASE + path, method=method, headers={**self._headers, **(headers or {})}, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.send("POST", path, json={} if json is None else json, **more)

    def patch(self, path: str, json: Any, **more: Any) -> TestResponse:
        return self.send("PATCH", path, json=json, **more)

    def deploy(self, *files: tuple[str, bytes], **more: Any) -> TestResponse:
        data = {f"file{number}": (io.BytesIO(body), name) for number, (name, body) in enumerate(files)}
        return self.send("POST", "/deployments", data=data, **more)


def token(name: str | None) -> str:
    return f"token-of-{name}"


def settle_in() -> None:
    """Put the cast into the database, each with a token; needs an application context."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        writing.insert_rows(session, Group, [{"name": name, "title": title} for name, title in cast.GROUPS.items()])
        users, members, tokens = [], [], []
        for key, (name, (title, roles, groups)) in enumerate(cast.PEOPLE.items(), start=1):
            person = {"key": key, "name": name, "title": title, "email": f"{name}@example.org", "roles": roles}
            own = {"zone": "UTC", "language": "en", "theme": "auto", "session_mark": "", "created_at": now}
            users.append(person | own)
            members += [{"user_key": key, "group_name": group} for group in groups]
            digest = hashlib.sha256(token(name).encode()).hexdigest()
            tokens.append({"key": key, "user_key": key, "digest": digest, "label": "", "created_at": now})
        writing.insert_rows(session, User, users)
        writing.insert_rows(session, Membership, members)
        writing.insert_rows(session, Token, tokens)
