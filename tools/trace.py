"""Lists the requirements without a passing test of their own, and counts the others.

A requirement is proved when at least one test carries its mark and every test that carries it passed in the last run
(`make test` notes the outcomes in var/requirements.json). Marks that no longer exist do not count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "var" / "requirements.json"
TITLES: dict[str, str] = tomllib.loads((ROOT / "docs" / "requirements.toml").read_text(encoding="utf-8"))[
    "requirements"
]

Outcomes = Mapping[str, Mapping[str, object]]


def collected() -> dict[str, list[str]]:
    """The marked tests that exist now, with the requirements they name."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "--marked-tests"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.removeprefix("marked: ") for line in done.stdout.splitlines() if line.startswith("marked: ")]
    if done.returncode not in (0, 5):
        sys.exit(f"the tests cannot be collected:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return dict(json.loads(line) for line in lines)


def states(tests: Mapping[str, list[str]], outcomes: Outcomes) -> dict[str, str]:
    """For each requirement: proved, or the reason why not."""
    found: dict[str, str] = dict.fromkeys(TITLES, "no test")
    for identifier in TITLES:
        own = [name for name, marks in tests.items() if identifier in marks]
        failed = [name for name in own if name in outcomes and not outcomes[name]["passed"]]
        unrun = [name for name in own if name not in outcomes]
        if failed:
            found[identifier] = f"failed: {failed[0]}"
        elif unrun:
            found[identifier] = f"not run: {unrun[0]}"
        elif own:
            found[identifier] = "proved"
    return found


def report(found: Mapping[str, str]) -> list[str]:
    """The open requirements, one a line, and the count as the last line."""
    lines = [
        f"{identifier:6} {TITLES[identifier]} ({state})" for identifier, state in found.items() if state != "proved"
    ]
    proved = sum(state == "proved" for state in found.values())
    return [*lines, f"requirements: {proved} of {len(TITLES)} proved"]


def main() -> None:
    outcomes: Outcomes = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not outcomes:
        print("no outcomes yet: run `make test` first")
    print("\n".join(report(states(collected(), outcomes))))


if __name__ == "__main__":
    main()
