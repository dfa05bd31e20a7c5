"""Calling a webhook over HTTP: to the address that was looked at, with an end in sight, without following anybody."""

from __future__ import annotations

import contextlib
import functools
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from service import errors
from service.integrations import addresses

TIMEOUT_S = 10.0  # for everything together: a receiver that sends a byte now and then is over as well
MOST_READ = 2000
LONGEST_WORDS = 500
AGENT = "Tidegate-Webhooks/1.0"


@dataclass(frozen=True)
class Answer:
    """What a receiver answered."""

    status: int
    words: str
    retry_after_s: int | None = None

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == HTTPStatus.GONE


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool, timeout_s: float = 0) -> Answer:
    """Send a body and answer what came back, whatever its status. Raises ExternalFailure where nothing did.

    private: addresses of this machine and of networks behind it are allowed. The name is resolved once, and the
    connection goes to an address that was looked at. No proxy, no redirect, no cookie.
    """
    parts, patience = urlsplit(url), timeout_s or TIMEOUT_S
    connection = _Connection(parts, addresses.resolve(parts.hostname or "", private=private), patience)
    try:
        with _ended_after(connection, patience):
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request("POST", target, body, {**headers, "User-Agent": AGENT, "Connection": "close"})
            response = connection.getresponse()
            return _answer(response, response.read(MOST_READ))
    except (OSError, http.client.HTTPException, ValueError) as problem:
        said = f"no answer within {patience:g} s" if connection.ended else _said(problem)
        raise errors.ExternalFailure(f"The receiver cannot be reached: {said}") from problem
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to one of the given addresses, whatever the name resolves to a moment later."""

    def __init__(self, parts: SplitResult, reachable: list[str], patience: float) -> None:
        self._secure = parts.scheme == "https"
        self.default_port = 443 if self._secure else 80
        super().__init__(parts.hostname or "", parts.port or self.default_port, timeout=patience)
        self._reachable = reachable
        self._raw: socket.socket | None = None
        self.ended = False

    def connect(self) -> None:
        self._raw = self._reached()
        self.sock = self._raw
        if self._secure:
            self.sock = _checking().wrap_socket(self._raw, server_hostname=self.host)

    def _reached(self) -> socket.socket:
        *others, last = self._reachable
        for address in others:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self.port), self.timeout)
        return socket.create_connection((last, self.port), self.timeout)

    def end(self) -> None:
        """Give up, from another thread: whoever waits for the socket wakes."""
        self.ended = True
        for one in (self._raw, self.sock):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


@functools.cache
def _checking() -> ssl.SSLContext:
    """Made once: it reads all certificates of the system."""
    return ssl.create_default_context()


@contextlib.contextmanager
def _ended_after(connection: _Connection, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, connection.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _answer(response: http.client.HTTPResponse, body: bytes) -> Answer:
    head = f"{response.status} {response.reason}".strip()
    text = " ".join(body.decode("utf-8", "replace").replace("\x00", "").split())
    if 300 <= response.status < 400:
        text = "Redirects are not followed: give the webhook the address that it leads to."
    after = response.headers.get("Retry-After", "")
    words = f"{head}: {text}" if text else head
    return Answer(response.status, words[:LONGEST_WORDS], int(after) if after.isascii() and after.isdigit() else None)


def _said(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__)[:LONGEST_WORDS]
