"""What is supervised is started in order, restarted when it crashes, and never outlives its supervisor."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service.cli import children, supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FAIL = [sys.executable, "-c", "import sys; sys.exit(3)"]


def program(name: str, command: list[str], started: list[tuple[str, int]]) -> supervisor.Program:
    def start() -> subprocess.Popen[bytes]:
        process = children.start(command)
        started.append((name, process.pid))
        return process

    return supervisor.Program(name, start)


def eventually(condition: Callable[[], bool], patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def started() -> list[tuple[str, int]]:
    return []


def test_killed_child_is_started_again(started: list[tuple[str, int]]) -> None:
    told: list[str] = []
    crew = supervisor.Supervisor([program("a", SLEEP, started), program("b", SLEEP, started)], told.append)
    crew.start()
    watch = threading.Thread(target=crew.watch)
    watch.start()
    psutil.Process(started[1][1]).kill()
    eventually(lambda: len(started) == 3)
    crew.stop()
    watch.join()
    assert [name for name, _ in started] == ["a", "b", "b"]
    assert told == ["b ended (killed by signal 9), starting it again in 0.2 s"]
    assert not any(psutil.pid_exists(pid) for _, pid in started)


def test_pauses_grow_while_a_child_keeps_crashing(started: list[tuple[str, int]]) -> None:
    told: list[str] = []
    crew = supervisor.Supervisor([program("a", FAIL, started)], told.append)
    crew.start()
    watch = threading.Thread(target=crew.watch)
    watch.start()
    eventually(lambda: len(told) == 3)
    crew.stop()
    watch.join()
    assert [line.rsplit(" in ")[1] for line in told] == ["0.2 s", "0.4 s", "0.8 s"]
    assert "exit code 3" in told[0]


def test_child_that_does_not_become_ready_stops_the_start(started: list[tuple[str, int]]) -> None:
    sound = program("sound", SLEEP, started)
    broken = supervisor.Program("broken", lambda: children.start(FAIL), ready=lambda process: process.wait() == 0)
    crew = supervisor.Supervisor([sound, broken], print)
    with pytest.raises(supervisor.NotStarted, match="broken ended with code 3"):
        crew.start()
    assert not psutil.pid_exists(started[0][1])


PARENT = """
import sys, time
from service.cli import children
child = children.start([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_children_end_with_a_killed_parent() -> None:
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=root)
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=60)
    assert not child.is_running()
