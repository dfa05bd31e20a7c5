"""Runs all tests at once: the files on all cores, those with the longest tests first."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
# the third-party models have a target of their own: they lie outside the repository
SCOPE = ["--ignore=tests/conformance"]
# one more than there are cores: many tests wait for processes that they started
PROCESSES = os.environ.get("PROCESSES_OF_TESTS", str(min(8, (os.cpu_count() or 2) + 1)))
WORDS = ["-n", PROCESSES, "--dist", "loadfile", "--no-loadscope-reorder"]


def main() -> int:
    started = time.monotonic()
    # whoever does not want bytecode written would have it made anew by each of the hundreds of processes
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pytest", "-q", *SCOPE, *WORDS, *sys.argv[1:]]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"{time.monotonic() - started:.0f} s with {PROCESSES} processes", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
