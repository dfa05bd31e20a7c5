"""The house of the use cases' tests, and diagrams whose tasks have deadlines."""

from __future__ import annotations

from tests.usecases.conftest import house, owner, time

__all__ = ["house", "owner", "time"]
