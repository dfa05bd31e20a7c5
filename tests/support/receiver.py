"""A real HTTP receiver: keeps what it is sent, checks signatures, and can be told to refuse, hang or drop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request as it came in."""

    path: str
    headers: dict[str, str]  # names in small letters
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_with(self, secret: str) -> bool:
        """As a receiver checks it who only read the specification of Standard Webhooks."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(expected, one) for one in self.headers["webhook-signature"].split(" "))


@dataclass
class Receiver:
    """Listens on the loopback address.

    status and words: what it answers, with `more` headers; hangs: it reads and never answers; drips: it answers a
    byte every now and then; drops: it closes the connection after reading.
    """

    calls: list[Call] = field(default_factory=list)
    status: int = 204
    words: str = ""
    more: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False
    drops: bool = False

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.calls.append(
                    Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                )
                receiver._answer(self)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: the calls are kept."""

        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        self._ended.set()  # who still hangs goes on
        self._ended = threading.Event()
        self.calls.clear()
        self.status, self.words, self.more = 204, "", {}
        self.hangs = self.drips = self.drops = False

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?of=tidegate"

    @property
    def ids(self) -> Counter[str]:
        """How often each event came."""
        return Counter(call.id for call in self.calls)

    def wait_for(self, count: int, *, patience_s: float = 60) -> list[Call]:
        """The calls, once at least so many have come; fails when they do not."""
        end = time.monotonic() + patience_s
        while len(self.calls) < count:
            assert time.monotonic() < end, f"{len(self.calls)} calls after {patience_s} s, {count} expected"
            time.sleep(0.02)
        return list(self.calls)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        ended = self._ended
        if self.hangs:
            ended.wait(60)
        if self.hangs or self.drops:
            handler.close_connection = True
            return
        if self.drips:
            for _ in range(600):
                if ended.wait(0.1):
                    break
                handler.wfile.write(b"H")
            handler.close_connection = True
            return
        body = self.words.encode()
        handler.send_response(self.status)
        for name, value in self.more.items():
            handler.send_header(name, value)
        if self.status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.status != 204:
            handler.wfile.write(body)
