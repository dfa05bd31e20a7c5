"""Listeners of server-sent events: a bounded number of connections, served by one thread for each process.

Under gunicorn's threads a stream would hold one of few threads while its page is open. So the connection is
taken over: the socket is duplicated, the server is left with the end of a pair that nobody reads, and its thread goes
on to other requests. Elsewhere (the development server, TLS in the process) a stream is an ordinary generator.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from service.storage import db
from service.storage.queries import feed

POLL_SECONDS = 0.3
HEARTBEAT_SECONDS = 15.0
MOST_LISTENERS = 1_000
MOST_STREAMING_THREADS = 3
HELLO = b"retry: 1500\nevent: hello\ndata: {}\n\n"
HEARTBEAT = b": still here\n\n"


@dataclass(eq=False)
class _Connection:
    """A socket of our own, on which the answer has begun."""

    socket: socket.socket
    topics: frozenset[str]
    chunked: bool

    def send(self, message: bytes) -> bool:
        data = b"%x\r\n%s\r\n" % (len(message), message) if self.chunked else message
        try:
            # A page that reads nothing for so long that even these few bytes find no room is given up.
            return self.socket.send(data) == len(data)
        except OSError:
            return False

    def gone(self) -> bool:
        try:
            readable, _, _ = select.select([self.socket], [], [], 0)
            return bool(readable) and self.socket.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True


@dataclass(eq=False)
class _Mailbox:
    """A listener whose stream runs in a thread of the server."""

    topics: frozenset[str]
    messages: queue.Queue[bytes] = field(default_factory=lambda: queue.Queue(64))


class Hub:
    """All listeners of this process. The thread starts with the first and ends with the last."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._connections: set[_Connection] = set()
        self._mailboxes: set[_Mailbox] = set()
        self._thread: threading.Thread | None = None

    def has_room(self) -> bool:
        with self._lock:
            return len(self._connections) < MOST_LISTENERS and len(self._mailboxes) < MOST_STREAMING_THREADS

    def take_over(self, environ: dict[str, Any], topics: frozenset[str]) -> bool:
        """Make the connection of this request ours. False where the server does not show its socket."""
        theirs = environ.get("gunicorn.socket")
        if not isinstance(theirs, socket.socket) or hasattr(theirs, "version") or os.name != "posix":
            return False
        ours = theirs.dup()
        ours.setblocking(False)
        near, far = socket.socketpair()
        os.dup2(near.fileno(), theirs.fileno())
        near.close()
        far.close()
        chunked = environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        with self._lock:
            self._connections.add(_Connection(ours, topics, chunked))
            self._start()
        return True

    def listen(self, topics: frozenset[str]) -> Iterator[bytes]:
        """The messages for one listener, with heartbeats, until the page is left."""
        box = _Mailbox(topics)
        with self._lock:
            self._mailboxes.add(box)
            self._start()
        try:
            while True:
                try:
                    yield box.messages.get(timeout=HEARTBEAT_SECONDS)
                except queue.Empty:
                    yield HEARTBEAT
        finally:
            with self._lock:
                self._mailboxes.discard(box)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="live", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        source: feed.Feed | None = None
        beat = time.monotonic()
        while self._anybody():
            try:
                with self._app.app_context():
                    source = source or feed.Feed()
                    touched = source.poll()
                    db.release_connection()
                self._tell(touched)
            except Exception:  # the database may be away for a while: pages keep their connection and hear more later
                self._app.logger.exception("looking for changes failed")
                source = None
                time.sleep(1)
            if time.monotonic() - beat > HEARTBEAT_SECONDS:
                beat = time.monotonic()
                self._beat()
            time.sleep(POLL_SECONDS)

    def _anybody(self) -> bool:
        with self._lock:
            if self._connections or self._mailboxes:
                return True
            self._thread = None
            return False

    def _tell(self, touched: set[str]) -> None:
        if not touched:
            return
        with self._lock:
            connections, boxes = list(self._connections), list(self._mailboxes)
        for one in connections:
            heard = touched & one.topics
            if heard and not one.send(_message(heard)):
                self._drop(one)
        for box in boxes:
            heard = touched & box.topics
            if heard:
                with contextlib.suppress(queue.Full):
                    box.messages.put_nowait(_message(heard))

    def _beat(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for one in connections:
            if one.gone() or not one.send(HEARTBEAT):
                self._drop(one)

    def _drop(self, one: _Connection) -> None:
        with self._lock:
            self._connections.discard(one)
        one.socket.close()


def _message(topics: set[str]) -> bytes:
    return f"event: changed\ndata: {','.join(sorted(topics))}\n\n".encode()
