"""The house of the use cases' tests, diagrams whose tasks have deadlines, and a hand on real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fate import Fate
from tests.usecases.conftest import house, owner, time

__all__ = ["house", "owner", "time"]


@pytest.fixture
def fate(tmp_path: Path) -> Fate:
    """What time processes have that are started with its command, and where they die."""
    return Fate(tmp_path / "fate")
