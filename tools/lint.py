"""Runs every static check, all of them even when one fails, and says which failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BINARIES = Path(sys.executable).parent
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "imports": ["lint-imports", "--no-cache"],
    "types": ["mypy"],
    "dependencies": ["deptry", "."],
    "house rules": ["python", "tools/house.py"],
}


def main() -> int:
    failed = []
    for name, (program, *words) in CHECKS.items():
        started = time.monotonic()
        environment = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(
            [BINARIES / program, *words], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.1f} s)", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    if failed:
        print(f"lint failed: {', '.join(failed)}; `make format` lays out the code", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
