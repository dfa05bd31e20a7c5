"""Third-party models and forms lie beside the repository: where they are missing, nothing here is collected."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "conformance"

collect_ignore_glob = [] if SHARED.is_dir() else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not SHARED.is_dir():
        terminalreporter.write_line(f"conformance: not collected, there is no {SHARED}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Where the third-party material lies."""
    return SHARED
