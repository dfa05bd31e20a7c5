"""One client that keeps its connection, as a script would."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

TIMEOUT_S = 60


class Refused(Exception):
    """The server answered with a refusal."""


class Client:
    """Speaks JSON with a bearer token; every call is timed into `seconds`."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self.seconds = 0.0

    def post(self, path: str, body: Any) -> Any:
        return self._send("POST", path, json.dumps(body))

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)

    def _send(self, method: str, path: str, body: str | None) -> Any:
        began = time.perf_counter()
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self.seconds = time.perf_counter() - began
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)

    def start(self, definition: str) -> tuple[str, list[str]]:
        """A new run; answers its id and the ids of its open tasks."""
        made = self.post("/api/v1/instances", {"definition": definition})
        return made["id"], [task["id"] for task in made["tasks"]]

    def complete(self, task: str, **values: int) -> list[dict[str, Any]]:
        """Finish a task; answers what opened."""
        done = self.post(f"/api/v1/tasks/{task}/complete", {"values": values})
        opened: list[dict[str, Any]] = done["opened"]
        return opened

    def close(self) -> None:
        self._connection.close()
