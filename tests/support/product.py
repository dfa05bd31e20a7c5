"""The product's own processes, started for real, on free ports, and killed without mercy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import redis

from service.cli import children
from tests.support.nursery import Born

COMMAND = Path(sys.executable).with_name("tidegate")
MARK = "SESSION_OF_TESTS"
QUIET_START_S = 2.5  # what one process needs to be ready on a machine that does nothing else


class Process:
    """One running product process with its log."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes] | Born, log: Path, url: str | None) -> None:
        self.name = name
        self.popen = popen
        self.log_file = log
        self.url = url

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def family(self) -> list[psutil.Process]:
        """The process and all its descendants, youngest last."""
        try:
            head = psutil.Process(self.popen.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self, *, family: bool = True) -> None:
        """kill -9, by default the descendants too, as when a machine dies."""
        for member in self.family() if family else [psutil.Process(self.popen.pid)]:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        self.popen.wait()

    def stop(self, patience_s: float = 60) -> int:
        """Ask it to end; returns its exit code."""
        assert isinstance(self.popen, subprocess.Popen), "who is from the nursery is only killed"
        descendants = self.family()[1:]
        children.stop(self.popen, patience_s=patience_s)
        for member in descendants:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        return int(self.popen.returncode)

    def wait_for_log(self, text: str, *, patience_s: float = 120) -> None:
        self.wait_until(lambda: text in self.log, f"no {text!r} in the log", patience_s)

    def wait_until(self, condition: Callable[[], bool], complaint: str, patience_s: float = 120) -> None:
        end = time.monotonic() + patience_s
        while not condition():
            if not self.running:
                raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n{self.log[-4000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"{self.name}: {complaint} after {patience_s} s:\n{self.log[-4000:]}")
            time.sleep(0.03)


class Product:
    """Starts web, worker, dispatcher or `up` with one environment; ends them all at the end of the test."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "TIDEGATE_DATA_DIR": str(directory / "data"),
            "TIDEGATE_SECRET_KEY": "only-for-tests-0123456789abcdef0123456789abcdef",
            **environment,
        }
        self.bear: Callable[..., subprocess.Popen[bytes] | Born] = _start
        self.processes: list[Process] = []
        self._slowest_start_s = 0.0

    def start(self, *words: str, wait: bool = True, **environment: str) -> Process:
        """Run `tidegate WORDS` and, with `wait`, return once it is ready for work."""
        name = words[0]
        settings = {**clean_environment(), **self.environment, **environment}
        url = None
        if name in ("web", "up"):
            settings.setdefault("TIDEGATE_BIND", f"127.0.0.1:{children.free_port()}")
            url = f"http://{settings['TIDEGATE_BIND']}"
        log = self.directory / f"{len(self.processes)}-{name}.log"
        begun = time.monotonic()
        popen = self.bear(words, environment=settings, log=log, directory=self.directory)
        process = Process(name, popen, log, url)
        self.processes.append(process)
        if wait:
            self._wait(process)
            self._slowest_start_s = max(self._slowest_start_s, time.monotonic() - begun)
        return process

    def allowed_s(self, seconds: float) -> float:
        """So many seconds of a quiet machine; more on one where the processes of this product started more slowly."""
        return seconds * max(1.0, self._slowest_start_s / QUIET_START_S)

    def run(
        self, *words: str, stdin: str | None = None, timeout_s: float = 240, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `tidegate WORDS` to its end."""
        settings = {**clean_environment(), **self.environment, **environment}
        command = [str(COMMAND), *words]
        return subprocess.run(
            command,
            env=settings,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=self.directory,
            check=False,
        )

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()

    def _beats(self, process: Process) -> bool:
        """Whether this very process has said in the queue's server that it is alive."""
        try:
            with redis.Redis.from_url(self.environment["TIDEGATE_REDIS_URL"], socket_timeout=2) as client:
                return any(client.scan_iter(f"tidegate:alive:{process.name}:{process.popen.pid}-*"))
        except redis.RedisError:
            return False

    def _wait(self, process: Process) -> None:
        if process.url is not None:
            process.wait_until(lambda: answers(f"{process.url}/readyz"), "not ready", 240)
        elif process.name in ("worker", "dispatcher"):
            process.wait_until(lambda: self._beats(process), "no sign of life in the queue's server")


def clean_environment() -> dict[str, str]:
    """Nothing that a developer has set for the product reaches the tests; what is started is known as ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    return {**kept, MARK: str(os.getpid()), "PYTHONUNBUFFERED": "1"}


def _start(words: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
    return children.start([COMMAND, *words], **more)


def answers(url: str) -> bool:
    """Whether a GET is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def sweep() -> list[str]:
    """Kill processes that this test session left behind, and name them."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(os.getpid()):
                left.append(" ".join(process.cmdline()))
                process.send_signal(signal.SIGKILL)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return left
