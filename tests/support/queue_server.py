"""A real Redis-compatible server that tests may kill and start again with what it had written."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis

from service.cli import children, valkey


class QueueServer:
    """One Valkey process on a port that it keeps over restarts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = children.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = valkey.start(self.directory, self.port, log=self.directory / "log")
        if not children.wait_for_port("127.0.0.1", self.port, self.process, patience_s=120):
            raise RuntimeError(f"Valkey did not start: {(self.directory / 'log').read_text(errors='replace')[-2000:]}")
        self._wait_until_loaded()

    def _wait_until_loaded(self, patience_s: float = 120) -> None:
        end = time.monotonic() + patience_s
        with self.connect() as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.BusyLoadingError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)

    def connect(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def flush(self) -> None:
        with self.connect() as client:
            client.flushall()

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process)
            self.process = None

    def kill(self) -> None:
        """End the server without warning; what it acknowledged within the last second may be lost."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None
