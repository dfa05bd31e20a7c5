"""Child processes that end with their parent, however the parent ends."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PORTS = range(20_000, 32_000)
ATTEMPTS = 200

# Runs between fork and the program: asks the kernel (Linux) for a signal at the parent's death, then becomes the
# program. A separate interpreter rather than preexec_fn, which is not safe in a process with threads.
_BECOME = """
import ctypes, os, sys
try:
    ctypes.CDLL(None).prctl(1, int(sys.argv[1]))
except (OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[2]):
    sys.exit(1)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def start(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    wrapper: Sequence[str] = (),
    end_signal: signal.Signals = signal.SIGTERM,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that Ctrl-C reaches only the parent."""
    become = [sys.executable, "-I", "-S", "-c", _BECOME, str(int(end_signal)), str(os.getpid())]
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(
            [*wrapper, *become, *map(str, command)],
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            cwd=directory,
            process_group=0,
        )


def stop(process: subprocess.Popen[bytes], *, patience_s: float = 10, how: signal.Signals = signal.SIGTERM) -> None:
    """Ask a child to end, and insist when it does not."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left in the process group of a child, without a word."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on now.

    It lies below those that the kernel lends to outgoing connections: a server that is started again finds it free.
    """
    for _ in range(ATTEMPTS):
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port between {PORTS.start} and {PORTS.stop} after {ATTEMPTS} attempts")


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), 0.5):
            return True
    except OSError:
        return False


def wait_for_port(
    host: str, port: int, process: subprocess.Popen[bytes] | None = None, *, patience_s: float = 20
) -> bool:
    """Wait until somebody listens; False when the time is over or the process has ended."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            return False
        if listens(host, port):
            return True
        time.sleep(0.02)
    return False
