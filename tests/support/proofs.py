"""A pytest plugin that notes which requirements were proved by their own tests.

`@pytest.mark.req("S0-25")` names what a test proves. Outcomes go to var/requirements.json, test by test, so that
several runs add up; `tools/trace.py` reads them.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "var" / "requirements.json"
KNOWN = frozenset(tomllib.loads((ROOT / "docs" / "requirements.toml").read_text(encoding="utf-8"))["requirements"])


class Proofs:
    """Collects the outcome of each marked test."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, object]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = [str(value) for name, value in report.user_properties if name == "req"]
        if not ids:
            return
        entry = self.outcomes.setdefault(report.nodeid, {"requirements": sorted(set(ids)), "passed": False})
        if report.when == "call":
            entry["passed"] = report.passed and not hasattr(report, "wasxfail")
        elif report.failed:
            entry["passed"] = False

    def pytest_sessionfinish(self) -> None:
        if not self.outcomes:
            return
        RESULTS.parent.mkdir(exist_ok=True)
        before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        text = json.dumps({**before, **self.outcomes}, indent=1, sort_keys=True)
        # replaced in one move: another run may be reading it
        scratch = RESULTS.with_suffix(f".{os.getpid()}")
        scratch.write_text(text + "\n", encoding="utf-8")
        scratch.replace(RESULTS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--marked-tests", action="store_true", help="with --collect-only: print the tests of requirements")


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.option.marked_tests:
        return
    for item in session.items:
        marks = sorted({str(value) for name, value in item.user_properties if name == "req"})
        if marks:
            print("marked:", json.dumps([item.nodeid, marks]))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(Proofs(), "tidegate-proofs")


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in item.iter_markers("req"):
        for identifier in mark.args:
            if identifier not in KNOWN:
                raise pytest.UsageError(f"{item.nodeid}: no requirement {identifier!r} in docs/requirements.toml")
            item.user_properties.append(("req", identifier))
