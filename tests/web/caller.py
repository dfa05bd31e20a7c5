"""A person of the cast who talks to the API with a bearer token."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from service.storage import db, writing
from service.storage.models.people import Token
from tests import cast
from tests.support.house import people

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
    people(now)
    digests = [hashlib.sha256(token(name).encode()).hexdigest() for name in cast.PEOPLE]
    tokens = [
        {"key": key, "user_key": key, "digest": digest, "label": "", "created_at": now}
        for key, digest in enumerate(digests, start=1)
    ]
    with db.transaction() as session:
        writing.insert_rows(session, Token, tokens)
