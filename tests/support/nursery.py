"""Where the product's processes are born grown up: one has read all of the code, each other one is a fork of it.

Starting `tidegate` anew costs two seconds of a processor for reading alone, and tests that kill start it often.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.support import dying


class Born:
    """One process from the nursery. Nobody here is its parent, so how it ended is not known."""

    def __init__(self, number: int) -> None:
        self.pid = number
        try:
            self._process: psutil.Process | None = psutil.Process(number)
        except psutil.NoSuchProcess:  # it has died already, and was buried
            self._process = None

    def poll(self) -> int | None:
        """None while it lives, as `Popen` says it."""
        if self._process is None or not self._process.is_running():
            return 0
        try:
            return 0 if self._process.status() == psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return 0

    def wait(self) -> int:
        if self._process is not None:
            self._process.wait()
        return 0


class Nursery:
    """Begins with the first birth, and ends with all whom it bore."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mother: subprocess.Popen[bytes] | None = None

    def bear(
        self,
        words: Sequence[str],
        *,
        fate: Path,
        constants: Mapping[str, float],
        environment: Mapping[str, str],
        log: Path,
        directory: Path,
    ) -> Born:
        """`tidegate WORDS` under this fate, with this environment and no other.

        constants: of the product (`module:NAME`), where a test cannot wait as long as they say.
        """
        if self._mother is None:
            self._mother = subprocess.Popen(
                [sys.executable, dying.__file__],
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,
            )
        wish = {"words": list(words), "fate": str(fate), "log": str(log), "directory": str(directory)}
        wish |= {"constants": dict(constants), "environment": dict(environment)}
        assert self._mother.stdin
        assert self._mother.stdout
        self._mother.stdin.write(json.dumps(wish).encode() + b"\n")
        self._mother.stdin.flush()
        return Born(int(self._mother.stdout.readline()))

    def close(self) -> None:
        if self._mother is not None:
            self._mother.communicate()
            self._mother = None
