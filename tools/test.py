"""Runs all tests: first those that share the machine, on both cores, then, one by one, those that measure or crash."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_TESTS = 5
# the third-party models have a target of their own: they lie outside the repository
SCOPE = ["--ignore=tests/conformance"]
RUNS = (
    ["-n", os.environ.get("PROCESSES_OF_TESTS", "2"), "--dist", "loadfile", "-m", "not serial"],
    ["-m", "serial"],
)


def main() -> int:
    codes = []
    for words in RUNS:
        started = time.monotonic()
        codes.append(
            subprocess.run([sys.executable, "-m", "pytest", "-q", *SCOPE, *words], cwd=ROOT, check=False).returncode
        )
        print(f"{' '.join(words)}: {time.monotonic() - started:.0f} s", flush=True)
    failed = [code for code in codes if code not in (0, NO_TESTS)]
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return failed[0] if failed else 0


if __name__ == "__main__":
    sys.exit(main())
