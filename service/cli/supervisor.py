"""Keeps a handful of processes running: starts them in order, restarts what crashes, stops them in reverse."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from service.cli import children

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
HEALTHY_AFTER_S = 30.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Program:
    """One process to keep running: how it is started, and how it shows that the next one may start."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[subprocess.Popen[bytes]], bool] | None = None


class NotStarted(Exception):
    """A program did not become ready."""


class _Child:
    """A program with its present process, its crashes in a row, and when it may start again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.crashes = 0
        self.started = 0.0
        self.again_at = 0.0

    def start(self) -> subprocess.Popen[bytes]:
        self.process = self.program.start()
        self.started = time.monotonic()
        return self.process

    def crashed(self) -> float:
        """Note a crash; the seconds to wait before the next start, longer each time until it runs well for a while."""
        now = time.monotonic()
        if now - self.started > HEALTHY_AFTER_S:
            self.crashes = 0
        pause = min(FIRST_PAUSE_S * 2**self.crashes, LONGEST_PAUSE_S)
        self.crashes += 1
        self.again_at = now + pause
        return float(pause)


class Supervisor:
    """Runs programs until it is told to stop, by a signal or by `stop()`."""

    def __init__(self, programs: Sequence[Program], tell: Callable[[str], None]) -> None:
        self._children = [_Child(program) for program in programs]
        self._tell = tell
        self._stopping = False

    def listen(self) -> None:
        """Let Ctrl-C, a closed terminal and `kill` stop everything in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def start(self) -> None:
        """Start all in order, each when the one before is ready. Raises NotStarted, with nothing left running."""
        for child in self._children:
            process = child.start()
            ready = child.program.ready
            if ready is not None and not ready(process):
                code = process.poll()
                self.end()
                if self._stopping:
                    return
                state = "did not become ready" if code is None else f"ended with code {code}"
                raise NotStarted(f"{child.program.name} {state}")

    def watch(self) -> None:
        """Restart what ends, until told to stop; then stop everything."""
        while not self._stopping:
            for child in self._children:
                self._look_after(child)
            time.sleep(LOOK_EVERY_S)
        self.end()

    def stop(self) -> None:
        self._stopping = True

    def end(self) -> None:
        """Stop all, in reverse order."""
        for child in reversed(self._children):
            if child.process is not None:
                children.stop(child.process)
                child.process = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def _look_after(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.again_at:
                child.start()
            return
        code = child.process.poll()
        if code is None:
            return
        # what the dead process had started, it takes along
        children.kill_group(child.process)
        child.process = None
        pause = child.crashed()
        self._tell(f"{child.program.name} ended ({_words(code)}), starting it again in {pause:.1f} s")


def _words(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
